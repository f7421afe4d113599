// SPDX-License-Identifier: Apache-2.0
#include "policy/target.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct Case {
    Span raw;
    Reason reason;
    const char *canonical; /* what the engine would get; NULL where it is refused */
} Case;

static void check_cases(const Case *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
        const char *detail = NULL;
        Target target;
        Reason reason = target_parse(arena, cases[i].raw, &target, &detail);

        cr_expect_eq(reason, cases[i].reason, "%s: %s", cases[i].raw.data, reason_label(reason));
        cr_expect_eq(detail == NULL, reason == REASON_OK, "%s", cases[i].raw.data);
        if (reason == REASON_OK && cases[i].canonical)
            cr_expect_str_eq(target_format(arena, &target), cases[i].canonical);
    }
}

Test(target, forms) {
    static const Case cases[] = {
        {SPAN("/"), REASON_OK, "/"},
        {SPAN("/_ping"), REASON_OK, "/_ping"},
        {SPAN("/v1.41/containers/json"), REASON_OK, "/v1.41/containers/json"},
        {SPAN(""), REASON_TARGET_FORM, NULL},
        {SPAN("*"), REASON_TARGET_FORM, NULL},
        {SPAN("_ping"), REASON_TARGET_FORM, NULL},
        {SPAN("http://x/containers/create"), REASON_TARGET_FORM, NULL}, /* T-008 */
        {SPAN("unix:///_ping"), REASON_TARGET_FORM, NULL},
        {SPAN("http:_ping"), REASON_TARGET_FORM, NULL},
        {SPAN("localhost:80"), REASON_TARGET_FORM, NULL},
        {SPAN("/_ping#x"), REASON_TARGET_FORM, NULL},
        {SPAN("/_ping?a=#x"), REASON_TARGET_FORM, NULL},
    };

    check_cases(cases, ARRAY_SIZE(cases));
}

Test(target, paths) {
    static const Case cases[] = {
        {SPAN("/images/registry.example.com:5000/a_b/c-d:v1.0+x/json"), REASON_OK,
         "/images/registry.example.com:5000/a_b/c-d:v1.0+x/json"},
        {SPAN("/images/a@sha256:0123/json"), REASON_OK, "/images/a@sha256:0123/json"},
        {SPAN("/images/a%40sha256:0123/json"), REASON_OK, "/images/a@sha256:0123/json"}, /* docker-py */
        {SPAN("/images/a%3Atag%3ax/json"), REASON_OK, "/images/a:tag:x/json"},
        {SPAN("/containers/.../json"), REASON_OK, "/containers/.../json"},
        {SPAN("/containers%2Fcorpus1%2Fexec"), REASON_TARGET_PATH, NULL}, /* T-001, T-002 */
        {SPAN("/%63ontainers/json"), REASON_TARGET_PATH, NULL},
        {SPAN("/containers/a%2fb/json"), REASON_TARGET_PATH, NULL},
        {SPAN("/containers/a%5Cb/json"), REASON_TARGET_PATH, NULL},
        {SPAN("/containers/%2e%2e/json"), REASON_TARGET_PATH, NULL},
        {SPAN("/containers/a%00/json"), REASON_TARGET_PATH, NULL},
        {SPAN("/containers/a%20b/json"), REASON_TARGET_PATH, NULL},
        {SPAN("/containers/a%2540b/json"), REASON_TARGET_PATH, NULL},
        {SPAN("/containers/a%"), REASON_TARGET_PATH, NULL},
        {SPAN("/containers/a%4"), REASON_TARGET_PATH, NULL},
        {SPAN("/containers/a%zz"), REASON_TARGET_PATH, NULL},
        {SPAN("/v1%2e41/containers/json"), REASON_TARGET_PATH, NULL},
        {SPAN("//containers/json"), REASON_TARGET_PATH, NULL}, /* T-003 */
        {SPAN("/containers//json"), REASON_TARGET_PATH, NULL},
        {SPAN("/./containers/json"), REASON_TARGET_PATH, NULL},
        {SPAN("/a/../containers/json"), REASON_TARGET_PATH, NULL},
        {SPAN("/containers/json/.."), REASON_TARGET_PATH, NULL},
        {SPAN("/containers/json/."), REASON_TARGET_PATH, NULL},
        {SPAN("/containers/json/"), REASON_TARGET_PATH, NULL}, /* T-004 */
        {SPAN("/networks/"), REASON_TARGET_PATH, NULL},
        {SPAN("/v1.41/"), REASON_TARGET_PATH, NULL},
        {SPAN("//"), REASON_TARGET_PATH, NULL},
        {SPAN("/a;b"), REASON_TARGET_PATH, NULL}, /* T-009 */
        {SPAN("/a\\b"), REASON_TARGET_PATH, NULL},
        {SPAN("/a b"), REASON_TARGET_PATH, NULL},
        {SPAN("/a\tb"), REASON_TARGET_PATH, NULL},
        {SPAN("/a\0b"), REASON_TARGET_PATH, NULL},
        {SPAN("/caf\xC3\xA9"), REASON_TARGET_PATH, NULL},
        {SPAN("/a*"), REASON_TARGET_PATH, NULL},
    };

    check_cases(cases, ARRAY_SIZE(cases));
}

