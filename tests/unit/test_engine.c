// SPDX-License-Identifier: Apache-2.0
#include "daemon/engine.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "daemon/held.h"
#include "policy/limits.h"
#include "tests/support/surroundings.h"

static void nobody_hears(void *arg UNUSED) {
}

static int option_of(const Engine *engine, int level, int name) {
    int value = -1;
    socklen_t size = sizeof(value);

    cr_assert_eq(getsockopt(engine->conn.fd, level, name, &value, &size), 0);
    return value;
}

/* A socket that listens on a free port, and its address as a config has it. */
static int listen_somewhere(Address *ret) {
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(in);
    const char *why = NULL;
    char text[64];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert_eq(bind(fd, (const struct sockaddr *) &in, sizeof(in)), 0);
    cr_assert_eq(listen(fd, 1), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *) &in, &size), 0);
    snprintf(text, sizeof(text), "tcp://127.0.0.1:%u", (unsigned) ntohs(in.sin_port));
    cr_assert_eq(address_parse(span_from(text), ret, &why), 0);
    return fd;
}

Test(engine, tcp_is_asked_whether_it_lives) {
    struct event_base *base = event_base_new();
    Reaper *reaper = reaper_new(base);
    Address address;
    int fd = listen_somewhere(&address);
    Engine *engine = engine_connect(base, NULL, NULL, &address, nobody_hears, NULL);

    cr_assert_not_null(engine);
    cr_expect_neq(option_of(engine, SOL_SOCKET, SO_KEEPALIVE), 0);
    cr_expect_eq(option_of(engine, IPPROTO_TCP, TCP_KEEPIDLE), TIME_KEEPALIVE_IDLE_SECONDS);
    cr_expect_eq(option_of(engine, IPPROTO_TCP, TCP_KEEPINTVL), TIME_KEEPALIVE_INTERVAL_SECONDS);
    cr_expect_eq(option_of(engine, IPPROTO_TCP, TCP_KEEPCNT), LIMIT_KEEPALIVE_PROBES);
    cr_expect_neq(option_of(engine, IPPROTO_TCP, TCP_NODELAY), 0);
    engine_close(engine, reaper);
    reaper_free(reaper);
    event_base_free(base);
    close(fd);
}

/* It says nothing of that, and may even speak: but the next request would never arrive. */
Test(engine, one_that_reads_no_more_is_not_used_again) {
    struct event_base *base = event_base_new();
    Reaper *reaper = reaper_new(base);
    Address address;
    const char *why = NULL;
    char text[64];
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), peer;
    Engine *engine;

    signal(SIGPIPE, SIG_IGN);
    snprintf(text, sizeof(text), "unix:///tmp/quaygate-engine.%ld", (long) getpid());
    cr_assert_eq(address_parse(span_from(text), &address, &why), 0);
    cr_assert_eq(bind(fd, &address.socket.any, address.length), 0);
    cr_assert_eq(listen(fd, 1), 0);
    engine = engine_connect(base, NULL, NULL, &address, nobody_hears, NULL);
    cr_assert_not_null(engine);
    peer = accept(fd, NULL, NULL);
    cr_expect(engine_is_idle(engine));
    cr_assert_eq(shutdown(peer, SHUT_RD), 0);
    cr_expect_eq(conn_send(&engine->conn, &SPAN("the end of an upload"), 1), 0);
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    cr_expect_not(engine_is_idle(engine));
    engine_close(engine, reaper);
    reaper_free(reaper);
    event_base_free(base);
    close(peer);
    close(fd);
    unlink(text + strlen("unix://"));
}

/* Where it leads is kept once for all that lead there, and memory of one is the next one's: neither is
 * mistaken. */
Test(engine, each_leads_where_it_was_made_for) {
    struct event_base *base = event_base_new();
    Reaper *reaper = reaper_new(base);
    Address here, there;
    int fds[] = {listen_somewhere(&here), listen_somewhere(&there)};
    Engine *first = engine_connect(base, NULL, NULL, &here, nobody_hears, NULL);
    Engine *second = engine_connect(base, NULL, NULL, &here, nobody_hears, NULL);
    Engine *other = engine_connect(base, NULL, NULL, &there, nobody_hears, NULL);

    cr_expect(engine_is_to(first, &here) && engine_is_to(second, &here) && engine_is_to(other, &there));
    cr_expect_not(engine_is_to(first, &there) || engine_is_to(second, &there) || engine_is_to(other, &here));
    cr_expect_eq(first->upstream, second->upstream);
    engine_close(first, reaper);
    event_base_loop(base, EVLOOP_NONBLOCK);
    cr_expect(engine_is_to(second, &here), "what the first one had is still there");
    first = engine_connect(base, NULL, NULL, &there, nobody_hears, NULL);
    cr_expect(engine_is_to(first, &there));
    cr_expect_not(engine_is_to(first, &here));
    engine_close(first, reaper);
    engine_close(second, reaper);
    engine_close(other, reaper);
    reaper_free(reaper);
    event_base_free(base);
    close(fds[0]);
    close(fds[1]);
}

