// SPDX-License-Identifier: Apache-2.0
/*
 * Which bytes may stand where in HTTP: one look into a table for each, instead of a comparison for each
 * range.
 */
#pragma once

#include "base.h"

typedef enum ByteClass {
    BYTE_ALNUM = 1u << 0,      /* ASCII only, whatever the locale */
    BYTE_UNRESERVED = 1u << 1, /* RFC 3986, section 2.3 */
    BYTE_PATH = 1u << 2,       /* in a path as it is (T-009): unreserved, and what image references use */
    BYTE_TOKEN = 1u << 3,      /* RFC 9110, section 5.6.2 */
    BYTE_HOST = 1u << 4,       /* RFC 3986, section 3.2.2: reg-name, but for the semicolon */
    BYTE_NAME = 1u << 5,       /* of an object, from its second byte on */
    BYTE_CONTROL = 1u << 6,    /* below 0x20, and DEL */
} ByteClass;

extern const unsigned char BYTES[256]; /* the ByteClass bits of each */

static inline bool byte_is(char c, ByteClass class) {
    return BYTES[(unsigned char) c] & class;
}

/* How many at the front of `text` are of the class. */
static inline size_t bytes_of(Span text, ByteClass class) {
    size_t n = 0;

    while (n < text.size && byte_is(text.data[n], class))
        n++;
    return n;
}

/* How many at the front of `text` are 0x20 or more. */
static inline size_t bytes_until_control(Span text) {
    size_t i = 0;

    for (; text.size - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
        uint64_t word = bytes_load(text.data + i);
        uint64_t found = (word - BYTES_EACH(0x20)) & ~word & BYTES_EACH(0x80);

        if (found) /* its lowest bit is in the first that is less */
            return i + (size_t) __builtin_ctzll(found) / 8;
    }
    while (i < text.size && (unsigned char) text.data[i] >= 0x20)
        i++;
    return i;
}

/*
 * Whether it may be a container's, volume's or network's name: moby's daemon/names.RestrictedNamePattern, and
 * one byte too.
 */
static inline bool bytes_are_name(Span text) {
    return text.size > 0 && byte_is(text.data[0], BYTE_ALNUM) && bytes_of(text, BYTE_NAME) == text.size;
}

/*
 * Whether it has hex digits and nothing else: of a network or a container such a name may be the beginning of
 * another's ID, by which dockerd finds it as well (T-012).
 */
bool bytes_are_hex(Span text);

/* A whole ID as moby makes them (pkg/stringid): 64 hex digits, all lower case. */
#define BYTES_ID_SIZE 64u
bool bytes_are_id(Span text);

/* Whether all may stand in a field's value: no control byte but the tab (RFC 9110, section 5.5). */
bool bytes_are_value(Span text);
