// SPDX-License-Identifier: Apache-2.0
#include "daemon/outbox.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "policy/limits.h"

typedef struct Bench Bench;

/* Who sends a letter, and what he does when he hears of it. */
typedef struct Sender {
    OutboxLink link;
    Bench *bench;
    char letter;
    ssize_t sent;
    unsigned told;
    bool silent; /* there is nothing to send, after all */
    bool deaf;   /* he doesn't want to hear */
    struct Sender *then_removes, *then_adds;
} Sender;

struct Bench {
    struct event_base *base;
    Outbox *outbox;
    int fds[2];
    bool unready;
    unsigned asked, forced;
    bool has_ring;
};

static Sender *sender_of(OutboxLink *link) {
    return (Sender *) (void *) link; /* the first member */
}

static bool sender_collect(OutboxLink *link, RingSend *ret) {
    Sender *sender = sender_of(link);

    *ret = (RingSend){.fd = sender->bench->fds[0], .bytes = {&sender->letter, 1}};
    return !sender->silent;
}

static bool sender_sent(OutboxLink *link, ssize_t n) {
    sender_of(link)->sent = n;
    return !sender_of(link)->deaf;
}

static const OutboxCalls calls;

static void sender_tell(OutboxLink *link) {
    Sender *sender = sender_of(link);
    Bench *bench = sender->bench;

    sender->told++;
    if (sender->then_removes)
        outbox_remove(bench->outbox, &sender->then_removes->link);
    if (sender->then_adds)
        cr_expect(outbox_add(bench->outbox, &TAKE_PTR(sender->then_adds)->link, &calls));
}

static const OutboxCalls calls = {sender_collect, sender_sent, sender_tell};

static bool bench_ready(void *arg, bool must) {
    Bench *bench = arg;

    bench->asked++;
    bench->forced += must;
    return must || !bench->unready;
}

static void bench_open(Bench *bench) {
    Ring *ring;

    *bench = (Bench){.base = event_base_new()};
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, bench->fds), 0);
    bench->has_ring = ring_new(&ring) == 0; /* either way is good */
    bench->outbox = outbox_new(bench->base, ring, bench_ready, bench);
    cr_assert_not_null(bench->outbox);
}

static void bench_close(Bench *bench) {
    cr_expect_null(outbox_free(bench->outbox));
    event_base_free(bench->base);
    close(bench->fds[0]);
    close(bench->fds[1]);
}

