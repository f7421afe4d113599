// SPDX-License-Identifier: Apache-2.0
#include "histogram.h"

const uint32_t histogram_bounds_usec[HISTOGRAM_BOUNDS] = {
    10,    25,    50,     100,    250,    500,     1000,    2500,    5000,     10000,
    25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000,
};

/* Most requests end in one of the first: no search is faster. */
void histogram_add(Histogram *histogram, uint64_t usec) {
    size_t i = 0;

    while (i < HISTOGRAM_BOUNDS && usec > histogram_bounds_usec[i])
        i++;
    histogram->counts[i]++;
    histogram->sum_usec += usec;
}

uint64_t histogram_count(const Histogram *histogram) {
    uint64_t n = 0;

    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
        n += histogram->counts[i];
    return n;
}
