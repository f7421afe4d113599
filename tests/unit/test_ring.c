// SPDX-License-Identifier: Apache-2.0
/* The same sends through a ring and one by one: the same bytes arrive, with the same results. */
#include "daemon/ring.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What io_uring_enter(2) is made to do: as it would, nothing at all, or with another operation in the first
 * place. */
typedef enum Turn {
    TURN_NONE = 0,
    TURN_LAZY,
    TURN_HALF, /* it takes the first half of it, and then somebody opens a file */
    TURN_OTHER,
    TURN_SILENT, /* it sends, and tells nothing of it */
} Turn;

static Turn turn;
static uint8_t other; /* TURN_OTHER: which */
static struct io_uring_sqe *entries;
static struct io_uring_params params; /* of the ring that was made last */
static uint32_t lacks;                /* of the kernel's features */
static char *results;                 /* TURN_SILENT: its queue */
static int another = -EBADF;          /* TURN_HALF: what was opened behind it */

long __real_syscall(long number, ...);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f);

/* In libc's place: as who has taken over the daemon could turn it. */
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f) {
    long r;

    if (number == SYS_io_uring_enter && turn == TURN_LAZY) {
        errno = EAGAIN;
        return -1;
    }
    if (number == SYS_io_uring_enter && turn == TURN_OTHER)
        entries[0].opcode = other;
    if (number == SYS_io_uring_enter && turn == TURN_HALF)
        b = c = b / 2;
    r = __real_syscall(number, a, b, c, d, e, f);
    if (number == SYS_io_uring_enter && turn == TURN_HALF && another < 0)
        another = dup(STDERR_FILENO);
    if (number == SYS_io_uring_setup && r >= 0) {
        params = *(const struct io_uring_params *) b;
        ((struct io_uring_params *) b)->features &= ~lacks;
    }
    if (number == SYS_io_uring_enter && turn == TURN_SILENT)
        memcpy(results + params.cq_off.head, results + params.cq_off.tail, sizeof(uint32_t));
    return r;
}

#define MANY 200u /* more than go in one system call */

static void pair_open(int fds[2]) {
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
}

/* NULL: without. A kernel that has none is no place to try the other half, and that is no pass. */
static Ring *ring_for(bool with) {
    Ring *ring = NULL;
    int r = with ? ring_new(&ring) : 0;

    if (r < 0)
        cr_skip("no io_uring here: %s", strerror(-r));
    return ring;
}

static void expect_bytes(int fd, const char *want) {
    char got[64];
    ssize_t n = recv(fd, got, sizeof(got), 0);

    cr_expect_eq(n, (ssize_t) strlen(want), "%zd bytes", n);
    cr_expect(n > 0 && memcmp(got, want, strlen(want)) == 0);
}

static void all_arrive(bool with) {
    Ring *ring = ring_for(with);
    int fds[MANY][2];
    char texts[MANY][16];
    RingSend sends[MANY];

    for (size_t i = 0; i < MANY; i++) {
        pair_open(fds[i]);
        (void) snprintf(texts[i], sizeof(texts[i]), "number %zu", i);
        sends[i] = (RingSend){.fd = fds[i][0], .bytes = span_from(texts[i])};
    }
    for (unsigned round = 0; round < 3; round++) {
        ring_run(ring, sends, MANY, NULL, 0);
        for (size_t i = 0; i < MANY; i++) {
            cr_expect_eq(sends[i].sent, (ssize_t) strlen(texts[i]));
            expect_bytes(fds[i][1], texts[i]);
        }
    }
    for (size_t i = 0; i < MANY; i++) {
        close(fds[i][0]);
        close(fds[i][1]);
    }
    ring_free(ring);
}

Test(ring, all_arrive_through_a_ring) {
    all_arrive(true);
}

Test(ring, all_arrive_one_by_one) {
    all_arrive(false);
}

