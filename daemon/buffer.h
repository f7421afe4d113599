// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes that wait, in one piece: what a parser is given is always contiguous. Grows by doubling, and
 * gives its memory back when it is empty and asked to, so that an idle connection holds none. Up to
 * LIMIT_BUFFER_BYTES: each connection has two, and thousands of them are idle.
 */
#pragma once

#include "policy/base.h"

#define BUFFER_READ_BYTES (8u << 10) /* what one read asks for, where it needs room of its own */

typedef struct Buffer {
    char *data;
    uint32_t begin; /* first byte that waits */
    uint32_t end;   /* past the last */
    uint32_t capacity;
} Buffer;

void buffer_free(Buffer *buffer);    /* buffer_done's, where there is something */
void buffer_release(Buffer *buffer); /* memory goes if it is empty */

/* Contents and memory go. Most that end have none any more. */
static inline void buffer_done(Buffer *buffer) {
    if (buffer->data)
        buffer_free(buffer);
}

static inline size_t buffer_size(const Buffer *buffer) {
    return buffer->end - buffer->begin;
}

static inline Span buffer_span(const Buffer *buffer) {
    return (Span){.data = buffer->data ? buffer->data + buffer->begin : "", .size = buffer_size(buffer)};
}

char *buffer_make_room(Buffer *buffer, size_t size); /* buffer_reserve's, where there is none yet */

/*
 * Room for `size` more bytes behind the last one; NULL when out of memory, or of numbers. Then buffer_commit.
 */
static inline char *buffer_reserve(Buffer *buffer, size_t size) {
    if (size <= buffer->capacity - buffer->end)
        return buffer->data + buffer->end;
    return buffer_make_room(buffer, size);
}

static inline void buffer_commit(Buffer *buffer, size_t size) {
    buffer->end += (uint32_t) size;
}

static inline void buffer_consume(Buffer *buffer, size_t size) {
    buffer->begin += (uint32_t) size;
    if (buffer->begin == buffer->end)
        buffer->begin = buffer->end = 0;
}

static inline void buffer_clear(Buffer *buffer) {
    buffer->begin = buffer->end = 0;
}

/* 0 or −ENOMEM; all or nothing. */
int buffer_append(Buffer *buffer, Span span);

/* Several at once: a head's line is put together from its parts, with no format to read. */
int buffer_append_all(Buffer *buffer, const Span *spans, size_t n);

/* A number in decimal, with what stands around it. */
int buffer_append_number(Buffer *buffer, Span before, uint64_t number, Span behind);
int buffer_printf(Buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
