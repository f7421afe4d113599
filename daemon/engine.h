// SPDX-License-Identifier: Apache-2.0
/*
 * A connection to the engine. It belongs to one client connection and carries one exchange at a time; it is
 * used again only after a response of known length that ended exactly, with nothing left over, and closed
 * in every other case: there is no response queue to get out of step.
 */
#pragma once

#include "address.h"
#include "conn.h"
#include "reaper.h"
#include "resolve.h"

typedef enum EngineState {
    ENGINE_FAILED = 0, /* `error` says why */
    ENGINE_CONNECTING,
    ENGINE_READY,
} EngineState;

typedef struct EngineAttempt EngineAttempt;   /* what it takes only to get connected */
typedef struct EngineUpstream EngineUpstream; /* where it leads; of all that lead there */

typedef struct Engine {
    Conn conn;
    EngineState state;
    int error; /* −errno */
    struct event_base *base;
    EngineAttempt
        *attempt;     /* while a name is looked up, its addresses are tried, a backlog is full; or NULL */
    const char *why;  /* what `error` alone doesn't tell: a name that isn't known (static); or NULL */
    unsigned n_tried; /* of a name's addresses */
    OutboxLink turn;  /* while it is to be connected at the turn's end */
    bool tcp;
    ReaperLink reaper_link;
    ConnNotify notify;
    void *arg;
    EngineUpstream *upstream;
} Engine;

/*
 * Starts to connect; `notify` comes from the loop when the state has changed and whenever the connection
 * has news. A unix socket is ENGINE_READY on return, or with an outbox at the turn's end. A name is looked
 * up, and its addresses are tried in turn; `resolver` may be NULL where no address is a name, `outbox` as
 * conn_init's. NULL: out of memory. A failed connect is a state, not a NULL.
 */
Engine *engine_connect(struct event_base *base, Outbox *outbox, Resolver *resolver, const Address *address,
                       ConnNotify notify, void *arg);

/* Whether it is one to `address`. */
bool engine_is_to(const Engine *engine, const Address *address);

/* Of ENGINE_FAILED, for people. */
const char *engine_why(const Engine *engine);

/* Closes now, frees later. Accepts NULL, returns NULL. */
Engine *engine_close(Engine *engine, Reaper *reaper);

/* True while it is fit for the next exchange: open, nothing unread or unwritten, neither side ended. */
bool engine_is_idle(const Engine *engine);
