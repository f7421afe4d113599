// SPDX-License-Identifier: Apache-2.0
#include "daemon/engine.h"

#include <criterion/criterion.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "policy/limits.h"

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