/* One socket takes all, one is full, one takes a part, one's peer is gone, one is none. */
static void each_has_its_result(bool with) {
    static char much[1u << 20];
    Ring *ring = ring_for(with);
    int good[2], full[2], part[2], gone[2], none[2];
    RingSend sends[5];
    ssize_t n, taken = 0;

    pair_open(good);
    pair_open(full);
    pair_open(part);
    pair_open(gone);
    pair_open(none);
    while ((n = send(full[0], much, sizeof(much), 0)) > 0)
        taken += n;
    cr_assert_gt(taken, 0);
    close(gone[1]);
    close(none[0]);
    sends[0] = (RingSend){.fd = good[0], .bytes = SPAN("good")};
    sends[1] = (RingSend){.fd = full[0], .bytes = SPAN("full")};
    sends[2] = (RingSend){.fd = part[0], .bytes = {much, sizeof(much)}};
    sends[3] = (RingSend){.fd = gone[0], .bytes = SPAN("gone")};
    sends[4] = (RingSend){.fd = none[0], .bytes = SPAN("none")};
    ring_run(ring, sends, 5, NULL, 0);
    cr_expect_eq(sends[0].sent, 4);
    cr_expect_eq(sends[1].sent, -EAGAIN, "%zd", sends[1].sent);
    cr_expect(sends[2].sent > 0 && sends[2].sent < (ssize_t) sizeof(much), "%zd", sends[2].sent);
    cr_expect_eq(sends[3].sent, -EPIPE, "%zd: and no signal", sends[3].sent);
    cr_expect_eq(sends[4].sent, -EBADF, "%zd", sends[4].sent);
    expect_bytes(good[1], "good");
    close(good[0]);
    close(good[1]);
    close(full[0]);
    close(full[1]);
    close(part[0]);
    close(part[1]);
    close(gone[0]);
    close(none[1]);
    ring_free(ring);
}

Test(ring, each_has_its_result_through_a_ring) {
    each_has_its_result(true);
}

Test(ring, each_has_its_result_one_by_one) {
    each_has_its_result(false);
}

/* Nothing is left in it: what a failed one wasn't told is not told the next. */
Test(ring, a_result_is_of_its_own_call) {
    Ring *ring = ring_for(true);
    int fds[2], gone[2];

    pair_open(fds);
    pair_open(gone);
    close(gone[1]);
    for (unsigned i = 0; i < 1000; i++) {
        RingSend sends[] = {{.fd = fds[0], .bytes = SPAN("a")},
                            {.fd = gone[0], .bytes = SPAN("lost")},
                            {.fd = fds[0], .bytes = SPAN("bc")}};

        ring_run(ring, sends, 3, NULL, 0);
        cr_assert_eq(sends[0].sent, 1);
        cr_assert_eq(sends[1].sent, -EPIPE);
        cr_assert_eq(sends[2].sent, 2);
        expect_bytes(fds[1], "abc");
    }
    close(fds[0]);
    close(fds[1]);
    close(gone[0]);
    ring_free(ring);
}

/* Whoever gets hold of it can register nothing: no files, no buffers, no other restrictions. */
Test(ring, it_is_closed_for_all_else) {
    Ring *ring = ring_for(true);
    struct io_uring_restriction more = {.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_OPENAT};
    int fds[2];

    pair_open(fds);
    cr_assert_geq(ring_fd(ring), 0);
    cr_expect_lt(syscall(SYS_io_uring_register, ring_fd(ring), IORING_REGISTER_RESTRICTIONS, &more, 1), 0);
    cr_expect_lt(syscall(SYS_io_uring_register, ring_fd(ring), IORING_REGISTER_FILES, fds, 2), 0);
    cr_expect_eq(errno, EACCES, "%s", strerror(errno));
    close(fds[0]);
    close(fds[1]);
    ring_free(ring);
}

/* The first call puts its sends at the first places. */
static ssize_t first_does(uint8_t operation) {
    Ring *ring = ring_for(true);
    int fds[2];
    RingSend sends[2];

    pair_open(fds);
    sends[0] = sends[1] = (RingSend){.fd = fds[0], .bytes = SPAN("x")};
    entries =
        mmap(NULL, sizeof(*entries), PROT_READ | PROT_WRITE, MAP_SHARED, ring_fd(ring), IORING_OFF_SQES);
    cr_assert_neq(entries, MAP_FAILED);
    turn = TURN_OTHER;
    other = operation;
    ring_run(ring, sends, 2, NULL, 0);
    turn = TURN_NONE;
    cr_expect_eq(sends[1].sent, 1, "what stands behind it goes all the same");
    munmap(entries, sizeof(*entries));
    close(fds[0]);
    close(fds[1]);
    ring_free(ring);
    return sends[0].sent;
}