Test(target, versions) {
    static const Case cases[] = {
        {SPAN("/version"), REASON_OK, "/version"},
        {SPAN("/volumes"), REASON_OK, "/volumes"},
        {SPAN("/v"), REASON_OK, "/v"},
        {SPAN("/v1.05/info"), REASON_OK, "/v1.05/info"},
        {SPAN("/v1.99/info"), REASON_OK, "/v1.99/info"},
        {SPAN("/V1.41/info"), REASON_OK, "/V1.41/info"}, /* nobody's route, T-004 */
        {SPAN("/containers/v1.41/json"), REASON_OK, "/containers/v1.41/json"},
        {SPAN("/v1.41"), REASON_TARGET_VERSION, NULL}, /* T-005 */
        {SPAN("/v01.041/info"), REASON_TARGET_VERSION, NULL},
        {SPAN("/v1.41./info"), REASON_TARGET_VERSION, NULL},
        {SPAN("/v1.41.0/info"), REASON_TARGET_VERSION, NULL},
        {SPAN("/v1/info"), REASON_TARGET_VERSION, NULL},
        {SPAN("/v./info"), REASON_TARGET_VERSION, NULL},
        {SPAN("/v1..41/info"), REASON_TARGET_VERSION, NULL},
        {SPAN("/v2/info"), REASON_TARGET_VERSION, NULL},
        {SPAN("/v2.41/info"), REASON_TARGET_VERSION, NULL},
        {SPAN("/v1.+41/info"), REASON_TARGET_VERSION, NULL},
        {SPAN("/v1.4/info"), REASON_TARGET_VERSION, NULL},
        {SPAN("/v1.411/info"), REASON_TARGET_VERSION, NULL},
        {SPAN("/v1.4a/info"), REASON_TARGET_VERSION, NULL},
        {SPAN("/v1.00/info"), REASON_TARGET_VERSION, NULL},
        {SPAN("/v1.41/v1.41/info"), REASON_TARGET_VERSION, NULL},
        {SPAN("/v1.41/v2/info"), REASON_TARGET_VERSION, NULL},
        {SPAN("/v4.0.0/libpod/info"), REASON_TARGET_VERSION, NULL},
    };
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    const char *detail = NULL;
    Target target;

    check_cases(cases, ARRAY_SIZE(cases));
    cr_assert_eq(target_parse(arena, SPAN("/v1.41/containers/a/json"), &target, &detail), REASON_OK);
    cr_expect_eq(target.api_minor, 41);
    cr_expect(span_is(target.path, "/containers/a/json"));
    cr_assert_eq(target.n_segments, 3);
    cr_assert_eq(target_parse(arena, SPAN("/info"), &target, &detail), REASON_OK);
    cr_expect_eq(target.api_minor, 0);
}

Test(target, queries) {
    static const Case cases[] = {
        {SPAN("/info?"), REASON_OK, "/info"},
        {SPAN("/info?a"), REASON_OK, "/info?a="},
        {SPAN("/info?a=1&b=&a=2"), REASON_OK, "/info?a=1&b=&a=2"},
        {SPAN("/info?&a=1&&b=2&"), REASON_OK, "/info?a=1&b=2"},
        {SPAN("/info?a=b=c"), REASON_OK, "/info?a=b%3Dc"},
        {SPAN("/info?a=x+y%20z%2B"), REASON_OK, "/info?a=x%20y%20z%2B"}, /* T-021 */
        {SPAN("/info?from%49mage=x"), REASON_OK, "/info?fromImage=x"},
        {SPAN("/info?path=/etc/hosts?x"), REASON_OK, "/info?path=%2Fetc%2Fhosts%3Fx"},
        {SPAN("/info?filters={\"label\":[\"a\"]}"), REASON_OK,
         "/info?filters=%7B%22label%22%3A%5B%22a%22%5D%7D"},
        {SPAN("/info?a=%2526"), REASON_OK, "/info?a=%2526"}, /* once only */
        {SPAN("/info?a=%26b%3D1"), REASON_OK, "/info?a=%26b%3D1"},
        {SPAN("/info?a=%3B"), REASON_OK, "/info?a=%3B"},
        {SPAN("/info?changes=CMD%20a%0A%09b%0D%0A"), REASON_OK, "/info?changes=CMD%20a%0A%09b%0D%0A"},
        {SPAN("/info?a=%C3%A9"), REASON_OK, "/info?a=%C3%A9"},
        {SPAN("/info?a=1;b=2"), REASON_TARGET_QUERY, NULL}, /* T-022 */
        {SPAN("/info?;"), REASON_TARGET_QUERY, NULL},
        {SPAN("/info?a=%"), REASON_TARGET_QUERY, NULL},
        {SPAN("/info?a=%1"), REASON_TARGET_QUERY, NULL},
        {SPAN("/info?%zz=1"), REASON_TARGET_QUERY, NULL},
        {SPAN("/info?=1"), REASON_TARGET_QUERY, NULL},
        {SPAN("/info?a%00=1"), REASON_TARGET_QUERY, NULL},
        {SPAN("/info?a=%00"), REASON_TARGET_QUERY, NULL},
        {SPAN("/info?a%0A=1"), REASON_TARGET_QUERY, NULL},
        {SPAN("/info?a=%1B"), REASON_TARGET_QUERY, NULL},
        {SPAN("/info?a=%7F"), REASON_TARGET_QUERY, NULL},
        {SPAN("/info?a=%FF"), REASON_TARGET_QUERY, NULL},
        {SPAN("/info?a=%C0%AF"), REASON_TARGET_QUERY, NULL},
        {SPAN("/info?%FF=1"), REASON_TARGET_QUERY, NULL},
        {SPAN("/info?a=\xC3\xA9"), REASON_TARGET_QUERY, NULL},
        {SPAN("/info?a=\x01"), REASON_TARGET_QUERY, NULL},
        {SPAN("/info?a b"), REASON_TARGET_QUERY, NULL},
    };

    check_cases(cases, ARRAY_SIZE(cases));
}

