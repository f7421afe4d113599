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
                   _Alignof(void *) <= PIECE_UNIT && sizeof(void *) <= PIECE_UNIT,
               "what jansson keeps is aligned, and a free piece holds a pointer");

#define BLOCK_LEAST 1000u      /* bytes: with malloc's own share no more than its fast lists have */
#define BLOCK_FIRST (1u << 20) /* bytes: the first one at the most, each other by what there is already */
#define BLOCK_SHARE 16u        /* of what there is, so that no more than that stands empty */
#define BLOCK_LEFT 8u          /* and of what is left: a table that grows may need it */
#define BLOCK_OWN 32u          /* bytes: what malloc may add to what it is asked for, at the most */
#define BLOCK_MAP_BITS 64u     /* of one word of the map */

typedef struct Block Block;
struct Block {
    Block *older;
    size_t n;       /* units of data */
    size_t n_used;  /* of these */
    char *data;     /* behind the map */
    uint64_t map[]; /* a bit for each unit: a piece begins here */
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
    char *text; /* that is being read, or NULL */
    size_t text_size;
    void *reserve;
    size_t reserve_size; /* 0: a piece is in it */
    bool exceeded;
    bool failed; /* the system had no memory */
};

/* Where pieces come from: the parser hands nothing through to its malloc. NULL: the system. */
static BodyMemory *body_memory;

typedef struct FreePiece {
    struct FreePiece *next;
} FreePiece;

/* All there are, the newest first: it is edited soon after it was read. */
static BodyMemory *body_memories;

/* Of that memory, by units. */
static FreePiece *body_memory_pieces[PIECE_SMALL / PIECE_UNIT + 1];

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
    free(memory->reserve);
    free(memory);
    return NULL;
}

void body_memory_begin(BodyMemory *memory) {
    assert(!body_memory);
    memory->exceeded = memory->failed = false;
    memset(body_memory_pieces, 0, sizeof(body_memory_pieces));
    body_memory = memory;
}

/* glibc keeps one word before what it gives. Of one malloc a piece, which no usual build has, the bare piece.
 */
static size_t body_memory_cost(void *taken) {
    size_t size = malloc_usable_size(taken);

    return PIECE_SMALL > 0 ? size + sizeof(size_t) : size - sizeof(Large);
}

bool body_memory_begin_text(BodyMemory *memory, char *text, size_t size, size_t reserve) {
    memory->reserve = malloc(reserve);
    if (!memory->reserve)
        return false;
    memory->reserve_size = reserve;
    memory->used += body_memory_cost(memory->reserve);
    memory->text = text;
    memory->text_size = size;
    body_memory_begin(memory);
    return true;
}

Reason body_memory_end(void) {
    BodyMemory *memory = TAKE_PTR(body_memory);

    memory->text = NULL;
    if (memory->failed)
        return REASON_NO_MEMORY;
    if (memory->reserve) {
        memory->used -= body_memory_cost(memory->reserve);
        free(memory->reserve);
        memory->reserve = NULL;
        memory->reserve_size = 0;
    }
    return memory->exceeded ? REASON_JSON_LIMIT : REASON_OK;
}

size_t body_memory_used(const BodyMemory *memory) {
    return memory->used;
}

/* The text ends here; it is refused. */
static void body_memory_fall_short(BodyMemory *memory) {
    bool exceeded = memory->text && memory->used > memory->limit;

    if (memory->text && (exceeded || memory->failed))
        memset(memory->text, 0, memory->text_size);
    memory->exceeded = memory->exceeded || exceeded;
}

static void *body_memory_malloc(BodyMemory *memory, size_t size) {
    void *taken = malloc(size);

    if (taken)
        memory->used += body_memory_cost(taken);
    else
        memory->failed = true;
    if (!taken || memory->used > memory->limit)
        body_memory_fall_short(memory);
    return taken;
}

/* It stays with the piece until the memory goes. */
static void *body_memory_take_reserve(BodyMemory *memory, size_t size) {
    if (size > memory->reserve_size)
        return NULL;
    memory->reserve_size = 0;
    return memory->reserve;
}

/* --- Blocks --------------------------------------------------------------------------------------- */

static size_t block_map_words(size_t n_units) {
    return (n_units + BLOCK_MAP_BITS - 1) / BLOCK_MAP_BITS;
}