/* How many operations this kernel knows. */
static unsigned operations_known(void) {
    struct {
        struct io_uring_probe probe;
        struct io_uring_probe_op ops[256];
    } told = {0};
    struct io_uring_params none = {0};
    int fd = (int) __real_syscall(SYS_io_uring_setup, 1, &none);

    if (fd < 0)
        cr_skip("no io_uring here: %s", strerror(errno));
    cr_assert_eq(__real_syscall(SYS_io_uring_register, fd, IORING_REGISTER_PROBE, &told, 256), 0);
    close(fd);
    return told.probe.last_op + 1u;
}

/* A system call filter doesn't see what a ring is asked to do: the ring itself must say no. */
static void does_only(const uint8_t *may, size_t n) {
    unsigned known = operations_known();

    cr_assert_gt(known, IORING_OP_SPLICE);
    for (unsigned i = 0; i < known; i++) {
        if (memchr(may, (int) i, n))
            cr_expect_neq(first_does((uint8_t) i), -EACCES, "operation %u", i);
        else
            cr_expect_eq(first_does((uint8_t) i), -EACCES, "operation %u: %zd", i, first_does((uint8_t) i));
    }
    cr_expect_eq(first_does(IORING_OP_SEND), 1);
}

Test(ring, it_does_nothing_but_connect_send_close_and_call_off) {
    does_only((const uint8_t[]){IORING_OP_CONNECT, IORING_OP_SEND, IORING_OP_CLOSE, IORING_OP_ASYNC_CANCEL},
              4);
}

/* Before Linux 5.12 a connect could leave the daemon's root. */
Test(ring, it_does_not_connect_where_a_thread_of_the_kernels_would) {
    lacks = IORING_FEAT_NATIVE_WORKERS;
    does_only((const uint8_t[]){IORING_OP_SEND, IORING_OP_CLOSE}, 2);
}

/* What the kernel hasn't taken isn't taken later either: it goes by hand, once. */
Test(ring, what_is_not_taken_goes_by_hand) {
    Ring *ring = ring_for(true);
    int fds[2];

    pair_open(fds);
    for (unsigned i = 0; i < 100; i++) {
        RingSend sends[] = {{.fd = fds[0], .bytes = SPAN("once")}, {.fd = fds[0], .bytes = SPAN(" more")}};

        turn = i % 2 == 0 ? TURN_LAZY : TURN_NONE;
        ring_run(ring, sends, 2, NULL, 0);
        cr_assert_eq(sends[0].sent, 4);
        cr_assert_eq(sends[1].sent, 5);
        expect_bytes(fds[1], "once more");
    }
    close(fds[0]);
    close(fds[1]);
    ring_free(ring);
}

/* It may be out, or not: sent again it could be there twice, and passed for sent it could be missing. */
Test(ring, what_nothing_is_told_of_has_failed) {
    Ring *ring = ring_for(true);
    int fds[2];
    RingSend sends[2];
    size_t size;

    pair_open(fds);
    size = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    results = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring_fd(ring), IORING_OFF_CQ_RING);
    cr_assert_neq(results, MAP_FAILED);
    sends[0] = sends[1] = (RingSend){.fd = fds[0], .bytes = SPAN("x")};
    turn = TURN_SILENT;
    ring_run(ring, sends, 2, NULL, 0);
    turn = TURN_NONE;
    cr_expect_eq(sends[0].sent, -EIO, "%zd", sends[0].sent);
    cr_expect_eq(sends[1].sent, -EIO, "%zd", sends[1].sent);
    expect_bytes(fds[1], "xx");
    ring_run(ring, sends, 2, NULL, 0);
    cr_expect_eq(sends[0].sent + sends[1].sent, 2, "the next are told again");
    munmap(results, size);
    close(fds[0]);
    close(fds[1]);
    ring_free(ring);
}

static void expect_closed(int fd) {
    cr_expect_eq(fcntl(fd, F_GETFD), -1);
    cr_expect_eq(errno, EBADF);
}

