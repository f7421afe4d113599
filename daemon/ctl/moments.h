// SPDX-License-Identifier: Apache-2.0
/*
 * How often something came when: counts in at most MOMENTS_BINS intervals of the same length, for many rows
 * that share them. How long the time is shows only at its end, so the intervals get twice as long whenever
 * they don't reach.
 */
#pragma once

#include "policy/base.h"

#define MOMENTS_BINS 256u

typedef struct Moments {
    uint64_t width;     /* microseconds of one interval */
    uint64_t low, high; /* the first and last interval with anything in it, in widths since 1970 */
    bool any;
    size_t n_rows;
    uint32_t (*rows)[MOMENTS_BINS]; /* heap; bin 0 is interval `low` */
} Moments;

int moments_init(Moments *moments, size_t n_rows); /* 0 or −ENOMEM */
void moments_done(Moments *moments);

/* Makes room for that time (microseconds since 1970), and counts it `times` in these rows. */
void moments_add(Moments *moments, uint64_t usec, uint64_t times, const size_t *rows, size_t n);

void moments_clear(Moments *moments, size_t row); /* as if it had never had anything */
