// SPDX-License-Identifier: Apache-2.0
#include "seen_scope.h"

#include <stdio.h>

#include "again.h"
#include "policy/scope.h"

/* Hex digits from which a text is taken for the beginning of an ID: docker ps shows so many. */
#define SCOPE_ID_SIZE 12u
#define SCOPE_PREFIX_MIN 3u /* "ci-": less says nothing */

void seen_scope_done(SeenScope *scope) {
    tally_done(&scope->names);
    tally_done(&scope->labels);
    scope->n_made = scope->n_blind = 0;
}

/* --- names */

static bool scope_is_plain(Span text) {
    for (size_t i = 0; i < text.size; i++) {
        char c = ascii_lower(text.data[i]);

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && (c == '\0' || !strchr("_.-", c)))
            return false;
    }
    return text.size > 0;
}

static bool scope_is_id(Span text) {
    for (size_t i = 0; i < text.size; i++)
        if (!(text.data[i] >= '0' && text.data[i] <= '9') && !(text.data[i] >= 'a' && text.data[i] <= 'f'))
            return false;
    return text.size >= SCOPE_ID_SIZE;
}

static void scope_take_name(SeenScope *scope, Span name) {
    if (name.size > 0 && name.data[0] == '/')
        name = (Span){name.data + 1, name.size - 1};
    if (scope_is_plain(name) && !scope_is_id(name))
        tally_add(&scope->names, name);
    else
        scope->n_blind++;
}

static Span scope_text(const BodyNode *object, const char *key) {
    const BodyNode *node = object ? body_member(object, key) : NULL;

    return node && body_type(node) == BODY_TYPE_STRING ? body_string(node) : SPAN("");
}

/* What the path names; a command is its container's, which was named when it was made. */
static void scope_take_path(SeenScope *scope, const Request *request) {
    static const char *const paths[] = {"/containers/{", "/networks/{", "/volumes/{", "/services/{",
                                        "/images/{"};

    for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
        if (span_starts_with(span_from(request->operation->path), span_from(paths[i])))
            scope_take_name(scope, request->object);
}

/* Where else names are given or said: what isn't there has a name that the engine makes up. */
static void scope_take_rest(SeenScope *scope, const Request *request, const BodyNode *root) {
    static const struct {
        const char *operation, *query, *member;
    } rows[] = {
        {"ContainerCreate", "name", NULL},
        {"ContainerRename", "name", NULL},
        {"VolumeCreate", NULL, "Name"},
        {"NetworkCreate", NULL, "Name"},
        {"ServiceCreate", NULL, "Name"},
        {"NetworkConnect", NULL, "Container"},
        {"NetworkDisconnect", NULL, "Container"},
        {"ImageTag", "repo", NULL},
        {"ImageCommit", "repo", NULL},
        {"ImageCommit", "container", NULL},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Span name = SPAN("");

        if (strcmp(rows[i].operation, request->operation->id) != 0)
            continue;
        if (rows[i].query)
            (void) target_query_get(&request->target, rows[i].query, &name);
        else
            name = scope_text(root, rows[i].member);
        scope_take_name(scope, name);
    }
}

/* "NAME:ro", "container:NAME" */
static void scope_take_containers(SeenScope *scope, const BodyNode *host) {
    static const char *const modes[] = {"PidMode", "IpcMode", "NetworkMode"};
    const BodyNode *from = host ? body_member(host, "VolumesFrom") : NULL;

    for (size_t i = 0; from && body_type(from) == BODY_TYPE_ARRAY && i < body_size(from); i++) {
        const BodyNode *item = body_at(from, i);
        Span text = body_type(item) == BODY_TYPE_STRING ? body_string(item) : SPAN("");
        const char *colon = text.size > 0 ? memchr(text.data, ':', text.size) : NULL;

        scope_take_name(scope, colon ? (Span){text.data, (size_t) (colon - text.data)} : text);
    }
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        Span text = scope_text(host, modes[i]), prefix = SPAN("container:");

        if (span_starts_with(text, prefix))
            scope_take_name(scope, (Span){text.data + prefix.size, text.size - prefix.size});
    }
}

