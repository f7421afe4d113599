// SPDX-License-Identifier: Apache-2.0
/*
 * One listening socket: opened (or passed by systemd), accepting, closed. Stale unix sockets are taken
 * over, live ones are an error; the path is removed at the end only if it is still ours.
 */
#pragma once

#include "config.h"
#include "origin.h"

struct event_base;

typedef struct Listener Listener;

/*
 * New connections, at least one and at most LIMIT_ACCEPT_BATCH, in the order in which they were made: the
 * callee owns each of `fds` (non-blocking, close-on-exec). All of them are connected already; that it may
 * count on (arrivals).
 */
typedef void (*ListenerAccept)(void *arg, Listener *listener, const int *fds, size_t n);

/*
 * Opens what `config->listeners[index]` says, without accepting yet. Logged −errno on failure:
 * −EADDRINUSE when something answers on the path. `config` is referenced for as long as it is in use.
 * `passed`: where the address is fd://, the descriptor that systemd passed (passed.h), which stays open and
 * is duplicated; else −1.
 */
int listener_open(struct event_base *base, Config *config, size_t index, int passed, ListenerAccept accept,
                  void *arg, Listener **ret);
Listener *listener_free(Listener *listener); /* closes; removes a unix path that is still ours */

void listener_start(Listener *listener); /* accepting */
void listener_stop(Listener *listener);  /* not accepting, still bound */

/*
 * Before a reload takes over that kept this address: whether listener_update would do all that `config` says.
 * Nothing is changed. Logged −errno.
 */
int listener_try(const Listener *listener, const Config *config, size_t index);

/*
 * A reload kept this address: new settings (mode, owner, policy, allow lists) from now on. −errno when mode
 * or owner can't be set, −ESTALE when the path is no longer ours: the policy and the allow lists hold
 * nonetheless. Only where a passed socket doesn't fit the new keys do the old settings stay. Not logged.
 */
int listener_update(Listener *listener, Config *config, size_t index);

const ConfigListener *listener_config(const Listener *listener);
OriginProcess *listener_use_held(Listener *listener);    /* of who came to it last (held_use) */
bool listener_is_for_metrics(const Listener *listener);  /* it has no policy */
Config *listener_whole_config(const Listener *listener); /* borrowed */

/* Whether who looks for the address finds us there: a unix path may have been removed, or be another's. */
bool listener_is_in_place(const Listener *listener);
bool listener_is_at(const Listener *listener, const Address *address,
                    int passed); /* as listener_open takes them */
