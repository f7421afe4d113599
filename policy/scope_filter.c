// SPDX-License-Identifier: Apache-2.0
#include "scope_filter.h"

#include "scope_build.h"
#include "text.h"

static const char FILTERS[] = "filters", FILTERS_FIELD[] = "query.filters";

/* The filters that go by names: moby's filters.Args.Match tries a regular expression, images path.Match. */
static const struct {
    const char *operation, *key;
    bool regexp;
} FILTER_NAMES[] = {
    {"ContainerList", "name", true},
    {"NetworkList", "name", true},
    {"VolumeList", "name", true},
    {"ImageList", "reference", false},
};

/* These name another object, and whether there is one shows. */
static const char *const FILTER_REFERENCES[] = {"before", "since"};

typedef struct Filter {
    Arena *arena;
    const Scope *scope;
    Request *request;
    const char *operation;
    BodyNode *root; /* of the client's filters */
    bool arrays;    /* {"label": ["a"]}, else {"label": {"a": true}} */
    const char *detail;
    Reason reason;
} Filter;

static bool filter_refuse(Filter *f, Reason reason, const char *detail) {
    f->reason = reason;
    f->detail = detail;
    return false;
}

static bool filter_no_memory(Filter *f) {
    return filter_refuse(f, REASON_NO_MEMORY, NULL);
}

/* --- One filter, in the form that the client chose ---------------------------------------------------- */

static BodyNode *filter_begin(Filter *f, const char *key) {
    return f->arrays ? body_set_array(f->root, key) : body_set_object(f->root, key);
}

static bool filter_add(Filter *f, BodyNode *entries, const char *text) {
    int r = !entries || !text ? -1
            : f->arrays       ? body_append_string(entries, text)
                              : body_set_bool(entries, text, true);

    return r == 0 || filter_no_memory(f);
}

/*
 * An entry of the client's about one of the scope's labels: what the scope says anyway is left out, for swarm
 * keeps one entry a label; another value would be somebody else's.
 */
static bool filter_judge_label(Filter *f, Span entry, bool *ret_keep) {
    *ret_keep = true;
    for (size_t i = 0; i < f->scope->n_labels; i++) {
        Span name = span_from(f->scope->labels[i].name), value;

        if (!span_starts_with(entry, name) || (entry.size > name.size && entry.data[name.size] != '='))
            continue;
        *ret_keep = false;
        value = entry.size > name.size ? (Span){entry.data + name.size + 1, entry.size - name.size - 1}
                                       : span_from(f->scope->labels[i].value);
        if (!span_is(value, f->scope->labels[i].value))
            return filter_refuse(f, REASON_QUERY_NOT_ALLOWED,
                                 "query.filters asks for a label of the scope with another value");
    }
    return true;
}

/* The client's entries of `label` that stay (arena), and then the scope's. */
static bool filter_labels(Filter *f) {
    const BodyNode *said = body_member(f->root, "label"), *value;
    size_t n_said = said ? body_size(said) : 0, n = 0;
    const char **kept = arena_alloc_array(f->arena, n_said + 1, sizeof(*kept));
    void *iter = NULL;
    BodyNode *entries;

    if (!kept)
        return filter_no_memory(f);
    for (size_t i = 0; i < n_said; i++) {
        Span entry = {0};
        bool keep;

        if (body_type(said) == BODY_TYPE_OBJECT)
            (void) body_next(said, &iter, &entry, &value);
        else if (body_type(body_at(said, i)) == BODY_TYPE_STRING)
            entry = body_string(body_at(said, i));
        if (!filter_judge_label(f, entry, &keep))
            return false;
        if (keep && !(kept[n++] = arena_copy(f->arena, entry)))
            return filter_no_memory(f);
    }
    entries = filter_begin(f, "label");
    for (size_t i = 0; i < n; i++)
        if (!filter_add(f, entries, kept[i]))
            return false;
    for (size_t i = 0; i < f->scope->n_labels; i++)
        if (!filter_add(f, entries,
                        arena_printf(f->arena, "%s=%s", f->scope->labels[i].name, f->scope->labels[i].value)))
            return false;
    return true;
}

/* --- Names -------------------------------------------------------------------------------------------- */

/* A pattern as a part of a regular expression, which may let more through: the answer is cut. Podman takes
 * every slash out of it, so there is none in what isn't the pattern's own. NULL: no memory. */
static const char *filter_regexp(Arena *arena, const char *pattern) {
    const char *out = "";

    for (const char *p = pattern; *p && out; p++) {
        char c = ascii_lower(*p);
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '/';

        if (*p == '*' || *p == '?')
            out = arena_printf(arena, *p == '*' ? "%s.*" : "%s.", out);
        else
            out = arena_printf(arena, plain || (*p & 0x80) ? "%s%c" : "%s\\%c", out, *p);
    }
    return out;
}

