// SPDX-License-Identifier: Apache-2.0
#include "body_memory.h"

#include <malloc.h>
#include <stdlib.h>

/* Of the body being read: the parser hands nothing through to its malloc. */
static struct {
    bool counting;
    bool exceeded;
    size_t limit;
    size_t used;
} body_memory;

void body_memory_begin(size_t limit) {
    body_memory.counting = true;
    body_memory.exceeded = false;
    body_memory.limit = limit;
    body_memory.used = 0;
}

bool body_memory_end(void) {
    body_memory.counting = false;
    return body_memory.exceeded;
}

/* glibc keeps one word before each piece. */
static size_t body_memory_of(void *memory) {
    return malloc_usable_size(memory) + sizeof(size_t);
}

void *body_memory_take(size_t size) {
    void *memory = malloc(size);

    if (!memory || !body_memory.counting)
        return memory;
    body_memory.used += body_memory_of(memory);
    if (body_memory.used <= body_memory.limit)
        return memory;
    body_memory.exceeded = true;
    body_memory_give(memory);
    return NULL;
}

void body_memory_give(void *memory) {
    if (memory && body_memory.counting)
        body_memory.used -= body_memory_of(memory);
    free(memory);
}
