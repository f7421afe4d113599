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

typedef enum EngineState {
    ENGINE_FAILED = 0, /* `error` says why */
    ENGINE_CONNECTING,
    ENGINE_READY,
} EngineState;

typedef struct Engine {
    Conn conn;
    EngineState state;
    int error; /* −errno */
    Address address;
    struct event_base *base;
    struct event retry; /* a full backlog on a unix socket says EAGAIN: try again soon */
    ReaperLink reaper_link;
    ConnNotify notify;
    void *arg;
} Engine;

/*
 * Starts to connect; `notify` comes from the loop when the state has changed and whenever the connection
 * has news. A unix socket mostly is ENGINE_READY on return. NULL: out of memory. A failed connect is a
 * state, not a NULL.
 */
Engine *engine_connect(struct event_base *base, const Address *address, ConnNotify notify, void *arg);

/* Closes now, frees later. Accepts NULL, returns NULL. */
Engine *engine_close(Engine *engine, Reaper *reaper);

/* True while it is fit for the next exchange: open, nothing unread, the engine hasn't ended its side. */
bool engine_is_idle(const Engine *engine);
