// SPDX-License-Identifier: Apache-2.0
#include "policy/arena.h"

#include <criterion/criterion.h>

#include "policy/limits.h"

Test(arena, items_are_zeroed_and_aligned) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 20);

    for (size_t size = 0; size < 3000; size += 37) {
        char *item = arena_alloc(arena, size);

        cr_assert_not_null(item);
        cr_assert_eq((uintptr_t) item % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            cr_assert_eq(item[i], 0);
        memset(item, 0xA5, size);
    }
}

Test(arena, items_do_not_overlap_across_blocks) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 20);
    unsigned char *items[64];

    for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
        items[i] = arena_alloc(arena, 700 + i * 100);
        cr_assert_not_null(items[i]);
        memset(items[i], (int) i, 700 + i * 100);
    }
    for (size_t i = 0; i < ARRAY_SIZE(items); i++)
        for (size_t k = 0; k < 700 + i * 100; k++)
            cr_assert_eq(items[i][k], i);
}

Test(arena, limit_holds_and_one_past_it_fails) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);

    cr_assert_null(arena_alloc(arena, LIMIT_ARENA_BYTES + 1));
    cr_assert_not_null(arena_alloc(arena, LIMIT_ARENA_BYTES));
    cr_assert_eq(arena_used(arena), LIMIT_ARENA_BYTES);
    cr_assert_null(arena_alloc(arena, 1));
    cr_assert_null(arena_copy(arena, SPAN("x")));
    cr_assert_null(arena_printf(arena, "%d", 1));
}

Test(arena, sizes_that_overflow_fail) {
    volatile size_t most = SIZE_MAX; /* with LTO the compiler warns of the memset(3) that never comes */
    CLEANUP(arena_free_p) Arena *arena = arena_new(most);

    cr_assert_null(arena_alloc(arena, most));
    cr_assert_null(arena_alloc_array(arena, most / 2, 3));
    cr_assert_not_null(arena_alloc_array(arena, 3, 5));
}

Test(arena, reset_gives_everything_back) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(64u << 10);

    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 60; i++) {
            char *item = arena_alloc(arena, 1000);

            cr_assert_not_null(item);
            cr_assert_eq(item[0], 0);
            cr_assert_eq(item[999], 0);
            memset(item, 0x5A, 1000);
        }
        arena_reset(arena);
        cr_assert_eq(arena_used(arena), 0);
    }
}

Test(arena, a_release_gives_back_what_came_after_the_mark) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(64u << 10);
    ArenaMark empty = arena_mark(arena);

    for (size_t size = 1; size < 20000; size *= 3) {
        char *kept = arena_copy(arena, SPAN("kept")), *item;
        ArenaMark mark = arena_mark(arena);
        size_t used = arena_used(arena);

        for (int round = 0; round < 100; round++) { /* more than the limit, were it not released */
            item = arena_alloc(arena, size);
            cr_assert_not_null(item);
            cr_assert(item[0] == 0 && item[size - 1] == 0);
            memset(item, 0x5A, size);
            arena_release(arena, mark);
            cr_assert_eq(arena_used(arena), used);
        }
        cr_expect_str_eq(kept, "kept");
    }
    arena_release(arena, empty);
    cr_expect_eq(arena_used(arena), 0);
    cr_expect_not_null(arena_alloc(arena, 60u << 10));
}

Test(arena, copy_and_printf) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(4096);

    cr_assert_str_eq(arena_copy(arena, (Span){.data = "abcdef", .size = 3}), "abc");
    cr_assert_str_eq(arena_copy(arena, (Span){0}), "");
    cr_assert_str_eq(arena_printf(arena, "%s=%d", "n", 42), "n=42");
    cr_assert_null(arena_free(NULL));
}

/* At the length up to which it is printed once, and one past it. */
Test(arena, printf_of_any_length) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 20);
    char text[600];

    memset(text, 'x', sizeof(text));
    for (int n = 0; n < (int) sizeof(text); n++) {
        char *printed = arena_printf(arena, "%.*s", n, text);

        cr_assert_not_null(printed);
        cr_assert_eq(strlen(printed), (size_t) n);
        cr_assert_eq(memcmp(printed, text, (size_t) n), 0);
    }
}

Test(arena, empty_and_good_for_another_round) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1000);

    for (int round = 0; round < 3; round++) {
        cr_assert_not_null(arena_alloc(arena, 992));
        cr_assert_null(arena_alloc(arena, 16), "the limit counts what is held");
        arena_empty(arena);
        cr_expect_eq(arena_used(arena), 0);
    }
}

Test(arena, joined) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(16), *large = arena_new(1u << 20);
    const char *none = NULL;
    char text[2001];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    cr_assert_str_eq(ARENA_JOIN(large, "a"), "a");
    cr_assert_str_eq(ARENA_JOIN(large, "", "", ""), "");
    cr_assert_str_eq(ARENA_JOIN(large, "a", "", "bc", "d"), "abcd");
    cr_assert_eq(strlen(ARENA_JOIN(large, text, ",", text)), 4001);
    cr_assert_null(ARENA_JOIN(large, "a", none, "b"));
    cr_assert_str_eq(ARENA_JOIN(arena, "0123456", "89abcdef"), "012345689abcdef",
                     "all there is, with its NUL");
    cr_assert_null(ARENA_JOIN(arena, "", ""), "and nothing more");
}
