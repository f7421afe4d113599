// SPDX-License-Identifier: Apache-2.0
#include "body_memory.h"

#include <assert.h>
#include <malloc.h>
#include <stdlib.h>

/* Builds with AddressSanitizer take one malloc a piece, so that it sees what happens to each. */
#if defined(__SANITIZE_ADDRESS__)
#define PIECE_SMALL 0u
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PIECE_SMALL 0u
#endif
#endif
#ifndef PIECE_SMALL
#define PIECE_SMALL 512u /* bytes: up to here a piece is a part of a block, above it is on its own */
#endif

#define PIECE_UNIT 8u /* bytes; also how pieces are aligned: pointers, sizes, doubles and 64-bit integers */
_Static_assert(_Alignof(double) <= PIECE_UNIT && _Alignof(int64_t) <= PIECE_UNIT &&
                   _Alignof(void *) <= PIECE_UNIT,
               "what jansson keeps is aligned");

#define BLOCK_LEAST 1000u      /* bytes: with malloc's own share no more than its fast lists have */
#define BLOCK_FIRST (1u << 20) /* bytes: the first one at the most, each other by what there is already */
#define BLOCK_SHARE 16u        /* of what there is, so that no more than that stands empty */
#define BLOCK_LEFT 8u          /* and of what is left: a table that grows may need it */
#define BLOCK_OWN 32u          /* bytes: what malloc may add to what it is asked for, at the most */

typedef struct Block Block;
struct Block {
    Block *older;
    size_t size; /* of data */
    size_t used; /* of these */
    _Alignas(PIECE_UNIT) char data[];
};

/* Before a piece that is on its own. */
typedef struct Large Large;
struct Large {
    Large *next, **at; /* at: the pointer to this one */
    BodyMemory *owner;
    _Alignas(max_align_t) char data[];
};

struct BodyMemory {
    BodyMemory *next, **at; /* of all that there are; at: the pointer to this one */
    Block *blocks;          /* newest first */
    Large *large;
    size_t limit;
    size_t used;
    size_t first;
    bool limited;
    Reason reason; /* why a piece wasn't to be had */
};

/* Where pieces come from: jansson hands nothing through to its malloc. NULL: the system. */
static BodyMemory *body_memory;

/* All there are, the newest first: it is edited soon after it was read. */
static BodyMemory *body_memories;

BodyMemory *body_memory_new(size_t limit, size_t first) {
    BodyMemory *memory = malloc(sizeof(*memory));

    if (!memory)
        return NULL;
    *memory = (BodyMemory){.limit = limit,
                           .first = first < BLOCK_FIRST ? first : BLOCK_FIRST,
                           .next = body_memories,
                           .at = &body_memories};
    if (memory->next)
        memory->next->at = &memory->next;
    body_memories = memory;
    return memory;
}

BodyMemory *body_memory_free(BodyMemory *memory) {
    if (!memory)
        return NULL;
    assert(memory != body_memory);
    for (Block *block = memory->blocks; block;) {
        Block *older = block->older;

        free(block);
        block = older;
    }
    for (Large *large = memory->large; large;) {
        Large *next = large->next;

        free(large);
        large = next;
    }
    *memory->at = memory->next;
    if (memory->next)
        memory->next->at = memory->at;
    free(memory);
    return NULL;
}

static void body_memory_begin(BodyMemory *memory, bool limited) {
    assert(!body_memory);
    memory->limited = limited;
    memory->reason = REASON_OK;
    body_memory = memory;
}

void body_memory_begin_text(BodyMemory *memory) {
    body_memory_begin(memory, true);
}

void body_memory_begin_edit(BodyMemory *memory) {
    body_memory_begin(memory, false);
}

Reason body_memory_end(void) {
    return TAKE_PTR(body_memory)->reason;
}

size_t body_memory_used(const BodyMemory *memory) {
    return memory->used;
}

/*
 * glibc keeps one word before what it gives. Of one malloc a piece, which no usual build has, the bare piece.
 */
