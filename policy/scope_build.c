// SPDX-License-Identifier: Apache-2.0
#include "scope_build.h"

#include "text.h"

#define BUILD_EDITS 3u /* pairs that are put in */

/* What the client mustn't ask for; BuildKit's `session` comes with its version. */
static const struct {
    const char *key, *but; /* `but`: the one value that says nothing, beside none */
    const char *detail;
} BUILD_CLOSED[] = {
    {"version", "1", "query.version asks for BuildKit, whose cache and mounts are everybody's"},
    {"cachefrom", "[]",
     "query.cachefrom names images whose layers would be used, and no cache is, under a scope"},
};

/* What is put in, over what the client said. */
static const struct { const char *key, *value; } BUILD_FORCED[] = {{"pull", "1"}, {"nocache", "1"}};

typedef struct Build {
    Arena *arena;
    const Scope *scope;
    Request *request;
    const char *field, *detail;
    Reason reason;
} Build;

static bool build_refuse(Build *b, Reason reason, const char *field, const char *detail) {
    b->reason = reason;
    b->field = field;
    b->detail = detail;
    return false;
}

static bool build_is_open(Build *b) {
    for (size_t i = 0; i < ARRAY_SIZE(BUILD_CLOSED); i++) {
        Span value = {0};

        (void) target_query_get(&b->request->target, BUILD_CLOSED[i].key, &value);
        if (value.size > 0 && !span_is(value, BUILD_CLOSED[i].but) && !span_is(value, "null"))
            return build_refuse(b, REASON_QUERY_NOT_ALLOWED,
                                arena_printf(b->arena, "query.%s", BUILD_CLOSED[i].key),
                                BUILD_CLOSED[i].detail);
    }
    return true;
}

/* Without a name nobody could say that it is in a scope by names. */
static bool build_is_named(Build *b) {
    Span name = {0};

    (void) target_query_get(&b->request->target, "t", &name);
    if (!b->scope->names.given || name.size > 0)
        return true;
    return build_refuse(b, REASON_QUERY_NOT_ALLOWED, "query.t",
                        "query.t is not set, and the scope goes by names");
}

/* The client's labels with the scope's over them, as JSON (arena). NULL: refused. */
static const char *build_labels(Build *b) {
    CLEANUP(body_free_p) Body *labels = NULL;
    const char *detail = NULL;
    Span said = {0};
    BodyNode *root;
    size_t size;
    Reason reason;
    char *text;

    (void) target_query_get(&b->request->target, "labels", &said);
    reason =
        body_parse(b->arena, said.size > 0 && !span_is(said, "null") ? said : SPAN("{}"), &labels, &detail);
    if (reason == REASON_OK && body_type(body_root(labels)) != BODY_TYPE_OBJECT)
        reason = REASON_JSON_SYNTAX;
    if (reason != REASON_OK) {
        (void) build_refuse(b, reason == REASON_NO_MEMORY ? reason : REASON_QUERY_NOT_ALLOWED, "query.labels",
                            "query.labels can't be read for certain");
        return NULL;
    }
    root = body_edit_root(labels);
    for (size_t i = 0; i < b->scope->n_labels; i++) {
        const NamedText *label = &b->scope->labels[i];
        const BodyNode *value = body_member(root, label->name);

        if (value && (body_type(value) != BODY_TYPE_STRING || !span_is(body_string(value), label->value))) {
            const char *name = text_show(b->arena, span_from(label->name), LIMIT_VALUE_SHOWN);

            detail = name ? arena_printf(b->arena, "query.labels[\"%s\"] is the scope's to set", name) : NULL;
            (void) build_refuse(b, REASON_QUERY_NOT_ALLOWED, "query.labels", detail);
            return NULL;
        }
        if (body_set_string(root, label->name, label->value) < 0)
            return NULL;
    }
    size = body_dump(labels, NULL, 0);
    text = size > 0 ? arena_alloc(b->arena, size + 1) : NULL;
    return text && body_dump(labels, text, size) == size ? text : NULL;
}

static bool build_is_edited(Span key) {
    for (size_t i = 0; i < ARRAY_SIZE(BUILD_FORCED); i++)
        if (span_is(key, BUILD_FORCED[i].key))
            return true;
    return span_is(key, "labels");
}

static bool build_send(Build *b, const char *labels) {
    Target *sent = b->request->sent ? b->request->sent : arena_alloc(b->arena, sizeof(*sent));
    const Target *from = b->request->sent ? sent : &b->request->target;
    QueryPair *pairs = arena_alloc_array(b->arena, from->n_query + BUILD_EDITS, sizeof(*pairs));
    size_t n = 0;

    if (!sent || !pairs)
        return false;
    for (size_t i = 0; i < from->n_query; i++)
        if (!build_is_edited(from->query[i].key))
            pairs[n++] = from->query[i];
    for (size_t i = 0; i < ARRAY_SIZE(BUILD_FORCED); i++)
        pairs[n++] =
            (QueryPair){.key = span_from(BUILD_FORCED[i].key), .value = span_from(BUILD_FORCED[i].value)};
    if (b->scope->n_labels > 0 || !span_is(span_from(labels), "{}"))
        pairs[n++] = (QueryPair){.key = SPAN("labels"), .value = span_from(labels)};
    if (!b->request->sent)
        *sent = b->request->target;
    sent->query = pairs;
    sent->n_query = n;
    b->request->sent = sent;
    return true;
}

Reason scope_build(Arena *arena, const Scope *scope, Request *request, const char **ret_field,
                   const char **ret_detail) {
    Build b = {.arena = arena, .scope = scope, .request = request, .reason = REASON_NO_MEMORY};
    const char *labels = build_is_open(&b) && build_is_named(&b) ? build_labels(&b) : NULL;
    bool good = labels && build_send(&b, labels);

    *ret_field = b.field;
    *ret_detail = b.detail;
    return good ? REASON_OK : b.reason;
}
