// SPDX-License-Identifier: Apache-2.0
#include "seen.h"

#include <stdlib.h>

#include "policy/hostpath.h"
#include "policy/imageref.h"
#include "seen_body.h"

/* --- life */

static char *seen_copy(Span text) {
    char *copy = malloc(text.size + 1);

    if (copy) {
        if (text.size > 0)
            memcpy(copy, text.data, text.size);
        copy[text.size] = '\0';
    }
    return copy;
}

Seen *seen_new(Span listener, Span policy) {
    Seen *seen = calloc(1, sizeof(*seen));

    if (!seen)
        return NULL;
    seen->listener = seen_copy(listener);
    seen->policy = seen_copy(policy);
    seen->queries = calloc(SEEN_QUERIES_MAX, sizeof(*seen->queries));
    return seen->listener && seen->policy && seen->queries ? seen : seen_free(seen);
}

void seen_forget(Seen *seen) {
    free(seen->first);
    free(seen->last);
    seen->first = seen->last = NULL;
    seen->n = 0;
    seen->keys = 0;
    tally_done(&seen->operations);
    tally_done(&seen->patterns);
    tally_done(&seen->missed);
    for (size_t i = 0; i < SEEN_LISTS_; i++)
        tally_done(&seen->lists[i]);
    memset(seen->flags, 0, sizeof(seen->flags));
    seen->limits = (SeenLimits){0};
    seen_scope_done(&seen->scope);
    for (size_t i = 0; i < seen->n_queries; i++) {
        tally_done(&seen->queries[i].values);
        seen->queries[i].values_lost = false;
    }
}

Seen *seen_free(Seen *seen) {
    if (!seen)
        return NULL;
    if (seen->queries)
        seen_forget(seen);
    for (size_t i = 0; i < seen->n_queries; i++)
        free((char *) (uintptr_t) seen->queries[i].key);
    free(seen->queries);
    free(seen->listener);
    free(seen->policy);
    free(seen);
    return NULL;
}

/* --- conditions on the query */

/* What is worth a condition though the operation would be allowed without. */
static const struct {
    const char *operation, *key;
} SEEN_NARROWS[] = {
    {"ContainerLogs", "follow"},     {"ContainerAttach", "stdin"}, {"ContainerDelete", "force"},
    {"ContainerDelete", "v"},        {"ContainerKill", "signal"},  {"ImageDelete", "force"},
    {"VolumeDelete", "force"},       {"ContainerArchive", "path"}, {"ContainerArchiveInfo", "path"},
    {"PutContainerArchive", "path"},
};

static SeenQuery *seen_query(Seen *seen, const char *operation, Span key) {
    SeenQuery *query;
    char *copy;

    for (size_t i = 0; i < seen->n_queries; i++)
        if (strcmp(seen->queries[i].operation, operation) == 0 && span_is(key, seen->queries[i].key))
            return &seen->queries[i];
    if (seen->n_queries == SEEN_QUERIES_MAX)
        return NULL;
    copy = seen_copy(key);
    if (!copy)
        return NULL;
    query = &seen->queries[seen->n_queries++];
    *query = (SeenQuery){.operation = operation, .key = copy};
    return query;
}

static void seen_take_values(SeenQuery *query, const Target *target) {
    bool there = false;

    for (size_t i = 0; i < target->n_query; i++)
        if (span_is(target->query[i].key, query->key)) {
            query->values_lost = query->values_lost || again_is_stand_in(target->query[i].value);
            tally_add(&query->values, target->query[i].value);
            there = true;
        }
    if (!there)
        tally_add(&query->values, SPAN(""));
}

static void seen_take_query(Seen *seen, const Request *request) {
    const char *operation = request->operation->id;

    for (size_t i = 0; i < ARRAY_SIZE(SEEN_NARROWS); i++)
        if (strcmp(SEEN_NARROWS[i].operation, operation) == 0)
            (void) seen_query(seen, operation, span_from(SEEN_NARROWS[i].key));
    for (size_t i = 0; i < seen->n_queries; i++)
        if (strcmp(seen->queries[i].operation, operation) == 0)
            seen_take_values(&seen->queries[i], &request->target);
}

/* --- images of the query and the path */

static void seen_take_image(Seen *seen, Arena *arena, Span name, Span tag, bool all_tags) {
    bool digest = span_starts_with(tag, SPAN("sha256:"));
    const char *text =
        tag.size > 0 ? arena_printf(arena, "%.*s%s%.*s", SPAN_FMT(name), digest ? "@" : ":", SPAN_FMT(tag))
                     : arena_copy(arena, name);
    const char *slash = text ? strrchr(text, '/') : NULL;

    if (!text)
        return;
    /* Without tag and digest the engine takes all of them. */
    seen_add_image(seen, arena, span_from(text), all_tags && !strpbrk(slash ? slash : text, ":@"));
}

