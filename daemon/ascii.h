// SPDX-License-Identifier: Apache-2.0
/*
 * How many bytes at the front of a text need no look of their own: most of any head and of any record. Eight
 * at a time, in a word (any byte order: a word that has one that does is gone over byte by byte). And numbers
 * as text, without a format to read.
 */
#pragma once

#include "policy/base.h"

#define ASCII_WORD sizeof(uint64_t)

/*
 * Whether each of the eight bytes stands for itself in a JSON string. Sums reach the top bit of a byte where
 * it is 0x20 and more, and no quote, no \ and not 0x7f; over it goes only one that has that bit itself.
 */
static inline bool ascii_is_json(uint64_t word) {
    uint64_t sums = (word + BYTES_EACH(0x60)) & ((word ^ BYTES_EACH('"')) + BYTES_EACH(0x7f)) &
                    ((word ^ BYTES_EACH('\\')) + BYTES_EACH(0x7f)) &
                    ((word ^ BYTES_EACH(0x7f)) + BYTES_EACH(0x7f));

    return (sums & ~word & BYTES_EACH(0x80)) == BYTES_EACH(0x80);
}

/* What stands for itself in a JSON string, and on a terminal: printable ASCII but for quotes and \. */
static inline size_t ascii_json(Span text) {
    size_t i = 0;

    while (text.size - i >= ASCII_WORD && ascii_is_json(bytes_load(text.data + i)))
        i += ASCII_WORD;
    if (text.size >= 4 && text.size < ASCII_WORD && ascii_is_json(bytes_load_few(text.data, text.size)))
        return text.size;
    /* What is left of a longer text is looked at together with what is before it. */
    if (i > 0 && text.size - i < ASCII_WORD && ascii_is_json(bytes_load(text.data + text.size - ASCII_WORD)))
        return text.size;
    for (; i < text.size; i++) {
        char c = text.data[i];

        if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
            break;
    }
    return i;
}

#define ASCII_DIGITS 20u /* of the largest number */

/* How many a number has. */
static inline size_t ascii_n_digits(uint64_t number) {
    size_t n = 1;

    for (; number >= 10000; number /= 10000)
        n += 4;
    return n + (number >= 10) + (number >= 100) + (number >= 1000);
}

/* A number that has at most `n` digits, two at a time; zeros in front where it has fewer. */
static inline void ascii_put_digits(char *to, size_t n, uint64_t number) {
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    uint32_t rest;

    for (; n >= 2 && number > UINT32_MAX; number /= 100) {
        n -= 2;
        memcpy(to + n, pairs + 2 * (number % 100), 2);
    }
    for (rest = (uint32_t) number; n >= 2; rest /= 100) { /* a division of half the size is half the work */
        n -= 2;
        memcpy(to + n, pairs + 2 * (size_t) (rest % 100), 2);
    }
    if (n > 0)
        *to = (char) ('0' + rest % 10);
}

/* In decimal, at the end of `room`. */
static inline Span ascii_digits(uint64_t number, char room[static ASCII_DIGITS]) {
    size_t n = ascii_n_digits(number);

    ascii_put_digits(room + ASCII_DIGITS - n, n, number);
    return (Span){.data = room + ASCII_DIGITS - n, .size = n};
}

typedef uint8_t AsciiBytes __attribute__((vector_size(8)));
typedef uint16_t AsciiPairs __attribute__((vector_size(16)));
typedef uint8_t AsciiLetters __attribute__((vector_size(16)));

/* Eight bytes as sixteen hexadecimal digits, all at once: two nibbles from each byte, then their letters. */
static inline void ascii_hex(const unsigned char bytes[static 8], char ret[static 16]) {
    AsciiBytes in;
    AsciiPairs pairs;
    AsciiLetters letters;

    memcpy(&in, bytes, sizeof(in));
    pairs = __builtin_convertvector(in, AsciiPairs);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    pairs = pairs >> 4 | pairs << 8; /* the upper nibble comes first in memory */
#else
    pairs = pairs << 4 | pairs;
#endif
    letters = (AsciiLetters) (pairs & 0x0F0F);
    letters += '0' + ((AsciiLetters) (letters > 9) & ('a' - '0' - 10));
    memcpy(ret, &letters, sizeof(letters));
}
