// SPDX-License-Identifier: Apache-2.0
/*
 * All listeners of a config, opened and swapped as one: a reload keeps those whose address stays, opens the
 * new ones first, and closes the old ones only when everything else has worked.
 */
#pragma once

#include "listener.h"

typedef struct ListenerSet {
    Listener **items; /* by the config's order */
    size_t *index;    /* of the config's listeners; sockets that systemd passed may share one */
    bool *kept;       /* opened by the set before this one */
    size_t n;
} ListenerSet;

typedef void (*ListenerGone)(void *arg, Listener *listener);

/*
 * Opens what `config` names, except addresses that `running` already has and is found at. All or nothing:
 * −errno, logged.
 */
int listener_set_open(ListenerSet *set, struct event_base *base, Config *config, const ListenerSet *running,
                      ListenerAccept accept, void *arg);

void listener_set_start(ListenerSet *set);

/* Undoes listener_set_open: closes what it opened, leaves what it would have kept. */
void listener_set_abandon(ListenerSet *set);

/*
 * `next` takes over from `running`: kept listeners get their new settings, others start, and those that are
 * in `running` alone are told to `gone` and closed. `next` is empty afterwards.
 */
void listener_set_swap(ListenerSet *running, ListenerSet *next, Config *config, ListenerGone gone, void *arg);

void listener_set_done(ListenerSet *set); /* closes all */
