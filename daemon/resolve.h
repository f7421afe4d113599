// SPDX-License-Identifier: Apache-2.0
/*
 * The upstream's host name, asked for when a connection begins, so that an engine that came back elsewhere (a
 * container started anew) is found without a reload. getaddrinfo(3) blocks, for half a minute when no name
 * server answers: a thread of its own calls it, one for each name however many wait for it. (libevent's
 * resolver needs no thread, but ends the process when an allocation fails.)
 */
#pragma once

#include <event2/event.h>
#include <netdb.h>

#include "policy/base.h"

typedef struct Resolver Resolver;
typedef struct Resolution Resolution; /* somebody who waits */

/*
 * `why` is NULL and `found` has at least one address, valid during the call; or why there is none (static).
 */
typedef void (*ResolveDone)(void *arg, const char *why, const struct addrinfo *found);

/* As getaddrinfo(3), which is what the daemon takes; what it finds is freed with freeaddrinfo(3). */
typedef int (*ResolverLookUp)(const char *host, const char *service, const struct addrinfo *hints,
                              struct addrinfo **ret);

/*
 * Before the first name: libc reads its configuration now, while there is memory. Without that its first
 * look-up ends the process when an allocation fails (glibc, nss_database_reload_1).
 */
void resolver_prime(void);

/* NULL: out of memory. */
Resolver *resolver_new(struct event_base *base, ResolverLookUp look_up);

/* Nobody may wait any more; a thread that still runs is left to its end. Accepts NULL, returns NULL. */
Resolver *resolver_free(Resolver *resolver);

/*
 * Asks for the addresses of a stream socket at HOST:PORT. `done` comes from the loop, once. 0, −ENOMEM,
 * −EAGAIN (more than LIMIT_LOOKUPS names at once), or what a thread or an eventfd(2) costs.
 */
int resolve_start(Resolver *resolver, const char *host, unsigned port, ResolveDone done, void *arg,
                  Resolution **ret);

/* `done` won't be called. Accepts NULL, returns NULL. Must not be called from `done` for itself. */
Resolution *resolve_cancel(Resolution *resolution);
