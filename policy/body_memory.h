// SPDX-License-Identifier: Apache-2.0
/*
 * Where the tree of a body lives: memory of its own, taken in a few blocks and given back at once, whatever
 * the tree. How many bytes of it a body's text asks for (an empty object: 3 bytes, 200 of memory) is for
 * jansson to know, so its allocations go through here, and what they take of the system is counted. One body
 * is read or edited at a time; there are no threads.
 *
 * A small piece has no header, and is not used again before all goes: jansson gives few of them back.
 */
#pragma once

#include "reason.h"

typedef struct BodyMemory BodyMemory;

/*
 * `limit`: bytes, those that the system's allocator keeps for itself included. `first`: bytes that are likely
 * to do. NULL: no memory.
 */
BodyMemory *body_memory_new(size_t limit, size_t first);

/* All that was taken goes with it. Accepts NULL, returns NULL. */
BodyMemory *body_memory_free(BodyMemory *memory);

/*
 * From here to the end jansson takes from `memory`, and gives back to it: for a text, whose tree is held
 * against the limit, or for an edit, which is the policy's own and isn't.
 */
void body_memory_begin_text(BodyMemory *memory);
void body_memory_begin_edit(BodyMemory *memory);

/*
 * REASON_OK; JSON_LIMIT or NO_MEMORY where body_memory_take() has returned NULL, for the limit or because the
 * system has no more. Nothing is to be made of the tree then.
 */
Reason body_memory_end(void);

/* The memory that a piece of at most 512 bytes is of; NULL: of none. */
BodyMemory *body_memory_find(const void *piece);

/* Bytes that are taken of the system. */
size_t body_memory_used(const BodyMemory *memory);

/*
 * jansson's malloc and free: between begin and end of that memory, outside of them the system's. What is
 * taken on one side is never given back on the other.
 */
void *body_memory_take(size_t size); /* NULL: no memory, or past the limit */
void body_memory_give(void *piece);  /* accepts NULL */
