// SPDX-License-Identifier: Apache-2.0
#include "rule_read.h"

#include "grant_read.h"
#include "keys.h"
#include "text.h"

typedef struct EntryReader {
    Arena *arena;
    DocErrors *errors;
    ZoneList *zones;
    RuleList kind;
    RequestRule *rule;
} EntryReader;

const char *rule_copy_text(Arena *arena, DocErrors *errors, const DocNode *node) {
    const char *text = arena_copy(arena, node->scalar);

    if (!text)
        doc_error(errors, node->mark, "out of memory");
    return text;
}

const Glob *rule_read_glob(Arena *arena, DocErrors *errors, const DocNode *node, Span pattern) {
    const Glob *glob;

    if (pattern.size == 0 || pattern.size > LIMIT_PATTERN_BYTES) {
        doc_error(errors, node->mark, "a pattern has 1 to %u bytes", LIMIT_PATTERN_BYTES);
        return NULL;
    }
    glob = glob_compile(arena, pattern);
    if (!glob)
        doc_error(errors, node->mark, "out of memory");
    return glob;
}

static void entry_report_operation(EntryReader *reader, const DocNode *node) {
    const char *names[512];
    size_t n, n_names = 0;
    const Operation *all = routes_all(&n);

    if (memchr(node->scalar.data, ' ', node->scalar.size)) {
        doc_error(reader->errors, node->mark,
                  "an operation has no space in its name; for a method and path "
                  "write {request: METHOD /path}");
        return;
    }
    for (size_t i = 0; i < n && n_names < ARRAY_SIZE(names); i++)
        names[n_names++] = all[i].id;
    keys_report_unknown(reader->errors, node, "operation", names, n_names);
}

static void entry_read_operation(void *ctx, const DocNode *node) {
    EntryReader *reader = ctx;
    Span name;

    if (!keys_read_text(reader->errors, node, "an operation", &name))
        return;
    reader->rule->operation = routes_find(name);
    if (!reader->rule->operation)
        entry_report_operation(reader, node);
}

static void query_read_values(EntryReader *reader, const DocNode *list, QueryRule *rule) {
    QueryValue *values;

    if (!keys_is_sequence(reader->errors, list, "the values of a query key"))
        return;
    if (list->n == 0) {
        doc_error(reader->errors, list->mark, "an empty list of values would allow no request");
        return;
    }
    values = arena_alloc_array(reader->arena, list->n, sizeof(*values));
    if (!values) {
        doc_error(reader->errors, list->mark, "out of memory");
        return;
    }
    for (size_t i = 0; i < list->n; i++) {
        const DocNode *node = list->items[i];
        Span text;

        if (node->type == DOC_NULL)
            doc_error(reader->errors, node->mark,
                      "write \"\" for an empty or absent value, or quote the word");
        if (node->type == DOC_NULL || !keys_read_text(reader->errors, node, "a query value", &text))
            continue;
        values[i].text = rule_copy_text(reader->arena, reader->errors, node);
        if (text.size > 0)
            values[i].glob = rule_read_glob(reader->arena, reader->errors, node, text);
    }
    rule->values = values;
    rule->n_values = list->n;
}

static void entry_read_query(void *ctx, const DocNode *mapping) {
    EntryReader *reader = ctx;
    QueryRule *query;

    if (reader->kind == RULE_LIST_DENY) {
        doc_error(reader->errors, mapping->mark, "deny takes no conditions: put them where it is allowed");
        return;
    }
    if (mapping->type != DOC_MAPPING || mapping->n == 0) {
        doc_error(reader->errors, mapping->mark, "query must be a mapping of query keys to lists of values");
        return;
    }
    query = arena_alloc_array(reader->arena, mapping->n, sizeof(*query));
    if (!query) {
        doc_error(reader->errors, mapping->mark, "out of memory");
        return;
    }
    for (size_t i = 0; i < mapping->n; i++) {
        query[i].key = rule_copy_text(reader->arena, reader->errors, &mapping->pairs[i].key);
        query_read_values(reader, mapping->pairs[i].value, &query[i]);
    }
    reader->rule->query = query;
    reader->rule->n_query = mapping->n;
}

/*
 * An operation that leads to the host is never granted by a pattern (decide.c); where the pattern names
 * just that one operation, it could only disappoint, so it is a mistake already here.
 */
