// SPDX-License-Identifier: Apache-2.0
/* A listener that the loop has no memory to watch: it neither spins until there is some, nor stays deaf. */
#include <criterion/criterion.h>
#include <event2/event.h>
#include <stdio.h>
#include <unistd.h>

#include "daemon/listener.h"

static bool no_memory;
static unsigned n_refused;

int __real_event_add(struct event *event, const struct timeval *wait);
int __wrap_event_add(struct event *event, const struct timeval *wait);

int __wrap_event_add(struct event *event, const struct timeval *wait) {
    if (!no_memory)
        return __real_event_add(event, wait);
    n_refused++;
    return -1;
}

static void on_accept(void *arg, Listener *listener UNUSED, const int *fds, size_t n) {
    *(size_t *) arg += n;
    for (size_t i = 0; i < n; i++)
        close(fds[i]);
}

static Listener *open_listener(struct event_base *base, size_t *taken) {
    char text[256];
    Config *config = NULL;
    Listener *listener = NULL;

    snprintf(text, sizeof(text),
             "version: 1\nlisteners: [{address: 'unix:///tmp/quaygate-listener.%ld', policy: none}]\n",
             (long) getpid());
    cr_assert_eq(config_parse(span_from(text), "test", stderr, &config), 0);
    cr_assert_eq(listener_open(base, config, 0, -1, on_accept, taken, &listener), 0);
    config_unref(config);
    return listener;
}

static int connect_to(const Listener *listener) {
    const Address *address = &listener_config(listener)->address;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert_eq(connect(fd, &address->socket.any, address->length), 0);
    return fd;
}

static void run_for_pauses(struct event_base *base, unsigned n) {
    struct timeval wait = {.tv_sec = n * TIME_ACCEPT_PAUSE_MSEC / 1000,
                           .tv_usec = (n * TIME_ACCEPT_PAUSE_MSEC % 1000 + 200) * 1000};

    event_base_loopexit(base, &wait);
    event_base_dispatch(base);
}

static void play(bool starts_without) {
    struct event_base *base = event_base_new();
    size_t taken = 0;
    Listener *listener = open_listener(base, &taken);
    int fd = connect_to(listener);

    no_memory = starts_without;
    listener_start(listener);
    if (!starts_without) { /* it starts once more, as a reload may have it */
        listener_stop(listener);
        no_memory = true;
        listener_start(listener);
    }
    run_for_pauses(base, 2);
    cr_expect_eq(taken, 0);
    cr_expect(n_refused > 1, "it tries again");
    cr_expect_leq(n_refused, 1 + 3 * 2, "but not before a pause is over: %u", n_refused);
    no_memory = false;
    run_for_pauses(base, 1);
    cr_expect_eq(taken, 1);
    listener_stop(listener);
    run_for_pauses(base, 1);
    listener_free(listener);
    event_base_free(base);
    close(fd);
}

Test(listener_memory, from_the_start, .timeout = 30) {
    play(true);
}

Test(listener_memory, later, .timeout = 30) {
    play(false);
}

/* Nothing would end it. */
Test(listener_memory, nobody_is_held_without_a_timer) {
    struct event_base *base = event_base_new();
    size_t taken = 0;
    Listener *listener = open_listener(base, &taken);

    no_memory = true;
    cr_expect_null(listener_use_held(listener));
    no_memory = false;
    cr_expect_not_null(listener_use_held(listener));
    no_memory = true;
    cr_expect_not_null(listener_use_held(listener), "the timer is set already");
    no_memory = false;
    listener_free(listener);
    event_base_free(base);
}