/* ^(?:ci-.*|x)$ */
static const char *filter_names_regexp(Filter *f) {
    const PatternList *names = &f->scope->names;
    const char *out = "^(?:";

    for (size_t i = 0; i < names->n && out; i++) {
        const char *part = filter_regexp(f->arena, names->items[i].text);

        out = part ? arena_printf(f->arena, "%s%s%s", out, i > 0 ? "|" : "", part) : NULL;
    }
    if (names->n == 0) /* nothing has such a name */
        return "^/$";
    return out ? arena_printf(f->arena, "%s)$", out) : NULL;
}

static bool filter_put_names(Filter *f, const char *key, bool regexp) {
    const PatternList *names = &f->scope->names;
    BodyNode *entries;

    /* Entries of one key are alternatives: the client's would be no longer what it asked for. */
    if (body_member(f->root, key))
        return true;
    for (size_t i = 0; !regexp && i < names->n; i++)
        if (strpbrk(names->items[i].text, "[]\\") ||
            memmem(names->items[i].text, strlen(names->items[i].text), "**", 2))
            return true; /* path.Match takes them otherwise */
    if (!regexp && names->n == 0)
        return true;
    entries = filter_begin(f, key);
    if (regexp)
        return filter_add(f, entries, filter_names_regexp(f));
    for (size_t i = 0; i < names->n; i++)
        if (!filter_add(f, entries, names->items[i].text))
            return false;
    return true;
}

/* What isn't narrowed here is cut from the answer; what would be removed can't be. */
static bool filter_names(Filter *f) {
    if (!f->scope->names.given)
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(FILTER_NAMES); i++)
        if (strcmp(FILTER_NAMES[i].operation, f->operation) == 0)
            return filter_put_names(f, FILTER_NAMES[i].key, FILTER_NAMES[i].regexp);
    if (f->request->operation->method == METHOD_GET)
        return true;
    return filter_refuse(
        f, REASON_SCOPE_OPERATION,
        arena_printf(f->arena,
                     "%s can't be held to names, since the engine prunes by labels alone: list "
                     "what there is, and delete each by its name",
                     f->operation));
}

/* --- The query ----------------------------------------------------------------------------------------- */

/* The pairs of the query but `key`'s, with room for `more`. NULL: no memory. */
static QueryPair *filter_copy_query(Filter *f, const char *key, size_t more, size_t *ret_n) {
    const Target *target = f->request->sent ? f->request->sent : &f->request->target;
    QueryPair *pairs = arena_alloc_array(f->arena, target->n_query + more, sizeof(*pairs));
    size_t n = 0;

    for (size_t i = 0; pairs && i < target->n_query; i++)
        if (!key || !span_is(target->query[i].key, key))
            pairs[n++] = target->query[i];
    *ret_n = n;
    return pairs;
}

static bool filter_send(Filter *f, const QueryPair *pairs, size_t n) {
    Target *sent = f->request->sent;

    if (!sent) {
        sent = arena_alloc(f->arena, sizeof(*sent));
        if (!sent)
            return filter_no_memory(f);
        *sent = f->request->target;
        f->request->sent = sent;
    }
    sent->query = pairs;
    sent->n_query = n;
    return true;
}

/* NUL-terminated (arena). NULL: no memory. */
static const char *filter_dump(Filter *f, const Body *filters) {
    size_t size = body_dump(filters, NULL, 0);
    char *text = size > 0 ? arena_alloc(f->arena, size + 1) : NULL;

    return text && body_dump(filters, text, size) == size ? text : NULL;
}

static bool filter_write(Filter *f, const Body *filters) {
    const char *text = filter_dump(f, filters);
    size_t n;
    QueryPair *pairs = filter_copy_query(f, FILTERS, 1, &n);

    if (!text || !pairs)
        return filter_no_memory(f);
    pairs[n++] = (QueryPair){.key = span_from(FILTERS), .value = span_from(text)};
    return filter_send(f, pairs, n);
}

/* Of the old parameters too: ContainerList had them beside its filters. */
static bool filter_has_reference(const Filter *f) {
    Span value;

    for (size_t i = 0; i < ARRAY_SIZE(FILTER_REFERENCES); i++)
        if (body_member(f->root, FILTER_REFERENCES[i]) ||
            (f->request->operation != routes_find(SPAN("SystemEvents")) &&
             target_query_get(&f->request->target, FILTER_REFERENCES[i], &value) && value.size > 0))
            return true;
    return false;
}

static bool filter_is_array(const BodyNode *root) {
    const BodyNode *value;
    void *iter = NULL;
    Span key;

    while (body_next(root, &iter, &key, &value))
        if (body_type(value) == BODY_TYPE_ARRAY)
            return true;
    return false;
}

