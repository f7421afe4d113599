// SPDX-License-Identifier: Apache-2.0
#include "vector.h"

#include "daemon/config_guard.h"
#include "daemon/zones.h"
#include "policy/keys.h"
#include "policy/time_text.h"

static const char *const VECTOR_PART_NAMES[VECTOR_PARTS_] = {
    [VECTOR_REASON] = "reason", [VECTOR_RULE] = "rule",         [VECTOR_FIELD] = "field",
    [VECTOR_DETAIL] = "detail", [VECTOR_HINT] = "hint",         [VECTOR_ORIGIN] = "origin",
    [VECTOR_SENDS] = "sends",   [VECTOR_SENDS_TO] = "sends_to",
};

typedef struct VectorReader {
    Arena *arena;
    DocErrors *errors;
    const PolicySet *policies;
    const DocNode *own, *list; /* `policies:` and `vectors:` */
    Vector *vector;            /* the one that is being read */
} VectorReader;

/* --- one vector */

static void vector_read_policy(void *ctx, const DocNode *node) {
    VectorReader *reader = ctx;
    const char *const *names;
    Span name;
    size_t n;

    /* Without policies there are mistakes in them, and nobody can tell which names there would be. */
    if (!keys_read_text(reader->errors, node, "policy", &name) || !reader->policies)
        return;
    reader->vector->policy = policy_set_get(reader->policies, name);
    names = policy_set_names(reader->policies, &n);
    if (!reader->vector->policy)
        keys_report_unknown(reader->errors, node, "policy", names, n);
}

static void vector_read_request(void *ctx, const DocNode *node) {
    VectorReader *reader = ctx;
    Vector *vector = reader->vector;
    const char *space;
    size_t n;

    if (!keys_read_text(reader->errors, node, "request", &vector->request))
        return;
    space = memchr(vector->request.data, ' ', vector->request.size);
    n = space ? (size_t) (space - vector->request.data) : 0;
    if (n == 0 || n + 1 == vector->request.size) {
        doc_error(reader->errors, node->mark, "request is written as METHOD PATH");
        return;
    }
    vector->method = (Span){.data = vector->request.data, .size = n};
    vector->target = (Span){.data = space + 1, .size = vector->request.size - n - 1};
}

static void vector_read_headers(void *ctx, const DocNode *node) {
    VectorReader *reader = ctx;
    Header *headers;
    size_t n = 0;

    if (!keys_is_sequence(reader->errors, node, "headers"))
        return;
    headers = arena_alloc_array(reader->arena, node->n + 1, sizeof(*headers));
    if (!headers || node->n > LIMIT_HEADERS) {
        doc_error(reader->errors, node->mark, headers ? "more than %u headers" : "out of memory",
                  LIMIT_HEADERS);
        return;
    }
    for (size_t i = 0; i < node->n; i++) {
        const char *wrong;
        Span text;

        if (!keys_read_text(reader->errors, node->items[i], "a header", &text))
            continue;
        wrong = dry_run_parse_header(text, &headers[n++]);
        if (wrong)
            doc_error(reader->errors, node->items[i]->mark, "%s", wrong);
    }
    reader->vector->headers = headers;
    reader->vector->n_headers = n;
}

static void vector_read_body(void *ctx, const DocNode *node) {
    VectorReader *reader = ctx;

    if (node->type == DOC_MAPPING || node->type == DOC_SEQUENCE)
        doc_error(reader->errors, node->mark, "body must be a text: put single quotes around its JSON");
    else
        reader->vector->has_body = keys_read_text(reader->errors, node, "body", &reader->vector->body);
}

static void vector_read_at(void *ctx, const DocNode *node) {
    VectorReader *reader = ctx;
    const char *wrong;
    Span text;

    if (!keys_read_text(reader->errors, node, "at", &text))
        return;
    wrong = time_text_parse(text, &reader->vector->at);
    if (wrong)
        doc_error(reader->errors, node->mark, "at %s", wrong);
}

static void vector_read_engine(void *ctx, const DocNode *node) {
    VectorReader *reader = ctx;

    reader->vector->has_engine = true;
    pretend_read(reader->arena, reader->errors, node, &reader->vector->engine);
}

