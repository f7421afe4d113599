// SPDX-License-Identifier: Apache-2.0
/*
 * Text put together in room that is known to be large enough, as heads are: what each part takes is summed
 * up, room for all is reserved once, and each is copied to where the last one ended. All of these return
 * the end of what they wrote.
 */
#pragma once

#include "ascii.h"
#include "policy/request.h"

/* Most parts are words, for which a call of memcpy(3) takes longer than they do. */
static inline char *put_text(char *out, Span text) {
    size_t n = text.size;

    if (__builtin_constant_p(n) || n > 32) {
        if (n > 0)
            memcpy(out, text.data, n);
    } else if (n >= 16) { /* two halves that may overlap */
        memcpy(out, text.data, 16);
        memcpy(out + n - 16, text.data + n - 16, 16);
    } else if (n >= 8) {
        memcpy(out, text.data, 8);
        memcpy(out + n - 8, text.data + n - 8, 8);
    } else if (n >= 4) {
        memcpy(out, text.data, 4);
        memcpy(out + n - 4, text.data + n - 4, 4);
    } else {
        for (size_t i = 0; i < n; i++)
            out[i] = text.data[i];
    }
    return out + n;
}

/* ASCII_DIGITS at the most. */
static inline char *put_number(char *out, uint64_t number) {
    size_t n = ascii_n_digits(number);

    ascii_put_digits(out, n, number);
    return out + n;
}

/* A line of a head. */
static inline size_t put_field_room(const Header *header) {
    return header->name.size + header->value.size + sizeof(": \r\n") - 1;
}

static inline char *put_field(char *out, const Header *header) {
    out = put_text(out, header->name);
    out = put_text(out, SPAN(": "));
    out = put_text(out, header->value);
    return put_text(out, SPAN("\r\n"));
}
