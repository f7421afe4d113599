// SPDX-License-Identifier: Apache-2.0
#include "notify.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "manager.h"

/* How old a count may be: who looks at it has typed a command. */
#define NOTIFY_STATUS_USEC UINT64_C(5000000)
#define NOTIFY_STATUS_BYTES 192u
/* Beyond the grace: records are brought to the disk. */
#define NOTIFY_END_USEC UINT64_C(10000000)

struct Notify {
    NotifyCount count;
    void *arg;
    bool on;                /* somebody listens */
    uint64_t watchdog_usec; /* 0: none is set */
    struct event *watchdog;
    struct event *status;
    const char *state; /* before the counts, or "" */
    char sent[NOTIFY_STATUS_BYTES];
};

static struct timeval notify_timeval(uint64_t usec) {
    return (struct timeval){.tv_sec = (time_t) (usec / 1000000), .tv_usec = (suseconds_t) (usec % 1000000)};
}

static void notify_format_status(const Notify *notify, char *out) {
    NotifyCounts n = notify->count(notify->arg);

    snprintf(out, NOTIFY_STATUS_BYTES, "%s%zu socket%s, %zu rule%s, %" PRIu64 " denial%s in the last hour",
             notify->state, n.n_sockets, n.n_sockets == 1 ? "" : "s", n.n_rules, n.n_rules == 1 ? "" : "s",
             n.n_denials, n.n_denials == 1 ? "" : "s");
}

/* `fields` and the counts in one message, so that no state is shown with the counts of another. */
static void notify_send(Notify *notify, const char *fields) {
    notify_format_status(notify, notify->sent);
    (void) manager_tell("%sSTATUS=%s", fields, notify->sent);
}

static void notify_on_watchdog(evutil_socket_t fd UNUSED, short what UNUSED, void *arg UNUSED) {
    (void) manager_tell("WATCHDOG=1");
}

/* Only what has changed: an idle gate wakes nobody but itself. */
static void notify_on_status(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    Notify *notify = arg;
    char now[NOTIFY_STATUS_BYTES];

    notify_format_status(notify, now);
    if (strcmp(now, notify->sent) != 0)
        notify_send(notify, "");
}

int notify_new(struct event_base *base, NotifyCount count, void *arg, Notify **ret) {
    Notify *notify = calloc(1, sizeof(*notify));

    if (!notify)
        return -ENOMEM;
    *notify = (Notify){.count = count, .arg = arg, .state = "", .on = manager_listens()};
    if (notify->on)
        notify->watchdog_usec = manager_watchdog_usec();
    notify->watchdog = event_new(base, -1, EV_PERSIST, notify_on_watchdog, notify);
    notify->status = event_new(base, -1, EV_PERSIST, notify_on_status, notify);
    if (!notify->watchdog || !notify->status) {
        (void) notify_free(notify);
        return -ENOMEM;
    }
    *ret = notify;
    return 0;
}

Notify *notify_free(Notify *notify) {
    if (!notify)
        return NULL;
    if (notify->watchdog)
        event_free(notify->watchdog);
    if (notify->status)
        event_free(notify->status);
    free(notify);
    return NULL;
}

void notify_ready(Notify *notify) {
    /* A third of its time: sd_watchdog_enabled(3) asks for half, and one late turn shall not be the end. */
    struct timeval watchdog, status = notify_timeval(NOTIFY_STATUS_USEC);

    if (!notify || !notify->on)
        return;
    watchdog = notify_timeval(notify->watchdog_usec / 3);
    notify_send(notify, "READY=1\n");
    (void) event_add(notify->status, &status);
    if (notify->watchdog_usec > 0)
        (void) event_add(notify->watchdog, &watchdog);
}

void notify_reloading(Notify *notify) {
    if (notify && notify->on)
        (void) manager_tell("RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=reloading",
                            clock_monotonic_usec());
}

void notify_reloaded(Notify *notify, int r) {
    if (!notify || !notify->on)
        return;
    notify->state = r < 0 ? "the last reload failed, the config before it is in force; " : "";
    notify_send(notify, "READY=1\n");
}

void notify_stopping(Notify *notify, uint64_t grace_usec) {
    char fields[64];

    if (!notify || !notify->on)
        return;
    notify->state = "stopping, running requests finish; ";
    snprintf(fields, sizeof(fields), "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRIu64 "\n",
             grace_usec + NOTIFY_END_USEC);
    notify_send(notify, fields);
}
