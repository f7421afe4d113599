// SPDX-License-Identifier: Apache-2.0
/*
 * Where the tree of a body lives: memory of its own, taken in a few blocks and given back at once, whatever
 * the tree. How many bytes of it a body's text asks for (an empty object: 3 bytes, 200 of memory) is for
 * the parser's library to know, so its allocations go through here, and what they take of the system is
 * counted. One body is read or edited at a time; there are no threads.
 *
 * A piece has no header: a bit for each 8 bytes of a block says where one begins, hence how long it is. What
 * the parser gives back (each key, tables that grew) is taken again by the next of that length.
 *
 * No allocation fails for the limit: jansson (2.14, load.c: lex_save) doesn't look whether the text of a
 * token could grow, and then has lost a byte of it, ends in an assertion, or writes past its end. Instead the
 * text that is being read is overwritten with NUL where memory is short, so that the next byte of it, which
 * JSON has no place for, ends the reading. For what is on its way when the system has no memory there is a
 * reserve.
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
 * From here to the end the parser's library takes from `memory`, and gives back to it, for an edit: that is
 * the policy's own, and not held against the limit.
 */
void body_memory_begin(BodyMemory *memory);

/*
 * The same while it reads a text, which is gone if memory was short. `reserve`: bytes that a token may ask
 * for at once. False: no memory; then nothing has begun.
 */
bool body_memory_begin_text(BodyMemory *memory, char *text, size_t size, size_t reserve);

/* REASON_OK, REASON_JSON_LIMIT, or REASON_NO_MEMORY; only with the first can what was taken be relied on. */
Reason body_memory_end(void);

/* The memory that a piece of at most 512 bytes is of; NULL: of none. */
BodyMemory *body_memory_find(const void *piece);

/* Bytes that are taken of the system. */
size_t body_memory_used(const BodyMemory *memory);

/*
 * The parser's malloc and free: between begin and end of that memory, outside of them the system's. What is
 * taken on one side is never given back on the other.
 */
void *body_memory_take(size_t size);
void body_memory_give(void *memory);
