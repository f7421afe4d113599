// SPDX-License-Identifier: Apache-2.0
/* With look-ups of our own: what the system's name servers say is nobody's to test. */
#include "daemon/resolve.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/engine.h"
#include "policy/limits.h"

typedef struct Bench {
    struct event_base *base;
    Reaper *reaper;
    Resolver *resolver;
    unsigned n_called; /* on_answer */
    size_t n_found;
    const char *why;
} Bench;

static sem_t may_answer; /* what a slow name server waits for */
static atomic_uint n_asked;

/* `engine` is 127.0.0.2, where nobody listens, and 127.0.0.1; other names don't exist; `slow…` takes its
 * time. */
static int look_up(const char *host, const char *service, const struct addrinfo *hints,
                   struct addrinfo **ret) {
    struct addrinfo *second = NULL;

    n_asked++;
    if (strncmp(host, "slow", 4) == 0)
        sem_wait(&may_answer);
    else if (strcmp(host, "engine") != 0)
        return EAI_NONAME;
    cr_assert_eq(getaddrinfo("127.0.0.2", service, hints, ret), 0);
    cr_assert_eq(getaddrinfo("127.0.0.1", service, hints, &second), 0);
    (*ret)->ai_next = second;
    return 0;
}

static Bench *bench_begin(void) {
    Bench *bench = calloc(1, sizeof(*bench));

    sem_init(&may_answer, 0, 0);
    bench->base = event_base_new();
    bench->reaper = reaper_new(bench->base);
    bench->resolver = resolver_new(bench->base, look_up);
    return bench;
}

static void bench_end(Bench *bench) {
    resolver_free(bench->resolver);
    reaper_free(bench->reaper);
    event_base_free(bench->base);
    free(bench);
}

static void on_answer(void *arg, const char *why, const struct addrinfo *found) {
    Bench *bench = arg;

    bench->n_called++;
    bench->why = why;
    for (; found; found = found->ai_next)
        bench->n_found++;
}

static void bench_wait(const Bench *bench, const unsigned *count, unsigned n) {
    for (int i = 0; i < 1000 && *count < n; i++) {
        event_base_loop(bench->base, EVLOOP_NONBLOCK);
        usleep(10000);
    }
}

static Resolution *ask(Bench *bench, const char *host) {
    Resolution *resolution = NULL;

    cr_assert_eq(resolve_start(bench->resolver, host, 2375, on_answer, bench, &resolution), 0);
    cr_assert_not_null(resolution);
    return resolution;
}

Test(resolve, a_name_has_addresses) {
    Bench *bench = bench_begin();

    ask(bench, "engine");
    cr_expect_eq(bench->n_called, 0, "only from the loop");
    bench_wait(bench, &bench->n_called, 1);
    cr_expect_eq(bench->n_called, 1);
    cr_expect_null(bench->why);
    cr_expect_eq(bench->n_found, 2);
    bench_end(bench);
}

Test(resolve, an_unknown_name_says_why) {
    Bench *bench = bench_begin();

    ask(bench, "nobody");
    bench_wait(bench, &bench->n_called, 1);
    cr_expect_eq(bench->n_called, 1);
    cr_expect_not_null(bench->why);
    cr_expect_eq(bench->n_found, 0);
    bench_end(bench);
}

/* An address is a name that every machine knows: what it has in /etc/hosts isn't ours to ask for. */
Test(resolve, the_system_is_asked) {
    Bench *bench = bench_begin();

    resolver_free(bench->resolver);
    bench->resolver = resolver_new(bench->base, getaddrinfo);
    ask(bench, "127.0.0.1");
    bench_wait(bench, &bench->n_called, 1);
    cr_expect_eq(bench->n_called, 1);
    cr_expect_null(bench->why, "%s", bench->why);
    cr_expect_eq(bench->n_found, 1);
    bench_end(bench);
}

Test(resolve, a_crowd_asks_once) {
    Bench *bench = bench_begin();
    Resolution *third;

    ask(bench, "slow");
    ask(bench, "slow");
    third = ask(bench, "slow");
    ask(bench, "slow");
    resolve_cancel(third);
    sem_post(&may_answer);
    bench_wait(bench, &bench->n_called, 3);
    event_base_loop(bench->base, EVLOOP_NONBLOCK);
    cr_expect_eq(bench->n_called, 3);
    cr_expect_eq(n_asked, 1);
    bench_end(bench);
}

