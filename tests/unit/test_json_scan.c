// SPDX-License-Identifier: Apache-2.0
#include "policy/json_scan.h"

#include <criterion/criterion.h>

#include "policy/text.h"

/* The text is taken to its end, from memory of exactly its size, so that an overrun shows. */
static bool takes_string(Span text, Span *ret_inside, bool *ret_escaped) {
    char *copy = malloc(text.size ? text.size : 1);
    JsonScan scan = {.p = copy, .end = copy + text.size};
    bool taken;

    memcpy(copy, text.data, text.size);
    taken = json_scan_string(&scan, ret_inside, ret_escaped) && scan.p == scan.end;
    if (taken)
        ret_inside->data = text.data + (ret_inside->data - copy);
    free(copy);
    return taken;
}

static bool takes_literal(Span text) {
    char *copy = malloc(text.size ? text.size : 1);
    JsonScan scan = {.p = copy, .end = copy + text.size};
    bool taken;

    memcpy(copy, text.data, text.size);
    taken = json_scan_literal(&scan) && scan.p == scan.end;
    free(copy);
    return taken;
}

/* Two bytes side by side, wherever in a word: neither hides the other. */
Test(json_scan, each_pair_of_bytes) {
    for (size_t at = 1; at < 16; at++)
        for (int one = 0; one < 256; one++)
            for (int other = 0; other < 256; other++) {
                char text[] = "\"abcdefghijklmnopq\"";
                Span inside = {.data = text + 1, .size = sizeof(text) - 3}, found;
                bool escaped, clean = one >= 0x20 && other >= 0x20;

                if (strchr("\"\\", one) || strchr("\"\\", other)) /* the table has these */
                    continue;
                text[at] = (char) one;
                text[at + 1] = (char) other;
                if (takes_string((Span){text, sizeof(text) - 1}, &found, &escaped) !=
                    (clean && text_is_utf8(inside)))
                    cr_assert_fail("%x and %x at %zu", one, other, at);
            }
}

Test(json_scan, strings) {
    static const struct {
        Span text;
        bool good, escaped;
    } cases[] = {
        {SPAN("\"\""), true, false},
        {SPAN("\"a\""), true, false},
        {SPAN("\"0123456789abcdef0123456789abcdef\""), true, false},
        {SPAN("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\""), true, true},
        {SPAN("\"01234567\\\"\""), true, true},
        {SPAN("\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\xB3\x7f\""), true, false},
        {SPAN("\"0123456\xC3\xA9\""), true, false}, /* across the eighth byte */
        {SPAN(""), false, false},
        {SPAN("a"), false, false},
        {SPAN("\""), false, false},
        {SPAN("\"abc"), false, false},
        {SPAN("\"01234567"), false, false},
        {SPAN("\"\\"), false, false},
        {SPAN("\"\\\""), false, false},
        {SPAN("\"\\x\""), false, false},
        {SPAN("\"\\u12\""), false, false},
        {SPAN("\"\\u12g4\""), false, false},
        {SPAN("\"\\U1234\""), false, false},
        {SPAN("\"a\nb\""), false, false},
        {SPAN("\"0123456\tb\""), false, false},
        {SPAN("\"a\0b\""), false, false},
        {SPAN("\"\\\0\""), false, false},
        {SPAN("\"\xC3\""), false, false},
        {SPAN("\"\xC0\x80\""), false, false},     /* overlong */
        {SPAN("\"\xED\xA0\x80\""), false, false}, /* a surrogate */
        {SPAN("\"\xFF\""), false, false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Span inside = {0};
        bool escaped = false;

        cr_expect_eq(takes_string(cases[i].text, &inside, &escaped), cases[i].good, "case %zu", i);
        if (!cases[i].good)
            continue;
        cr_expect_eq(escaped, cases[i].escaped, "case %zu", i);
        cr_expect_eq(inside.data, cases[i].text.data + 1);
        cr_expect_eq(inside.size, cases[i].text.size - 2);
    }
}

/* Each length around the eight bytes that are looked at together, with each byte at each place. */
Test(json_scan, every_byte_at_every_place) {
    for (size_t size = 1; size <= 18; size++)
        for (size_t at = 0; at < size; at++)
            for (unsigned byte = 0; byte < 256; byte++) {
                char text[32];
                Span inside;
                bool escaped, plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';

                memset(text, 'x', sizeof(text));
                text[0] = '"';
                text[1 + at] = (char) byte;
                text[1 + size] = '"';
                cr_assert_eq(takes_string((Span){text, size + 2}, &inside, &escaped), plain,
                             "byte %u at %zu of %zu", byte, at, size);
            }
}

Test(json_scan, literals) {
    static const char *const good[] = {"true",
                                       "false",
                                       "null",
                                       "0",
                                       "-0",
                                       "1",
                                       "-12.50",
                                       "1e9",
                                       "1E+9",
                                       "0.1e-1",
                                       "18446744073709551615",
                                       "123456789012345678901234567890"};
    static const char *const bad[] = {"",    "tru",   "truee", "True", "nul",  "-",  "01",
                                      "-01", "1.",    ".5",    "1e",   "1e+",  "+1", "NaN",
                                      "Inf", "1.5.5", "0x1",   "1a",   "fals", "-a", "1 "};

    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        cr_expect(takes_literal(span_from(good[i])), "%s", good[i]);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        cr_expect_not(takes_literal(span_from(bad[i])), "%s", bad[i]);
}