static void entry_refuse_host_operation(EntryReader *reader, const DocNode *node, Span path) {
    static const Method methods[] = {METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_PUT, METHOD_DELETE};
    Method wanted = reader->rule->method;
    const char *detail = NULL;
    Target target = {0};

    if (target_parse(reader->errors->arena, path, &target, &detail) != REASON_OK || target.n_query > 0) {
        doc_error(reader->errors, node->mark, "no request can have this path: %s",
                  detail ? detail : "a path has no query");
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
        const Operation *operation;
        Span object;

        if (wanted != METHOD_NONE && wanted != methods[i])
            continue;
        operation = routes_match(methods[i], &target, &object);
        if (operation && operation->risk == RISK_HOST)
            doc_error(reader->errors, node->mark,
                      "%s %s is %s, which leads to the host: allow it by that name", method_name(methods[i]),
                      text_show(reader->errors->arena, path, LIMIT_VALUE_SHOWN), operation->id);
    }
}

static bool path_has_version(Span path) {
    return path.size > 3 && path.data[1] == 'v' && path.data[2] >= '0' && path.data[2] <= '9';
}

static void entry_read_request(void *ctx, const DocNode *node) {
    EntryReader *reader = ctx;
    RequestRule *rule = reader->rule;
    Span text, method, path;
    const char *space;

    if (!keys_read_text(reader->errors, node, "request", &text))
        return;
    space = memchr(text.data, ' ', text.size);
    method = (Span){text.data, space ? (size_t) (space - text.data) : text.size};
    path = space ? (Span){space + 1, text.size - method.size - 1} : SPAN("");
    rule->method = method_parse(method);
    if ((rule->method == METHOD_NONE && !span_is(method, "*")) || path.size == 0 || path.data[0] != '/' ||
        memchr(path.data, ' ', path.size)) {
        doc_error(
            reader->errors, node->mark,
            "request must be METHOD /path, with one of GET, HEAD, POST, PUT, DELETE or * as the method");
        return;
    }
    if (path_has_version(path)) {
        doc_error(reader->errors, node->mark, "leave the API version out: a pattern holds for all of them");
        return;
    }
    rule->pattern = rule_copy_text(reader->arena, reader->errors, node);
    rule->path = rule_read_glob(reader->arena, reader->errors, node, path);
    if (rule->path && glob_is_literal(rule->path) && reader->kind == RULE_LIST_ALLOW)
        entry_refuse_host_operation(reader, node, path);
}

/* Read together, once the whole entry is known. */
static void entry_leave_time(void *ctx UNUSED, const DocNode *node UNUSED) {
}

static const KeyRow ENTRY_KEYS[] = {
    {"operation", entry_read_operation}, {"query", entry_read_query}, {"request", entry_read_request},
    {"until", entry_leave_time},         {"when", entry_leave_time},  {"zone", entry_leave_time},
};

static void entry_read_mapping(EntryReader *reader, const DocNode *node) {
    bool by_name = doc_get(node, "operation"), by_pattern = doc_get(node, "request");

    if (!keys_read(reader->errors, node, "", ENTRY_KEYS, ARRAY_SIZE(ENTRY_KEYS), reader))
        return;
    if (by_name == by_pattern)
        doc_error(reader->errors, node->mark, "an entry has either 'operation' or 'request'");
    else if (by_pattern && doc_get(node, "query"))
        doc_error(reader->errors, node->mark, "'query' goes with 'operation', not with 'request'");
    if (reader->kind == RULE_LIST_DENY && grant_is_given(node))
        doc_error(reader->errors, node->mark, "deny takes no time: put it where it is allowed");
    else
        reader->rule->grant = grant_read(reader->arena, reader->errors, reader->zones, node);
}

void rule_read_list(Arena *arena, DocErrors *errors, ZoneList *zones, RuleList kind, const DocNode *list,
                    const RequestRule **ret, size_t *ret_n) {
    RequestRule *rules;

    if (!keys_is_sequence(errors, list, kind == RULE_LIST_ALLOW ? "allow" : "deny"))
        return;
    rules = arena_alloc_array(arena, list->n + 1, sizeof(*rules));
    if (!rules) {
        doc_error(errors, list->mark, "out of memory");
        return;
    }
    for (size_t i = 0; i < list->n; i++) {
        const DocNode *node = list->items[i];
        EntryReader reader = {
            .arena = arena, .errors = errors, .zones = zones, .kind = kind, .rule = &rules[i]};

        rules[i].origin =
            arena_printf(arena, "%s:%u", errors->file ? errors->file : "config", node->mark.line);
        if (!rules[i].origin)
            doc_error(errors, node->mark, "out of memory");
        if (node->type == DOC_MAPPING)
            entry_read_mapping(&reader, node);
        else
            entry_read_operation(&reader, node);
    }
    *ret = rules;
    *ret_n = list->n;
}
