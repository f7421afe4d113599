// SPDX-License-Identifier: Apache-2.0
/*
 * What the tree of a body takes, counted while it is read: a few bytes of JSON can ask for many of memory
 * (an empty object: 3 bytes, 232 of memory), and how many is for the parser's library to know. So its
 * allocations go through here. One body is read at a time; there are no threads.
 *
 * No allocation fails for the limit: jansson (2.14, load.c: lex_save) doesn't look whether the text of a
 * token could grow, and then has lost a byte of it, ends in an assertion, or writes past its end. So whoever
 * feeds the parser asks body_memory_is_short before each byte, and there lets the text end. For the one byte
 * that is on its way when the system has no memory there is a reserve.
 */
#pragma once

#include "reason.h"

/*
 * From here on, `limit` bytes at a time, the allocator's own share included. `reserve`: bytes that the text
 * of a token may ask for at once. False: no memory; then nothing has begun.
 */
bool body_memory_begin(size_t limit, size_t reserve);

/* Whether the limit was passed, or the system has no more. */
bool body_memory_is_short(void);

/* REASON_OK, REASON_JSON_LIMIT, or REASON_NO_MEMORY; only with the first can the tree be relied on. From here
 * on nothing is counted. */
Reason body_memory_end(void);

/* The parser's malloc and free. What one took the other gives back, counted or not. */
void *body_memory_take(size_t size);
void body_memory_give(void *memory);
