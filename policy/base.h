// SPDX-License-Identifier: Apache-2.0
/*
 * The vocabulary every file shares: spans, cleanup of locals, moves, checked arithmetic.
 * Nothing here allocates or fails.
 */
#pragma once

#include <endian.h>
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

/* Eight bytes as one number, to look at all of them at once: the first is the lowest. */
#define BYTES_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline uint64_t bytes_load(const char *data) {
    uint64_t word;

    memcpy(&word, data, sizeof(word));
    return le64toh(word);
}

/* Four to seven of them, some of them twice: for who asks of each whether it is one of some. */
static inline uint64_t bytes_load_few(const char *data, size_t size) {
    uint32_t first, last;

    memcpy(&first, data, sizeof(first));
    memcpy(&last, data + size - sizeof(last), sizeof(last));
    return (uint64_t) first << 32 | last;
}

static inline bool bytes_equal_nocase(const char *a, const char *b, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (ascii_lower(a[i]) != ascii_lower(b[i]))
            return false;
    return true;
}

/* Those that are the same, as nearly all that are compared, or differ in another bit than that of a letter's
 * case need no look at each. */
static inline bool bytes_equal_nocase_eight(const char *a, const char *b) {
    uint64_t differ = bytes_load(a) ^ bytes_load(b);

    return differ == 0 || (!(differ & ~BYTES_EACH(0x20)) && bytes_equal_nocase(a, b, sizeof(differ)));
}

static inline bool span_equals_nocase(Span a, Span b) {
    if (a.size != b.size)
        return false;
    if (a.size < sizeof(uint64_t))
        return bytes_equal_nocase(a.data, b.data, a.size);
    for (size_t i = 0; a.size - i >= sizeof(uint64_t); i += sizeof(uint64_t))
        if (!bytes_equal_nocase_eight(a.data + i, b.data + i))
            return false;
    return bytes_equal_nocase_eight(a.data + a.size - sizeof(uint64_t), /* some of them once more */
                                    b.data + b.size - sizeof(uint64_t));
}

static inline bool span_is_nocase(Span a, const char *cstr) {
    return span_equals_nocase(a, span_from(cstr));
}

static inline bool span_starts_with(Span a, Span prefix) {
    return a.size >= prefix.size && (prefix.size == 0 || memcmp(a.data, prefix.data, prefix.size) == 0);
}

/* Two strings, of which none has to be gone through to its end to know how long it is. */
static inline bool cstr_starts_with(const char *cstr, const char *prefix) {
    while (*prefix && *cstr == *prefix) {
        cstr++;
        prefix++;
    }
    return *prefix == '\0';
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
