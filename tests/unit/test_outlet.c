// SPDX-License-Identifier: Apache-2.0
#include "daemon/outlet.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <event2/event.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/clock.h"

#define LINE "{\"seq\":1,}\n"
#define LINES LINE "{\"seq\":2,}\n"

static struct event_base *base;
static char path[64], rotated[80];

/* In libc's place: how often, how many bytes were there then, and what comes of it. */
static atomic_int n_syncs, hold, sync_error;
static atomic_llong synced_bytes;

int fdatasync(int fd) {
    struct stat st;

    while (atomic_load(&hold))
        usleep(1000);
    atomic_store(&synced_bytes, fstat(fd, &st) == 0 ? (long long) st.st_size : -1);
    atomic_fetch_add(&n_syncs, 1);
    errno = atomic_load(&sync_error);
    return errno ? -1 : 0;
}

typedef struct Settled {
    uint64_t from[16], to[16];
    int status[16];
    size_t n;
} Settled;

static Settled settled;

static void on_settled(void *ctx, Outlet *outlet, uint64_t from, uint64_t to, int status) {
    settled.from[settled.n] = from;
    settled.to[settled.n] = to;
    settled.status[settled.n++] = status;
}

static void setup(void) {
    snprintf(path, sizeof(path), "/tmp/quaygate-outlet-XXXXXX");
    close(mkstemp(path));
    snprintf(rotated, sizeof(rotated), "%s.1", path);
    base = event_base_new();
}

static void teardown(void) {
    unlink(path);
    unlink(rotated);
    event_base_free(base);
}

TestSuite(outlet, .init = setup, .fini = teardown, .timeout = 30);

static Outlet *open_file(SinkSync sync, uint64_t interval_usec) {
    ConfigSink config = {
        .kind = SINK_FILE, .path = path, .mode = 0640, .sync = sync, .sync_interval_usec = interval_usec};
    OutletOwner owner = {.base = base, .settled = on_settled};
    Outlet *outlet = NULL;

    cr_assert_eq(outlet_new(&config, &owner, 3, &outlet), 0);
    cr_expect_eq(outlet_slot(outlet), 3);
    return outlet;
}

static void wait_for_syncs(int n) {
    while (atomic_load(&n_syncs) < n)
        event_base_loop(base, EVLOOP_ONCE);
}

/* The bound that is promised: what was written is on the disk after the interval, and not once a line. */
Test(outlet, interval_bounds_what_a_power_cut_takes) {
    Outlet *outlet = open_file(SINK_SYNC_INTERVAL, 50000);
    uint64_t began = clock_monotonic_usec(), took;

    for (uint64_t i = 1; i <= 10; i++) {
        outlet_flush(outlet, SPAN(LINE), i, i + 1);
        cr_expect_eq(settled.n, i, "it counts as taken at once");
    }
    cr_expect_eq(atomic_load(&n_syncs), 0);
    wait_for_syncs(1);
    took = clock_monotonic_usec() - began;
    cr_expect_eq(atomic_load(&synced_bytes), 10 * (long long) strlen(LINE));
    cr_expect_geq(took, 50000);
    if (!getenv("UNDER") || !*getenv("UNDER"))
        cr_expect_lt(took, 5000000, "%llu", (unsigned long long) took);
    outlet_flush(outlet, SPAN(LINE), 11, 12);
    wait_for_syncs(2);
    cr_expect_eq(atomic_load(&synced_bytes), 11 * (long long) strlen(LINE));
    outlet_free(outlet);
    cr_expect_eq(atomic_load(&n_syncs), 2, "nothing was left to do");
}

Test(outlet, what_is_written_at_the_end_is_synced) {
    Outlet *outlet = open_file(SINK_SYNC_INTERVAL, 3600000000u);

    outlet_flush(outlet, SPAN(LINE), 1, 2);
    outlet_free(outlet);
    cr_expect_eq(atomic_load(&n_syncs), 1);
}

Test(outlet, never_is_never) {
    Outlet *outlet = open_file(SINK_SYNC_NEVER, 0);

    outlet_flush(outlet, SPAN(LINE), 1, 2);
    cr_expect_eq(settled.n, 1);
    outlet_free(outlet);
    cr_expect_eq(atomic_load(&n_syncs), 0);
}

/* Not before it is on the disk; what comes while one sync runs is the next one's, all of it together. */
Test(outlet, always_is_taken_when_it_is_on_the_disk) {
    Outlet *outlet = open_file(SINK_SYNC_ALWAYS, 0);

    atomic_store(&hold, 1);
    outlet_flush(outlet, SPAN(LINE), 1, 2);
    outlet_flush(outlet, SPAN(LINE), 2, 3);
    outlet_flush(outlet, SPAN(LINES), 3, 5);
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    cr_expect_eq(settled.n, 0, "and the loop goes on");
    atomic_store(&hold, 0);
    while (settled.n < 2)
        event_base_loop(base, EVLOOP_ONCE);
    cr_expect_eq(atomic_load(&n_syncs), 2);
    cr_expect(settled.from[0] == 1 && settled.to[0] == 2 && settled.status[0] == 0);
    cr_expect(settled.from[1] == 2 && settled.to[1] == 5 && settled.status[1] == 0);
    outlet_free(outlet);
}

