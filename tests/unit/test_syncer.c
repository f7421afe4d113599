// SPDX-License-Identifier: Apache-2.0
#include "daemon/syncer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

static atomic_int n_calls, hold, fail;

static int call(int fd) {
    cr_expect_geq(fcntl(fd, F_GETFD), 0);
    while (atomic_load(&hold))
        usleep(1000);
    atomic_fetch_add(&n_calls, 1);
    if (!atomic_load(&fail))
        return 0;
    errno = EIO;
    return -1;
}

typedef struct Heard {
    int n, status;
} Heard;

static void on_done(void *arg, int status) {
    Heard *heard = arg;

    heard->n++;
    heard->status = status;
}

TestSuite(syncer, .timeout = 20);

Test(syncer, calls_and_tells) {
    struct event_base *base = event_base_new();
    Heard heard = {0};
    Syncer *syncer = syncer_new(base, call, on_done, &heard);
    int fd = open("/dev/null", O_WRONLY);

    atomic_store(&hold, 1);
    cr_assert_eq(syncer_start(syncer, fd), 0);
    close(fd); /* its file stays until it is done */
    cr_expect(syncer_runs(syncer));
    cr_expect_eq(syncer_start(syncer, STDIN_FILENO), -EBUSY);
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    cr_expect_eq(heard.n, 0, "the loop didn't wait");
    atomic_store(&hold, 0);
    while (heard.n == 0)
        event_base_loop(base, EVLOOP_ONCE);
    cr_expect_eq(heard.status, 0);
    cr_expect_not(syncer_runs(syncer));
    atomic_store(&fail, 1);
    cr_assert_eq(syncer_start(syncer, STDERR_FILENO), 0);
    while (heard.n == 1)
        event_base_loop(base, EVLOOP_ONCE);
    cr_expect_eq(heard.status, -EIO);
    cr_assert_eq(syncer_start(syncer, STDERR_FILENO), 0);
    cr_expect_eq(syncer_wait(syncer), -EIO);
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    cr_expect_eq(heard.n, 2, "who waited knows");
    cr_assert_eq(syncer_start(syncer, STDERR_FILENO), 0);
    syncer_free(syncer);
    cr_expect_eq(atomic_load(&n_calls), 4, "it was waited for");
    event_base_free(base);
}
