// SPDX-License-Identifier: Apache-2.0
#include "daemon/json_text.h"

#include <criterion/criterion.h>
#include <jansson.h>

static void expect_written(Span text, const char *expected) {
    Buffer out = {0};

    cr_assert_eq(json_text_append(&out, text), 0);
    cr_expect(span_is(buffer_span(&out), expected), "%.*s instead of %s", SPAN_FMT(buffer_span(&out)),
              expected);
    buffer_done(&out);
}

Test(json_text, escapes) {
    static const struct {
        Span text;
        const char *expected;
    } cases[] = {
        {{"", 0}, "\"\""},
        {{"a/b ~'<>&", 9}, "\"a/b ~'<>&\""},
        {{"\"\\", 2}, "\"\\\"\\\\\""},
        {{"a\nb\r\t\0z", 7}, "\"a\\u000ab\\u000d\\u0009\\u0000z\""},
        {{"\x1b[31m\x7f", 6}, "\"\\u001b[31m\\u007f\""},
        {{"größe", 7}, "\"größe\""},
        {{"日本", 6}, "\"日本\""},
        {{"\xe2\x80\xae"
          "gpj",
          6},
         "\"\\u202egpj\""},                   /* right-to-left override */
        {{"\xe2\x80\xa8", 3}, "\"\\u2028\""}, /* a line end for JavaScript */
        {{"\xc2\x9b"
          "31m",
          5},
         "\"\\u009b31m\""},                              /* C1: another way to write ESC [ */
        {{"\xf3\xa0\x80\x81", 4}, "\"\\udb40\\udc01\""}, /* U+E0001, a tag character */
        {{"a\xff"
          "b",
          3},
         "\"a\\ufffdb\""},
        {{"\xc0\xaf", 2}, "\"\\ufffd\\ufffd\""},            /* overlong / */
        {{"\xed\xa0\x80", 3}, "\"\\ufffd\\ufffd\\ufffd\""}, /* a surrogate */
        {{"\xe2\x80", 2}, "\"\\ufffd\\ufffd\""},            /* cut */
        {{"\xf0\x9f\x98\x80", 4}, "\"\xf0\x9f\x98\x80\""},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        expect_written(cases[i].text, cases[i].expected);
}

/* Every byte and every pair of bytes comes out as one JSON string, of printable bytes, in one line. */
Test(json_text, whatever_comes_is_one_string) {
    for (unsigned a = 0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++) {
            char bytes[3] = {(char) a, (char) b, 'x'};
            Buffer out = {0};
            json_t *value;

            cr_assert_eq(json_text_append(&out, (Span){bytes, sizeof(bytes)}), 0);
            value = json_loadb(out.data, out.end, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
            cr_assert(json_is_string(value), "%02x %02x", a, b);
            for (size_t i = 0; i < out.end; i++)
                cr_assert((unsigned char) out.data[i] >= 0x20 && out.data[i] != 0x7F, "%02x %02x", a, b);
            json_decref(value);
            buffer_done(&out);
        }
}

Test(json_text, numbers_and_null) {
    Buffer out = {0};

    cr_expect_eq(json_text_append_number(&out, 0), 0);
    cr_expect_eq(json_text_append_cstr(&out, NULL), 0);
    cr_expect_eq(json_text_append_number(&out, UINT64_MAX), 0);
    cr_expect_eq(json_text_append_cstr(&out, "x"), 0);
    cr_expect(span_is(buffer_span(&out), "0null18446744073709551615\"x\""));
    buffer_done(&out);
}
