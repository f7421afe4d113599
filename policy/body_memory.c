// SPDX-License-Identifier: Apache-2.0
#include "body_memory.h"

#include <malloc.h>
#include <stdlib.h>

/* Of the body being read: the parser hands nothing through to its malloc. */
static struct {
    bool counting;
    bool exceeded;
    bool failed; /* the system had no memory */
    size_t limit;
    size_t used;
    void *reserve; /* NULL: taken */
    size_t reserve_size;
} body_memory;

bool body_memory_begin(size_t limit, size_t reserve) {
    void *memory = malloc(reserve > 0 ? reserve : 1);

    if (!memory)
        return false;
    body_memory.counting = true;
    body_memory.exceeded = body_memory.failed = false;
    body_memory.limit = limit;
    body_memory.used = 0;
    body_memory.reserve = memory;
    body_memory.reserve_size = reserve;
    return true;
}

bool body_memory_is_short(void) {
    return body_memory.exceeded || body_memory.failed;
}

Reason body_memory_end(void) {
    body_memory.counting = false;
    free(body_memory.reserve);
    body_memory.reserve = NULL;
    if (body_memory.failed)
        return REASON_NO_MEMORY;
    return body_memory.exceeded ? REASON_JSON_LIMIT : REASON_OK;
}

/* glibc keeps one word before each piece. */
static size_t body_memory_of(void *memory) {
    return malloc_usable_size(memory) + sizeof(size_t);
}

/* It is given back like any other piece. */
static void *body_memory_take_reserve(size_t size) {
    void *memory = size <= body_memory.reserve_size ? body_memory.reserve : NULL;

    if (memory)
        body_memory.reserve = NULL;
    return memory;
}

void *body_memory_take(size_t size) {
    void *memory = malloc(size);

    if (!body_memory.counting)
        return memory;
    if (!memory) {
        body_memory.failed = true;
        memory = body_memory_take_reserve(size);
    }
    if (memory)
        body_memory.used += body_memory_of(memory);
    body_memory.exceeded = body_memory.exceeded || body_memory.used > body_memory.limit;
    return memory;
}

void body_memory_give(void *memory) {
    if (memory && body_memory.counting)
        body_memory.used -= body_memory_of(memory);
    free(memory);
}
