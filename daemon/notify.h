// SPDX-License-Identifier: Apache-2.0
/*
 * What the service manager is told (sd_notify(3)): that we serve, reload or stop, a line of counts, and that
 * the loop still turns. Without $NOTIFY_SOCKET nothing is sent and no timer runs.
 *
 * The watchdog is fed by a timer of the loop and by nothing else: a loop that is stuck doesn't feed it, and
 * systemd starts the daemon anew (WatchdogSec=, $WATCHDOG_USEC).
 */
#pragma once

#include "policy/base.h"

struct event_base;

typedef struct Notify Notify;

typedef struct NotifyCounts {
    size_t n_sockets;
    size_t n_rules;
    uint64_t n_denials; /* of the last hour */
} NotifyCounts;

typedef NotifyCounts (*NotifyCount)(void *arg);

/* `count` is asked for each status line. 0, or −ENOMEM; −errno of the timer. */
int notify_new(struct event_base *base, NotifyCount count, void *arg, Notify **ret);
Notify *notify_free(Notify *notify); /* accepts NULL, returns NULL */

/* All of these accept NULL. What can't be sent is lost: the manager's view must not stop the gate. */
void notify_ready(Notify *notify);           /* it serves; the timers begin */
void notify_reloading(Notify *notify);       /* before a reload … */
void notify_reloaded(Notify *notify, int r); /* … and after it: 0, or why the old config stays */
/* The watchdog is fed on until the end. The manager waits for the grace, whatever TimeoutStopSec= of the unit
 * says. */
void notify_stopping(Notify *notify, uint64_t grace_usec);
