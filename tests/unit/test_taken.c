// SPDX-License-Identifier: Apache-2.0
#include "daemon/taken.h"

#include <criterion/criterion.h>
#include <errno.h>

typedef struct Told {
    uint64_t numbers[64];
    const void *waiters[64];
    int statuses[64];
    size_t n;
} Told;

static void on_settled(void *ctx, uint64_t number, void *waiter, int status) {
    Told *told = ctx;

    told->numbers[told->n] = number;
    told->waiters[told->n] = waiter;
    told->statuses[told->n++] = status;
}

static void push(Taken *taken, uint64_t number, void *waiter, uint32_t slots) {
    cr_assert_eq(taken_reserve(taken, number), 0);
    taken_push(taken, number, waiter, slots);
}

Test(taken, the_first_sink_that_has_it_settles) {
    Told told = {0};
    Taken taken = {.settled = on_settled, .ctx = &told};
    int a;

    push(&taken, 7, &a, 3);
    taken_resolve(&taken, 0, 7, 8, -ENOSPC);
    cr_expect_eq(told.n, 0, "another may have it");
    taken_resolve(&taken, 0, 7, 8, 0);
    cr_expect_eq(told.n, 0, "what was said holds");
    taken_resolve(&taken, 1, 7, 8, 0);
    cr_expect_eq(told.n, 1);
    cr_expect_eq(told.numbers[0], 7);
    cr_expect_eq(told.waiters[0], &a);
    cr_expect_eq(told.statuses[0], 0);
    cr_expect_eq(taken.n, 0);
    taken_done(&taken);
}

Test(taken, lost_when_none_has_it) {
    Told told = {0};
    Taken taken = {.settled = on_settled, .ctx = &told};
    int a;

    push(&taken, 1, &a, 3);
    push(&taken, 2, NULL, 3);
    taken_resolve(&taken, 0, 1, 3, -ENOSPC);
    taken_resolve(&taken, 1, 1, 2, -EAGAIN);
    cr_expect_eq(told.n, 1);
    cr_expect_eq(told.statuses[0], -EAGAIN);
    taken_resolve(&taken, 1, 0, 99, 0);
    cr_expect_eq(told.n, 2);
    cr_expect_eq(told.statuses[1], 0);
    cr_expect_eq(told.waiters[1], NULL);
    push(&taken, 3, &a, 0);
    cr_expect_eq(told.statuses[2], -ENODEV, "no sink at all");
    taken_done(&taken);
}

Test(taken, the_slow_one_doesnt_hold_up_the_others) {
    Told told = {0};
    Taken taken = {.settled = on_settled, .ctx = &told};
    int waiters[50];

    for (uint64_t i = 0; i < 50; i++) {
        push(&taken, 10 + 2 * i, &waiters[i], 3); /* numbers in between are nobody's */
        taken_resolve(&taken, 0, 0, 1000, 0);
        cr_expect_eq(told.n, i + 1);
        cr_expect_eq(told.waiters[i], &waiters[i]);
    }
    cr_expect_eq(taken.n, 99);
    taken_resolve(&taken, 1, 10, 60, -EIO);
    taken_resolve(&taken, 1, 60, 200, 0);
    cr_expect_eq(told.n, 50, "each once");
    cr_expect_eq(taken.n, 0);
    taken_done(&taken);
}

Test(taken, a_forgotten_waiter_is_not_told) {
    Told told = {0};
    Taken taken = {.settled = on_settled, .ctx = &told};
    int a;

    push(&taken, 1, &a, 1);
    taken_forget(&taken, &a);
    taken_resolve(&taken, 0, 1, 2, 0);
    cr_expect_eq(told.n, 1);
    cr_expect_null(told.waiters[0]);
    taken_done(&taken);
}
