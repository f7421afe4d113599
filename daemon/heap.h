// SPDX-License-Identifier: Apache-2.0
/*
 * What a crowd of clients leaves behind: malloc() keeps free pages below the last block that is in use, so
 * the daemon would look for good as it did at its busiest. Once most of a crowd has gone they go back to the
 * system.
 */
#pragma once

#include <event2/event.h>

#include "policy/base.h"

#define HEAP_CROWD 64u /* clients at once; fewer leave little */

typedef struct Heap Heap;

Heap *heap_new(struct event_base *base); /* NULL: out of memory */
Heap *heap_free(Heap *heap);             /* accepts NULL, returns NULL */

void heap_client_came(Heap *heap);

/* Of a crowd of which three quarters have gone, pages go back a moment later, when their blocks are free. */
void heap_client_gone(Heap *heap);

void heap_give_back(void);             /* now */
size_t heap_n_trims(const Heap *heap); /* after crowds; for tests */
