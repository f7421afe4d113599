// SPDX-License-Identifier: Apache-2.0
#include "health.h"

#include <stdlib.h>

#include "clock.h"
#include "probe.h"

struct Health {
    const Env *env;
    Config *const *config;
    ConnNotify heard;
    void *arg;
    /* Ends a question; also tells who asked, from the loop, of one that couldn't begin. */
    struct event *timer;
    Probe *probe;
    uint64_t known_usec; /* CLOCK_MONOTONIC; 0: not known */
    bool up;
};

static void health_settle(Health *health, bool up) {
    health->probe = probe_free(health->probe);
    event_del(health->timer);
    health->up = up;
    health->known_usec = clock_monotonic_usec();
    health->heard(health->arg);
}

static void health_on_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    health_settle(arg, false);
}

static void health_on_wake(void *arg) {
    Health *health = arg;

    if (!health->probe)
        return;
    switch (probe_run(health->probe)) {
    case PROBE_RUNNING:
        return;
    case PROBE_FAILED:
        health_settle(health, false);
        return;
    case PROBE_DONE:
        health_settle(health, probe_status(health->probe) == 200);
        return;
    }
}

Health *health_new(const Env *env, Config *const *config, ConnNotify heard, void *arg) {
    Health *health = calloc(1, sizeof(*health));

    if (!health)
        return NULL;
    *health = (Health){.env = env, .config = config, .heard = heard, .arg = arg};
    health->timer = evtimer_new(env->base, health_on_timer, health);
    return health->timer ? health : health_free(health);
}

Health *health_free(Health *health) {
    if (!health)
        return NULL;
    probe_free(health->probe);
    if (health->timer)
        event_free(health->timer);
    free(health);
    return NULL;
}

void health_forget(Health *health) {
    if (!health)
        return;
    health->known_usec = 0;
    if (health->probe) { /* of the old upstream: who waits hears of the new one */
        health->probe = probe_free(health->probe);
        event_del(health->timer);
        health->heard(health->arg);
    }
}

static void health_begin(Health *health) {
    static const struct timeval patience = {.tv_sec = TIME_HEALTH_WAIT_SECONDS};

    health->probe = probe_new(health->env, *health->config, "/_ping", health_on_wake, health);
    /* An engine that isn't there is known at once, and told from the loop nonetheless. */
    if (!health->probe || event_add(health->timer, &patience) < 0 ||
        probe_run(health->probe) != PROBE_RUNNING)
        event_active(health->timer, EV_TIMEOUT, 0);
}

bool health_ask(Health *health, bool *ret_up) {
    uint64_t now = clock_monotonic_usec();

    if (health->known_usec != 0 && now - health->known_usec < TIME_HEALTH_SECONDS * 1000000ull) {
        *ret_up = health->up;
        return true;
    }
    if (!health->probe)
        health_begin(health);
    return false;
}
