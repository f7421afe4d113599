// SPDX-License-Identifier: Apache-2.0
/* Who is to be connected at the turn's end, and what he then does. */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/outbox.h"
#include "policy/limits.h"
#include "tests/support/abstract_socket.h"

typedef struct Bench Bench;

static size_t entered; /* connects that the ring was asked for: who is called off is waited for */

long __real_syscall(long number, ...);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f);

/* In libc's place. */
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f) {
    entered += number == SYS_io_uring_enter && c == 0 ? (size_t) b : 0;
    return __real_syscall(number, a, b, c, d, e, f);
}

/* Who connects, and what he does when he hears of it. */
typedef struct Caller {
    OutboxLink link, sending;
    Bench *bench;
    int fd;
    int error; /* 1: not told yet */
    unsigned told;
    ssize_t sent;
    bool speaks; /* once he hears */
    struct Caller *then_removes, *then_connects;
} Caller;

struct Bench {
    struct event_base *base;
    Outbox *outbox;
    struct sockaddr_un address; /* abstract, unix(7) */
    socklen_t length;
    int listener;
    bool unready;
    unsigned forced, forced_when_told;
};

static Caller *caller_of(OutboxLink *link) {
    return (Caller *) (void *) link; /* the first member */
}

static Caller *speaker_of(OutboxLink *link) {
    return (Caller *) (void *) ((char *) link - offsetof(Caller, sending));
}

static bool speaker_collect(OutboxLink *link, RingSend *ret) {
    *ret = (RingSend){.fd = speaker_of(link)->fd, .bytes = SPAN("x")};
    return true;
}

static bool speaker_sent(OutboxLink *link, ssize_t n) {
    speaker_of(link)->sent = n;
    return false;
}

static void speaker_tell(OutboxLink *link UNUSED) {
    cr_expect_fail("he doesn't want to hear");
}

static const OutboxCalls speaker_calls = {speaker_collect, speaker_sent, speaker_tell};

static void caller_collect(OutboxLink *link, RingConnect *ret) {
    const Caller *caller = caller_of(link);

    *ret = (RingConnect){.fd = caller->fd,
                         .address = (const struct sockaddr *) &caller->bench->address,
                         .length = caller->bench->length};
}

static void caller_connected(OutboxLink *link, int error) {
    caller_of(link)->error = error;
}

static const OutboxConnectCalls caller_calls;

static void caller_tell(OutboxLink *link) {
    Caller *caller = caller_of(link);
    Bench *bench = caller->bench;

    caller->told++;
    bench->forced_when_told = bench->forced;
    if (caller->speaks)
        cr_expect(outbox_add(bench->outbox, &caller->sending, &speaker_calls));
    if (caller->then_removes)
        outbox_remove(bench->outbox, &caller->then_removes->link);
    if (caller->then_connects)
        cr_expect(outbox_connect(bench->outbox, &TAKE_PTR(caller->then_connects)->link, &caller_calls));
}

static const OutboxConnectCalls caller_calls = {caller_collect, caller_connected, caller_tell};

static bool bench_ready(void *arg, bool must) {
    Bench *bench = arg;

    bench->forced += must;
    return must || !bench->unready;
}

static void bench_open(Bench *bench, bool with_ring, int backlog) {
    Ring *ring = NULL;
    int r = with_ring ? ring_new(&ring) : 0;

    if (r < 0)
        cr_skip("no io_uring here: %s", strerror(-r));
    *bench = (Bench){.base = event_base_new()};
    bench->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    abstract_socket_bind(bench->listener, &bench->address, &bench->length);
    cr_assert_eq(listen(bench->listener, backlog), 0);
    bench->outbox = outbox_new(bench->base, ring, bench_ready, bench);
    cr_assert_not_null(bench->outbox);
}

static void bench_close(Bench *bench) {
    outbox_free(bench->outbox);
    event_base_free(bench->base);
    close(bench->listener);
}

static Caller caller_make(Bench *bench) {
    Caller caller = {.bench = bench, .error = 1};

    caller.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    cr_assert_geq(caller.fd, 0);
    return caller;
}

static bool caller_connect(Caller *caller) {
    return outbox_connect(caller->bench->outbox, &caller->link, &caller_calls);
}