static void turn(Bench *bench) {
    event_base_loop(bench->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

static void expect_letters(Bench *bench, const char *want) {
    char got[64] = "";
    ssize_t n = recv(bench->fds[1], got, sizeof(got) - 1, 0);

    cr_expect_eq(n > 0 ? n : 0, (ssize_t) strlen(want));
    cr_expect_str_eq(got, want);
}

Test(outbox, nothing_leaves_before_the_turn_ends_and_then_all_in_order) {
    Bench bench;
    Sender a = {.bench = &bench, .letter = 'a'}, b = {.bench = &bench, .letter = 'b', .deaf = true},
           c = {.bench = &bench, .letter = 'c'};

    bench_open(&bench);
    cr_expect(outbox_add(bench.outbox, &a.link, &calls));
    cr_expect(outbox_add(bench.outbox, &b.link, &calls));
    cr_expect(outbox_add(bench.outbox, &a.link, &calls), "who waits already waits once");
    cr_expect(outbox_add(bench.outbox, &c.link, &calls));
    expect_letters(&bench, "");
    turn(&bench);
    expect_letters(&bench, "abc");
    cr_expect_eq(a.sent, 1);
    cr_expect_eq(a.told + c.told, 2);
    cr_expect_eq(b.told, 0);
    turn(&bench);
    expect_letters(&bench, "");
    bench_close(&bench);
}

/* Once, for who is still to speak; the second time it is said what has to be. */
Test(outbox, it_stands_back_once) {
    Bench bench;
    Sender a = {.bench = &bench, .letter = 'a'};

    bench_open(&bench);
    bench.unready = true;
    for (unsigned i = 1; i <= 2; i++) {
        outbox_add(bench.outbox, &a.link, &calls);
        turn(&bench);
        expect_letters(&bench, "a");
        cr_expect_eq(bench.asked, 2 * i);
        cr_expect_eq(bench.forced, i);
    }
    outbox_before(bench.outbox);
    cr_expect_eq(bench.forced, 3);
    bench_close(&bench);
}

Test(outbox, who_is_removed_sends_nothing_and_hears_nothing) {
    Bench bench;
    Sender b = {.bench = &bench, .letter = 'b'}, c = {.bench = &bench, .letter = 'c'},
           a = {.bench = &bench, .letter = 'a', .then_removes = &c}, s = {.bench = &bench, .silent = true};

    bench_open(&bench);
    outbox_add(bench.outbox, &a.link, &calls);
    outbox_add(bench.outbox, &b.link, &calls);
    outbox_add(bench.outbox, &s.link, &calls);
    outbox_add(bench.outbox, &c.link, &calls);
    outbox_remove(bench.outbox, &b.link);
    outbox_remove(bench.outbox, &b.link);
    turn(&bench);
    expect_letters(&bench, "ac");
    cr_expect_eq(a.told, 1);
    cr_expect_eq(b.told + s.told, 0);
    cr_expect_eq(c.told, 0, "removed by who heard before");
    bench_close(&bench);
}

/* Who hears may have more to say, and may have others say more, who then hear of that. */
Test(outbox, who_hears_may_queue_again) {
    Bench bench;
    Sender a = {.bench = &bench, .letter = 'a'}, b = {.bench = &bench, .letter = 'b'};

    bench_open(&bench);
    a.then_adds = &b;
    outbox_add(bench.outbox, &a.link, &calls);
    outbox_add(bench.outbox, &b.link, &calls);
    turn(&bench);
    expect_letters(&bench, "abb");
    cr_expect_eq(a.told, 1);
    cr_expect_eq(b.told, 1, "of the second only");
    a.then_adds = &a;
    outbox_add(bench.outbox, &a.link, &calls);
    turn(&bench);
    expect_letters(&bench, "aa");
    bench_close(&bench);
}

Test(outbox, as_many_as_the_limit_says_and_no_more) {
    static Sender senders[LIMIT_OUTBOX_LINKS + 1];
    Bench bench;
    size_t n_sent = 0;

    bench_open(&bench);
    for (size_t i = 0; i < ARRAY_SIZE(senders); i++) {
        senders[i] = (Sender){.bench = &bench, .letter = 'x'};
        cr_assert_eq(outbox_add(bench.outbox, &senders[i].link, &calls), i < LIMIT_OUTBOX_LINKS);
    }
    turn(&bench);
    for (size_t i = 0; i < ARRAY_SIZE(senders); i++) {
        n_sent +=
            senders[i].sent == 1 || senders[i].sent == -EAGAIN; /* a socket holds some hundred of them */
        cr_expect_eq(senders[i].told, i < LIMIT_OUTBOX_LINKS);
    }
    cr_expect_eq(n_sent, LIMIT_OUTBOX_LINKS);
    cr_expect(outbox_add(bench.outbox, &senders[LIMIT_OUTBOX_LINKS].link, &calls), "there is room again");
    bench_close(&bench);
}

static bool is_open(int fd) {
    return fcntl(fd, F_GETFD) >= 0;
}

/* The peer gets what was sent in the same turn, and then the end. */
Test(outbox, what_is_closed_closes_behind_what_is_sent) {
    Bench bench;
    Sender a = {.bench = &bench, .letter = 'a'};
    int fd;

    bench_open(&bench);
    fd = bench.fds[0];
    outbox_close(bench.outbox, fd);
    outbox_add(bench.outbox, &a.link, &calls);
    cr_expect_eq(is_open(fd), bench.has_ring, "until the turn ends, and at once where there is no ring");
    if (!bench.has_ring)
        cr_skip("no io_uring here");
    turn(&bench);
    cr_expect_not(is_open(fd));
    expect_letters(&bench, "a");
    cr_expect_eq(recv(bench.fds[1], &(char){0}, 1, 0), 0);
    bench_close(&bench);
}

/* So it does where they are more than one call takes. */
Test(outbox, what_is_closed_closes_behind_all_that_is_sent) {
    static Sender senders[100];
    Bench bench;

    bench_open(&bench);
    if (!bench.has_ring)
        cr_skip("no io_uring here");
    outbox_close(bench.outbox, bench.fds[0]);
    for (size_t i = 0; i < ARRAY_SIZE(senders); i++) {
        senders[i] = (Sender){.bench = &bench, .letter = 'x'};
        outbox_add(bench.outbox, &senders[i].link, &calls);
    }
    turn(&bench);
    cr_expect_not(is_open(bench.fds[0]));
    for (size_t i = 0; i < ARRAY_SIZE(senders); i++)
        cr_expect_eq(senders[i].sent, 1, "%zu: %zd", i, senders[i].sent);
    bench_close(&bench);
}

/* As many as there are, be it in one turn; those of who is told of it in the next. */
Test(outbox, however_many_are_closed) {
    Bench bench;
    int fds[200];

    bench_open(&bench);
    for (unsigned round = 0; round < 2; round++) {
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
            fds[i] = dup(bench.fds[0]);
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
            outbox_close(bench.outbox, fds[i]);
        turn(&bench);
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
            cr_expect_not(is_open(fds[i]));
    }
    bench_close(&bench);
}

Test(outbox, what_is_to_be_closed_is_closed_now_or_with_it) {
    Bench bench;
    int fds[2];

    bench_open(&bench);
    fds[0] = dup(bench.fds[0]);
    fds[1] = dup(bench.fds[0]);
    cr_expect_not(outbox_close_now(bench.outbox));
    outbox_close(bench.outbox, fds[0]);
    cr_expect_eq(outbox_close_now(bench.outbox), bench.has_ring);
    cr_expect_not(is_open(fds[0]));
    outbox_close(bench.outbox, fds[1]);
    bench_close(&bench);
    cr_expect_not(is_open(fds[1]));
}