/* --- Where descriptors are short */

static int shortage;      /* errno of socket(2) while `kept` is open; 0: there are enough */
static int kept = -EBADF; /* −EBADF: the first one that is had becomes it */

int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);

int __wrap_socket(int family, int type, int protocol) {
    int fd;

    if (shortage && kept >= 0 && fcntl(kept, F_GETFD) >= 0) {
        errno = shortage;
        return -1;
    }
    fd = __real_socket(family, type, protocol);
    if (shortage && kept < 0)
        kept = fd;
    return fd;
}

static bool all_is_said(void *arg UNUSED, bool must UNUSED) {
    return true;
}

/* With `outbox`, or NULL. */
static Engine *connect_in_need(struct event_base *base, Outbox *outbox, const Address *address, int fd,
                               int error) {
    Engine *engine;

    kept = fd;
    shortage = error;
    engine = engine_connect(base, outbox, NULL, address, nobody_hears, NULL);
    shortage = 0;
    cr_assert_not_null(engine);
    return engine;
}

static void what_waits_is_closed(int error) {
    struct event_base *base = event_base_new();
    Reaper *reaper = reaper_new(base);
    Address address;
    int fd = listen_somewhere(&address), waits = dup(fd);
    Ring *ring;
    bool has_ring = ring_new(&ring) == 0;
    Outbox *outbox = outbox_new(base, ring, all_is_said, NULL);
    Engine *engine;

    if (!has_ring)
        cr_skip("no io_uring here: nothing waits");
    outbox_close(outbox, waits);
    engine = connect_in_need(base, outbox, &address, waits, error);
    cr_expect_neq(engine->state, ENGINE_FAILED, "%s", engine_why(engine));
    engine_close(engine, reaper);
    engine = connect_in_need(base, outbox, &address, fd, error);
    cr_expect_eq(engine->state, ENGINE_FAILED, "none is to be had any more");
    cr_expect_eq(engine->error, -error);
    engine_close(engine, reaper);
    reaper_free(reaper);
    outbox_free(outbox);
    event_base_free(base);
    close(fd);
}

Test(engine, what_waits_to_be_closed_gives_way) {
    what_waits_is_closed(EMFILE);
}

Test(engine, so_it_does_where_the_whole_system_has_none) {
    what_waits_is_closed(ENFILE);
}

Test(engine, who_is_held_gives_way) {
    struct event_base *base = event_base_new();
    Reaper *reaper = reaper_new(base);
    Held *held = held_new(base);
    OriginProcess *process = held_use(held);
    Address address;
    int fd = listen_somewhere(&address), pair[2];
    Origin origin;
    Engine *engine;

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    origin = origin_read(pair[0], getpid(), process);
    origin_done(&origin);
    if (!kernel_can_pin(pair[0]))
        cr_skip("this kernel can't pin a process");
    cr_assert_eq(process->pid, getpid());
    engine = connect_in_need(base, NULL, &address, process->pidfd, EMFILE);
    cr_expect_neq(engine->state, ENGINE_FAILED, "%s", engine_why(engine));
    cr_expect_eq(process->pid, 0);
    engine_close(engine, reaper);
    reaper_free(reaper);
    held_free(held);
    event_base_free(base);
    close(pair[0]);
    close(pair[1]);
    close(fd);
}

/* Nobody listens on the first one of these. */
static int look_up_two(const char *host UNUSED, const char *service, const struct addrinfo *hints,
                       struct addrinfo **ret) {
    struct addrinfo *second = NULL;
    int r = getaddrinfo("127.0.0.2", service, hints, ret);

    if (r == 0)
        r = getaddrinfo("127.0.0.1", service, hints, &second);
    if (r == 0)
        (*ret)->ai_next = second;
    return r;
}

static void leave_loop(void *arg) {
    event_base_loopexit(arg, NULL);
}

