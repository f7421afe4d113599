// SPDX-License-Identifier: Apache-2.0
#include "policy/bytes.h"

#include <criterion/criterion.h>

/* As the RFCs have it, set by set; strchr(3) finds the NUL in each. */
static bool is_alnum(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_one(char c, const char *set) {
    return is_alnum(c) || (c != '\0' && strchr(set, c));
}

Test(bytes, classes) {
    for (int i = 0; i < 256; i++) {
        char c = (char) i;

        cr_expect_eq(byte_is(c, BYTE_ALNUM), is_alnum(c), "%x", i);
        cr_expect_eq(byte_is(c, BYTE_UNRESERVED), is_one(c, "-._~"), "%x", i);
        cr_expect_eq(byte_is(c, BYTE_PATH), is_one(c, "/._~:@+-"), "%x", i);
        cr_expect_eq(byte_is(c, BYTE_TOKEN), is_one(c, "!#$%&'*+-.^_`|~"), "%x", i);
        cr_expect_eq(byte_is(c, BYTE_HOST), is_one(c, "-._~%!$&'()*+,="), "%x", i);
        cr_expect_eq(byte_is(c, BYTE_CONTROL), i < 0x20 || i == 0x7f, "%x", i);
        cr_expect_eq(byte_is(c, BYTE_NAME), is_one(c, "_.-"), "%x", i);
    }
    cr_expect_eq(bytes_of(SPAN("a-b c"), BYTE_TOKEN), 3);
    cr_expect_eq(bytes_of((Span){0}, BYTE_TOKEN), 0);
}

/* The first of two, at each place of a text of each size; what stands behind it doesn't matter. */
Test(bytes, until_control) {
    char text[20];

    for (size_t size = 1; size <= sizeof(text); size++)
        for (size_t at = 0; at < size; at++)
            for (int byte = 0; byte < 256; byte++)
                for (int behind = 0; behind < 256; behind++) {
                    bool one = byte < 0x20, other = behind < 0x20;

                    memset(text, byte & 1 ? '\xa0' : ' ', size);
                    text[at] = (char) byte;
                    if (at + 1 < size)
                        text[at + 1] = (char) behind;
                    if (bytes_until_control((Span){text, size}) != (one                      ? at
                                                                    : other && at + 1 < size ? at + 1
                                                                                             : size))
                        cr_assert_fail("%x and %x at %zu of %zu", byte, behind, at, size);
                }
    cr_expect_eq(bytes_until_control((Span){0}), 0);
}

/* Each byte at each place of a text of each size, where its neighbours could hide it. */
Test(bytes, values) {
    static const char neighbours[] = {'a', '\x20', '\x7e', '\x80', '\xff', '\t'};
    char text[20];

    for (size_t size = 1; size <= sizeof(text); size++)
        for (size_t at = 0; at < size; at++)
            for (int byte = 0; byte < 256; byte++)
                for (size_t n = 0; n < sizeof(neighbours); n++) {
                    memset(text, neighbours[n], size);
                    text[at] = (char) byte;
                    cr_assert_eq(bytes_are_value((Span){text, size}),
                                 byte == '\t' || (byte >= 0x20 && byte != 0x7f), "%x", byte);
                }
    cr_expect(bytes_are_value((Span){0}));
}

/* The same for two texts: in any case of the letters, and in nothing else. */
Test(bytes, the_same_in_any_case) {
    char a[18], b[18];

    for (size_t size = 0; size <= sizeof(a); size++)
        for (size_t at = 0; at < size; at++)
            for (int one = 0; one < 256; one++)
                for (int other = 0; other < 256; other++) {
                    memset(a, 'q', size);
                    memset(b, 'Q', size);
                    a[at] = (char) one;
                    b[at] = (char) other;
                    if (span_equals_nocase((Span){a, size}, (Span){b, size}) !=
                        (ascii_lower(a[at]) == ascii_lower(b[at])))
                        cr_assert_fail("%x and %x at %zu of %zu", one, other, at, size);
                }
    cr_expect_not(span_equals_nocase(SPAN("abc"), SPAN("abcd")));
}

Test(bytes, digits_of_an_id) {
    static const char id[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0";

    cr_expect(bytes_are_id((Span){id, 64}));
    cr_expect_not(bytes_are_id((Span){id, 63}));
    cr_expect_not(bytes_are_id((Span){id, 65}));
    cr_expect_not(bytes_are_id(SPAN("0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef")));
    cr_expect_not(bytes_are_id(SPAN("g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")));
    cr_expect(bytes_are_hex((Span){id, 65}));
    cr_expect(bytes_are_hex(SPAN("DB")));
    cr_expect_not(bytes_are_hex(SPAN("dbx")));
    cr_expect_not(bytes_are_hex(SPAN("")));
}
