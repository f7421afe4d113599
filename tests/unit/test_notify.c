// SPDX-License-Identifier: Apache-2.0
#include "daemon/notify.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct event_base *base;
static char directory[64];
static int manager = -1;
static NotifyCounts counts;

static NotifyCounts count(void *arg UNUSED) {
    return counts;
}

static void setup(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(directory, sizeof(directory), "/tmp/quaygate-notify-XXXXXX");
    cr_assert(mkdtemp(directory));
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", directory);
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(manager, (struct sockaddr *) &address, sizeof(address)), 0);
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
    base = event_base_new();
    counts = (NotifyCounts){.n_sockets = 1, .n_rules = 2};
}

static void teardown(void) {
    char path[100];

    event_base_free(base);
    close(manager);
    snprintf(path, sizeof(path), "%s/s", directory);
    unlink(path);
    rmdir(directory);
}

TestSuite(notify, .init = setup, .fini = teardown);

/* The next message, or "" where none waits. */
static const char *heard(void) {
    static char text[512];
    ssize_t n = recv(manager, text, sizeof(text) - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    return text;
}

Test(notify, ready_with_counts) {
    Notify *notify = NULL;

    cr_assert_eq(notify_new(base, count, NULL, &notify), 0);
    cr_expect_str_eq(heard(), "", "not before it serves");
    notify_ready(notify);
    cr_expect_str_eq(heard(), "READY=1\nSTATUS=1 socket, 2 rules, 0 denials in the last hour");
    notify_free(notify);
}

Test(notify, a_reload_and_the_end) {
    Notify *notify = NULL;
    unsigned long long when;
    const char *text;

    cr_assert_eq(notify_new(base, count, NULL, &notify), 0);
    notify_ready(notify);
    (void) heard();
    notify_reloading(notify);
    text = heard();
    cr_expect_eq(sscanf(text, "RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=reloading", &when), 1, "%s", text);
    counts = (NotifyCounts){.n_sockets = 2, .n_rules = 1, .n_denials = 1};
    notify_reloaded(notify, -EINVAL);
    cr_expect_str_eq(heard(), "READY=1\nSTATUS=the last reload failed, the config before it is in force; "
                              "2 sockets, 1 rule, 1 denial in the last hour");
    notify_reloaded(notify, 0);
    cr_expect_str_eq(heard(), "READY=1\nSTATUS=2 sockets, 1 rule, 1 denial in the last hour");
    notify_stopping(notify, UINT64_C(180000000));
    cr_expect_str_eq(heard(),
                     "STOPPING=1\nEXTEND_TIMEOUT_USEC=190000000\nSTATUS=stopping, running requests finish; "
                     "2 sockets, 1 rule, 1 denial in the last hour");
    notify_free(notify);
}

static void turn_for(long usec) {
    struct timeval time = {.tv_usec = usec};

    event_base_loopexit(base, &time);
    event_base_dispatch(base);
}

Test(notify, the_watchdog_is_fed_by_the_loop_alone) {
    char pid[16];
    Notify *notify = NULL;
    unsigned n = 0;

    snprintf(pid, sizeof(pid), "%d", (int) getpid());
    setenv("WATCHDOG_PID", pid, 1);
    setenv("WATCHDOG_USEC", "300000", 1);
    cr_assert_eq(notify_new(base, count, NULL, &notify), 0);
    notify_ready(notify);
    (void) heard();
    usleep(350000); /* a loop that is stuck */
    cr_expect_str_eq(heard(), "");
    turn_for(350000);
    while (strcmp(heard(), "WATCHDOG=1") == 0)
        n++;
    cr_expect_geq(n, 2);
    cr_expect_leq(n, 4);
    notify_free(notify);
}

Test(notify, another_process_s_watchdog) {
    Notify *notify = NULL;

    setenv("WATCHDOG_PID", "1", 1);
    setenv("WATCHDOG_USEC", "30000", 1);
    cr_assert_eq(notify_new(base, count, NULL, &notify), 0);
    notify_ready(notify);
    (void) heard();
    turn_for(100000);
    cr_expect_str_eq(heard(), "");
    notify_free(notify);
}

Test(notify, nobody_listens) {
    Notify *notify = NULL;

    unsetenv("NOTIFY_SOCKET");
    setenv("WATCHDOG_USEC", "30000", 1);
    cr_assert_eq(notify_new(base, count, NULL, &notify), 0);
    notify_ready(notify);
    notify_reloading(notify);
    notify_reloaded(notify, 0);
    notify_stopping(notify, UINT64_C(180000000));
    cr_expect_eq(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED), 0, "and no timer wakes it");
    notify_free(notify);
    notify_ready(NULL);
    notify_stopping(NULL, 0);
    cr_expect_str_eq(heard(), "");
}
