// SPDX-License-Identifier: Apache-2.0
/*
 * The two clocks, in microseconds. Only the daemon asks for the time; policy/ never does.
 *
 * A look at one costs as much as a hundred instructions, so an event of a request looks once, and at the one
 * that only goes forward: what the other shows at that moment follows from how far they are apart.
 */
#pragma once

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_usec(clockid_t id) {
    struct timespec now;

    (void) clock_gettime(id, &now); /* fails only for an unknown clock */
    return (uint64_t) now.tv_sec * 1000000u + (uint64_t) now.tv_nsec / 1000u;
}

/* For durations, and whether a deadline has come. */
static inline uint64_t clock_monotonic_usec(void) {
    return clock_usec(CLOCK_MONOTONIC);
}

/*
 * The same a tick behind at most (CONFIG_HZ: 1 to 10 ms), for a quarter of the price: for deadlines of
 * seconds, of which each request sets several.
 */
static inline uint64_t clock_coarse_usec(void) {
    return clock_usec(CLOCK_MONOTONIC_COARSE);
}

/* The wall's, which may be set at any time: where a decision hangs on it. */
static inline uint64_t clock_realtime_usec(void) {
    return clock_usec(CLOCK_REALTIME);
}

/*
 * What the wall's clock shows at a moment of CLOCK_MONOTONIC that was read just now, right to some
 * microseconds: for records and IDs. Where somebody sets it, that shows a millisecond later at the latest.
 */
uint64_t clock_realtime_at(uint64_t monotonic_usec);
