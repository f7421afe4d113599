// SPDX-License-Identifier: Apache-2.0
#include "daemon/histogram.h"

#include <criterion/criterion.h>

Test(histogram, a_bound_belongs_to_its_bucket_and_one_more_to_the_next) {
    for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
        Histogram histogram = {0};

        histogram_add(&histogram, histogram_bounds_usec[i]);
        cr_expect_eq(histogram.counts[i], 1, "%zu", i);
        histogram_add(&histogram, histogram_bounds_usec[i] + 1ull);
        cr_expect_eq(histogram.counts[i], 1, "%zu", i);
        cr_expect_eq(histogram.counts[i + 1], 1, "%zu", i);
        cr_expect_eq(histogram_count(&histogram), 2);
        cr_expect_eq(histogram.sum_usec, 2ull * histogram_bounds_usec[i] + 1);
    }
}

Test(histogram, bounds_rise) {
    for (size_t i = 1; i < HISTOGRAM_BOUNDS; i++)
        cr_expect_lt(histogram_bounds_usec[i - 1], histogram_bounds_usec[i]);
}

Test(histogram, the_shortest_and_the_longest) {
    Histogram histogram = {0};

    histogram_add(&histogram, 0);
    histogram_add(&histogram, UINT64_C(86400000000));
    cr_expect_eq(histogram.counts[0], 1);
    cr_expect_eq(histogram.counts[HISTOGRAM_BOUNDS], 1);
}
