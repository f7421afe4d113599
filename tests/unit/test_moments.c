// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/moments.h"

#include <criterion/criterion.h>

#define SECOND UINT64_C(1000000)

static void add(Moments *moments, uint64_t seconds, size_t row) {
    moments_add(moments, seconds * SECOND, 1, (const size_t[]){0, row}, 2);
}

static unsigned sum(const Moments *moments, size_t row) {
    unsigned n = 0;

    for (size_t i = 0; i < MOMENTS_BINS; i++)
        n += moments->rows[row][i];
    return n;
}

Test(moments, as_many_as_there_are_bins) {
    Moments m;

    cr_assert_eq(moments_init(&m, 3), 0);
    add(&m, 1000, 1);
    add(&m, 1000 + MOMENTS_BINS - 1, 2);
    cr_expect(m.width == SECOND && m.low == 1000 && m.high == 1000 + MOMENTS_BINS - 1);
    cr_expect(m.rows[0][0] == 1 && m.rows[1][0] == 1 && m.rows[2][MOMENTS_BINS - 1] == 1);
    add(&m, 1000 + MOMENTS_BINS, 1); /* one past it */
    cr_expect(m.width == 2 * SECOND && m.low == 500 && m.high == 500 + MOMENTS_BINS / 2);
    cr_expect(m.rows[1][0] == 1 && m.rows[2][MOMENTS_BINS / 2 - 1] == 1 && m.rows[1][MOMENTS_BINS / 2] == 1);
    cr_expect_eq(sum(&m, 0), 3u);
    moments_clear(&m, 1);
    cr_expect(sum(&m, 1) == 0 && sum(&m, 0) == 3);
    moments_done(&m);
}

Test(moments, earlier_ones) {
    Moments m;

    cr_assert_eq(moments_init(&m, 2), 0);
    add(&m, 1000, 1);
    add(&m, 998, 1);
    cr_expect(m.low == 998 && m.rows[1][0] == 1 && m.rows[1][2] == 1 && m.rows[1][1] == 0);
    add(&m, 998 + MOMENTS_BINS - 1, 1);
    cr_expect(m.width == SECOND && m.rows[1][MOMENTS_BINS - 1] == 1);
    add(&m, 997, 1);
    cr_expect(m.width == 2 * SECOND && m.low == 498 && m.rows[1][0] == 1 && m.rows[1][1] == 1 &&
              m.rows[1][2] == 1);
    add(&m, 0, 1);
    add(&m, UINT64_C(4000000000), 1);
    cr_expect_eq(sum(&m, 1), 6u);
    cr_expect(m.low == 0 && m.high < MOMENTS_BINS && m.rows[1][0] == 5);
    moments_done(&m);
}
