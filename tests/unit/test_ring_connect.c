// SPDX-License-Identifier: Apache-2.0
/* Connects through a ring and one by one: the same sockets are connected, and nothing is on its way behind
 * that. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/ring.h"
#include "tests/support/abstract_socket.h"

/* What io_uring_enter(2) is made to do: as it would, nothing, half of it, or all and tell nothing, or only
 * later. */
typedef enum Turn { TURN_NONE = 0, TURN_LAZY, TURN_HALF, TURN_SILENT, TURN_LATE } Turn;

static Turn turn;
static size_t
    entered; /* connects that it was asked for: nobody waits for their results, as for who is called off */
static uint32_t lacks; /* of the kernel's features */
static struct io_uring_params params;
static char *results; /* the ring's queue of them */

long __real_syscall(long number, ...);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f);

/* In libc's place. */
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f) {
    bool enters = number == SYS_io_uring_enter;
    long r;

    if (enters && turn == TURN_LAZY) {
        errno = EAGAIN;
        return -1;
    }
    if (enters && turn == TURN_HALF)
        b /= 2;
    r = __real_syscall(number, a, b, c, d, e, f);
    entered += enters && c == 0 ? (size_t) b : 0;
    if (number == SYS_io_uring_setup && r >= 0) {
        params = *(const struct io_uring_params *) b;
        ((struct io_uring_params *) b)->features &= ~lacks;
    }
    if (enters && turn == TURN_SILENT)
        memcpy(results + params.cq_off.head, results + params.cq_off.tail, sizeof(uint32_t));
    if (enters && turn == TURN_LATE)
        memcpy(results + params.cq_off.tail, results + params.cq_off.head, sizeof(uint32_t));
    return r;
}

#define MANY 100u

typedef struct Bench {
    Ring *ring;
    struct sockaddr_un address;
    socklen_t length;
    int listener;
    RingConnect connects[MANY];
} Bench;

static int socket_open(void) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    cr_assert_geq(fd, 0);
    return fd;
}

static void connects_open(Bench *bench) {
    for (size_t i = 0; i < MANY; i++)
        bench->connects[i] = (RingConnect){.fd = socket_open(),
                                           .address = (const struct sockaddr *) &bench->address,
                                           .length = bench->length,
                                           .error = 1};
}

static void connects_close(Bench *bench) {
    for (size_t i = 0; i < MANY; i++)
        close(bench->connects[i].fd);
}

static size_t results_size(void) {
    return params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
}

static void bench_open(Bench *bench, bool with_ring, int backlog) {
    int r;

    *bench = (Bench){.listener = socket_open()};
    abstract_socket_bind(bench->listener, &bench->address, &bench->length);
    cr_assert_eq(listen(bench->listener, backlog), 0);
    connects_open(bench);
    r = with_ring ? ring_new(&bench->ring) : 0;
    if (r < 0)
        cr_skip("no io_uring here: %s", strerror(-r));
    if (!with_ring)
        return;
    results = mmap(NULL, results_size(), PROT_READ | PROT_WRITE, MAP_SHARED, ring_fd(bench->ring),
                   IORING_OFF_CQ_RING);
    cr_assert_neq(results, MAP_FAILED);
}

static void bench_close(Bench *bench) {
    if (bench->ring)
        munmap(results, results_size());
    ring_free(bench->ring);
    connects_close(bench);
    close(bench->listener);
}

/* How many there are to be accepted, be it in a moment. */
static size_t accept_all(const Bench *bench) {
    struct pollfd pollfd = {.fd = bench->listener, .events = POLLIN};
    size_t n = 0;

    while (poll(&pollfd, 1, 20) > 0) {
        int fd = accept(bench->listener, NULL, NULL);

        cr_assert_geq(fd, 0);
        close(fd);
        n++;
    }
    return n;
}

static bool has_peer(int fd) {
    struct sockaddr_un peer;

    return getpeername(fd, (struct sockaddr *) &peer, &(socklen_t){sizeof(peer)}) == 0;
}

static void all_are_connected(bool with_ring, Turn how) {
    static const size_t counts[] = {0, 1, 2, 15, 16, 17, 33, MANY};

    for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
        Bench bench;

        bench_open(&bench, with_ring, MANY);
        turn = how;
        ring_connect(bench.ring, bench.connects, counts[i]);
        turn = TURN_NONE;
        for (size_t k = 0; k < counts[i]; k++) {
            cr_expect_eq(bench.connects[k].error, 0, "%s", strerror(-bench.connects[k].error));
            cr_expect(has_peer(bench.connects[k].fd));
        }
        cr_expect_eq(accept_all(&bench), counts[i]);
        bench_close(&bench);
    }
}

Test(ring_connect, all_are_connected_through_a_ring) {
    all_are_connected(true, TURN_NONE);
}

Test(ring_connect, all_are_connected_one_by_one) {
    entered = 0;
    all_are_connected(false, TURN_NONE);
    cr_expect_eq(entered, 0);
}

Test(ring_connect, what_is_not_taken_is_connected_by_hand) {
    all_are_connected(true, TURN_LAZY);
    all_are_connected(true, TURN_HALF);
}

/* Its thread would look for the path below the root of the first process, not below ours. */
Test(ring_connect, what_another_thread_might_connect_elsewhere_is_connected_by_hand) {
    lacks = IORING_FEAT_NATIVE_WORKERS;
    entered = 0;
    all_are_connected(true, TURN_NONE);
    cr_expect_eq(entered, 0, "Linux 5.11");
}