static void seen_take_images(Seen *seen, const Request *request, Arena *arena) {
    static const struct {
        const char *operation, *name, *tag;
        bool all_tags;
    } rows[] = {
        {"ImageCreate", "fromImage", "tag", true}, {"ImageCreate", "repo", "tag", false},
        {"ImagePush", NULL, "tag", true},          {"ImageTag", NULL, NULL, false},
        {"ImageTag", "repo", "tag", false},        {"ImageCommit", "repo", "tag", false},
        {"ImageBuild", "t", NULL, false},          {"DistributionInspect", NULL, NULL, false},
    };
    const Target *target = &request->target;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Span tag = SPAN("");

        if (strcmp(rows[i].operation, request->operation->id) != 0)
            continue;
        seen->keys |= RULES_BIT(RULES_IMAGES);
        if (rows[i].tag)
            (void) target_query_get(target, rows[i].tag, &tag);
        if (!rows[i].name)
            seen_take_image(seen, arena, request->object, tag, rows[i].all_tags);
        for (size_t k = 0; rows[i].name && k < target->n_query; k++)
            if (span_is(target->query[k].key, rows[i].name) && target->query[k].value.size > 0)
                seen_take_image(seen, arena, target->query[k].value, tag, rows[i].all_tags);
    }
}

static void seen_take_build(Seen *seen, const Request *request) {
    Span network = SPAN(""), remote = SPAN("");

    if (strcmp(request->operation->id, "ImageBuild") != 0)
        return;
    (void) target_query_get(&request->target, "networkmode", &network);
    (void) target_query_get(&request->target, "remote", &remote);
    tally_add(&seen->lists[SEEN_BUILD_NETWORKS], network.size > 0 ? network : SPAN("default"));
    if (remote.size > 0 && !span_is(remote, "client-session"))
        seen->flags[SEEN_REMOTE]++;
}

/* --- one request */

static void seen_take_time(Seen *seen, Span time) {
    char *copy = seen_copy(time);

    if (!copy)
        return;
    if (!seen->first || strcmp(copy, seen->first) < 0) {
        free(seen->first);
        seen->first = seen_copy(time);
    }
    if (!seen->last || strcmp(copy, seen->last) > 0) {
        free(seen->last);
        seen->last = seen_copy(time);
    }
    free(copy);
}

void seen_take(Seen *seen, const TrailRecord *record, const DryRun *run, Arena *arena) {
    const Request *request = &run->request;
    const BodyNode *root = run->body ? body_root(run->body) : NULL;
    const char *pattern;

    seen->n++;
    seen_scope_take(&seen->scope, request, root);
    seen_take_time(seen, record->time);
    if (!request->operation) {
        pattern = method_name(request->method) ? arena_printf(arena, "%s %.*s", method_name(request->method),
                                                              SPAN_FMT(request->target.path))
                                               : NULL;
        if (pattern)
            tally_add(&seen->patterns, span_from(pattern));
        return;
    }
    tally_add(&seen->operations, span_from(request->operation->id));
    seen_take_query(seen, request);
    seen_take_images(seen, request, arena);
    seen_take_build(seen, request);
    seen_take_body(seen, request, root, arena);
    seen_limits_take(&seen->limits, request->operation, root);
}

bool seen_drop(Seen *seen, Span text) {
    bool was = tally_drop(&seen->patterns, text);

    for (size_t i = 0; i < SEEN_LISTS_; i++)
        was = tally_drop(&seen->lists[i], text) || was;
    for (size_t i = 0; i < seen->n_queries; i++) {
        was = tally_drop(&seen->queries[i].values, text) || was;
        was = (span_is(text, seen->queries[i].key) && !seen->queries[i].dropped) || was;
        seen->queries[i].dropped = seen->queries[i].dropped || span_is(text, seen->queries[i].key);
    }
    return was;
}

/* --- a suggestion that was not enough */

static bool seen_widen_query(Seen *seen, const DryRun *run) {
    Span key = span_from(run->verdict.field + strlen("query."));
    SeenQuery *query = run->request.operation ? seen_query(seen, run->request.operation->id, key) : NULL;

    if (!query)
        return false;
    if (query->must && !query->dropped)
        return false; /* it is there, and was no help */
    if (query->values.n > 0 && !query->must && !query->dropped) {
        query->dropped = true;
        return true;
    }
    if (query->dropped)
        return false;
    query->must = true;
    return true;
}

bool seen_widen(Seen *seen, const DryRun *run) {
    const Verdict *verdict = &run->verdict;
    const char *rule = verdict_rule(verdict);
    const char *dot = strrchr(rule, '.');

    if (verdict->effect == EFFECT_INVALID || verdict->effect == EFFECT_ERROR)
        return false;
    /* A name that isn't read as every engine reads it stands in no list. */
    if (strcmp(rule, "containers.images") == 0 && !(seen->open & RULES_BIT(RULES_IMAGES))) {
        seen->open |= RULES_BIT(RULES_IMAGES);
        return true;
    }
    if (strcmp(rule, "containers.limits") == 0 && !(seen->open & RULES_BIT(RULES_LIMITS))) {
        seen->open |= RULES_BIT(RULES_LIMITS);
        return true;
    }
    if (strcmp(rule, "scope") == 0 && !seen->scope.open) {
        seen->scope.open = true;
        return true;
    }
    if (strcmp(rule, "containers.labels") == 0 && !(seen->open & RULES_BIT(RULES_LABELS))) {
        seen->open |= RULES_BIT(RULES_LABELS);
        return true;
    }
    if (verdict->field && strncmp(verdict->field, "query.", 6) == 0)
        return seen_widen_query(seen, run);
    if (dot && strcmp(dot, ".unknown_fields") == 0 && !seen->unknown_fields) {
        seen->unknown_fields = true;
        return true;
    }
    return false;
}