static void turn(Bench *bench) {
    event_base_loop(bench->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

/* How many wait to be accepted, and have spoken. */
static void expect_peers(const Bench *bench, unsigned want, unsigned want_spoken) {
    unsigned n = 0, spoken = 0;
    int fd;

    while ((fd = accept4(bench->listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        char byte;

        spoken += recv(fd, &byte, 1, 0) == 1;
        close(fd);
        n++;
    }
    cr_expect_eq(n, want, "%u", n);
    cr_expect_eq(spoken, want_spoken, "%u", spoken);
}

Test(outbox_connect, who_connects_speaks_in_the_same_turn) {
    Caller callers[3];
    Bench bench;

    bench_open(&bench, true, 10);
    for (size_t i = 0; i < ARRAY_SIZE(callers); i++) {
        callers[i] = caller_make(&bench);
        callers[i].speaks = i != 1;
        cr_expect(caller_connect(&callers[i]));
    }
    expect_peers(&bench, 0, 0);
    turn(&bench);
    expect_peers(&bench, 3, 2);
    for (size_t i = 0; i < ARRAY_SIZE(callers); i++) {
        cr_expect_eq(callers[i].error, 0);
        cr_expect_eq(callers[i].told, 1);
        cr_expect_eq(callers[i].sent, i != 1);
        close(callers[i].fd);
    }
    turn(&bench);
    cr_expect_eq(callers[0].told, 1);
    bench_close(&bench);
}

/* What is to be on record is, before anything reaches the engine; and what they say when they hear, too. */
Test(outbox_connect, it_stands_back_and_asks_again_behind_them) {
    Caller caller;
    Bench bench;

    bench_open(&bench, true, 10);
    bench.unready = true;
    caller = caller_make(&bench);
    caller.speaks = true;
    caller_connect(&caller);
    turn(&bench);
    cr_expect_eq(bench.forced_when_told, 1, "%u: once it has stood back", bench.forced_when_told);
    cr_expect_eq(bench.forced, 2);
    expect_peers(&bench, 1, 1);
    close(caller.fd);
    bench_close(&bench);
}

Test(outbox_connect, who_is_removed_is_not_connected_or_not_told) {
    Caller gone, hears, deaf;
    Bench bench;

    bench_open(&bench, true, 10);
    gone = caller_make(&bench);
    hears = caller_make(&bench);
    deaf = caller_make(&bench);
    hears.then_removes = &deaf;
    caller_connect(&gone);
    caller_connect(&hears);
    caller_connect(&deaf);
    outbox_remove(bench.outbox, &gone.link);
    turn(&bench);
    expect_peers(&bench, 2, 0);
    cr_expect_eq(gone.error, 1);
    cr_expect_eq(gone.told, 0);
    cr_expect_eq(hears.told, 1);
    cr_expect_eq(deaf.error, 0);
    cr_expect_eq(deaf.told, 0, "removed by who heard before");
    close(gone.fd);
    close(hears.fd);
    close(deaf.fd);
    bench_close(&bench);
}

Test(outbox_connect, who_hears_may_have_another_connected) {
    Caller first, second;
    Bench bench;

    bench_open(&bench, true, 10);
    first = caller_make(&bench);
    second = caller_make(&bench);
    first.then_connects = &second;
    first.speaks = second.speaks = true;
    caller_connect(&first);
    turn(&bench);
    turn(&bench);
    expect_peers(&bench, 2, 2);
    cr_expect_eq(first.told + second.told, 2);
    close(first.fd);
    close(second.fd);
    bench_close(&bench);
}

Test(outbox_connect, each_hears_of_his_own) {
    Caller callers[6];
    Bench bench;

    bench_open(&bench, true, 3);
    for (size_t i = 0; i < ARRAY_SIZE(callers); i++) {
        callers[i] = caller_make(&bench);
        caller_connect(&callers[i]);
    }
    turn(&bench);
    for (size_t i = 0; i < ARRAY_SIZE(callers); i++) {
        cr_expect_eq(callers[i].error, i < 4 ? 0 : -EAGAIN, "%zu: %d", i, callers[i].error);
        cr_expect_eq(callers[i].told, 1);
        close(callers[i].fd);
    }
    bench_close(&bench);
}

/* It takes the ring a while to find that out: once is enough for a turn. */
Test(outbox_connect, behind_a_full_backlog_the_rest_of_the_turn_goes_by_hand) {
    static Caller callers[300];
    Bench bench;

    bench_open(&bench, true, 3);
    for (size_t i = 0; i < ARRAY_SIZE(callers); i++) {
        callers[i] = caller_make(&bench);
        caller_connect(&callers[i]);
    }
    entered = 0;
    turn(&bench);
    cr_expect_leq(entered, 16, "%zu", entered);
    for (size_t i = 0; i < ARRAY_SIZE(callers); i++) {
        cr_expect_eq(callers[i].error, i < 4 ? 0 : -EAGAIN, "%zu: %d", i, callers[i].error);
        close(callers[i].fd);
    }
    bench_close(&bench);
}

Test(outbox_connect, as_many_as_the_limit_says_and_no_more) {
    static Caller callers[LIMIT_OUTBOX_LINKS + 1];
    Bench bench;
    Caller *last = &callers[LIMIT_OUTBOX_LINKS];

    bench_open(&bench, true, (int) ARRAY_SIZE(callers));
    for (size_t i = 0; i < ARRAY_SIZE(callers); i++) {
        callers[i] = (Caller){.bench = &bench, .fd = -EBADF, .error = 1};
        cr_assert_eq(caller_connect(&callers[i]), i < LIMIT_OUTBOX_LINKS);
    }
    turn(&bench);
    for (size_t i = 0; i < LIMIT_OUTBOX_LINKS; i++) {
        cr_assert_eq(callers[i].error, -EBADF);
        cr_assert_eq(callers[i].told, 1);
    }
    cr_expect_eq(last->told, 0);
    cr_expect(caller_connect(last), "there is room again");
    outbox_remove(bench.outbox, &last->link);
    bench_close(&bench);
}

/* Each by itself then, and at once: that is its owner's. */
Test(outbox_connect, not_without_a_ring) {
    Caller caller;
    Bench bench;

    bench_open(&bench, false, 10);
    caller = caller_make(&bench);
    cr_expect_not(caller_connect(&caller));
    turn(&bench);
    expect_peers(&bench, 0, 0);
    cr_expect_eq(caller.told, 0);
    close(caller.fd);
    bench_close(&bench);
}