/* --- labels */

static void scope_take_labels(SeenScope *scope, const Request *request, const BodyNode *root) {
    static const char *const makes[] = {"ContainerCreate", "VolumeCreate", "NetworkCreate", "ServiceCreate"};
    const BodyNode *labels, *value;
    bool made = false;
    void *iter = NULL;
    Span key;

    for (size_t i = 0; i < ARRAY_SIZE(makes); i++)
        made = made || strcmp(makes[i], request->operation->id) == 0;
    if (!made || !root)
        return;
    scope->n_made++;
    labels = body_member(root, "Labels");
    while (labels && body_type(labels) == BODY_TYPE_OBJECT && body_next(labels, &iter, &key, &value)) {
        char text[512];
        bool told = body_type(value) == BODY_TYPE_STRING && !again_is_stand_in(body_string(value));
        Span said = told ? body_string(value) : SPAN("");
        int n = snprintf(text, sizeof(text), "%.*s%s%.*s", SPAN_FMT(key), told ? "=" : "", SPAN_FMT(said));

        if (n > 0 && (size_t) n < sizeof(text))
            tally_add(&scope->labels, span_from(text));
    }
}

void seen_scope_take(SeenScope *scope, const Request *request, const BodyNode *root) {
    if (!request->operation || scope_way(request->operation) == SCOPE_DENIED ||
        strcmp(request->operation->id, "ImageBuild") == 0) { /* a build names what nobody reads */
        scope->n_blind++;
        return;
    }
    scope_take_path(scope, request);
    scope_take_rest(scope, request, root);
    scope_take_containers(scope, root ? body_member(root, "HostConfig") : NULL);
    scope_take_labels(scope, request, root);
}

/* --- what they share */

static bool scope_is_nobodys(const char *name) {
    static const char *const known[] = {"bridge", "default", "none", "host", "container:*"};

    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        if (strcmp(name, known[i]) == 0)
            return true;
    return scope_is_id(span_from(name)); /* a volume without a name of its own, or a network's ID */
}

static void scope_shorten(const Tally *names, const char *first, size_t *size) {
    for (size_t i = 0; i < names->n; i++) {
        const char *name = names->items[i].text;
        size_t n = 0;

        if (scope_is_nobodys(name))
            continue;
        while (n < *size && name[n] == first[n])
            n++;
        *size = n;
    }
}

static bool scope_all_are(const Tally *names, const char *name) {
    for (size_t i = 0; i < names->n; i++)
        if (!scope_is_nobodys(names->items[i].text) && strcmp(names->items[i].text, name) != 0)
            return false;
    return true;
}

const char *seen_scope_names(const SeenScope *scope, const Tally *others, size_t n_others, Arena *arena) {
    const char *first = scope->names.n > 0 ? scope->names.items[0].text : NULL;
    size_t size = first ? strlen(first) : 0;
    bool one = first && scope_all_are(&scope->names, first), lost = scope->names.lost > 0;

    if (!first || scope->n_blind > 0 || scope->open)
        return NULL;
    scope_shorten(&scope->names, first, &size);
    for (size_t i = 0; i < n_others; i++) {
        scope_shorten(&others[i], first, &size);
        one = one && scope_all_are(&others[i], first);
        lost = lost || others[i].lost > 0;
    }
    if (lost)
        return NULL;
    if (one)
        return arena_copy(arena, span_from(first));
    while (size > 0 && !strchr("_.-", first[size - 1]))
        size--;
    return size >= SCOPE_PREFIX_MIN ? arena_printf(arena, "%.*s*", (int) size, first) : NULL;
}

const char *seen_scope_label(const SeenScope *scope, size_t *i) {
    while (*i < scope->labels.n) {
        const TallyItem *item = &scope->labels.items[(*i)++];

        /* A key alone says something only where everybody knows what it is for. */
        if (item->n == scope->n_made &&
            (strchr(item->text, '=') || strcmp(item->text, SCOPE_PROJECT_LABEL) == 0))
            return item->text;
    }
    return NULL;
}
