// SPDX-License-Identifier: Apache-2.0
#include "buffer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/limits.h"

#define BUFFER_FIRST 512u

/*
 * Each read begins in a block of one size, which goes back when what was read has been passed on: twice a
 * request. malloc() has no short way for blocks of that size, so a few of them wait here for the next one.
 */
#define BUFFER_SPARES 16u

/* Under AddressSanitizer none: who uses a buffer's memory after its end must be seen. */
#if defined(__SANITIZE_ADDRESS__)
#define BUFFER_KEEPS_SPARES 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BUFFER_KEEPS_SPARES 0
#endif
#endif
#ifndef BUFFER_KEEPS_SPARES
#define BUFFER_KEEPS_SPARES 1
#endif

/* Not of malloc: one that waits would keep all that lies below it in the heap from going back to the system.
 */
static char buffer_blocks[BUFFER_SPARES][BUFFER_READ_BYTES];
static char *buffer_spares[BUFFER_SPARES];
static size_t buffer_n_spares, buffer_n_used;

static char *buffer_take_spare(void) {
    if (buffer_n_spares > 0)
        return buffer_spares[--buffer_n_spares];
    return BUFFER_KEEPS_SPARES && buffer_n_used < BUFFER_SPARES ? buffer_blocks[buffer_n_used++] : NULL;
}

/* `fresh`: a buffer's first, of just the size of a read. */
static char *buffer_take_block(size_t capacity, bool fresh) {
    char *spare = fresh && capacity == BUFFER_READ_BYTES ? buffer_take_spare() : NULL;

    return spare ? spare : malloc(capacity);
}

static void buffer_give_block(char *data) {
    uintptr_t at = (uintptr_t) data, first = (uintptr_t) buffer_blocks;

    if (at >= first && at < first + sizeof(buffer_blocks))
        buffer_spares[buffer_n_spares++] = data;
    else
        free(data);
}

void buffer_done(Buffer *buffer) {
    buffer_give_block(buffer->data);
    *buffer = (Buffer){0};
}

void buffer_release(Buffer *buffer) {
    if (buffer_size(buffer) == 0)
        buffer_done(buffer);
}

char *buffer_reserve(Buffer *buffer, size_t size) {
    size_t used = buffer_size(buffer), need, capacity;
    char *data;

    if (size <= buffer->capacity - buffer->end)
        return buffer->data + buffer->end;
    if (!size_add(used, size, &need) || need > LIMIT_BUFFER_BYTES)
        return NULL;
    if (need <= buffer->capacity) {
        memmove(buffer->data, buffer->data + buffer->begin, used);
        buffer->begin = 0;
        buffer->end = (uint32_t) used;
        return buffer->data + used;
    }
    capacity = buffer->capacity ? buffer->capacity : need == BUFFER_READ_BYTES ? need : BUFFER_FIRST;
    while (capacity < need)
        capacity *= 2;
    data = buffer_take_block(capacity, !buffer->data && size == BUFFER_READ_BYTES);
    if (!data)
        return NULL;
    if (used)
        memcpy(data, buffer->data + buffer->begin, used);
    buffer_give_block(buffer->data);
    *buffer = (Buffer){.data = data, .end = (uint32_t) used, .capacity = (uint32_t) capacity};
    return data + used;
}

int buffer_append(Buffer *buffer, Span span) {
    char *room;

    if (span.size == 0) /* a buffer without memory yet has no place to point at */
        return 0;
    room = buffer_reserve(buffer, span.size);
    if (!room)
        return -ENOMEM;
    memcpy(room, span.data, span.size);
    buffer_commit(buffer, span.size);
    return 0;
}

int buffer_append_all(Buffer *buffer, const Span *spans, size_t n) {
    size_t size = 0;
    char *room;

    for (size_t i = 0; i < n; i++)
        if (!size_add(size, spans[i].size, &size))
            return -ENOMEM;
    if (size == 0)
        return 0;
    room = buffer_reserve(buffer, size);
    if (!room)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        if (spans[i].size > 0)
            memcpy(room, spans[i].data, spans[i].size);
        room += spans[i].size;
    }
    buffer_commit(buffer, size);
    return 0;
}

int buffer_printf(Buffer *buffer, const char *format, ...) {
    va_list args;
    int n;
    char *room;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        return -EINVAL;
    room = buffer_reserve(buffer, (size_t) n + 1);
    if (!room)
        return -ENOMEM;
    va_start(args, format);
    vsnprintf(room, (size_t) n + 1, format, args);
    va_end(args);
    buffer_commit(buffer, (size_t) n);
    return 0;
}
