// SPDX-License-Identifier: Apache-2.0
/* Time: latencies, counted so that a percentile is right to a hundredth; for the bench's own load. */
#pragma once

#include "policy/base.h"

#define HISTOGRAM_STEPS 64u /* an octave */

typedef struct Histogram {
    uint64_t n, most_nsec, steps[64 * HISTOGRAM_STEPS];
} Histogram;

void histogram_count(Histogram *histogram, uint64_t nsec);

/* The latency in microseconds that this part (0 to 1) of all is not above; 0 if there are none. */
double histogram_usec(const Histogram *histogram, double part);

uint64_t now_nsec(void);

/* How long nothing counts before a measurement of so many seconds. */
uint64_t warm_nsec(double seconds);
