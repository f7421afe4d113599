// SPDX-License-Identifier: Apache-2.0
#include "histogram.h"

#include <time.h>

static size_t step_of(uint64_t nsec) {
    unsigned octave = nsec < HISTOGRAM_STEPS ? 0 : 63u - (unsigned) __builtin_clzll(nsec) - 5;

    return octave == 0 ? nsec
                       : (size_t) octave * HISTOGRAM_STEPS + ((nsec >> (octave - 1)) & (HISTOGRAM_STEPS - 1));
}

static double usec_of(size_t step) {
    size_t octave = step / HISTOGRAM_STEPS;

    return octave == 0 ? (double) step / 1e3
                       : (double) ((HISTOGRAM_STEPS + step % HISTOGRAM_STEPS) << (octave - 1)) / 1e3;
}

void histogram_count(Histogram *histogram, uint64_t nsec) {
    histogram->n++;
    histogram->steps[step_of(nsec)]++;
    if (nsec > histogram->most_nsec)
        histogram->most_nsec = nsec;
}

double histogram_usec(const Histogram *histogram, double part) {
    uint64_t seen = 0;

    for (size_t i = 0; i < ARRAY_SIZE(histogram->steps); i++) {
        seen += histogram->steps[i];
        if (seen > 0 && (double) seen >= part * (double) histogram->n)
            return usec_of(i);
    }
    return 0;
}

uint64_t now_nsec(void) {
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec;
}

uint64_t warm_nsec(double seconds) {
    return (uint64_t) ((seconds < 0.45 ? seconds / 3 : 0.15) * 1e9);
}