Test(resolve, who_has_gone_is_not_called) {
    Bench *bench = bench_begin();

    resolve_cancel(ask(bench, "slow"));
    sem_post(&may_answer);
    for (int i = 0; i < 20; i++) {
        event_base_loop(bench->base, EVLOOP_NONBLOCK);
        usleep(5000);
    }
    cr_expect_eq(bench->n_called, 0);
    ask(bench, "engine");
    bench_wait(bench, &bench->n_called, 1);
    cr_expect_eq(bench->n_called, 1);
    bench_end(bench);
}

/* One cancels the other from its answer. */
static Resolution *other;

static void on_answer_cancel(void *arg, const char *why, const struct addrinfo *found) {
    on_answer(arg, why, found);
    other = resolve_cancel(other);
}

Test(resolve, an_answer_may_cancel_who_waits_behind_it) {
    Bench *bench = bench_begin();
    Resolution *one = NULL;

    other = ask(bench, "slow");
    cr_assert_eq(resolve_start(bench->resolver, "slow", 2375, on_answer_cancel, bench, &one), 0);
    sem_post(&may_answer);
    bench_wait(bench, &bench->n_called, 1);
    event_base_loop(bench->base, EVLOOP_NONBLOCK);
    cr_expect_eq(bench->n_called, 1);
    bench_end(bench);
}

Test(resolve, names_at_once_are_limited) {
    Bench *bench = bench_begin();
    Resolution *resolution = NULL;
    char name[16];

    for (unsigned i = 0; i < LIMIT_LOOKUPS; i++) {
        snprintf(name, sizeof(name), "slow%u", i);
        ask(bench, name);
    }
    ask(bench, "slow0");
    cr_expect_eq(resolve_start(bench->resolver, "engine", 2375, on_answer, bench, &resolution), -EAGAIN);
    cr_expect_null(resolution);
    for (unsigned i = 0; i < LIMIT_LOOKUPS; i++)
        sem_post(&may_answer);
    bench_wait(bench, &bench->n_called, LIMIT_LOOKUPS + 1);
    cr_expect_eq(bench->n_called, LIMIT_LOOKUPS + 1);
    ask(bench, "engine");
    bench_wait(bench, &bench->n_called, LIMIT_LOOKUPS + 2);
    bench_end(bench);
}

static void on_engine(void *arg) {
    ++*(unsigned *) arg;
}

/* 127.0.0.2 refuses: the second address is the one. */
Test(resolve, an_engine_by_name) {
    Bench *bench = bench_begin();
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(in);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    Address address = {0};
    const char *why = NULL;
    unsigned heard = 0;
    char text[64];
    Engine *engine;

    cr_assert_eq(bind(fd, (const struct sockaddr *) &in, sizeof(in)), 0);
    cr_assert_eq(listen(fd, 1), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *) &in, &size), 0);
    snprintf(text, sizeof(text), "tcp://engine:%u", (unsigned) ntohs(in.sin_port));
    cr_assert_eq(address_parse(span_from(text), &address, &why), 0);
    engine = engine_connect(bench->base, NULL, bench->resolver, &address, on_engine, &heard);
    cr_assert_not_null(engine);
    cr_expect_eq(engine->state, ENGINE_CONNECTING);
    bench_wait(bench, &heard, 1);
    cr_expect_eq(engine->state, ENGINE_READY);
    cr_expect_eq(engine->n_tried, 2);
    engine_close(engine, bench->reaper);
    close(fd);

    heard = 0;
    engine = engine_connect(bench->base, NULL, bench->resolver, &address, on_engine, &heard);
    bench_wait(bench, &heard, 1);
    cr_expect_eq(engine->state, ENGINE_FAILED, "nobody listens any more");
    cr_expect_eq(engine->error, -ECONNREFUSED);
    engine_close(engine, bench->reaper);
    bench_end(bench);
}

Test(resolve, an_engine_whose_name_nobody_knows) {
    Bench *bench = bench_begin();
    Address address = {0};
    const char *why = NULL;
    unsigned heard = 0;
    Engine *engine;

    cr_assert_eq(address_parse(SPAN("tcp://nobody:2375"), &address, &why), 0);
    engine = engine_connect(bench->base, NULL, bench->resolver, &address, on_engine, &heard);
    cr_assert_not_null(engine);
    bench_wait(bench, &heard, 1);
    cr_expect_eq(engine->state, ENGINE_FAILED);
    cr_expect(strstr(engine_why(engine), "known"), "%s", engine_why(engine));
    engine_close(engine, bench->reaper);

    engine = engine_connect(bench->base, NULL, bench->resolver, &address, on_engine, &heard);
    engine_close(engine, bench->reaper); /* in mid-question */
    bench_end(bench);
}