/* Bytes of a block with room for `n_units`. */
static size_t block_size(size_t n_units) {
    return sizeof(Block) + block_map_words(n_units) * sizeof(uint64_t) + n_units * PIECE_UNIT;
}

/* The most units that so many bytes have room for. */
static size_t block_units(size_t bytes) {
    size_t n = (bytes - sizeof(Block)) / PIECE_UNIT;

    n -= block_map_words(n);
    return n + (block_size(n + 1) <= bytes);
}

/* Of a usual size, less where the limit leaves less, but never without room for the piece. */
static Block *block_new(BodyMemory *memory, size_t n_units) {
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
    if (size < block_size(n_units))
        size = block_size(n_units);
    block = body_memory_malloc(memory, size);
    if (!block)
        return NULL;
    *block = (Block){.older = memory->blocks, .n = block_units(size)};
    memset(block->map, 0, block_map_words(block->n) * sizeof(uint64_t));
    block->data = (char *) (block->map + block_map_words(block->n));
    memory->blocks = block;
    return block;
}

static void *block_take(BodyMemory *memory, size_t n_units) {
    Block *block = memory->blocks;
    size_t at;

    if (!block || block->n - block->n_used < n_units)
        block = block_new(memory, n_units);
    if (!block)
        return NULL;
    at = block->n_used;
    block->n_used += n_units;
    block->map[at / BLOCK_MAP_BITS] |= UINT64_C(1) << (at % BLOCK_MAP_BITS);
    return block->data + at * PIECE_UNIT;
}

/* The block that `piece` is a part of; NULL: none. */
static Block *block_find(const BodyMemory *memory, const void *piece) {
    uintptr_t at = (uintptr_t) piece;

    for (Block *block = memory->blocks; block; block = block->older)
        if (at - (uintptr_t) block->data < block->n_used * PIECE_UNIT)
            return block;
    return NULL;
}

BodyMemory *body_memory_find(const void *piece) {
    if (PIECE_SMALL == 0)
        return ((const Large *) (const void *) ((const char *) piece - offsetof(Large, data)))->owner;
    for (BodyMemory *memory = body_memories; memory; memory = memory->next)
        if (block_find(memory, piece))
            return memory;
    return NULL;
}

/* From the piece at unit `at` to where the next one begins. */
static size_t block_piece_units(const Block *block, size_t at) {
    size_t word = (at + 1) / BLOCK_MAP_BITS;
    uint64_t bits = word < block_map_words(block->n_used)
                        ? block->map[word] & ~UINT64_C(0) << ((at + 1) % BLOCK_MAP_BITS)
                        : 0;

    while (bits == 0)
        if (++word >= block_map_words(block->n_used))
            return block->n_used - at;
        else
            bits = block->map[word];
    return word * BLOCK_MAP_BITS + (size_t) __builtin_ctzll(bits) - at;
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

/* --- The parser's ---------------------------------------------------------------------------------- */

static void *small_take(BodyMemory *memory, size_t n_units) {
    FreePiece *piece = body_memory_pieces[n_units];

    if (!piece)
        return block_take(memory, n_units);
    body_memory_pieces[n_units] = piece->next;
    return piece;
}

void *body_memory_take(size_t size) {
    BodyMemory *memory = body_memory;
    size_t n_units = size / PIECE_UNIT + (size % PIECE_UNIT > 0);
    void *piece;

    if (!memory)
        return malloc(size);
    if (n_units == 0)
        n_units = 1;
    piece = n_units <= PIECE_SMALL / PIECE_UNIT ? small_take(memory, n_units) : large_take(memory, size);
    return piece ? piece : body_memory_take_reserve(memory, size);
}

void body_memory_give(void *piece) {
    BodyMemory *memory = body_memory;
    Block *block;
    FreePiece *given = piece;
    size_t at, n_units;

    if (!memory)
        return free(piece);
    if (!piece || memory->failed) /* a part of the reserve, it may be; all of it goes soon */
        return;
    block = block_find(memory, piece);
    if (!block)
        return large_give(memory, piece);
    at = (size_t) ((char *) piece - block->data) / PIECE_UNIT;
    n_units = block_piece_units(block, at);
    given->next = body_memory_pieces[n_units];
    body_memory_pieces[n_units] = given;
}
