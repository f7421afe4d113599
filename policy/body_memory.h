// SPDX-License-Identifier: Apache-2.0
/*
 * What the tree of a body takes, counted while it is read: a few bytes of JSON can ask for many of memory
 * (an empty object: 3 bytes, 232 of memory), and how many is for the parser's library to know. So its
 * allocations go through here, and past the limit they fail. One body is read at a time; there are no
 * threads.
 */
#pragma once

#include "base.h"

/* From here on, no more than `limit` bytes at a time, the allocator's own share included. */
void body_memory_begin(size_t limit);

/* Whether an allocation failed for the limit. From here on nothing is counted. */
bool body_memory_end(void);

/* The parser's malloc and free. What one took the other gives back, counted or not. */
void *body_memory_take(size_t size);
void body_memory_give(void *memory);
