// SPDX-License-Identifier: Apache-2.0
#include "listener_set.h"

#include <errno.h>
#include <stdlib.h>

#include "log.h"
#include "passed.h"

/* One that served requests can't go on with metrics, nor the other way: its connections are of that kind. */
static Listener *listener_set_find(const ListenerSet *set, const Address *address, int passed, bool metrics) {
    for (size_t i = 0; i < set->n; i++)
        if (listener_is_at(set->items[i], address, passed) && listener_is_in_place(set->items[i]) &&
            listener_is_for_metrics(set->items[i]) == metrics)
            return set->items[i];
    return NULL; /* or its node has gone: then another takes its place */
}

static bool listener_set_has(const ListenerSet *set, const Listener *listener) {
    for (size_t i = 0; i < set->n; i++)
        if (set->items[i] == listener)
            return true;
    return false;
}

static void listener_set_clear(ListenerSet *set) {
    free(set->items);
    free(set->index);
    free(set->kept);
    *set = (ListenerSet){0};
}

/* What all of an opening have in common. */
typedef struct ListenerOpening {
    ListenerSet *set;
    struct event_base *base;
    Config *config;
    const ListenerSet *running;
    ListenerAccept accept;
    void *arg;
} ListenerOpening;

static int listener_set_add(const ListenerOpening *o, size_t index, int passed) {
    ListenerSet *set = o->set;
    Listener **item = &set->items[set->n];
    int r;

    *item = listener_set_find(o->running, &o->config->listeners[index].address, passed,
                              index == o->config->n_listeners);
    set->index[set->n] = index;
    set->kept[set->n] = *item != NULL;
    r = *item ? listener_try(*item, o->config, index)
              : listener_open(o->base, o->config, index, passed, o->accept, o->arg, item);
    if (r == 0)
        set->n++;
    return r;
}

static int listener_set_add_passed(const ListenerOpening *o, size_t index, const Passed *passed) {
    int r = 0;

    for (size_t i = 0; r == 0 && i < passed->n; i++)
        if (passed_is_for(passed, i, o->config, index))
            r = listener_set_add(o, index, passed_fd(i));
    return r;
}

static int listener_set_add_all(const ListenerOpening *o, const Passed *passed) {
    size_t room = config_n_sockets(o->config) + passed->n + 1;
    int r = passed_check(passed, o->config);

    if (r < 0)
        return r;
    *o->set = (ListenerSet){
        .items = calloc(room, sizeof(Listener *)),
        .index = calloc(room, sizeof(size_t)),
        .kept = calloc(room, sizeof(bool)),
    };
    if (!o->set->items || !o->set->index || !o->set->kept)
        return -ENOMEM;
    for (size_t i = 0; r == 0 && i < config_n_sockets(o->config); i++)
        r = o->config->listeners[i].address.kind == ADDRESS_FD ? listener_set_add_passed(o, i, passed)
                                                               : listener_set_add(o, i, -1);
    return r;
}

int listener_set_open(ListenerSet *set, struct event_base *base, Config *config, const ListenerSet *running,
                      ListenerAccept accept, void *arg) {
    const ListenerOpening opening = {set, base, config, running, accept, arg};
    Passed passed = {0};
    int r = passed_read(&passed);

    *set = (ListenerSet){0};
    if (r < 0) {
        log_error("the sockets that systemd passed can't be read: %s", strerror(-r));
        return r;
    }
    r = listener_set_add_all(&opening, &passed);
    passed_done(&passed);
    if (r < 0)
        listener_set_abandon(set);
    return r;
}

void listener_set_start(ListenerSet *set) {
    for (size_t i = 0; i < set->n; i++)
        listener_start(set->items[i]);
}

void listener_set_abandon(ListenerSet *set) {
    for (size_t i = 0; i < set->n; i++)
        if (!set->kept[i])
            listener_free(set->items[i]);
    listener_set_clear(set);
}

void listener_set_swap(ListenerSet *running, ListenerSet *next, Config *config, ListenerGone gone,
                       void *arg) {
    for (size_t i = 0; i < next->n; i++) {
        int r = next->kept[i] ? listener_update(next->items[i], config, next->index[i]) : 0;
        if (r < 0)
            log_error("%s: new mode, owner or group not set: %s",
                      config->listeners[next->index[i]].address.text, strerror(-r));
        listener_start(next->items[i]);
    }
    for (size_t i = 0; i < running->n; i++)
        if (!listener_set_has(next, running->items[i])) {
            gone(arg, running->items[i]);
            listener_free(running->items[i]);
        }
    listener_set_clear(running);
    *running = *next;
    *next = (ListenerSet){0};
}

void listener_set_done(ListenerSet *set) {
    for (size_t i = 0; i < set->n; i++)
        listener_free(set->items[i]);
    listener_set_clear(set);
}
