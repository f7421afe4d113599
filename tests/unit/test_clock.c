// SPDX-License-Identifier: Apache-2.0
#include "daemon/clock.h"

#include <criterion/criterion.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HOUR INT64_C(3600000000)

static uint64_t fake_usec; /* of CLOCK_MONOTONIC; 0: the clocks are the machine's */
static int64_t fake_ahead;
static unsigned fake_n_looks, fake_slow; /* microseconds that each look takes */

/* In the place of libc's. */
int clock_gettime(clockid_t id, struct timespec *ret) {
    int64_t usec = (int64_t) fake_usec + (id == CLOCK_REALTIME ? fake_ahead : 0);

    fake_n_looks += id == CLOCK_REALTIME; /* which nobody else here asks for */
    if (fake_usec == 0)
        return (int) syscall(SYS_clock_gettime, id, ret);
    *ret = (struct timespec){.tv_sec = usec / 1000000, .tv_nsec = usec % 1000000 * 1000};
    fake_usec += fake_slow;
    return 0;
}

static void fake_begin(void) {
    fake_usec = 5000000;
    fake_ahead = 1000 * HOUR;
    fake_slow = 0;
    fake_n_looks = 0;
}

static uint64_t fake_wall(void) {
    return fake_usec + (uint64_t) fake_ahead;
}

Test(clock, one_follows_from_the_other, .init = fake_begin) {
    for (unsigned i = 0; i < 10000; i += 7, fake_usec += 7)
        cr_expect_eq(clock_realtime_at(fake_usec), fake_wall());
    cr_expect_leq(fake_n_looks, 11, "the wall's is looked at once a millisecond");
    cr_expect_geq(fake_n_looks, 9);
}

Test(clock, a_moment_that_has_passed, .init = fake_begin) {
    cr_expect_eq(clock_realtime_at(fake_usec), fake_wall());
    cr_expect_eq(clock_realtime_at(fake_usec - 3), fake_wall() - 3);
}

Test(clock, set_back_and_forward, .init = fake_begin) {
    for (int64_t hours = -5; hours < 5; hours++) {
        fake_ahead = (1000 + hours) * HOUR;
        fake_usec += 1001;
        cr_expect_eq(clock_realtime_at(fake_usec), fake_wall(), "seen");
        fake_ahead += HOUR;
        fake_usec += 1000;
        cr_expect_eq(clock_realtime_at(fake_usec), fake_wall() - (uint64_t) HOUR, "not yet");
        fake_usec += 1;
        cr_expect_eq(clock_realtime_at(fake_usec), fake_wall(), "a millisecond later it is");
    }
}

/* Whatever came in between: what is told lies between the looks, and isn't believed for long. */
Test(clock, interrupted, .init = fake_begin) {
    uint64_t wall = fake_wall(), told;

    fake_slow = 3;
    told = clock_realtime_at(fake_usec);
    cr_expect(told >= wall && told <= wall + 3);
    fake_slow = 0;
    cr_expect_eq(clock_realtime_at(fake_usec), fake_wall(), "nothing was kept of it");
    fake_usec += 1001;
    fake_slow = 2; /* four in all: as good as one */
    told = clock_realtime_at(fake_usec);
    fake_slow = 0;
    cr_expect(clock_realtime_at(fake_usec) - fake_wall() <= 2);
}

Test(clock, of_the_machine) {
    for (unsigned i = 0; i < 100000; i++) {
        uint64_t before = clock_realtime_usec(), told = clock_realtime_at(clock_monotonic_usec()),
                 after = clock_realtime_usec();

        cr_assert(told + 5 >= before && told <= after + 5);
    }
}
