// SPDX-License-Identifier: Apache-2.0
#include "policy/text.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "policy/limits.h"

Test(text, utf8) {
    static const struct {
        Span text;
        bool good;
    } cases[] = {
        {SPAN(""), true},
        {SPAN("plain"), true},
        {SPAN("\0"), true},
        {SPAN("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\xB3"), true},
        {SPAN("\xF4\x8F\xBF\xBF"), true},  /* U+10FFFF */
        {SPAN("\xF4\x90\x80\x80"), false}, /* one past it */
        {SPAN("\xED\x9F\xBF"), true},      /* U+D7FF */
        {SPAN("\xED\xA0\x80"), false},     /* a surrogate */
        {SPAN("\xEE\x80\x80"), true},      /* U+E000 */
        {SPAN("\xC0\xAF"), false},         /* overlong slash */
        {SPAN("\xC1\xBF"), false},
        {SPAN("\xE0\x80\xAF"), false},
        {SPAN("\xE0\x9F\xBF"), false},
        {SPAN("\xF0\x8F\xBF\xBF"), false},
        {SPAN("\x80"), false},
        {SPAN("\xC3"), false}, /* cut */
        {SPAN("\xE2\x82"), false},
        {SPAN("\xF0\x9F\x90"), false},
        {SPAN("\xE2\x82\x41"), false},
        {SPAN("\xC3\x41"), false},
        {SPAN("\xFE"), false},
        {SPAN("\xFF"), false},
        {SPAN("ok\xFF"), false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        cr_expect_eq(text_is_utf8(cases[i].text), cases[i].good, "case %zu", i);
}

Test(text, percent_decode) {
    static const struct {
        Span in;
        bool plus;
        int r;
        Span out;
    } cases[] = {
        {SPAN(""), true, 0, SPAN("")},         {SPAN("a%20b"), false, 0, SPAN("a b")},
        {SPAN("a+b"), true, 0, SPAN("a b")},   {SPAN("a+b"), false, 0, SPAN("a+b")},
        {SPAN("%2B"), true, 0, SPAN("+")},     {SPAN("%2f%2F"), true, 0, SPAN("//")},
        {SPAN("%2541"), true, 0, SPAN("%41")}, /* once only */
        {SPAN("%00"), true, 0, SPAN("\0")},    {SPAN("%fF"), true, 0, SPAN("\xFF")},
        {SPAN("%"), true, -EINVAL, {0}},       {SPAN("%4"), true, -EINVAL, {0}},
        {SPAN("%4g"), true, -EINVAL, {0}},     {SPAN("%g4"), true, -EINVAL, {0}},
        {SPAN("%%41"), true, -EINVAL, {0}},    {SPAN("%+1"), true, -EINVAL, {0}},
    };
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 16);

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Span out = {0};

        cr_expect_eq(text_percent_decode(arena, cases[i].in, cases[i].plus, &out), cases[i].r, "case %zu", i);
        cr_expect(span_equals(out, cases[i].out), "case %zu", i);
    }
}

Test(text, percent_encode) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 16);

    cr_expect_str_eq(text_percent_encode(arena, SPAN("aZ09-._~"), BYTE_UNRESERVED), "aZ09-._~");
    cr_expect_str_eq(text_percent_encode(arena, SPAN(" &=+/;#%"), BYTE_UNRESERVED),
                     "%20%26%3D%2B%2F%3B%23%25");
    cr_expect_str_eq(text_percent_encode(arena, SPAN("/a:b@c+"), BYTE_PATH), "/a:b@c+");
    cr_expect_str_eq(text_percent_encode(arena, SPAN("\0\xC3\xA9"), BYTE_PATH), "%00%C3%A9");
}

Test(text, what_was_encoded_decodes_to_itself) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 16);
    char all[256];
    Span back = {0};

    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (char) i;
    cr_assert_eq(text_percent_decode(
                     arena, span_from(text_percent_encode(arena, (Span){all, sizeof(all)}, BYTE_UNRESERVED)),
                     true, &back),
                 0);
    cr_assert(span_equals(back, (Span){all, sizeof(all)}));
}

Test(text, show) {
    static const struct {
        Span text;
        const char *shown;
    } cases[] = {
        {SPAN(""), ""},
        {SPAN("plain text"), "plain text"},
        {SPAN("caf\xC3\xA9 \xF0\x9F\x90\xB3"), "caf\xC3\xA9 \xF0\x9F\x90\xB3"},
        {SPAN("a\nb\r\t\0c"), "a\\x0Ab\\x0D\\x09\\x00c"},
        {SPAN("\x1B[31m"), "\\x1B[31m"},
        {SPAN("say \"no\" 'or' \\"), "say \\x22no\\x22 \\x27or\\x27 \\x5C"},
        {SPAN("\x7F"), "\\x7F"},
        {SPAN("\xC2\x9B"), "\\u009B"},     /* CSI as one C1 code point */
        {SPAN("\xE2\x80\xAE"), "\\u202E"}, /* right-to-left override */
        {SPAN("\xE2\x81\xA6"), "\\u2066"}, /* isolate */
        {SPAN("\xE2\x80\xA8"), "\\u2028"}, /* line separator */
        {SPAN("\xEF\xBB\xBF"), "\\uFEFF"},
        {SPAN("\xF3\xA0\x81\x81"), "\\U000E0041"}, /* a tag, invisible */
        {SPAN("\xFF\xC3"), "\\xFF\\xC3"},
        {SPAN("\xC0\xAF"), "\\xC0\\xAF"},
    };
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 16);

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        cr_expect_str_eq(text_show(arena, cases[i].text, LIMIT_VALUE_SHOWN), cases[i].shown, "case %zu", i);
}

Test(text, show_is_cut_at_the_limit) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 16);
    char long_text[LIMIT_VALUE_SHOWN + 1];
    const char *shown;

    memset(long_text, 'x', sizeof(long_text));
    shown = text_show(arena, (Span){long_text, LIMIT_VALUE_SHOWN}, LIMIT_VALUE_SHOWN);
    cr_expect_eq(strlen(shown), LIMIT_VALUE_SHOWN);
    cr_expect_eq(shown[LIMIT_VALUE_SHOWN - 1], 'x');
    shown = text_show(arena, (Span){long_text, LIMIT_VALUE_SHOWN + 1}, LIMIT_VALUE_SHOWN);
    cr_expect_str_eq(shown + LIMIT_VALUE_SHOWN, "…");
    cr_expect_str_eq(text_show(arena, SPAN("ab\n"), 5), "ab…"); /* never half an escape */
    cr_expect_str_eq(text_show(arena, SPAN("a\xC3\xA9"), 2), "a…");
    cr_expect_str_eq(text_show(arena, SPAN("a"), 0), "…");
}
