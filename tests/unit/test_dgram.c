// SPDX-License-Identifier: Apache-2.0
#include "daemon/dgram.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "policy/limits.h"

static struct event_base *base;
static char path[64];
static int server;
static uint64_t n_sent, n_lost, last;
static int error;

static void on_settled(void *arg, uint64_t from, uint64_t to, int status) {
    cr_expect_eq(to, from + 1);
    cr_expect_gt(to, last, "in order");
    last = to;
    if (status == 0)
        n_sent++;
    else
        n_lost++;
    error = status;
}

static void listen_there(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memcpy(address.sun_path, path, sizeof(path));
    server = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    cr_assert_eq(bind(server, (const struct sockaddr *) &address, sizeof(address)), 0);
}

static void setup(void) {
    snprintf(path, sizeof(path), "/tmp/quaygate-dgram-%d", (int) getpid());
    base = event_base_new();
    listen_there();
}

static void teardown(void) {
    close(server);
    unlink(path);
    event_base_free(base);
}

TestSuite(dgram, .init = setup, .fini = teardown, .timeout = 60);

static Dgram *open_dgram(bool large) {
    DgramPlace place = {.path = path, .name = "test", .large = large};
    Dgram *dgram = NULL;

    cr_assert_eq(dgram_new(base, &place, on_settled, NULL, &dgram), 0);
    return dgram;
}

static size_t drain(void) {
    static char text[1u << 20];
    size_t n = 0;

    while (recv(server, text, sizeof(text), 0) >= 0)
        n++;
    return n;
}

Test(dgram, sends) {
    Dgram *dgram = open_dgram(false);
    char text[64] = "";

    cr_assert_eq(dgram_push(dgram, 1, SPAN("one")), 0);
    cr_assert_eq(dgram_push(dgram, 2, SPAN("")), 0);
    cr_expect_eq(n_sent, 0);
    dgram_flush(dgram);
    cr_expect_eq(n_sent, 2);
    cr_expect_eq(recv(server, text, sizeof(text), 0), 3);
    cr_expect_str_eq(text, "one");
    cr_expect_eq(recv(server, text, sizeof(text), 0), -1, "nothing was to be sent of the second");
    dgram_free(dgram);
}

Test(dgram, nobody_there) {
    DgramPlace place = {.path = "/nonexistent/log", .name = "test"};
    char name[200];
    Dgram *dgram = NULL;

    cr_expect_eq(dgram_new(base, &place, on_settled, NULL, &dgram), -ENOENT);
    memset(name, 'x', sizeof(name));
    name[199] = '\0';
    place.path = name;
    cr_expect_eq(dgram_new(base, &place, on_settled, NULL, &dgram), -ENAMETOOLONG);
}

/* What finds no room waits, and the loop goes on; then it goes out in order. */
Test(dgram, waits_for_room) {
    Dgram *dgram = open_dgram(false);
    size_t got = 0;

    for (uint64_t i = 1; i <= 5000; i++) {
        cr_assert_eq(dgram_push(dgram, i, SPAN("0123456789")), 0);
        dgram_flush(dgram);
    }
    cr_expect_lt(n_sent, 5000);
    cr_expect_eq(n_lost, 0);
    while (n_sent < 5000) {
        got += drain();
        event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    }
    got += drain();
    cr_expect_eq(got, 5000);
    cr_expect_eq(n_lost, 0);
    dgram_free(dgram);
}

/* One that doesn't read: the queue's bound, the oldest go; then the time's, all go; then nothing waits. */
Test(dgram, who_doesnt_read_holds_up_nobody) {
    static char text[1u << 16];
    Dgram *dgram = open_dgram(false);
    uint64_t began, number = 0, lost;

    while (n_lost == 0 && number < 10000) {
        cr_assert_eq(dgram_push(dgram, ++number, (Span){text, sizeof(text)}), 0);
        dgram_flush(dgram);
    }
    cr_expect_eq(error, -ENOBUFS);
    cr_expect_eq(n_lost, 1);
    cr_expect_leq((number - n_sent - n_lost) * sizeof(text), LIMIT_AUDIT_QUEUE_BYTES);
    cr_expect_gt((number - n_sent - n_lost + 2) * sizeof(text), LIMIT_AUDIT_QUEUE_BYTES);
    began = clock_monotonic_usec();
    while (n_sent + n_lost < number)
        event_base_loop(base, EVLOOP_ONCE);
    cr_expect_geq(clock_monotonic_usec() - began, (TIME_AUDIT_QUEUE_SECONDS - 1) * UINT64_C(1000000));
    cr_expect_eq(error, -EAGAIN);
    lost = n_lost;
    cr_assert_eq(dgram_push(dgram, ++number, SPAN("x")), 0);
    dgram_flush(dgram);
    cr_expect_eq(n_lost, lost + 1, "at once");
    drain();
    cr_assert_eq(dgram_push(dgram, ++number, SPAN("x")), 0);
    dgram_flush(dgram);
    cr_expect_eq(error, 0);
    dgram_free(dgram);
}

Test(dgram, another_takes_its_place) {
    Dgram *dgram = open_dgram(false);

    close(server);
    cr_assert_eq(dgram_push(dgram, 1, SPAN("x")), 0);
    dgram_flush(dgram);
    cr_expect_eq(error, -ECONNREFUSED);
    unlink(path);
    cr_assert_eq(dgram_push(dgram, 2, SPAN("x")), 0);
    dgram_flush(dgram);
    cr_expect_eq(error, -ENOENT);
    listen_there();
    cr_assert_eq(dgram_push(dgram, 3, SPAN("x")), 0);
    dgram_flush(dgram);
    cr_expect_eq(error, 0);
    cr_expect_eq(drain(), 1);
    dgram_free(dgram);
}

/* As journald wants what is too large: a sealed file. Syslog has no such thing. */
Test(dgram, too_large) {
    static char text[4u << 20], got[sizeof(text)];
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {.msg_control = control.room, .msg_controllen = sizeof(control.room)};
    Dgram *journal = open_dgram(true), *syslog;
    int fd;

    memset(text, 'x', sizeof(text));
    cr_assert_eq(dgram_push(journal, 1, (Span){text, sizeof(text) - 100}), 0);
    dgram_flush(journal);
    cr_expect_eq(error, 0);
    cr_assert_eq(recvmsg(server, &message, 0), 0);
    cr_assert_not_null(CMSG_FIRSTHDR(&message));
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
    cr_expect_eq(fcntl(fd, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
    cr_expect_eq(pread(fd, got, sizeof(got), 0), (ssize_t) sizeof(text) - 100);
    cr_expect_eq(memcmp(got, text, sizeof(text) - 100), 0);
    close(fd);
    dgram_free(journal);
    last = 0;
    syslog = open_dgram(false);
    cr_assert_eq(dgram_push(syslog, 1, (Span){text, sizeof(text) - 100}), 0);
    dgram_flush(syslog);
    cr_expect_eq(error, -EMSGSIZE);
    dgram_free(syslog);
}