static bool filter_list(Filter *f) {
    CLEANUP(body_free_p) Body *filters = NULL;
    const char *detail = NULL;
    Span text = {0};
    Reason reason;

    (void) target_query_get(&f->request->target, FILTERS, &text);
    reason = body_parse(f->arena, text.size > 0 ? text : SPAN("{}"), &filters, &detail);
    if (reason == REASON_NO_MEMORY)
        return filter_no_memory(f);
    if (reason == REASON_OK && body_type(body_root(filters)) == BODY_TYPE_NULL) {
        filters = body_free(filters);
        reason = body_parse(f->arena, SPAN("{}"), &filters, &detail);
    }
    if (reason != REASON_OK || body_type(body_root(filters)) != BODY_TYPE_OBJECT)
        return filter_refuse(f, REASON_QUERY_NOT_ALLOWED, "query.filters can't be read for certain");
    f->root = body_edit_root(filters);
    f->arrays = filter_is_array(f->root);
    if (filter_has_reference(f))
        return filter_refuse(
            f, REASON_QUERY_NOT_ALLOWED,
            "query.filters names another object (before, since), and under a scope none is told of");
    return (f->scope->n_labels == 0 || filter_labels(f)) && filter_names(f) && filter_write(f, filters);
}

/* --- ImageCommit -------------------------------------------------------------------------------------- */

/*
 * In double quotes a Dockerfile's words have backslashes, and `$` for variables. NULL: not to be written so.
 */
static const char *filter_quote(Arena *arena, const char *text) {
    const char *out = "";

    for (const char *p = text; *p && out; p++)
        if ((unsigned char) *p < 0x20 || *p == 0x7F)
            return NULL;
        else
            out = arena_printf(arena, strchr("\\\"$", *p) ? "%s\\%c" : "%s%c", out, *p);
    return out;
}

/* Instructions of `changes` come after what the body says, the last one last. */
static bool filter_commit(Filter *f) {
    size_t n;
    QueryPair *pairs = filter_copy_query(f, NULL, f->scope->n_labels, &n);

    if (!pairs)
        return filter_no_memory(f);
    for (size_t i = 0; i < f->scope->n_labels; i++) {
        const char *name = filter_quote(f->arena, f->scope->labels[i].name);
        const char *value = filter_quote(f->arena, f->scope->labels[i].value);
        const char *text = name && value ? arena_printf(f->arena, "LABEL \"%s\"=\"%s\"", name, value) : NULL;

        if (!text)
            return filter_no_memory(f);
        pairs[n++] = (QueryPair){.key = SPAN("changes"), .value = span_from(text)};
    }
    return filter_send(f, pairs, n);
}

/* --- VolumeDelete ------------------------------------------------------------------------------------- */

/*
 * With force a local volume goes, and then a cluster's of the same name, whosever it is (moby
 * volume_routes.go, deleteVolumes).
 */
static bool filter_volume(Filter *f) {
    size_t n;
    QueryPair *pairs = filter_copy_query(f, "force", 1, &n);

    return pairs ? filter_send(f, pairs, n) : filter_no_memory(f);
}

const char *scope_filter_text(Arena *arena, const Scope *scope, const char *operation) {
    Filter f = {.arena = arena, .scope = scope, .operation = operation};
    CLEANUP(body_free_p) Body *filters = NULL;
    const char *detail = NULL;

    if (body_parse(arena, SPAN("{}"), &filters, &detail) != REASON_OK)
        return NULL;
    f.root = body_edit_root(filters);
    if (scope->n_labels > 0 && !filter_labels(&f))
        return NULL;
    for (size_t i = 0; scope->names.given && i < ARRAY_SIZE(FILTER_NAMES); i++)
        if (strcmp(FILTER_NAMES[i].operation, operation) == 0 &&
            !filter_put_names(&f, FILTER_NAMES[i].key, FILTER_NAMES[i].regexp))
            return NULL;
    return filter_dump(&f, filters);
}

Reason scope_filter(Arena *arena, const Scope *scope, Request *request, const char **ret_field,
                    const char **ret_detail) {
    Filter f = {.arena = arena, .scope = scope, .request = request, .operation = request->operation->id};
    bool good = true;

    if (strcmp(request->operation->id, "ImageBuild") == 0)
        return scope_build(arena, scope, request, ret_field, ret_detail);
    if (scope_way(request->operation) == SCOPE_LISTS)
        good = filter_list(&f);
    else if (strcmp(request->operation->id, "ImageCommit") == 0)
        good = filter_commit(&f);
    else if (strcmp(request->operation->id, "VolumeDelete") == 0)
        good = filter_volume(&f);
    *ret_field = FILTERS_FIELD;
    *ret_detail = f.detail;
    return good ? REASON_OK : f.reason;
}