/* One is connected, one is to nowhere, one to where nobody listens any more, one is none, one already is. */
static void each_has_its_result(bool with_ring) {
    struct sockaddr_un nowhere = {.sun_family = AF_UNIX, .sun_path = "/nonexistent/socket"}, left;
    Bench bench;
    int fd = socket_open();

    bench_open(&bench, with_ring, 10);
    bench.connects[1].address = (const struct sockaddr *) &nowhere;
    bench.connects[1].length = sizeof(nowhere);
    abstract_socket_bind(fd, &left, &bench.connects[2].length);
    bench.connects[2].address = (const struct sockaddr *) &left;
    close(fd);
    close(bench.connects[3].fd);
    cr_assert_eq(connect(bench.connects[4].fd, bench.connects[4].address, bench.connects[4].length), 0);
    ring_connect(bench.ring, bench.connects, 6);
    cr_expect_eq(bench.connects[0].error, 0);
    cr_expect_eq(bench.connects[1].error, -ENOENT, "%d", bench.connects[1].error);
    cr_expect_eq(bench.connects[2].error, -ECONNREFUSED, "%d", bench.connects[2].error);
    cr_expect_eq(bench.connects[3].error, -EBADF, "%d", bench.connects[3].error);
    cr_expect(bench.connects[4].error == -EISCONN || bench.connects[4].error == -EINVAL, "%d",
              bench.connects[4].error); /* which of them depends on the kernel */
    cr_expect_eq(bench.connects[5].error, 0, "what went before stops nothing");
    cr_expect_eq(accept_all(&bench), 3);
    bench_close(&bench);
}

Test(ring_connect, each_has_its_result_through_a_ring) {
    each_has_its_result(true);
}

Test(ring_connect, each_has_its_result_one_by_one) {
    each_has_its_result(false);
}

#define BACKLOG 3 /* four may wait, unix_recvq_full(): more than that is said to be full */

/* Who isn't connected when it returns isn't later, though there is room then. */
static void a_full_backlog_is_told(Bench *bench, size_t n) {
    for (size_t i = 0; i < n; i++) {
        int want = i <= BACKLOG ? 0 : -EAGAIN;

        cr_expect_eq(bench->connects[i].error, want, "%zu: %s", i, strerror(-bench->connects[i].error));
        cr_expect_eq(has_peer(bench->connects[i].fd), want == 0);
    }
    cr_expect_eq(accept_all(bench), BACKLOG + 1);
    for (size_t i = BACKLOG + 1; i < n; i++)
        cr_expect_not(has_peer(bench->connects[i].fd));
}

static void full_backlogs(bool with_ring) {
    static const size_t counts[] = {5, 6, 16, 17, MANY};
    Bench bench;

    for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
        bench_open(&bench, with_ring, BACKLOG);
        entered = 0;
        ring_connect(bench.ring, bench.connects, counts[i]);
        cr_expect_leq(entered, 16, "the rest goes by hand");
        a_full_backlog_is_told(&bench, counts[i]);
        ring_connect(bench.ring, &bench.connects[counts[i] - 1], 1);
        cr_expect_eq(bench.connects[counts[i] - 1].error, 0,
                     "there is room again, and it can be tried again");
        bench_close(&bench);
    }
}

Test(ring_connect, a_full_backlog_is_told_by_a_ring) {
    full_backlogs(true);
}

Test(ring_connect, a_full_backlog_is_told_one_by_one) {
    full_backlogs(false);
}

/* The kernel would have a thread wait for room: without one it would be for ever. */
Test(ring_connect, a_full_backlog_is_told_where_no_thread_can_be_made, .timeout = 30) {
    static const struct rlimit none = {0, 0};
    Bench bench;

    cr_assert_eq(setrlimit(RLIMIT_NPROC, &none), 0);
    if (getuid() == 0) /* for whom there is no limit */
        cr_assert_eq(setuid(65534), 0);
    cr_assert_lt(fork(), 0, "no other can be made");
    bench_open(&bench, true, BACKLOG);
    for (unsigned i = 0; i < 3; i++) {
        ring_connect(bench.ring, bench.connects, MANY);
        a_full_backlog_is_told(&bench, MANY);
        connects_close(&bench);
        connects_open(&bench);
    }
    bench_close(&bench);
}

/* It may be connected, or not: it can't pass for either. The next are told again. */
static void nothing_is_told(Turn how) {
    Bench bench;

    bench_open(&bench, true, MANY);
    turn = how;
    ring_connect(bench.ring, bench.connects, 4);
    turn = TURN_NONE;
    for (size_t i = 0; i < 4; i++)
        cr_expect_eq(bench.connects[i].error, -EIO, "%d", bench.connects[i].error);
    ring_connect(bench.ring, bench.connects + 4, 4);
    for (size_t i = 4; i < 8; i++)
        cr_expect_eq(bench.connects[i].error, 0, "%d", bench.connects[i].error);
    cr_expect_eq(accept_all(&bench), 8);
    bench_close(&bench);
}

Test(ring_connect, what_nothing_is_told_of_has_failed) {
    nothing_is_told(TURN_SILENT);
    nothing_is_told(TURN_LATE);
}

/* Good news that come late are of those before, and not of who stands in their places. */
Test(ring_connect, what_is_told_late_is_not_taken_for_another) {
    Bench bench;

    bench_open(&bench, true, BACKLOG);
    turn = TURN_LATE;
    ring_connect(bench.ring, bench.connects, BACKLOG + 1);
    turn = TURN_NONE;
    ring_connect(bench.ring, bench.connects + BACKLOG + 1, 4);
    for (size_t i = BACKLOG + 1; i < BACKLOG + 5; i++)
        cr_expect_eq(bench.connects[i].error, -EAGAIN, "%d", bench.connects[i].error);
    bench_close(&bench);
}