/* What is sent on it before is out, and behind that its peer sees the end. */
static void closes(bool with, Turn how, size_t n_sends, size_t n_closing) {
    Ring *ring = ring_for(with);
    int fds[MANY][2], closing[MANY];
    RingSend sends[MANY];

    for (size_t i = 0; i < n_closing; i++) {
        pair_open(fds[i]);
        closing[i] = fds[i][0];
        sends[i] = (RingSend){.fd = fds[i][0], .bytes = SPAN("bye")};
    }
    turn = how;
    ring_run(ring, sends, n_sends, closing, n_closing);
    turn = TURN_NONE;
    for (size_t i = 0; i < n_closing; i++) {
        char byte;

        expect_closed(fds[i][0]);
        if (i < n_sends) {
            cr_expect_eq(sends[i].sent, 3);
            expect_bytes(fds[i][1], "bye");
        }
        cr_expect_eq(recv(fds[i][1], &byte, 1, 0), 0);
        close(fds[i][1]);
    }
    ring_free(ring);
}

Test(ring, what_it_closes_is_closed) {
    static const size_t counts[][2] = {{0, 1},   {0, 2},   {1, 1},    {3, 5},
                                       {64, 64}, {63, 66}, {0, MANY}, {MANY, MANY}};

    for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
        closes(true, TURN_NONE, counts[i][0], counts[i][1]);
        closes(false, TURN_NONE, counts[i][0], counts[i][1]);
        closes(true, TURN_LAZY, counts[i][0], counts[i][1]);
    }
}

/* What is taken is done once, as what isn't: also where one call takes a part. */
Test(ring, half_of_it_goes_by_hand) {
    Ring *ring = ring_for(true);
    int fds[8][2], closing[8];
    RingSend sends[2];

    for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
        pair_open(fds[i]);
        closing[i] = fds[i][0];
    }
    turn = TURN_HALF;
    ring_run(ring, NULL, 0, closing, ARRAY_SIZE(closing));
    turn = TURN_NONE;
    cr_expect_eq(another, closing[0], "the number is another's by then");
    cr_expect_geq(fcntl(another, F_GETFD), 0, "and stays it");
    for (size_t i = 1; i < ARRAY_SIZE(fds); i++)
        expect_closed(closing[i]);
    close(another);
    pair_open(fds[0]);
    sends[0] = (RingSend){.fd = fds[0][0], .bytes = SPAN("on")};
    sends[1] = (RingSend){.fd = fds[0][0], .bytes = SPAN("ce")};
    turn = TURN_HALF;
    ring_run(ring, sends, ARRAY_SIZE(sends), fds[0], 1);
    turn = TURN_NONE;
    expect_bytes(fds[0][1], "once");
    expect_closed(fds[0][0]);
    ring_free(ring);
}

/* A number that was closed may be another's: it isn't closed once more, though nothing is told of it. */
Test(ring, what_nothing_is_told_of_is_not_closed_again) {
    Ring *ring = ring_for(true);
    int fds[2], others[2], closing[2];
    size_t size;

    pair_open(fds);
    size = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    results = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring_fd(ring), IORING_OFF_CQ_RING);
    cr_assert_neq(results, MAP_FAILED);
    memcpy(closing, fds, sizeof(closing));
    turn = TURN_SILENT;
    ring_run(ring, NULL, 0, closing, 2);
    turn = TURN_NONE;
    expect_closed(fds[0]);
    expect_closed(fds[1]);
    pair_open(others);
    cr_assert_eq(others[0], fds[0], "the number is another's");
    ring_run(ring, NULL, 0, NULL, 0);
    cr_expect_geq(fcntl(others[0], F_GETFD), 0);
    munmap(results, size);
    close(others[0]);
    close(others[1]);
    ring_free(ring);
}

Test(ring, none_is_none) {
    int fds[2];

    cr_expect_eq(ring_fd(NULL), -EBADF);
    cr_expect_null(ring_free(NULL));
    ring_run(NULL, NULL, 0, NULL, 0);
    pair_open(fds);
    ring_run(NULL, NULL, 0, fds, 2); /* no sends at all */
    expect_closed(fds[0]);
    expect_closed(fds[1]);
}
