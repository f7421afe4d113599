// SPDX-License-Identifier: Apache-2.0
/*
 * A body and its judge: the bytes OPERATION, POLICY and MINOR choose, the rest is the body. What is accepted
 * reads the same to Go (go_json.h), to which no key of it is another spelling of a field that the API's
 * descriptions list (tests/api); and what is sent, edits and all, is judged the same when it comes again.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "go_json.h"
#include "policy/facts.h"

#define ARENA_BYTES (16u << 20)
#define BODY_BYTES (32u << 10)

/* --- operations with a JSON body */

static const Operation *operation_at(unsigned which) {
    size_t n, n_json = 0;
    const Operation *all = routes_all(&n);

    for (size_t i = 0; i < n; i++)
        n_json += all[i].body == BODY_JSON || all[i].body == BODY_JSON_OPTIONAL;
    which %= n_json;
    for (size_t i = 0; i < n; i++)
        if ((all[i].body == BODY_JSON || all[i].body == BODY_JSON_OPTIONAL) && which-- == 0)
            return &all[i];
    abort();
}

/* --- the same reading */

static void check_same(const BodyNode *node, const GoValue *value);

static void check_members(const BodyNode *node, const GoValue *value) {
    FUZZ_CHECK(body_size(node) == value->n, "%zu members, to Go %zu", body_size(node), value->n);
    for (size_t i = 0; i < value->n; i++) {
        const BodyNode *member = body_member(node, value->keys[i]);

        FUZZ_CHECK(strlen(value->keys[i]) == value->key_sizes[i], "a NUL in a key");
        FUZZ_CHECK(member != NULL, "Go reads a key %s", value->keys[i]);
        check_same(member, value->items[i]);
    }
}

static void check_number(const BodyNode *node, const GoValue *value) {
    bool integer = !strpbrk(value->text, ".eE");

    FUZZ_CHECK(body_type(node) == (integer ? BODY_TYPE_INTEGER : BODY_TYPE_REAL), "%s: another type",
               value->text);
    if (integer)
        FUZZ_CHECK(body_integer(node) == strtoll(value->text, NULL, 10), "%s is another number", value->text);
}

static void check_same(const BodyNode *node, const GoValue *value) {
    static const BodyType types[] = {BODY_TYPE_NULL,   BODY_TYPE_BOOL,  BODY_TYPE_INTEGER,
                                     BODY_TYPE_STRING, BODY_TYPE_ARRAY, BODY_TYPE_OBJECT};

    if (value->type == GO_NUMBER) {
        check_number(node, value);
        return;
    }
    FUZZ_CHECK(body_type(node) == types[value->type], "another type: %d", (int) value->type);
    if (value->type == GO_BOOL)
        FUZZ_CHECK(body_bool(node) == value->flag, "another truth");
    if (value->type == GO_STRING)
        FUZZ_CHECK(span_equals(body_string(node), (Span){value->text, value->size}), "%.*s, to Go %s",
                   SPAN_FMT(body_string(node)), value->text);
    if (value->type == GO_OBJECT)
        check_members(node, value);
    if (value->type == GO_ARRAY)
        FUZZ_CHECK(body_size(node) == value->n, "%zu elements, to Go %zu", body_size(node), value->n);
    for (size_t i = 0; value->type == GO_ARRAY && i < value->n; i++)
        check_same(body_at(node, i), value->items[i]);
}

/* --- no other spelling of a field */

typedef struct Described {
    const char *operation, *path;
} Described;

static const Described DESCRIPTIONS[] = {
#define DESCRIBED(operation, path, kind, first, last) {#operation, path},
#include "tests/api/fields.def"
#undef DESCRIBED
};

/* What a description lists under another name than dockerd's types have. */
static const Described EXCEPTIONS[] = {
#define NO_ROW(operation, path, why) {operation, path},
#define OTHER_VERSIONS(operation, path, why)
#define NO_DESCRIPTION(table, path, source)
#define NO_PARAMETER(operation, name, source)
#include "tests/api/exceptions.def"
#undef NO_ROW
#undef OTHER_VERSIONS
#undef NO_DESCRIPTION
#undef NO_PARAMETER
};

static bool is_exempt(const Described *item) {
    for (size_t i = 0; i < ARRAY_SIZE(EXCEPTIONS); i++)
        if (strcmp(EXCEPTIONS[i].operation, item->operation) == 0 &&
            strcmp(EXCEPTIONS[i].path, item->path) == 0)
            return true;
    return false;
}

/* The step of `path` behind `prefix`, as a struct's key; empty where it is none. */
static Span step_behind(const char *path, const char *prefix) {
    size_t n = strlen(prefix);

    if (strncmp(path, prefix, n) != 0)
        return (Span){"", 0};
    if (n > 0) {
        if (path[n] != '.')
            return (Span){"", 0};
        n++;
    }
    return (Span){path + n, strcspn(path + n, ".[{")};
}

