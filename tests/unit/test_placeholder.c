// SPDX-License-Identifier: Apache-2.0
#include "policy/placeholder.h"

#include <criterion/criterion.h>

static const unsigned char HASH[PLACEHOLDER_HASH_BYTES] = {0x00, 0x9f, 0xab, 0x10};

Test(placeholder, its_form) {
    char text[PLACEHOLDER_SIZE], base64[PLACEHOLDER_BASE64_SIZE];

    placeholder_write(HASH, text);
    cr_expect(span_is((Span){text, sizeof(text)}, "quaygate:redacted:009fab10"));
    placeholder_write_base64(HASH, base64);
    cr_expect(span_is((Span){base64, sizeof(base64)}, "cXVheWdhdGU6cmVkYWN0ZWQ6MDA5ZmFiMTA="));
}

Test(placeholder, is_in) {
    static const Span in[] = {
        SPAN("quaygate:redacted:009fab10"),           SPAN("quaygate:redacted:"),
        SPAN("A=quaygate:redacted:009fab10,"),        SPAN("qquaygate:redacted:0"),
        SPAN("cXVheWdhdGU6cmVkYWN0ZWQ6MDA5ZmFiMTA="), SPAN("quaygate:redacte quaygate:redacted:"),
    };
    static const Span out[] = {SPAN(""),
                               SPAN("quaygate:redacted"),
                               SPAN("quaygate:redacte"),
                               SPAN("q"),
                               SPAN("quaygate redacted:0000000000"),
                               SPAN("cXVheWdhdGU6cmVkYWN0ZWQ")};

    for (size_t i = 0; i < ARRAY_SIZE(in); i++)
        cr_expect(placeholder_is_in(in[i]), "%zu", i);
    for (size_t i = 0; i < ARRAY_SIZE(out); i++)
        cr_expect_not(placeholder_is_in(out[i]), "%zu", i);
}

Test(placeholder, found_in_a_body) {
    static const struct {
        Span body;
        const char *place; /* NULL: none */
    } cases[] = {
        {SPAN("{\"Env\": [\"A=1\", \"B=quaygate:redacted:01234567\"]}"), "Env[1]"},
        {SPAN("{\"Env\": [\"B=\\u0071uaygate\\u003aredacted:01234567\"]}"), "Env[0]"},
        {SPAN("{\"Labels\": {\"quaygate:redacted:01234567\": \"\"}}"), "Labels.quaygate:redacted:01234567"},
        {SPAN("{\"Data\": \"cXVheWdhdGU6cmVkYWN0ZWQ6MDA5ZmFiMTA=\"}"), "Data"},
        {SPAN("[{\"a\": [[\"quaygate:redacted:\"]]}]"), "[0].a[0][0]"},
        {SPAN("{\"a\": [1, 2.5, null, true, \"quaygate\", {\"b\": \"redacted:\"}]}"), NULL},
        {SPAN("null"), NULL},
    };
    Arena *arena = arena_new(1u << 20);

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        CLEANUP(body_free_p) Body *body = NULL;
        const char *detail, *place;

        cr_assert_eq(body_parse(arena, cases[i].body, &body, &detail), REASON_OK);
        place = placeholder_find(arena, body);
        if (cases[i].place)
            cr_expect_str_eq(place ? place : "none", cases[i].place);
        else
            cr_expect_null(place);
    }
    cr_expect_null(placeholder_find(arena, NULL));
    arena_free(arena);
}

Test(placeholder, found_in_a_query) {
    Arena *arena = arena_new(1u << 20);
    const char *detail;
    Target target;

    cr_assert_eq(
        target_parse(arena, SPAN("/v1.41/build?t=a&buildargs=%7B%22A%22%3A%22quaygate%3Aredacted%3A0%22%7D"),
                     &target, &detail),
        REASON_OK);
    cr_expect_str_eq(placeholder_find_query(arena, &target), "query.buildargs");
    cr_assert_eq(target_parse(arena, SPAN("/v1.41/build?t=quaygate%3Aredacted"), &target, &detail),
                 REASON_OK);
    cr_expect_null(placeholder_find_query(arena, &target));
    arena_free(arena);
}
