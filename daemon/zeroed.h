// SPDX-License-Identifier: Apache-2.0
/*
 * Zeroed memory for what each request takes and gives back. calloc(3) of glibc before 2.41 doesn't look into
 * the thread's cache, where the last request's lies, and compilers make one of a malloc that a memset
 * follows: so they are kept from seeing that it does.
 */
#pragma once

#include <stdlib.h>
#include <string.h>

/* NULL: out of memory. For free(3). */
static inline void *zeroed(size_t size) {
    void *memory = malloc(size);

    if (!memory)
        return NULL;
    __asm__("" : "+r"(memory));
    return memset(memory, 0, size);
}
