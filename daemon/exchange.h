// SPDX-License-Identifier: Apache-2.0
/*
 * The spine: one request and its response, from the first byte of the head to the outcome record. The only
 * state machine; events wake it, it looks at where its two connections stand and goes as far as it can.
 *
 *   READ_HEAD → PROBE? → READ_BODY? → LOOK? → ADMIT → CONNECT → WAIT_HEAD → FILTER? → RELAY | TUNNEL → DONE
 *   any → ANSWER → DRAIN | LINGER? → DONE
 *
 * How far each direction's bytes have got lives in the two flows, never as extra states: that is what keeps
 * full duplex (an early answer while an upload runs, half-closes) out of the machine.
 */
#pragma once

#include "config.h"
#include "conn.h"
#include "engine.h"
#include "env.h"
#include "identity.h"

typedef struct Exchange Exchange;

typedef enum ExchangeProgress {
    EXCHANGE_CLOSE = 0, /* over, and the client's connection with it */
    EXCHANGE_NEXT,      /* over; the connection can carry another */
    EXCHANGE_RUNNING,
} ExchangeProgress;

/* What the client's connection lends for as long as the exchange lives. */
typedef struct ExchangeHost {
    const Env *env;
    Conn *conn;
    const Subject *subject;
    MetricsPlace *place; /* where it is counted; NULL: nowhere */
    Engine **engine;     /* its connection to the engine, if one is open; taken and given back */
    ConnNotify wake;     /* has exchange_wake called, from the loop */
    void *arg;
} ExchangeHost;

/* `listener` is one of config's; config is referenced. NULL: out of memory, or no randomness for an ID. */
Exchange *exchange_new(const ExchangeHost *host, Config *config, const ConfigListener *listener);
Exchange *exchange_free(Exchange *exchange); /* accepts NULL, returns NULL */

/* Before any byte was read: answers `reason` (403 or 503), with `rule` or NULL. Then exchange_wake. */
void exchange_reject(Exchange *exchange, Reason reason, const char *rule);

/* Goes as far as it can. After anything but EXCHANGE_RUNNING: exchange_free. */
ExchangeProgress exchange_wake(Exchange *exchange);

/* When exchange_timeout is due, CLOCK_MONOTONIC; 0: never. */
uint64_t exchange_deadline_usec(const Exchange *exchange);
void exchange_timeout(Exchange *exchange); /* then exchange_wake */

/* CLOCK_MONOTONIC as it was when exchange_wake returned, or a tick before. */
uint64_t exchange_now_usec(const Exchange *exchange);

/* No further exchange on this connection: the daemon is going down, or the listener is gone. */
void exchange_set_last(Exchange *exchange);

/* Ends it where it stands, with its outcome on record, or that it came to no decision. Then exchange_free. */
void exchange_abort(Exchange *exchange, EndCause cause);

/* How far it is, for who looks on. Strings live as long as the exchange. */
typedef struct ExchangeView {
    MetricsOpen kind; /* METRICS_CONNECTIONS: it has no request yet, or none any more */
    const char *id;
    const char *operation;
    uint64_t began_usec;                    /* CLOCK_MONOTONIC */
    uint64_t bytes[METRICS_DIRECTION_MAX_]; /* that exchange_meter_end() has still to count */
} ExchangeView;

ExchangeView exchange_view(const Exchange *exchange);