Test(outlet, a_disk_that_fails_has_nothing) {
    Outlet *outlet = open_file(SINK_SYNC_ALWAYS, 0);
    OutletLoss loss;

    atomic_store(&sync_error, EIO);
    outlet_flush(outlet, SPAN(LINE), 1, 2);
    while (settled.n < 1)
        event_base_loop(base, EVLOOP_ONCE);
    cr_expect_eq(settled.status[0], -EIO);
    cr_expect_not(outlet_take_loss(outlet, &loss), "not before it works again");
    atomic_store(&sync_error, 0);
    outlet_flush(outlet, SPAN(LINE), 2, 3);
    while (settled.n < 2)
        event_base_loop(base, EVLOOP_ONCE);
    cr_expect_eq(settled.status[1], 0);
    cr_expect(outlet_take_loss(outlet, &loss));
    cr_expect(loss.n == 1 && loss.first == 1 && loss.last == 1 && loss.error == -EIO);
    cr_expect_not(outlet_take_loss(outlet, &loss), "said once");
    outlet_free(outlet);
}

/* A rotation doesn't wait for the disk, and the old file is synced all the same. */
Test(outlet, a_rotated_file_is_synced) {
    Outlet *outlet = open_file(SINK_SYNC_INTERVAL, 3600000000u);

    outlet_flush(outlet, SPAN(LINES), 1, 3);
    cr_expect_eq(outlet_reopen(outlet), 0, "the same file");
    cr_assert_eq(rename(path, rotated), 0);
    atomic_store(&hold, 1);
    cr_expect_eq(outlet_reopen(outlet), 1);
    outlet_flush(outlet, SPAN(LINE), 3, 4);
    atomic_store(&hold, 0);
    wait_for_syncs(1);
    cr_expect_eq(atomic_load(&synced_bytes), (long long) strlen(LINES));
    outlet_free(outlet);
    cr_expect_eq(atomic_load(&n_syncs), 2);
    cr_expect_eq(atomic_load(&synced_bytes), (long long) strlen(LINE));
}

/* --- journald and syslog, as a socket of ours */

static int listen_there(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    unlink(path);
    memcpy(address.sun_path, path, sizeof(path));
    cr_assert_eq(bind(fd, (const struct sockaddr *) &address, sizeof(address)), 0);
    return fd;
}

static Outlet *open_messages(SinkKind kind) {
    ConfigSink config = {.kind = kind, .path = path, .facility = 16};
    OutletOwner owner = {.base = base, .settled = on_settled};
    Outlet *outlet = NULL;

    cr_assert_eq(outlet_new(&config, &owner, 0, &outlet), 0);
    cr_expect(outlet_is(outlet, &config));
    cr_expect(outlet_is_told_once(outlet));
    cr_expect_not(outlet_is_chained(outlet));
    cr_expect_eq(outlet_reopen(outlet), 0);
    return outlet;
}

Test(outlet, messages_are_taken_when_the_socket_has_them) {
    static const Record record = {.event = RECORD_LIFECYCLE, .action = "start", .message = "x"};
    int server = listen_there();
    char text[4096];

    for (SinkKind kind = SINK_JOURNALD; kind <= SINK_SYSLOG; kind++) {
        Outlet *outlet = open_messages(kind);
        ssize_t n;

        settled.n = 0;
        outlet_offer(outlet, &record, 1, SPAN(LINE), true);
        outlet_offer(outlet, &record, 2, SPAN(LINE), false);
        cr_expect_eq(settled.n, 0);
        outlet_flush(outlet, SPAN(LINES), 1, 3);
        cr_expect_eq(settled.n, 2);
        cr_expect(settled.status[0] == 0 && settled.status[1] == 0);
        n = recv(server, text, sizeof(text) - 1, 0);
        cr_assert_gt(n, 0);
        text[n] = '\0';
        cr_expect(strstr(text, kind == SINK_JOURNALD ? "QUAYGATE_RECORD={\"seq\":1,}\n" : "<133>1 "), "%s",
                  text);
        cr_expect_eq(recv(server, text, sizeof(text), 0), -1, "a repeated denial isn't told");
        outlet_free(outlet);
    }
    close(server);
}

Test(outlet, a_slow_journald_is_waited_for_by_nobody_else) {
    static const Record record = {.event = RECORD_LIFECYCLE, .action = "start", .message = "x"};
    int server = listen_there();
    Outlet *outlet = open_messages(SINK_JOURNALD);
    OutletLoss loss;
    char text[4096];
    uint64_t number = 0;
    size_t before;

    do {
        before = settled.n = 0;
        outlet_offer(outlet, &record, ++number, SPAN(LINE), true);
        outlet_flush(outlet, SPAN(LINE), number, number + 1);
        before = settled.n;
    } while (before > 0 && number < 10000);
    cr_expect_eq(settled.n, 0, "it waits");
    while (settled.n == 0)
        event_base_loop(base, EVLOOP_ONCE);
    cr_expect_eq(settled.status[0], -EAGAIN);
    cr_expect_not(outlet_take_loss(outlet, &loss));
    while (recv(server, text, sizeof(text), 0) > 0)
        ;
    outlet_offer(outlet, &record, ++number, SPAN(LINE), true);
    outlet_flush(outlet, SPAN(LINE), number, number + 1);
    cr_expect(outlet_take_loss(outlet, &loss));
    cr_expect(loss.n == 1 && loss.first == number - 1);
    outlet_free(outlet);
    close(server);
}
