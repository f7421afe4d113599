// SPDX-License-Identifier: Apache-2.0
#include "fuzz_fakes.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/splice_refusal.h"

/* libFuzzer looks at the wall's clock too: for all of it that isn't ours the time is what it is. */
static bool fake_on;
static uint64_t fake_monotonic_usec = 1000000; /* never set back: libevent has taken it for that */
static uint64_t fake_wall_usec;

void (*fake_on_send)(void *arg);
void *fake_on_send_arg;

/*
 * libFuzzer's own timer would find us decades ahead, whenever it rings in the middle of an input. So it is
 * ours: an input that takes so long is stuck, and then what it finds is right.
 */
#define STUCK_SECONDS 30u

void fake_begin(void) {
    alarm(STUCK_SECONDS);
    splice_refuse_in = splice_refuse_out = 0;
    fake_wall_usec = 0;          /* set back … */
    fake_monotonic_usec += 2000; /* … which shows a millisecond later (daemon/clock.h) */
    fake_on = true;
}

void fake_end(void) {
    fake_on = false;
    alarm(0);
}

void fake_pass(uint64_t usec) {
    fake_monotonic_usec += usec;
    fake_wall_usec += usec;
}

int64_t fake_seconds(void) {
    return (int64_t) (fake_wall_usec / 1000000);
}

int clock_gettime(clockid_t id, struct timespec *ret) {
    uint64_t usec = id == CLOCK_REALTIME ? fake_wall_usec : fake_monotonic_usec;

    if (!fake_on)
        return (int) syscall(SYS_clock_gettime, id, ret);
    ret->tv_sec = (time_t) (usec / 1000000) + (id == CLOCK_REALTIME ? (time_t) FAKE_BEGIN_SECONDS : 0);
    ret->tv_nsec = (long) (usec % 1000000 * 1000);
    return 0;
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f);

/* A ring's sends are io_uring_enter(2)'s, which has no name in libc. */
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f) {
    if (number == SYS_io_uring_enter && fake_on_send)
        fake_on_send(fake_on_send_arg);
    return __real_syscall(number, a, b, c, d, e, f);
}

ssize_t send(int fd, const void *data, size_t size, int flags) {
    if (fake_on_send)
        fake_on_send(fake_on_send_arg);
    return syscall(SYS_sendto, fd, data, size, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    if (fake_on_send)
        fake_on_send(fake_on_send_arg);
    return syscall(SYS_sendmsg, fd, message, flags);
}