static void vector_read_expect(void *ctx, const DocNode *node) {
    static const Effect effects[] = {EFFECT_ALLOW, EFFECT_DENY, EFFECT_OBSERVE, EFFECT_INVALID, EFFECT_ERROR};
    VectorReader *reader = ctx;
    const char *words[ARRAY_SIZE(effects)];
    size_t found;

    for (size_t i = 0; i < ARRAY_SIZE(effects); i++)
        words[i] = effect_name(effects[i]);
    if (keys_read_word(reader->errors, node, "verdict", words, ARRAY_SIZE(words), &found))
        reader->vector->expect = node->scalar;
}

static void vector_read_reason(void *ctx, const DocNode *node) {
    VectorReader *reader = ctx;
    const char *words[REASON_MAX_];
    size_t found;

    for (size_t i = 0; i < REASON_MAX_; i++)
        words[i] = reason_label((Reason) i);
    if (keys_read_word(reader->errors, node, "reason", words, ARRAY_SIZE(words), &found))
        reader->vector->parts[VECTOR_REASON] = node->scalar;
}

/* A text of any kind. */
#define VECTOR_READER(name, part)                                                                            \
    static void vector_read_##name(void *ctx, const DocNode *node) {                                         \
        VectorReader *reader = ctx;                                                                          \
                                                                                                             \
        (void) keys_read_text(reader->errors, node, #name, &reader->vector->parts[part]);                    \
    }
VECTOR_READER(rule, VECTOR_RULE)
VECTOR_READER(field, VECTOR_FIELD)
VECTOR_READER(detail, VECTOR_DETAIL)
VECTOR_READER(hint, VECTOR_HINT)
VECTOR_READER(origin, VECTOR_ORIGIN)
VECTOR_READER(sends, VECTOR_SENDS)
VECTOR_READER(sends_to, VECTOR_SENDS_TO)

static const KeyRow VECTOR_KEYS[] = {
    {"policy", vector_read_policy}, {"request", vector_read_request},   {"headers", vector_read_headers},
    {"body", vector_read_body},     {"expect", vector_read_expect},     {"rule", vector_read_rule},
    {"field", vector_read_field},   {"reason", vector_read_reason},     {"detail", vector_read_detail},
    {"hint", vector_read_hint},     {"origin", vector_read_origin},     {"sends", vector_read_sends},
    {"engine", vector_read_engine}, {"sends_to", vector_read_sends_to}, {"at", vector_read_at},
};

static void vector_read(VectorReader *reader, const DocNode *node) {
    static const char *const needed[] = {"policy", "request", "expect"};

    reader->vector->mark = node->mark;
    if (!keys_read(reader->errors, node, "", VECTOR_KEYS, ARRAY_SIZE(VECTOR_KEYS), reader))
        return;
    for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
        if (!doc_get(node, needed[i]))
            doc_error(reader->errors, node->mark, "'%s' is missing", needed[i]);
}

/* --- the file */

static void vector_take_policies(void *ctx, const DocNode *node) {
    ((VectorReader *) ctx)->own = node;
}

static void vector_take_list(void *ctx, const DocNode *node) {
    ((VectorReader *) ctx)->list = node;
}

static const KeyRow VECTOR_FILE_KEYS[] = {
    {"policies", vector_take_policies},
    {"vectors", vector_take_list},
};

static void vector_read_own(VectorReader *reader, Config *config, VectorFile *ret) {
    const char *place = NULL;
    int r;

    reader->policies = config->policies;
    if (!reader->own)
        return;
    reader->policies = ret->policies = policy_set_compile(reader->own, &config->versions, reader->errors);
    if (ret->policies)
        zones_settle(ret->policies, reader->errors);
    r = ret->policies ? config_guard(config, ret->policies, &place) : 0;
    if (r < 0)
        doc_error(reader->errors, reader->own->mark, "what no bind mount may reach can't be told: %s%s%s",
                  place ? place : "", place ? ": " : "", strerror(-r));
}

