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

/* Whether all may stand in a field's value: no control byte but the tab (RFC 9110, section 5.5). */
bool bytes_are_value(Span text);
