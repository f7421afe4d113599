// SPDX-License-Identifier: Apache-2.0
/*
 * The process that came last to a listener, held open for who comes next. A client that makes a connection
 * for each request costs a look into /proc each time, most of which is opening and closing; held open, the
 * same is read anew in a third of the calls. Nothing that was read is kept.
 *
 * That it is the same process when a connection comes with its pid: it connected to this listener before (it
 * was pinned by that socket, SO_PEERPIDFD), the queue keeps the order of the connects, and it is alive behind
 * the new look; so the pid was nobody else's in between (arrivals.h has the sources). Hence one for each
 * listener: of two queues there is no order.
 *
 * Let go of once nobody has come for a while, and where somebody else finds no descriptor.
 */
#pragma once

#include "origin.h"

struct event_base;

typedef struct Held Held;

Held *held_new(struct event_base *base); /* NULL: out of memory */
Held *held_free(Held *held);             /* accepts NULL, returns NULL */

/* For connections that were accepted just now. NULL: none may be held, for want of memory. */
OriginProcess *held_use(Held *held);

/* Descriptors are short: those of all listeners; whether some were given back by this. */
bool held_let_all_go(void);