static void check_key(const char *operation, const char *prefix, const char *key) {
    for (size_t i = 0; i < ARRAY_SIZE(DESCRIPTIONS); i++) {
        Span step;

        if (strcmp(DESCRIPTIONS[i].operation, operation) != 0 || is_exempt(&DESCRIPTIONS[i]))
            continue;
        step = step_behind(DESCRIPTIONS[i].path, prefix);
        if (step.size == 0 || !go_json_folds(key, strlen(key), step.data, step.size))
            continue;
        FUZZ_CHECK(span_is(step, key), "%s: at '%s' Go takes %s for %.*s", operation, prefix, key,
                   SPAN_FMT(step));
    }
}

/* Whether what lies at `prefix` is a map in the descriptions: its keys are the client's own. */
static bool is_map(const char *operation, const char *prefix) {
    size_t n = strlen(prefix);

    for (size_t i = 0; i < ARRAY_SIZE(DESCRIPTIONS); i++)
        if (strcmp(DESCRIPTIONS[i].operation, operation) == 0 &&
            strncmp(DESCRIPTIONS[i].path, prefix, n) == 0 && DESCRIPTIONS[i].path[n] == '{')
            return true;
    return false;
}

static void check_spellings(const char *operation, const char *prefix, const GoValue *value) {
    bool map = value->type == GO_OBJECT && prefix[0] != '\0' && is_map(operation, prefix);

    for (size_t i = 0; i < value->n; i++) {
        char below[1024];

        if (value->type == GO_ARRAY || map) {
            (void) snprintf(below, sizeof(below), "%s%s", prefix, map ? "{}" : "[]");
        } else {
            check_key(operation, prefix, value->keys[i]);
            (void) snprintf(below, sizeof(below), "%s%s%s", prefix, prefix[0] ? "." : "", value->keys[i]);
        }
        check_spellings(operation, below, value->items[i]);
    }
}

/* --- what is sent */

static void check_sent(const Policy *policy, const Request *request, const Body *body, Arena *arena,
                       const Verdict *verdict) {
    CLEANUP(body_free_p) Body *again = NULL;
    const char *detail = NULL;
    size_t size = body_dump(body, NULL, 0);
    char *text = size > 0 ? arena_alloc(arena, size + 1) : NULL;
    Verdict second = {0};

    if (!text)
        return;
    FUZZ_CHECK(body_dump(body, text, size) == size, "dumped twice, of two sizes");
    FUZZ_CHECK(body_parse(arena, (Span){text, size}, &again, &detail) == REASON_OK, "what is sent: %s",
               detail);
    policy_decide(policy, request, again, arena, &second);
    FUZZ_CHECK(second.effect == verdict->effect, "what is sent would be refused: %s",
               verdict_detail(&second));
}

static void judge(const Policy *policy, const Request *request, Body *body, Span bytes, Arena *arena) {
    Verdict verdict = {0};
    Facts facts = {0};
    GoValue *value;

    facts_gather(policy, request, body, arena, &facts);
    /* Before it is edited: what came must read the same to Go whatever the verdict is. */
    value = go_json_parse(bytes.data, bytes.size);
    FUZZ_CHECK(value != NULL, "Go refuses what we read");
    check_same(body_root(body), value);
    policy_decide(policy, request, body, arena, &verdict);
    if (verdict.effect == EFFECT_ALLOW) {
        check_spellings(request->operation->id, "", value);
        check_sent(policy, request, body, arena, &verdict);
    } else {
        FUZZ_CHECK(verdict.reason != REASON_UNDECIDED && verdict_detail(&verdict),
                   "refused without a reason");
    }
    go_json_free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(ARENA_BYTES);
    CLEANUP(body_free_p) Body *body = NULL;
    FuzzInput input = {data, size};
    const Operation *operation = operation_at(fuzz_byte(&input));
    Policy *policy = fuzz_policy(fuzz_byte(&input));
    Request request = {.method = operation->method, .operation = operation, .now = 1700000000};
    Span bytes;
    const char *detail = NULL;

    request.target.api_minor = 40 + fuzz_byte(&input) % (API_VERSION_NEWEST - 39);
    bytes = fuzz_rest(&input);
    request.framing = FRAMING_LENGTH;
    request.length = bytes.size;
    if (bytes.size > BODY_BYTES)
        return 0;
    if (body_parse(arena, bytes, &body, &detail) == REASON_OK)
        judge(policy, &request, body, bytes, arena);
    else
        FUZZ_CHECK(detail != NULL, "refused without a sentence");
    return 0;
}
