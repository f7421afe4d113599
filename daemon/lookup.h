// SPDX-License-Identifier: Apache-2.0
/*
 * Looks at the engine's objects, one GET after the other, each answer whole in memory up to LIMIT_LOOK_BYTES.
 * On the connection that the request itself will take, where it can be kept: a look costs a round trip, and
 * no connection.
 */
#pragma once

#include "engine.h"
#include "env.h"
#include "policy/reason.h"

typedef struct Lookup Lookup;

typedef enum LookupState {
    LOOKUP_FAILED = 0, /* lookup_reason */
    LOOKUP_RUNNING,
    LOOKUP_DONE,
} LookupState;

/*
 * `engine`: a connection that is idle, which is taken, or NULL. `wake` comes from the loop whenever
 * lookup_run may get further; it must be the one of `engine`. NULL: out of memory, and `engine` is closed.
 */
Lookup *lookup_new(const Env *env, const Address *upstream, Engine *engine, ConnNotify wake, void *arg);
Lookup *lookup_free(Lookup *lookup); /* accepts NULL, returns NULL */

/* Begins a look: GET `target` (borrowed until it ends). Not while another runs. */
void lookup_start(Lookup *lookup, const char *target);

/* Goes as far as it can. */
LookupState lookup_run(Lookup *lookup);

/* When LOOKUP_DONE, until the next start. */
unsigned lookup_status(const Lookup *lookup);
Span lookup_body(const Lookup *lookup);

/* When LOOKUP_FAILED: LOOK_FAILED, LOOK_UNREADABLE or NO_MEMORY. */
Reason lookup_reason(const Lookup *lookup);

/* The connection, for another exchange. NULL: there is none that can be used again. */
Engine *lookup_take_engine(Lookup *lookup);
