// SPDX-License-Identifier: Apache-2.0
#include "arena.h"

#include <stdio.h>

#include "spares.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_MALLOC_PER_ITEM 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_MALLOC_PER_ITEM 1
#endif
#endif
#ifndef ARENA_MALLOC_PER_ITEM
#define ARENA_MALLOC_PER_ITEM 0
#endif

#define ARENA_ALIGN _Alignof(max_align_t)

/*
 * What an idle connection keeps, and the first block of each exchange: a usual head fits, and malloc has that
 * much at hand. Those behind it are larger, for who has more to say than that has much: the second takes what
 * a body that is judged needs.
 */
#define ARENA_FIRST_BLOCK 1024u
#define ARENA_SECOND_BLOCK 8192u
#define ARENA_NEXT_BLOCK (16u << 10)

#define ARENA_SENTENCE 256u

typedef struct ArenaBlock ArenaBlock;
struct ArenaBlock {
    ArenaBlock *older;
    size_t size; /* of data */
    size_t used;
    _Alignas(max_align_t) char data[];
};

struct Arena {
    size_t limit;
    size_t used;
    ArenaBlock *blocks; /* newest first; none until the first item */
};

static Spares arena_spares, arena_spare_firsts, arena_spare_seconds;

/* Where blocks of a size wait; NULL: with malloc. */
static Spares *arena_spares_of(size_t whole) {
    if (whole == ARENA_FIRST_BLOCK)
        return &arena_spare_firsts;
    return whole == ARENA_SECOND_BLOCK ? &arena_spare_seconds : NULL;
}

Arena *arena_new(size_t limit) {
    Arena *arena = spares_take(&arena_spares, sizeof(*arena));

    if (arena)
        *arena = (Arena){.limit = limit};
    return arena;
}

static void arena_free_block(ArenaBlock *block) {
    Spares *spares = arena_spares_of(block->size + sizeof(*block));

    if (spares)
        spares_give(spares, block);
    else
        free(block);
}

/* Frees all blocks, but the oldest where it is small enough to wait for the next exchange. */
static void arena_free_blocks(Arena *arena, bool keep_first) {
    ArenaBlock *block = arena->blocks;

    arena->blocks = NULL;
    arena->used = 0;
    while (block) {
        ArenaBlock *older = block->older;

        if (keep_first && !older && block->size + sizeof(*block) <= ARENA_FIRST_BLOCK) {
            block->used = 0;
            arena->blocks = block;
        } else {
            arena_free_block(block);
        }
        block = older;
    }
}

Arena *arena_free(Arena *arena) {
    if (!arena)
        return NULL;
    arena_free_blocks(arena, false);
    spares_give(&arena_spares, arena);
    return NULL;
}

void arena_reset(Arena *arena) {
    arena_free_blocks(arena, !ARENA_MALLOC_PER_ITEM);
}

void arena_empty(Arena *arena) {
    arena_free_blocks(arena, false);
}

ArenaMark arena_mark(const Arena *arena) {
    const ArenaBlock *block = arena->blocks;

    return (ArenaMark){.block = block, .block_used = block ? block->used : 0, .used = arena->used};
}

void arena_release(Arena *arena, ArenaMark mark) {
    while (arena->blocks != mark.block) {
        ArenaBlock *older = arena->blocks->older;

        arena_free_block(arena->blocks);
        arena->blocks = older;
    }
    if (arena->blocks)
        arena->blocks->used = mark.block_used;
    arena->used = mark.used;
}

static size_t arena_usual_block(const Arena *arena) {
    if (!arena->blocks)
        return ARENA_FIRST_BLOCK;
    return arena->blocks->older ? ARENA_NEXT_BLOCK : ARENA_SECOND_BLOCK;
}

static ArenaBlock *arena_add_block(Arena *arena, size_t size) {
    size_t whole;
    ArenaBlock *block;
    Spares *spares;

    if (!ARENA_MALLOC_PER_ITEM) {
        size_t usual = arena_usual_block(arena) - sizeof(ArenaBlock);

        if (size < usual)
            size = usual;
    }
    if (!size_add(sizeof(ArenaBlock), size, &whole))
        return NULL;
    spares = arena_spares_of(whole);
    block = spares ? spares_take(spares, whole) : malloc(whole);
    if (!block)
        return NULL;
    *block = (ArenaBlock){.older = arena->blocks, .size = size};
    arena->blocks = block;
    return block;
}

/* Not zeroed. */
static void *arena_take(Arena *arena, size_t size) {
    size_t rounded, used;
    ArenaBlock *block = arena->blocks;
    void *item;

    if (size == 0)
        size = 1; /* so that NULL always means failure */
    if (!size_add(size, ARENA_ALIGN - 1, &rounded))
        return NULL;
    rounded -= rounded % ARENA_ALIGN;
    if (!size_add(arena->used, rounded, &used) || used > arena->limit)
        return NULL;
    if (ARENA_MALLOC_PER_ITEM || !block || block->size - block->used < rounded)
        block = arena_add_block(arena, ARENA_MALLOC_PER_ITEM ? size : rounded);
    if (!block)
        return NULL;
    item = block->data + block->used;
    block->used += ARENA_MALLOC_PER_ITEM ? size : rounded;
    arena->used = used;
    return item;
}

void *arena_alloc(Arena *arena, size_t size) {
    void *item = arena_take(arena, size);

    return item ? memset(item, 0, size) : NULL;
}

void *arena_alloc_array(Arena *arena, size_t n, size_t size) {
    size_t bytes;

    return size_mul(n, size, &bytes) ? arena_alloc(arena, bytes) : NULL;
}

char *arena_copy(Arena *arena, Span span) {
    size_t bytes;
    char *copy;

    if (!size_add(span.size, 1, &bytes))
        return NULL;
    copy = arena_take(arena, bytes);
    if (!copy)
        return NULL;
    if (span.size > 0)
        memcpy(copy, span.data, span.size);
    copy[span.size] = '\0';
    return copy;
}

Span arena_copy_span(Arena *arena, Span span) {
    char *copy = arena_copy(arena, span);

    return (Span){.data = copy, .size = copy ? span.size : 0};
}

/* Printed once where it is no longer than sentences are: to count what it takes takes longer than to print
 * it. */
char *arena_printf(Arena *arena, const char *format, ...) {
    char usual[ARENA_SENTENCE];
    va_list args;
    char *text;
    int n;

    va_start(args, format);
    n = vsnprintf(usual, sizeof(usual), format, args);
    va_end(args);
    if (n < 0)
        return NULL;
    if ((size_t) n < sizeof(usual))
        return arena_copy(arena, (Span){.data = usual, .size = (size_t) n});
    text = arena_alloc(arena, (size_t) n + 1);
    if (!text)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t) n + 1, format, args);
    va_end(args);
    return text;
}

char *arena_join(Arena *arena, const char *const *parts, size_t n) {
    size_t size = 1;
    char *text, *to;

    for (size_t i = 0; i < n; i++)
        if (!parts[i] || !size_add(size, strlen(parts[i]), &size))
            return NULL;
    text = to = arena_take(arena, size);
    if (!text)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        size_t of_part = strlen(parts[i]);

        memcpy(to, parts[i], of_part);
        to += of_part;
    }
    *to = '\0';
    return text;
}

size_t arena_used(const Arena *arena) {
    return arena->used;
}
