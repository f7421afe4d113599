// SPDX-License-Identifier: Apache-2.0
/*
 * A request-target: what is taken has one canonical form, which reads back to the same; nothing in it is
 * left to be read two ways.
 */
#include "fuzz.h"

#include "policy/routes.h"

#define ARENA_BYTES (1u << 20)

static void check_canonical(const Target *target) {
    const char *at = target->path.data, *end = at + target->path.size;
    size_t n = 0;

    FUZZ_CHECK(target->path.size > 0 && *at == '/' && !memchr(at, '\0', target->path.size),
               "no path, or a NUL in it");
    while (at < end) { /* at a slash */
        const char *next = memchr(at + 1, '/', (size_t) (end - at - 1));
        Span segment = {.data = at + 1, .size = (size_t) ((next ? next : end) - at - 1)};

        FUZZ_CHECK(!span_is(segment, ".") && !span_is(segment, ".."), "a dot segment");
        FUZZ_CHECK(segment.size > 0 || target->path.size == 1, "an empty segment");
        n += segment.size > 0;
        at = next ? next : end;
    }
    FUZZ_CHECK(n == target->n_segments && n <= LIMIT_PATH_SEGMENTS, "%zu segments, and %zu of them told", n,
               target->n_segments);
}

static void check_same(const Target *a, const Target *b) {
    FUZZ_CHECK(a->api_minor == b->api_minor && span_equals(a->path, b->path), "another path");
    FUZZ_CHECK(a->n_segments == b->n_segments && a->n_query == b->n_query, "another count of parts");
    for (size_t i = 0; i < a->n_query; i++)
        FUZZ_CHECK(span_equals(a->query[i].key, b->query[i].key) &&
                       span_equals(a->query[i].value, b->query[i].value),
                   "pair %zu of the query is another", i);
}

static void check_routes(const Target *target, const Target *again) {
    for (Method method = METHOD_GET; method <= METHOD_DELETE; method++) {
        Span object = {0}, other = {0};
        const Operation *operation = routes_match(method, target, &object);

        FUZZ_CHECK(operation == routes_match(method, again, &other), "another operation");
        FUZZ_CHECK(span_equals(object, other), "another object");
        FUZZ_CHECK(!operation || operation->method == method, "of another method");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(ARENA_BYTES);
    const char *detail = NULL, *text, *text_again;
    Target target = {0}, again = {0};

    if (target_parse(arena, (Span){(const char *) data, size}, &target, &detail) != REASON_OK) {
        FUZZ_CHECK(detail != NULL, "refused without a sentence");
        return 0;
    }
    check_canonical(&target);
    text = target_format(arena, &target);
    if (!text) /* the arena is full: a deny */
        return 0;
    /* What is escaped anew may be longer than LIMIT_TARGET_BYTES, which is for clients. */
    if (strlen(text) > LIMIT_TARGET_BYTES)
        return 0;
    FUZZ_CHECK(target_parse(arena, span_from(text), &again, &detail) == REASON_OK, "%s: %s", text, detail);
    check_same(&target, &again);
    check_routes(&target, &again);
    text_again = target_format(arena, &again);
    FUZZ_CHECK(!text_again || strcmp(text, text_again) == 0, "%s became %s", text, text_again);
    return 0;
}
