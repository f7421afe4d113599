// SPDX-License-Identifier: Apache-2.0
#include "daemon/held.h"

#include <criterion/criterion.h>
#include <event2/event.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "policy/limits.h"
#include "tests/support/surroundings.h"

static struct event_base *base;
static Held *held;
static int fds[2];

static void setup(void) {
    base = event_base_new();
    held = held_new(base);
    cr_assert_not_null(held);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
}

static void teardown(void) {
    cr_expect_null(held_free(held));
    cr_expect_null(held_free(NULL));
    event_base_free(base);
    close(fds[0]);
    close(fds[1]);
}

TestSuite(held, .init = setup, .fini = teardown);

/* Who is at the other end are we. Whether we are held: on a kernel that can't pin a process there is no test.
 */
static bool look(void) {
    OriginProcess *process = held_use(held);
    Origin origin;

    if (!kernel_can_pin(fds[0]))
        cr_skip_test("this kernel can't pin a process");
    cr_assert_not_null(process);
    origin = origin_read(fds[0], getpid(), process);
    cr_expect(origin_is_told(&origin));
    origin_done(&origin);
    return process->pid == getpid();
}

static void wait_msec(long msec) {
    struct timeval wait = {.tv_sec = msec / 1000, .tv_usec = msec % 1000 * 1000};

    event_base_loopexit(base, &wait);
    event_base_dispatch(base);
}

/* Once nobody has come for that long, and not before, however long the first one's look is past. */
Test(held, it_is_let_go_of) {
    OriginProcess *process;

    cr_assert(look());
    process = held_use(held);
    for (unsigned i = 0; i < 3; i++) {
        cr_assert(look());
        wait_msec(TIME_HELD_SECONDS * 1000 / 2);
        cr_expect_eq(process->pid, getpid(), "%u", i);
    }
    event_base_dispatch(base);
    cr_expect_eq(process->pid, 0, "the timer is set no more: nothing wakes a daemon that nobody uses");
    cr_expect(look(), "held again");
}

/* What is held when its listener goes is closed with it. */
Test(held, it_ends_with_its_listener) {
    int pidfd;

    cr_assert(look());
    pidfd = held_use(held)->pidfd;
    cr_assert_geq(fcntl(pidfd, F_GETFD), 0);
    held_free(held);
    cr_expect_eq(fcntl(pidfd, F_GETFD), -1);
    held = held_new(base);
}

/* Others need the descriptors more. */
Test(held, all_are_let_go_of_at_once) {
    Held *other = held_new(base);
    int pidfd;

    cr_expect_not(held_let_all_go(), "none is held");
    cr_assert(look());
    pidfd = held_use(held)->pidfd;
    cr_expect(held_let_all_go());
    cr_expect_eq(fcntl(pidfd, F_GETFD), -1);
    cr_expect_not(held_let_all_go());
    cr_expect(look(), "held again");
    held_free(other);
    cr_expect(held_let_all_go(), "who has gone isn't asked");
}
