// SPDX-License-Identifier: Apache-2.0
#include "alarms.h"

#include <errno.h>
#include <stdlib.h>

#include "clock.h"

#define ALARMS_FIRST 64u

struct Alarms {
    struct event *timer;
    AlarmRing ring;
    uint64_t timer_usec; /* when it fires; 0: it doesn't. Too early is no harm: it only looks again */
    Alarm **heap;        /* the soonest first; each knows its place, beginning with 0 */
    size_t n;
    size_t capacity;
};

/* --- the heap */

static void alarms_put(Alarms *alarms, size_t place, Alarm *alarm) {
    alarms->heap[place] = alarm;
    alarm->place = place;
}

static void alarms_sift_up(Alarms *alarms, Alarm *alarm) {
    size_t place = alarm->place;

    while (place > 0 && alarms->heap[(place - 1) / 2]->usec > alarm->usec) {
        alarms_put(alarms, place, alarms->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    alarms_put(alarms, place, alarm);
}

static void alarms_sift_down(Alarms *alarms, Alarm *alarm) {
    size_t place = alarm->place;

    for (size_t child = 2 * place + 1; child < alarms->n; child = 2 * place + 1) {
        if (child + 1 < alarms->n && alarms->heap[child + 1]->usec < alarms->heap[child]->usec)
            child++;
        if (alarms->heap[child]->usec >= alarm->usec)
            break;
        alarms_put(alarms, place, alarms->heap[child]);
        place = child;
    }
    alarms_put(alarms, place, alarm);
}

static int alarms_reserve(Alarms *alarms) {
    size_t capacity = alarms->capacity ? 2 * alarms->capacity : ALARMS_FIRST;
    Alarm **heap;

    if (alarms->n < alarms->capacity)
        return 0;
    heap = reallocarray(alarms->heap, capacity, sizeof(Alarm *));
    if (!heap)
        return -ENOMEM;
    alarms->heap = heap;
    alarms->capacity = capacity;
    return 0;
}

/* --- the timer */

static int alarms_arm(Alarms *alarms) {
    uint64_t now, left;
    struct timeval wait;

    if (alarms->n == 0 || (alarms->timer_usec != 0 && alarms->timer_usec <= alarms->heap[0]->usec))
        return 0;
    now = clock_monotonic_usec();
    left = alarms->heap[0]->usec > now ? alarms->heap[0]->usec - now : 0;
    wait = (struct timeval){.tv_sec = (time_t) (left / 1000000), .tv_usec = (suseconds_t) (left % 1000000)};
    if (event_add(alarms->timer, &wait) < 0)
        return -ENOMEM;
    alarms->timer_usec = alarms->heap[0]->usec;
    return 0;
}

static void alarms_on_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    Alarms *alarms = arg;
    uint64_t now = clock_monotonic_usec();

    alarms->timer_usec = 0;
    /* As many as there are now: who sets one that is past at once waits for the next turn. */
    for (size_t left = alarms->n; left > 0 && alarms->n > 0 && alarms->heap[0]->usec <= now; left--) {
        Alarm *due = alarms->heap[0];

        alarms_clear(alarms, due);
        alarms->ring(due);
    }
    (void) alarms_arm(alarms); /* libevent has had room for it before; and the next that is set tries again */
}

/* --- */

Alarms *alarms_new(struct event_base *base, AlarmRing ring) {
    Alarms *alarms = calloc(1, sizeof(*alarms));

    if (!alarms)
        return NULL;
    alarms->ring = ring;
    alarms->timer = event_new(base, -1, 0, alarms_on_timer, alarms);
    return alarms->timer ? alarms : alarms_free(alarms);
}

Alarms *alarms_free(Alarms *alarms) {
    if (!alarms)
        return NULL;
    if (alarms->timer)
        event_free(alarms->timer);
    free(alarms->heap);
    free(alarms);
    return NULL;
}

int alarms_set(Alarms *alarms, Alarm *alarm, uint64_t usec) {
    int r;

    alarms_clear(alarms, alarm);
    r = alarms_reserve(alarms);
    if (r < 0)
        return r;
    alarm->usec = usec;
    alarm->place = alarms->n++;
    alarms_sift_up(alarms, alarm);
    r = alarms_arm(alarms);
    if (r < 0)
        alarms_clear(alarms, alarm);
    return r;
}

void alarms_clear(Alarms *alarms, Alarm *alarm) {
    Alarm *last;

    if (alarm->usec == 0)
        return;
    last = alarms->heap[--alarms->n];
    if (last != alarm) {
        alarms_put(alarms, alarm->place, last);
        alarms_sift_up(alarms, last);
        alarms_sift_down(alarms, last);
    }
    *alarm = (Alarm){0};
}
