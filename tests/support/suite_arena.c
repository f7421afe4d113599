// SPDX-License-Identifier: Apache-2.0
#include "suite_arena.h"

Arena *arena;

void suite_arena_make(void) {
    body_seed(1);
    arena = arena_new(LIMIT_ARENA_BYTES);
}

void suite_arena_free(void) {
    arena = arena_free(arena);
}