static size_t body_memory_cost(void *taken) {
    size_t size = malloc_usable_size(taken);

    return PIECE_SMALL > 0 ? size + sizeof(size_t) : size - sizeof(Large);
}

static void *body_memory_malloc(BodyMemory *memory, size_t size) {
    void *taken = malloc(size);

    if (!taken) {
        memory->reason = REASON_NO_MEMORY;
        return NULL;
    }
    if (memory->limited && body_memory_cost(taken) > memory->limit - memory->used) {
        free(taken);
        memory->reason = REASON_JSON_LIMIT;
        return NULL;
    }
    memory->used += body_memory_cost(taken);
    return taken;
}

/* --- Blocks --------------------------------------------------------------------------------------- */

/* Of a usual size, less where the limit leaves less, but never without room for the piece. */
static Block *block_new(BodyMemory *memory, size_t piece) {
    size_t size = memory->blocks ? memory->used / BLOCK_SHARE : memory->first;
    size_t reached = memory->used + BLOCK_OWN;
    size_t left = memory->limit > reached ? memory->limit - reached : 0;
    Block *block;

    if (size > left / BLOCK_LEFT)
        size = left / BLOCK_LEFT;
    if (size < BLOCK_LEAST)
        size = BLOCK_LEAST;
    if (size > left)
        size = left;
    if (size < sizeof(Block) + piece)
        size = sizeof(Block) + piece;
    block = body_memory_malloc(memory, size);
    if (!block)
        return NULL;
    *block = (Block){.older = memory->blocks, .size = size - sizeof(Block)};
    memory->blocks = block;
    return block;
}

/* `size` is a multiple of PIECE_UNIT. */
static void *block_take(BodyMemory *memory, size_t size) {
    Block *block = memory->blocks;

    if (!block || block->size - block->used < size)
        block = block_new(memory, size);
    if (!block)
        return NULL;
    block->used += size;
    return block->data + block->used - size;
}

static bool block_holds(const BodyMemory *memory, const void *piece) {
    uintptr_t at = (uintptr_t) piece;

    for (const Block *block = memory->blocks; block; block = block->older)
        if (at - (uintptr_t) block->data < block->used)
            return true;
    return false;
}

BodyMemory *body_memory_find(const void *piece) {
    if (PIECE_SMALL == 0)
        return ((const Large *) (const void *) ((const char *) piece - offsetof(Large, data)))->owner;
    for (BodyMemory *memory = body_memories; memory; memory = memory->next)
        if (block_holds(memory, piece))
            return memory;
    return NULL;
}

/* --- Large pieces --------------------------------------------------------------------------------- */

static void *large_take(BodyMemory *memory, size_t size) {
    Large *large;
    size_t bytes;

    if (!size_add(size, sizeof(Large), &bytes))
        bytes = SIZE_MAX; /* which nobody has */
    large = body_memory_malloc(memory, bytes);
    if (!large)
        return NULL;
    large->owner = memory;
    large->next = memory->large;
    large->at = &memory->large;
    if (large->next)
        large->next->at = &large->next;
    memory->large = large;
    return large->data;
}

static void large_give(BodyMemory *memory, void *piece) {
    Large *large = (Large *) (void *) ((char *) piece - offsetof(Large, data));

    *large->at = large->next;
    if (large->next)
        large->next->at = large->at;
    memory->used -= body_memory_cost(large);
    free(large);
}

/* --- jansson's ------------------------------------------------------------------------------------- */

void *body_memory_take(size_t size) {
    BodyMemory *memory = body_memory;

    if (!memory)
        return malloc(size);
    if (size == 0)
        size = 1; /* so that NULL always means failure */
    if (size > PIECE_SMALL)
        return large_take(memory, size);
    return block_take(memory, (size + PIECE_UNIT - 1) / PIECE_UNIT * PIECE_UNIT);
}

void body_memory_give(void *piece) {
    BodyMemory *memory = body_memory;

    if (!memory)
        free(piece);
    else if (piece && !block_holds(memory, piece))
        large_give(memory, piece);
}