/* The address that was tried before holds the last one there is. */
Test(engine, the_next_address_takes_the_place_of_the_one_before) {
    struct event_base *base = event_base_new();
    Reaper *reaper = reaper_new(base);
    Resolver *resolver = resolver_new(base, look_up_two);
    struct timeval patience = {.tv_sec = 10};
    Address here, named;
    const char *why = NULL;
    char text[64];
    int fd = listen_somewhere(&here);
    Ring *ring;
    Outbox *outbox;
    Engine *engine;

    (void) ring_new(&ring); /* either way is good */
    outbox = outbox_new(base, ring, all_is_said, NULL);
    snprintf(text, sizeof(text), "tcp://two.example:%u", (unsigned) ntohs(here.socket.in.sin_port));
    cr_assert_eq(address_parse(span_from(text), &named, &why), 0, "%s", why);
    kept = -EBADF;
    shortage = EMFILE;
    engine = engine_connect(base, outbox, resolver, &named, leave_loop, base);
    cr_assert_not_null(engine);
    event_base_loopexit(base, &patience);
    event_base_dispatch(base);
    shortage = 0;
    cr_expect_eq(engine->state, ENGINE_READY, "%s", engine_why(engine));
    cr_expect_eq(engine->n_tried, 2);
    engine_close(engine, reaper);
    reaper_free(reaper);
    resolver_free(resolver);
    outbox_free(outbox);
    event_base_free(base);
    close(fd);
}

/* --- At the turn's end */

typedef struct Bench {
    struct event_base *base;
    Reaper *reaper;
    Outbox *outbox;
    Address address;
    int listener, peers[16];
    size_t n_peers;
    unsigned heard;
} Bench;

static void bench_hears(void *arg) {
    Bench *bench = arg;

    bench->heard++;
}

static void bench_listen(Bench *bench, int backlog) {
    bench->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(bench->listener, &bench->address.socket.any, bench->address.length), 0);
    cr_assert_eq(listen(bench->listener, backlog), 0);
}

static void bench_open(Bench *bench, int backlog) {
    const char *why = NULL;
    char text[64];
    Ring *ring;

    if (ring_new(&ring) < 0)
        cr_skip("no io_uring here: nothing waits");
    *bench = (Bench){.base = event_base_new()};
    bench->reaper = reaper_new(bench->base);
    bench->outbox = outbox_new(bench->base, ring, all_is_said, NULL);
    snprintf(text, sizeof(text), "unix:///tmp/quaygate-engine.%ld", (long) getpid());
    cr_assert_eq(address_parse(span_from(text), &bench->address, &why), 0);
    bench_listen(bench, backlog);
}

static void bench_stop_listening(Bench *bench) {
    close(bench->listener);
    unlink(bench->address.socket.un.sun_path);
}

/* As an engine that has ended, or has it all behind it: whoever had a connection hears of that. */
static void bench_hang_up(Bench *bench) {
    while (bench->n_peers > 0)
        close(bench->peers[--bench->n_peers]);
}

static void bench_close(Bench *bench) {
    bench_hang_up(bench);
    reaper_free(bench->reaper);
    outbox_free(bench->outbox);
    event_base_free(bench->base);
    bench_stop_listening(bench);
}

static Engine *bench_connect(Bench *bench) {
    Engine *engine = engine_connect(bench->base, bench->outbox, NULL, &bench->address, bench_hears, bench);

    cr_assert_not_null(engine);
    return engine;
}

static void bench_turn(Bench *bench) {
    event_base_loop(bench->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

static void bench_await(Bench *bench, unsigned heard) {
    for (unsigned i = 0; i < 1000 && bench->heard < heard; i++)
        event_base_loop(bench->base, EVLOOP_ONCE);
}

static unsigned bench_accept(Bench *bench) {
    unsigned n = 0;

    for (int fd; (fd = accept(bench->listener, NULL, NULL)) >= 0; n++) {
        cr_assert_lt(bench->n_peers, ARRAY_SIZE(bench->peers));
        bench->peers[bench->n_peers++] = fd;
    }
    return n;
}

Test(engine, a_unix_socket_is_connected_with_the_others_of_its_turn) {
    Bench bench;
    Engine *engines[3];

    bench_open(&bench, 10);
    for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
        engines[i] = bench_connect(&bench);
        cr_expect_eq(engines[i]->state, ENGINE_CONNECTING);
    }
    cr_expect_eq(bench_accept(&bench), 0);
    bench_turn(&bench);
    cr_expect_eq(bench.heard, 3);
    cr_expect_eq(bench_accept(&bench), 3);
    for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
        cr_expect_eq(engines[i]->state, ENGINE_READY);
        engine_close(engines[i], bench.reaper);
    }
    bench_close(&bench);
}

Test(engine, who_was_closed_in_between_is_neither_connected_nor_told) {
    Bench bench;
    Engine *engine;

    bench_open(&bench, 10);
    engine = bench_connect(&bench);
    engine_close(engine, bench.reaper);
    engine = bench_connect(&bench); /* in the same memory, perhaps: the reaper's turn comes later */
    bench_turn(&bench);
    cr_expect_eq(bench.heard, 1);
    cr_expect_eq(bench_accept(&bench), 1);
    engine_close(engine, bench.reaper);
    engine = bench_connect(&bench);
    engine_close(engine, bench.reaper);
    bench_close(&bench);
}

