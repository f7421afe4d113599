// SPDX-License-Identifier: Apache-2.0
#include "buffer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "ascii.h"
#include "policy/limits.h"
#include "policy/spares.h"

#define BUFFER_FIRST 512u

/* Of 512 bytes to 4 KiB: a head, mostly, or a body that is judged. */
static Spares buffer_spares[4];

/* Where buffers of a capacity wait; NULL: with malloc. */
static Spares *buffer_spares_of(size_t capacity) {
    for (size_t i = 0; i < ARRAY_SIZE(buffer_spares); i++)
        if (capacity == BUFFER_FIRST << i)
            return &buffer_spares[i];
    return NULL;
}

static char *buffer_take(size_t capacity) {
    Spares *spares = buffer_spares_of(capacity);

    return spares ? spares_take(spares, capacity) : malloc(capacity);
}

static void buffer_give(const Buffer *buffer) {
    Spares *spares = buffer_spares_of(buffer->capacity);

    if (spares)
        spares_give(spares, buffer->data);
    else
        free(buffer->data);
}

void buffer_free(Buffer *buffer) {
    buffer_give(buffer);
    *buffer = (Buffer){0};
}

void buffer_release(Buffer *buffer) {
    if (buffer_size(buffer) == 0)
        buffer_done(buffer);
}

char *buffer_make_room(Buffer *buffer, size_t size) {
    size_t used = buffer_size(buffer), need, capacity;
    char *data;

    if (!size_add(used, size, &need) || need > LIMIT_BUFFER_BYTES)
        return NULL;
    if (need <= buffer->capacity) {
        memmove(buffer->data, buffer->data + buffer->begin, used);
        buffer->begin = 0;
        buffer->end = (uint32_t) used;
        return buffer->data + used;
    }
    capacity = buffer->capacity ? buffer->capacity : BUFFER_FIRST;
    while (capacity < need)
        capacity *= 2;
    data = buffer_take(capacity);
    if (!data)
        return NULL;
    if (used)
        memcpy(data, buffer->data + buffer->begin, used);
    buffer_give(buffer);
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

int buffer_append_number(Buffer *buffer, Span before, uint64_t number, Span behind) {
    char digits[ASCII_DIGITS];

    return buffer_append_all(buffer, (const Span[]){before, ascii_digits(number, digits), behind}, 3);
}

/* Most texts fit where they are to stand: they are made once. */
int buffer_printf(Buffer *buffer, const char *format, ...) {
    size_t room = buffer->capacity - buffer->end, size;
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(room > 0 ? buffer->data + buffer->end : NULL, room, format, args);
    va_end(args);
    if (n < 0)
        return -EINVAL;
    size = (size_t) n + 1;
    if (size > room) {
        if (!buffer_make_room(buffer, size))
            return -ENOMEM;
        va_start(args, format);
        vsnprintf(buffer->data + buffer->end, size, format, args);
        va_end(args);
    }
    buffer_commit(buffer, (size_t) n);
    return 0;
}
