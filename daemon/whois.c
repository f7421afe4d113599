// SPDX-License-Identifier: Apache-2.0
#include "whois.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "lookup.h"
#include "policy/body.h"
#include "policy/cgroup.h"

struct Whois {
    Lookup *lookup;
    uint64_t deadline_usec;
    WhoisState state;
    const char *why;
    char *name;
    char container[CGROUP_ID_SIZE + 1];
    char target[sizeof("/containers//json") + CGROUP_ID_SIZE];
};

Whois *whois_new(const Env *env, const Config *config, const char *container, ConnNotify wake, void *arg) {
    Whois *whois = calloc(1, sizeof(*whois));
    uint64_t usec = TIME_LOOK_SECONDS * 1000000ull;

    if (!whois)
        return NULL;
    if (config->response_timeout_usec > 0 && config->response_timeout_usec < usec)
        usec = config->response_timeout_usec;
    whois->deadline_usec = clock_monotonic_usec() + usec;
    whois->state = WHOIS_RUNNING;
    snprintf(whois->container, sizeof(whois->container), "%s", container);
    snprintf(whois->target, sizeof(whois->target), "/containers/%s/json", whois->container);
    whois->lookup = lookup_new(env, &config->upstream, NULL, wake, arg);
    if (!whois->lookup)
        return whois_free(whois);
    lookup_start(whois->lookup, whois->target);
    return whois;
}

Whois *whois_free(Whois *whois) {
    if (!whois)
        return NULL;
    lookup_free(whois->lookup);
    free(whois->name);
    free(whois);
    return NULL;
}

static WhoisState whois_fail(Whois *whois, const char *why) {
    whois->why = why;
    return whois->state = WHOIS_FAILED;
}

/* "/web"; a container that another links to by an alias has it under its own name here all the same. */
static bool whois_take(Whois *whois, const BodyNode *root) {
    const BodyNode *id = body_member(root, "Id"), *name = body_member(root, "Name");
    Span text;

    if (!id || body_type(id) != BODY_TYPE_STRING || !span_is(body_string(id), whois->container) || !name ||
        body_type(name) != BODY_TYPE_STRING)
        return false;
    text = body_string(name);
    if (text.size < 2 || text.data[0] != '/' || memchr(text.data + 1, '/', text.size - 1))
        return false;
    whois->name = strndup(text.data + 1, text.size - 1);
    return whois->name != NULL;
}

/* An engine that takes the ID for something else's name, or its beginning, answers with another ID. */
static WhoisState whois_read(Whois *whois) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    CLEANUP(body_free_p) Body *body = NULL;
    const char *detail = NULL;

    if (lookup_status(whois->lookup) == 404)
        return whois_fail(whois, "the engine knows no container with the ID of the client's");
    if (lookup_status(whois->lookup) != 200)
        return whois_fail(whois, "the engine doesn't tell the name of the client's container");
    if (!arena || body_parse(arena, lookup_body(whois->lookup), &body, &detail) != REASON_OK ||
        !whois_take(whois, body_root(body)))
        return whois_fail(whois, "the engine's answer about the client's container can't be understood");
    return whois->state = WHOIS_DONE;
}

WhoisState whois_run(Whois *whois) {
    if (whois->state != WHOIS_RUNNING)
        return whois->state;
    switch (lookup_run(whois->lookup)) {
    case LOOKUP_RUNNING:
        break;
    case LOOKUP_FAILED:
        return whois_fail(whois, "the engine can't be asked for the name of the client's container");
    case LOOKUP_DONE:
        return whois_read(whois);
    }
    if (clock_monotonic_usec() >= whois->deadline_usec)
        return whois_fail(whois, "the engine took too long to tell the name of the client's container");
    return WHOIS_RUNNING;
}

uint64_t whois_deadline_usec(const Whois *whois) {
    return whois->deadline_usec;
}

const char *whois_why(const Whois *whois) {
    return whois->why;
}

char *whois_take_name(Whois *whois) {
    return TAKE_PTR(whois->name);
}
