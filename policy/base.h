// SPDX-License-Identifier: Apache-2.0
/*
 * The vocabulary every file shares: spans, cleanup of locals, moves, checked arithmetic.
 * Nothing here allocates or fails.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes somebody else owns: never NUL-terminated by promise, so never hand .data to a str* function. */
typedef struct Span {
    const char *data;
    size_t size; /* bytes */
} Span;

#define SPAN(literal) ((Span){.data = ("" literal), .size = sizeof(literal) - 1})

/* The same where only a constant may stand. */
#define SPAN_INIT(literal)                                                                                   \
    { .data = ("" literal), .size = sizeof(literal) - 1 }

static inline Span span_from(const char *cstr) {
    return (Span){.data = cstr, .size = cstr ? strlen(cstr) : 0};
}

static inline bool span_equals(Span a, Span b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool span_is(Span a, const char *cstr) {
    return span_equals(a, span_from(cstr));
}

/* ASCII case only, whatever the locale: for HTTP tokens. */
static inline char ascii_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
}

static inline bool span_equals_nocase(Span a, Span b) {
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        if (ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
            return false;
    return true;
}

static inline bool span_is_nocase(Span a, const char *cstr) {
    return span_equals_nocase(a, span_from(cstr));
}

static inline bool span_starts_with(Span a, Span prefix) {
    return a.size >= prefix.size && (prefix.size == 0 || memcmp(a.data, prefix.data, prefix.size) == 0);
}

/* For printf's %.*s. Sizes are bounded by limits.h, far below INT_MAX. */
#define SPAN_FMT(s) (int) (s).size, (s).data ? (s).data : ""

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define UNUSED __attribute__((unused))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define CLEANUP(fn) __attribute__((cleanup(fn)))

/* A move, written where it happens: the source is empty afterwards. */
#define TAKE_PTR(p)                                                                                          \
    ({                                                                                                       \
        __typeof__(p) taken_ = (p);                                                                          \
        (p) = NULL;                                                                                          \
        taken_;                                                                                              \
    })
#define TAKE_FD(fd)                                                                                          \
    ({                                                                                                       \
        int taken_ = (fd);                                                                                   \
        (fd) = -EBADF;                                                                                       \
        taken_;                                                                                              \
    })

/* Both return false on overflow and leave *ret alone. */
static inline bool size_add(size_t a, size_t b, size_t *ret) {
    size_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return false;
    *ret = sum;
    return true;
}

static inline bool size_mul(size_t a, size_t b, size_t *ret) {
    size_t product;
    if (__builtin_mul_overflow(a, b, &product))
        return false;
    *ret = product;
    return true;
}
