// SPDX-License-Identifier: Apache-2.0
/*
 * How many bytes at the front of a text need no look of their own: most of any head and of any record. Eight
 * at a time, in a word (any byte order: a word that has one that does is gone over byte by byte). And numbers
 * as text, without a format to read.
 */
#pragma once

#include "policy/base.h"

#define ASCII_WORD sizeof(uint64_t)
#define ASCII_ALL(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline uint64_t ascii_load(const char *data) {
    uint64_t word;

    memcpy(&word, data, sizeof(word));
    return word;
}

/* Not zero: one of the eight bytes is below `limit` (at most 0x80). */
static inline uint64_t ascii_has_below(uint64_t word, unsigned limit) {
    return (word - ASCII_ALL(limit)) & ~word & ASCII_ALL(0x80);
}

static inline uint64_t ascii_has(uint64_t word, unsigned byte) {
    return ascii_has_below(word ^ ASCII_ALL(byte), 1);
}

/* No control characters: 0x20 and up. */
static inline size_t ascii_line(Span text) {
    size_t i = 0;

    while (text.size - i >= ASCII_WORD && !ascii_has_below(ascii_load(text.data + i), 0x20))
        i += ASCII_WORD;
    while (i < text.size && (unsigned char) text.data[i] >= 0x20)
        i++;
    return i;
}

/* What stands for itself in a JSON string, and on a terminal: printable ASCII but for quotes and \. */
static inline size_t ascii_json(Span text) {
    size_t i = 0;

    for (; text.size - i >= ASCII_WORD; i += ASCII_WORD) {
        uint64_t word = ascii_load(text.data + i);

        if ((word & ASCII_ALL(0x80)) | ascii_has_below(word, 0x20) | ascii_has(word, '"') |
            ascii_has(word, '\\') | ascii_has(word, 0x7f))
            break;
    }
    for (; i < text.size; i++) {
        char c = text.data[i];

        if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
            break;
    }
    return i;
}

#define ASCII_DIGITS 20u /* of the largest number */

/* In decimal, at the end of `room`. */
static inline Span ascii_digits(uint64_t number, char room[static ASCII_DIGITS]) {
    size_t n = 0;

    do
        room[ASCII_DIGITS - ++n] = (char) ('0' + number % 10);
    while ((number /= 10) > 0);
    return (Span){.data = room + ASCII_DIGITS - n, .size = n};
}

/* Four bytes as eight hexadecimal digits, all at once: a nibble in each byte of a word, then its letter. */
static inline void ascii_hex(const unsigned char bytes[static 4], char ret[static 8]) {
    uint64_t word =
        (uint64_t) bytes[0] << 24 | (uint64_t) bytes[1] << 16 | (uint64_t) bytes[2] << 8 | bytes[3];
    uint64_t letters;

    word = (word << 16 | word) & UINT64_C(0x0000FFFF0000FFFF);
    word = (word << 8 | word) & UINT64_C(0x00FF00FF00FF00FF);
    word = (word << 4 | word) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    letters = ((word + ASCII_ALL(6)) >> 4) & ASCII_ALL(1); /* 1 where it is 10 or more */
    word += ASCII_ALL('0') + letters * ('a' - '0' - 10);
    for (unsigned i = 0; i < 8; i++)
        ret[i] = (char) (word >> (56 - 8 * i));
}
