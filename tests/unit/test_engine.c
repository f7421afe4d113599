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
