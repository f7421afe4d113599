// SPDX-License-Identifier: Apache-2.0
#include "suite_arena.h"

#include <criterion/criterion.h>

Arena *arena;

void suite_arena_make(void) {
    body_seed(1);
    arena = arena_new(LIMIT_ARENA_BYTES);
}

void suite_arena_free(void) {
    arena = arena_free(arena);
}

Body *suite_body(const char *json) {
    const char *detail = NULL;
    Body *body = NULL;

    cr_assert_eq(body_parse(arena, span_from(json), &body, &detail), REASON_OK, "%s: %s", json, detail);
    return body;
}
