// SPDX-License-Identifier: Apache-2.0
/*
 * One accepted connection: its socket, who is at the other end, at most one exchange at a time, and the
 * connection to the engine that its exchanges share.
 */
#pragma once

#include "env.h"
#include "exchange.h"
#include "listener.h"
#include "policy/reason.h"

typedef struct Client Client;

/* Who is told, from the loop. */
typedef struct ClientOwner {
    /* Once, when the connection is closed; the client frees itself afterwards. */
    void (*closed)(void *arg, Client *client);
    /* It was let in until its container's name would be known, and isn't: its one request is heard and
     * denied. */
    void (*turned_away)(void *arg, Client *client);
    void *arg;
} ClientOwner;

/* Takes `fd`, also on failure, and holds `subject` by itself; `owner` outlives it. NULL: out of memory.
 * Nothing is read before client_start. */
Client *client_new(const Env *env, Listener *listener, int fd, SharedSubject *subject,
                   const ClientOwner *owner);

/* From where it was accepted: what it has said already is read at once (conn_hear). */
void client_start(Client *client);

/* For who will be refused: one request is read, within header_timeout, and the connection ends with it. */
void client_start_once(Client *client);

/* Instead of client_start: answers `reason` at once, and closes. */
void client_refuse(Client *client, Reason reason, const char *rule);

/* An AlarmRing: of the env's alarms, which are all clients'. */
void client_ring(Alarm *alarm);

/* The config of its listener is another: its times hold from now on. May close it. */
void client_update(Client *client);

/*
 * The running exchange, if any, is the last; an idle client is closed now, but one that has only just
 * connected may still bring its first request, within header_timeout. Its listener may go after this.
 */
void client_set_last(Client *client);

/* Closes now; the exchange's outcome says `cause`. */
void client_abort(Client *client, EndCause cause);

const Subject *client_subject(const Client *client);
const Listener *client_listener(const Client *client);
bool client_was_charged(const Client *client); /* for the server's quota */
void client_set_charged(Client *client, bool charged);

MetricsPlace *client_place(const Client *client); /* where it is counted; NULL: nowhere */
ExchangeView client_view(const Client *client);   /* its exchange, if there is one */

/* The server's list. */
Client *client_next(const Client *client);
void client_link(Client **first, Client *client);
void client_unlink(Client **first, Client *client);
