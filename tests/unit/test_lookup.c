// SPDX-License-Identifier: Apache-2.0
/* The rest is in tests/scenarios/looks.scn; here the limit of an answer, at the bound and one past it. */
#include "daemon/lookup.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "policy/limits.h"

static void nobody_hears(void *arg UNUSED) {
}

/* A socket that a child answers on, `n` times on one connection, with a body of `size` blanks. */
static Address serve(size_t size, unsigned n) {
    char text[64], head[64], request[1024];
    const char *why = NULL;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), conn;
    Address address;
    char *body = malloc(size);

    snprintf(text, sizeof(text), "unix:///tmp/quaygate-lookup.%ld", (long) getpid());
    cr_assert_eq(address_parse(span_from(text), &address, &why), 0);
    cr_assert_eq(bind(fd, &address.socket.any, address.length), 0);
    cr_assert_eq(listen(fd, 4), 0);
    if (fork() == 0) {
        conn = accept(fd, NULL, NULL);
        memset(body, ' ', size);
        snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", size);
        for (unsigned i = 0; i < n; i++) {
            if (read(conn, request, sizeof(request)) <= 0 || write(conn, head, strlen(head)) < 0)
                _exit(1);
            for (size_t done = 0; done < size;) {
                ssize_t r = write(conn, body + done, size - done);

                if (r <= 0)
                    _exit(1);
                done += (size_t) r;
            }
        }
        free(body); /* valgrind looks at this process, too */
        _exit(0);
    }
    free(body);
    close(fd);
    return address;
}

static LookupState run(Lookup *lookup, struct event_base *base) {
    LookupState state;

    while ((state = lookup_run(lookup)) == LOOKUP_RUNNING)
        event_base_loop(base, EVLOOP_ONCE);
    return state;
}

static void look(size_t size, LookupState wanted) {
    Address address = serve(size, 1);
    struct event_base *base = event_base_new();
    Reaper *reaper = reaper_new(base);
    const Env env = {.base = base, .reaper = reaper};
    Lookup *lookup = lookup_new(&env, &address, NULL, nobody_hears, NULL);

    cr_assert_not_null(lookup);
    lookup_start(lookup, "/x");
    cr_expect_eq(run(lookup, base), wanted);
    if (wanted == LOOKUP_DONE) {
        cr_expect_eq(lookup_status(lookup), 200);
        cr_expect_eq(lookup_body(lookup).size, size);
    } else
        cr_expect_eq(lookup_reason(lookup), REASON_LOOK_UNREADABLE);
    lookup_free(lookup);
    reaper_free(reaper);
    event_base_free(base);
    unlink(address.text + strlen("unix://"));
}

Test(lookup, an_answer_of_the_limit) {
    look(LIMIT_LOOK_BYTES, LOOKUP_DONE);
}

Test(lookup, one_byte_more) {
    look(LIMIT_LOOK_BYTES + 1, LOOKUP_FAILED);
}

Test(lookup, one_after_the_other_on_one_connection) {
    Address address = serve(10, 3);
    struct event_base *base = event_base_new();
    Reaper *reaper = reaper_new(base);
    const Env env = {.base = base, .reaper = reaper};
    Lookup *lookup = lookup_new(&env, &address, NULL, nobody_hears, NULL);
    Engine *engine;

    for (unsigned i = 0; i < 3; i++) {
        lookup_start(lookup, "/x");
        cr_expect_eq(run(lookup, base), LOOKUP_DONE);
        cr_expect_eq(lookup_body(lookup).size, 10);
    }
    engine = lookup_take_engine(lookup);
    cr_expect_null(lookup_take_engine(lookup));
    engine_close(engine, reaper);
    lookup_free(lookup);
    reaper_free(reaper);
    event_base_free(base);
    unlink(address.text + strlen("unix://"));
}

/* What was given up in the middle of an answer: the rest of it would be the next request's. */
Test(lookup, a_connection_with_half_an_answer_is_nobody_s) {
    static const char half[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{";
    Address address;
    char text[64];
    const char *why = NULL;
    struct event_base *base = event_base_new();
    Reaper *reaper = reaper_new(base);
    const Env env = {.base = base, .reaper = reaper};
    Lookup *lookup;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), conn;

    snprintf(text, sizeof(text), "unix:///tmp/quaygate-lookup.%ld", (long) getpid());
    cr_assert_eq(address_parse(span_from(text), &address, &why), 0);
    cr_assert_eq(bind(fd, &address.socket.any, address.length), 0);
    cr_assert_eq(listen(fd, 4), 0);
    lookup = lookup_new(&env, &address, NULL, nobody_hears, NULL);
    cr_assert_not_null(lookup);
    lookup_start(lookup, "/x");
    cr_expect_eq(lookup_run(lookup), LOOKUP_RUNNING);
    conn = accept(fd, NULL, NULL);
    cr_assert_eq(write(conn, half, sizeof(half) - 1), (ssize_t) sizeof(half) - 1);
    event_base_loop(base, EVLOOP_ONCE);
    cr_expect_eq(lookup_run(lookup), LOOKUP_RUNNING);
    cr_expect_eq(lookup_status(lookup), 200, "its head has come");
    cr_expect_null(lookup_take_engine(lookup));
    lookup_free(lookup);
    reaper_free(reaper);
    event_base_free(base);
    close(conn);
    close(fd);
    unlink(text + strlen("unix://"));
}