static void vector_read_list(VectorReader *reader, const DocNode *root, VectorFile *ret) {
    const DocNode *list = reader->list;
    Vector *vectors;

    if (!list || list->type == DOC_NULL || (list->type == DOC_SEQUENCE && list->n == 0)) {
        doc_error(reader->errors, list ? list->mark : root->mark, "no vectors");
        return;
    }
    if (!keys_is_sequence(reader->errors, list, "vectors"))
        return;
    vectors = arena_alloc_array(reader->arena, list->n, sizeof(*vectors));
    if (!vectors) {
        doc_error(reader->errors, list->mark, "out of memory");
        return;
    }
    for (size_t i = 0; i < list->n; i++) {
        reader->vector = &vectors[i];
        vector_read(reader, list->items[i]);
    }
    ret->vectors = vectors;
    ret->n = list->n;
}

bool vector_read_file(Arena *arena, Span text, const char *name, Config *config, DocErrors *errors,
                      VectorFile *ret) {
    VectorReader reader = {.arena = arena, .errors = errors};
    const DocNode *root;

    *ret = (VectorFile){.name = name};
    *errors = (DocErrors){.arena = arena, .file = name};
    root = doc_parse(arena, text, errors);
    if (root && keys_read(errors, root, "", VECTOR_FILE_KEYS, ARRAY_SIZE(VECTOR_FILE_KEYS), &reader)) {
        vector_read_own(&reader, config, ret);
        vector_read_list(&reader, root, ret);
    }
    return errors->n == 0;
}

void vector_file_done(VectorFile *file) {
    file->policies = policy_set_free(file->policies);
}

/* --- the try */

/* "FILE:LINE", of which FILE may be written without its folders: where the config is depends on the host. */
static bool vector_is_origin(Span wanted, Span got) {
    size_t before = got.size - wanted.size;

    if (span_equals(wanted, got))
        return true;
    return wanted.size > 0 && got.size > wanted.size && got.data[before - 1] == '/' &&
           span_equals(wanted, (Span){.data = got.data + before, .size = wanted.size});
}

static void vector_compare(VectorResult *result, const char *what, Span wanted, Span got) {
    bool is_origin = strcmp(what, VECTOR_PART_NAMES[VECTOR_ORIGIN]) == 0;

    if (is_origin ? !vector_is_origin(wanted, got) : !span_equals(wanted, got))
        result->misses[result->n_misses++] = (VectorMiss){.what = what, .wanted = wanted, .got = got};
}

void vector_ask(const Vector *vector, const Config *config, int64_t now, Arena *arena, DryRun *ret) {
    *ret = (DryRun){.config = config,
                    .policy = vector->policy,
                    .arena = arena,
                    .now = vector->at ? vector->at : now,
                    .head = {.method = vector->method, .target = vector->target},
                    .has_body = vector->has_body,
                    .bytes = vector->body,
                    .engine = vector->has_engine ? &vector->engine : NULL};
    ret->head.n_headers = vector->n_headers;
    if (vector->n_headers > 0)
        memcpy(ret->head.headers, vector->headers, vector->n_headers * sizeof(Header));
}

void vector_try(const Vector *vector, const Config *config, int64_t now, Arena *arena, Trace *trace,
                VectorResult *ret) {
    const Verdict *verdict = &ret->run.verdict;

    *ret = (VectorResult){0};
    vector_ask(vector, config, now, arena, &ret->run);
    ret->run.trace = trace;
    dry_run_judge(&ret->run);

    const Span got[VECTOR_PARTS_] = {
        [VECTOR_REASON] = span_from(reason_label(verdict->reason)),
        [VECTOR_RULE] = span_from(verdict_rule(verdict)),
        [VECTOR_FIELD] = span_from(verdict->field),
        [VECTOR_DETAIL] = span_from(verdict_detail(verdict)),
        [VECTOR_HINT] = span_from(verdict->hint),
        [VECTOR_ORIGIN] = span_from(verdict->origin),
        [VECTOR_SENDS] = dry_run_sends(&ret->run),
        [VECTOR_SENDS_TO] = dry_run_sends_to(&ret->run),
    };

    vector_compare(ret, "verdict", vector->expect, span_from(effect_name(verdict->effect)));
    for (size_t i = 0; i < VECTOR_PARTS_; i++)
        if (vector->parts[i].data)
            vector_compare(ret, VECTOR_PART_NAMES[i], vector->parts[i], got[i]);
}