/* Who hears closes all there are, himself too: the others are connected by then, not told, or queued anew. */
static Engine *crowd[4];
static Bench *crowd_bench;

static void closes_all(void *arg) {
    Engine **late = arg;

    crowd_bench->heard++;
    for (size_t i = 0; i < ARRAY_SIZE(crowd); i++)
        crowd[i] = engine_close(crowd[i], crowd_bench->reaper);
    *late = engine_connect(crowd_bench->base, crowd_bench->outbox, NULL, &crowd_bench->address, bench_hears,
                           crowd_bench);
}

Test(engine, who_hears_may_close_them_all) {
    Bench bench;
    Engine *late = NULL;

    bench_open(&bench, 10);
    crowd_bench = &bench;
    for (size_t i = 0; i < ARRAY_SIZE(crowd); i++)
        crowd[i] = engine_connect(bench.base, bench.outbox, NULL, &bench.address,
                                  i == 1 ? closes_all : bench_hears, i == 1 ? (void *) &late : &bench);
    bench_turn(&bench);
    cr_expect_eq(bench.heard, 3, "%u: the first, who closes, and who came late", bench.heard);
    cr_assert_not_null(late);
    cr_expect_eq(late->state, ENGINE_READY);
    cr_expect_eq(bench_accept(&bench), 5);
    engine_close(late, bench.reaper);
    late = engine_connect(bench.base, bench.outbox, NULL, &bench.address, bench_hears, &bench);
    engine_close(late, bench.reaper); /* queued when all ends */
    bench_close(&bench);
}

Test(engine, that_nobody_listens_is_told_at_the_turns_end) {
    Bench bench;
    Engine *engine;

    bench_open(&bench, 10);
    bench_stop_listening(&bench);
    engine = bench_connect(&bench);
    bench_turn(&bench);
    cr_expect_eq(bench.heard, 1);
    cr_expect_eq(engine->state, ENGINE_FAILED);
    cr_expect_eq(engine->error, -ENOENT);
    cr_expect_str_eq(engine_why(engine), "No such file or directory");
    engine_close(engine, bench.reaper);
    bench_listen(&bench, 10);
    bench_close(&bench);
}

/* Who finds the backlog full tries again until there is room; others by themselves as long, and for a while
 * behind it. */
Test(engine, a_full_backlog_is_waited_for) {
    Bench bench;
    Engine *engines[8], *other;

    bench_open(&bench, 3); /* four may wait */
    for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
        engines[i] = bench_connect(&bench);
    bench_turn(&bench);
    cr_expect_eq(bench.heard, 4);
    for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
        cr_expect_eq(engines[i]->state, i < 4 ? ENGINE_READY : ENGINE_CONNECTING, "%zu", i);
    other = bench_connect(&bench);
    engine_close(other, bench.reaper);
    cr_expect_eq(bench_accept(&bench), 4);
    other = bench_connect(&bench);
    cr_expect_eq(other->state, ENGINE_READY, "by itself, and at once");
    bench_await(&bench, 7); /* the timers of those who wait */
    cr_expect_eq(bench.heard, 7, "%u: one has to wait on", bench.heard);
    cr_expect_eq(bench_accept(&bench), 4);
    bench_await(&bench, 8);
    cr_expect_eq(bench.heard, 8);
    for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
        cr_expect_eq(engines[i]->state, ENGINE_READY);
        engine_close(engines[i], bench.reaper);
    }
    engine_close(other, bench.reaper);
    bench_close(&bench);
}

Test(engine, a_backlog_that_was_full_is_trusted_again) {
    Bench bench;
    Engine *engine, *stays;
    unsigned n = 0;

    bench_open(&bench, 0); /* one may wait */
    stays = bench_connect(&bench);
    engine = bench_connect(&bench);
    bench_turn(&bench);
    cr_expect_eq(engine->state, ENGINE_CONNECTING, "the other has the place");
    engine_close(engine, bench.reaper);
    for (; n < 10000; n++) {
        (void) bench_accept(&bench);
        bench_hang_up(&bench);
        engine = bench_connect(&bench);
        if (engine->state == ENGINE_CONNECTING)
            break;
        engine_close(engine, bench.reaper);
        bench_turn(&bench);
    }
    cr_expect_eq(n, 1024, "%u: ENGINE_WARY", n);
    bench_turn(&bench);
    cr_expect_eq(engine->state, ENGINE_READY);
    engine_close(engine, bench.reaper);
    engine_close(stays, bench.reaper);
    bench_close(&bench);
}
