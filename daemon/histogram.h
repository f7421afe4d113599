// SPDX-License-Identifier: Apache-2.0
/*
 * Durations counted into buckets, for Prometheus: 10 µs to 10 s, in steps of 1, 2.5 and 5.
 */
#pragma once

#include <stdint.h>

#include "policy/base.h"

#define HISTOGRAM_BOUNDS 19u

typedef struct Histogram {
    uint64_t counts[HISTOGRAM_BOUNDS + 1]; /* each bucket by itself; the last: longer than all bounds */
    uint64_t sum_usec;
} Histogram;

/* Upper bounds, which belong to their bucket, in µs. */
extern const uint32_t histogram_bounds_usec[HISTOGRAM_BOUNDS];

void histogram_add(Histogram *histogram, uint64_t usec);
uint64_t histogram_count(const Histogram *histogram); /* of all */
