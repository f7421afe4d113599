// SPDX-License-Identifier: Apache-2.0
/*
 * One timer for many deadlines: each connection has one, and most are never reached. A heap of pointers by
 * time; libevent's own would be an event of 128 bytes in each of them.
 */
#pragma once

#include <event2/event.h>

#include "policy/base.h"

typedef struct Alarms Alarms;

/* In whoever has the deadline. All zero: none is set. */
typedef struct Alarm {
    uint64_t usec; /* CLOCK_MONOTONIC; 0: not set */
    size_t place;  /* in the heap */
} Alarm;

/* From the loop, when it is due, and no longer set by then. Any may be set and cleared from there. */
typedef void (*AlarmRing)(Alarm *alarm);

Alarms *alarms_new(struct event_base *base, AlarmRing ring); /* NULL: out of memory */
Alarms *alarms_free(Alarms *alarms); /* accepts NULL, returns NULL; none may be set any more */

/* In place of when it was set for. 0 or −ENOMEM: then it isn't set. `usec` isn't 0; one that is past rings
 * soon. */
int alarms_set(Alarms *alarms, Alarm *alarm, uint64_t usec);
void alarms_clear(Alarms *alarms, Alarm *alarm); /* also one that isn't set */
