// SPDX-License-Identifier: Apache-2.0
#include "held.h"

#include <event2/event.h>
#include <stdlib.h>

#include "policy/limits.h"

struct Held {
    OriginProcess process;
    struct event *timer;
    bool used; /* since the timer was set */
};

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
    held->timer = evtimer_new(base, held_on_time, held);
    return held->timer ? held : held_free(held);
}

Held *held_free(Held *held) {
    if (!held)
        return NULL;
    origin_let_go(&held->process);
    if (held->timer)
        event_free(held->timer);
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
