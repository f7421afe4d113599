// SPDX-License-Identifier: Apache-2.0
#include "held.h"

#include <event2/event.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "policy/limits.h"

struct Held {
    LIST_ENTRY(Held) link;
    OriginProcess process;
    struct event *timer;
    bool used; /* since the timer was set */
};

static LIST_HEAD(, Held) held_all = LIST_HEAD_INITIALIZER(held_all);

static bool held_set_timer(Held *held) {
    static const struct timeval wait = {.tv_sec = TIME_HELD_SECONDS};

    held->used = false;
    return event_add(held->timer, &wait) == 0;
}

/* One that comes all the time isn't to set a timer each time. */
static void held_on_time(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    Held *held = arg;

    if (!held->used || !held_set_timer(held))
        origin_let_go(&held->process);
}

Held *held_new(struct event_base *base) {
    Held *held = calloc(1, sizeof(*held));

    if (!held)
        return NULL;
    LIST_INSERT_HEAD(&held_all, held, link);
    held->timer = evtimer_new(base, held_on_time, held);
    return held->timer ? held : held_free(held);
}

Held *held_free(Held *held) {
    if (!held)
        return NULL;
    origin_let_go(&held->process);
    if (held->timer)
        event_free(held->timer);
    LIST_REMOVE(held, link);
    free(held);
    return NULL;
}

OriginProcess *held_use(Held *held) {
    held->used = true;
    if (!event_pending(held->timer, EV_TIMEOUT, NULL) && !held_set_timer(held)) {
        origin_let_go(&held->process);
        return NULL;
    }
    return &held->process;
}

bool held_let_all_go(void) {
    bool some = false;
    Held *held;

    LIST_FOREACH(held, &held_all, link) {
        some = some || held->process.pid > 0;
        origin_let_go(&held->process);
    }
    return some;
}