Test(target, the_first_value_counts) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    const char *detail = NULL;
    Target target;
    Span value = {0};

    cr_assert_eq(target_parse(arena, SPAN("/images/create?fromImage=a&fromImage=b&x"), &target, &detail),
                 REASON_OK);
    cr_assert(target_query_get(&target, "fromImage", &value));
    cr_expect(span_is(value, "a")); /* T-020 */
    cr_assert(target_query_get(&target, "x", &value));
    cr_expect_eq(value.size, 0);
    cr_expect_not(target_query_get(&target, "fromimage", &value));
    cr_expect(span_is(target.raw_query, "fromImage=a&fromImage=b&x"));
}

Test(target, a_refusal_quotes_no_query_value) {
    static const char *const raws[] = {
        "/build?buildargs=PASSWORD%zz",
        "/build?buildargs=PASSWORD;a",
        "/build?buildargs=PASSWORD%00",
        "/build?buildargs=PASSWORD#a",
        "/build?=PASSWORD",
        "http://u:PASSWORD@d/build?a=PASSWORD",
        "/build/?buildargs=PASSWORD",
        "/v2/build?a=PASSWORD",
        "/build%?a=PASSWORD",
    };

    for (size_t i = 0; i < ARRAY_SIZE(raws); i++) {
        CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
        const char *detail = NULL;
        Target target;

        cr_assert_neq(target_parse(arena, span_from(raws[i]), &target, &detail), REASON_OK, "%s", raws[i]);
        cr_assert_not_null(detail, "%s", raws[i]);
        cr_expect_null(strstr(detail, "PASSWORD"), "%s", detail);
    }
}

/* `head`, then n times `part`; freed by the caller. */
static char *repeat(const char *head, const char *part, size_t n) {
    char *text = calloc(1, strlen(head) + n * strlen(part) + 1);

    cr_assert_not_null(text);
    strcpy(text, head);
    for (size_t i = 0; i < n; i++)
        strcpy(text + strlen(head) + i * strlen(part), part);
    return text;
}

Test(target, limits_hold_and_one_past_them_fails) {
    static const struct {
        const char *head, *part;
        size_t most;
    } cases[] = {
        {"/a?b=", "x", LIMIT_TARGET_BYTES - 5},
        {"", "/a", LIMIT_PATH_SEGMENTS},
        {"/a?b=", "&c=1", LIMIT_QUERY_PAIRS - 1},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        for (size_t more = 0; more < 2; more++) {
            CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
            char *raw = repeat(cases[i].head, cases[i].part, cases[i].most + more);
            const char *detail = NULL;
            Target target;

            cr_expect_eq(target_parse(arena, span_from(raw), &target, &detail),
                         more ? REASON_TARGET_TOO_LARGE : REASON_OK, "case %zu + %zu", i, more);
            if (!more)
                cr_expect_str_eq(target_format(arena, &target), raw);
            free(raw);
        }
    }
}

Test(target, no_memory_is_a_refusal) {
    for (size_t limit = 0; limit < 1024; limit += 16) {
        CLEANUP(arena_free_p) Arena *arena = arena_new(limit);
        const char *detail = NULL;
        Target target;
        Reason reason =
            target_parse(arena, SPAN("/v1.41/containers/json?all=1&filters=%7B%7D"), &target, &detail);

        cr_expect(reason == REASON_OK || reason == REASON_NO_MEMORY, "%zu", limit);
        if (limit < 64)
            cr_expect_eq(reason, REASON_NO_MEMORY);
    }
}
