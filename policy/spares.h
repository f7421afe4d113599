// SPDX-License-Identifier: Apache-2.0
/*
 * What each request takes and gives back, kept for the next one: pieces of one size, a few of which wait here
 * instead of with malloc(3), whose own cache has room for seven of a size (glibc's tcache_count), and takes
 * hundreds of instructions past it. As a static of the module whose objects they are, and for one thread.
 * Builds with AddressSanitizer keep none, so that it sees who looks at what was given back.
 */
#pragma once

#include <stdlib.h>

#include "base.h"

#if defined(__SANITIZE_ADDRESS__)
#define SPARES_KEPT 0u
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SPARES_KEPT 0u
#endif
#endif
#ifndef SPARES_KEPT
#define SPARES_KEPT 32u
#endif

typedef struct Spares {
    void *first; /* each begins with where the next one is */
    size_t n;
} Spares;

/* Of at least a pointer's size. Not zeroed: what the last one left is in it. NULL: out of memory. */
static inline void *spares_take(Spares *spares, size_t size) {
    void *piece = spares->first;

    if (!piece)
        return malloc(size);
    memcpy(&spares->first, piece, sizeof(spares->first));
    spares->n--;
    return piece;
}

/* Accepts NULL. */
static inline void spares_give(Spares *spares, void *piece) {
    if (!piece || spares->n == SPARES_KEPT) {
        free(piece);
        return;
    }
    memcpy(piece, &spares->first, sizeof(spares->first));
    spares->first = piece;
    spares->n++;
}
