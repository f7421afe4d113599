// SPDX-License-Identifier: Apache-2.0
#include "listener_set.h"

#include <errno.h>
#include <stdlib.h>

#include "log.h"

static Listener *listener_set_find(const ListenerSet *set, const Address *address) {
    for (size_t i = 0; i < set->n; i++)
        if (listener_same_address(set->items[i], address) && listener_is_in_place(set->items[i]))
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
    free(set->kept);
    *set = (ListenerSet){0};
}

int listener_set_open(ListenerSet *set, struct event_base *base, Config *config, const ListenerSet *running,
                      ListenerAccept accept, void *arg) {
    int r = 0;

    *set = (ListenerSet){
        .items = calloc(config->n_listeners + 1, sizeof(Listener *)),
        .kept = calloc(config->n_listeners + 1, sizeof(bool)),
    };
    if (!set->items || !set->kept) {
        listener_set_clear(set);
        return -ENOMEM;
    }
    for (size_t i = 0; r == 0 && i < config->n_listeners; i++) {
        set->items[i] = listener_set_find(running, &config->listeners[i].address);
        set->kept[i] = set->items[i] != NULL;
        if (!set->kept[i])
            r = listener_open(base, config, i, accept, arg, &set->items[i]);
        if (r == 0)
            set->n++;
    }
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
        int r = next->kept[i] ? listener_update(next->items[i], config, i) : 0;
        if (r < 0)
            log_error("%s: new mode, owner or group not set: %s", config->listeners[i].address.text,
                      strerror(-r));
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
