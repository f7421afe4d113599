// SPDX-License-Identifier: Apache-2.0
/*
 * Per-exchange bump allocator: everything an exchange derives from a request lives here and goes at
 * once when the exchange ends. Builds with AddressSanitizer take one malloc per item, so overruns show.
 */
#pragma once

#include <stdarg.h>

#include "base.h"

typedef struct Arena Arena;

/* Life cycle. `limit`: bytes handed out in all before allocation fails. NULL when out of memory. */
Arena *arena_new(size_t limit);
Arena *arena_free(Arena *arena); /* accepts NULL, returns NULL */
void arena_reset(Arena *arena);  /* all items go, one block stays: for the next exchange */
void arena_empty(Arena *arena);  /* all items go, and all memory: for who may ask for nothing more */

/* Where the arena is now; all that is taken from there on goes with arena_release. Not past a reset. */
typedef struct ArenaMark {
    const void *block;
    size_t block_used;
    size_t used;
} ArenaMark;

ArenaMark arena_mark(const Arena *arena);
void arena_release(Arena *arena, ArenaMark mark);

/* Zeroed, aligned for any type. NULL past the limit or out of memory. */
void *arena_alloc(Arena *arena, size_t size);
void *arena_alloc_array(Arena *arena, size_t n, size_t size); /* checked multiply */

/* A NUL-terminated copy. NULL past the limit or out of memory. */
char *arena_copy(Arena *arena, Span span);
Span arena_copy_span(Arena *arena,
                     Span span); /* the same with its size; {NULL, 0} where arena_copy is NULL */
char *arena_printf(Arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

/*
 * Strings behind each other; one that is NULL makes it NULL. For sentences of which many are made: a format
 * takes ten times as long to read.
 */
#define ARENA_JOIN(arena, ...)                                                                               \
    arena_join(arena, (const char *const[]){__VA_ARGS__}, ARRAY_SIZE(((const char *const[]){__VA_ARGS__})))
char *arena_join(Arena *arena, const char *const *parts, size_t n);

size_t arena_used(const Arena *arena); /* bytes handed out */

static inline void arena_free_p(Arena **arena) {
    *arena = arena_free(*arena);
}
