// SPDX-License-Identifier: Apache-2.0
#include "daemon/ascii.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define LONGEST 27u /* three words and a rest */

/* Each byte at each place of each length ends the run there, or doesn't: as the sentence above the function
 * says. */
Test(ascii, each_byte_at_each_place) {
    for (size_t size = 1; size <= LONGEST; size++)
        for (size_t at = 0; at < size; at++)
            for (unsigned byte = 0; byte < 256; byte++) {
                char text[LONGEST];
                bool stands = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';

                memset(text, 'a', sizeof(text));
                text[at] = (char) byte;
                cr_assert_eq(ascii_json((Span){text, size}), stands ? size : at, "%x", byte);
            }
}

/* Neighbours in one word don't hide one another. */
Test(ascii, each_pair_of_bytes) {
    for (unsigned a = 0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++) {
            char text[8] = {'x', (char) a, (char) b, '~', ' ', '!', '[', ']'};
            size_t line = a < 0x20 || a >= 0x7f || a == '"' || a == '\\'   ? 1
                          : b < 0x20 || b >= 0x7f || b == '"' || b == '\\' ? 2
                                                                           : 8;
            cr_assert_eq(ascii_json((Span){text, sizeof(text)}), line, "%x %x", a, b);
        }
}

Test(ascii, nothing) {
    cr_expect_eq(ascii_json((Span){0}), 0);
}

Test(ascii, digits) {
    static const struct {
        uint64_t number;
        const char *text;
    } cases[] = {
        {0, "0"}, {9, "9"}, {10, "10"}, {1234567890, "1234567890"}, {UINT64_MAX, "18446744073709551615"}};
    char room[ASCII_DIGITS];

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        cr_expect(span_is(ascii_digits(cases[i].number, room), cases[i].text), "%s", cases[i].text);
}

/* Where one more begins, and each pair of them. */
Test(ascii, numbers_of_each_length) {
    char room[ASCII_DIGITS], text[ASCII_DIGITS + 1];
    uint64_t power = 1;

    for (size_t n = 1; n <= ASCII_DIGITS; n++, power *= 10)
        for (uint64_t i = 0; i < 3; i++) { /* 99, 100, 101 */
            uint64_t number = power - 1 + i;

            snprintf(text, sizeof(text), "%llu", (unsigned long long) number);
            cr_expect(span_is(ascii_digits(number, room), text), "%s", text);
            cr_expect_eq(ascii_n_digits(number), strlen(text), "%s", text);
        }
    for (unsigned number = 0; number < 10000; number++) {
        snprintf(text, sizeof(text), "%06u", number);
        ascii_put_digits(room, 6, number);
        cr_expect(span_is((Span){room, 6}, text), "%s", text);
    }
}

Test(ascii, hex) {
    for (unsigned byte = 0; byte < 256; byte++)
        for (size_t at = 0; at < 8; at++) {
            unsigned char bytes[8] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
            char text[16], expected[17];

            bytes[at] = (unsigned char) byte;
            ascii_hex(bytes, text);
            for (size_t i = 0; i < sizeof(bytes); i++)
                snprintf(expected + 2 * i, 3, "%02x", bytes[i]);
            cr_expect(span_is((Span){text, sizeof(text)}, expected), "%s", expected);
        }
}
