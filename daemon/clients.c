// SPDX-License-Identifier: Apache-2.0
#include "clients.h"

#include <errno.h>

/*
 * Connections that are refused may stay beyond the limits for as long as their request and its answer take;
 * past these they are answered on the spot and closed, though the close may overtake the answer.
 */
#define CLIENTS_REFUSALS 32u

static void clients_on_closed(void *arg, Client *client) {
    Clients *clients = arg;

    client_unlink(&clients->first, client);
    heap_client_gone(clients->heap);
    if (client_was_charged(client))
        quota_refund(clients->quota, client_subject(client));
    else
        clients->n_refusals--;
    if (!clients->first)
        clients->empty(clients->arg);
}

/*
 * As clients_hear_stranger(): it uses up no limit of those who may, as long as there is room for strangers.
 */
static void clients_on_turned_away(void *arg, Client *client) {
    Clients *clients = arg;

    if (clients->n_refusals >= CLIENTS_REFUSALS)
        return;
    clients->n_refusals++;
    quota_refund(clients->quota, client_subject(client));
    client_set_charged(client, false);
}

static void clients_refuse(Clients *clients, Client *client, Reason reason, const char *rule) {
    bool crowded = clients->n_refusals++ >= CLIENTS_REFUSALS;

    client_refuse(client, reason, rule);
    if (crowded)
        client_abort(client, END_ERROR);
}

/* Its one request is read, for the record, and denied. It counts towards no limit: it could use them up. */
static void clients_hear_stranger(Clients *clients, Client *client, Reason reason, const char *rule) {
    if (clients->n_refusals >= CLIENTS_REFUSALS) {
        clients_refuse(clients, client, reason, rule);
        return;
    }
    clients->n_refusals++;
    client_start_once(client);
}

/* Whom only his container's name lets in is in until the engine has told it: the exchange judges again. */
static Reason clients_judge(const Subject *subject, const ConfigListener *listener, const char **ret_rule) {
    const char *why;

    return identity_needs_name(subject, listener) ? REASON_OK
                                                  : identity_judge(subject, listener, ret_rule, &why);
}

/*
 * Whoever is within the limits gets in, however many refusals linger: else one client past its own limit
 * would shut out all others.
 */
void clients_take(Clients *clients, Listener *listener, int fd, SharedSubject *who, int error) {
    const Subject *subject = subjects_get(who);
    const char *rule = "listener.identity";
    bool known = error == 0, allowed, charged;
    Reason reason = error == -ENOMEM ? REASON_NO_MEMORY : REASON_CLIENT_NOT_ALLOWED;
    Client *client;

    if (known)
        reason = clients_judge(subject, listener_config(listener), &rule);
    allowed = reason == REASON_OK;
    charged = allowed && quota_charge(clients->quota, subject, &(*clients->config)->limits) == 0;
    client = client_new(clients->env, listener, fd, who, &clients->owner);
    if (!client) {
        if (charged)
            quota_refund(clients->quota, subject);
        return;
    }
    client_link(&clients->first, client);
    heap_client_came(clients->heap);
    if (charged) {
        client_set_charged(client, true);
        client_start(client);
    } else if (allowed)
        clients_refuse(clients, client, REASON_CONNECTION_LIMIT, "limits.connections");
    else if (known)
        clients_hear_stranger(clients, client, reason, rule);
    else
        clients_refuse(clients, client, reason, reason == REASON_NO_MEMORY ? NULL : rule);
}

void clients_set_last(Clients *clients, const Listener *listener) {
    Client *next;

    for (Client *client = clients->first; client; client = next) {
        next = client_next(client);
        if (!listener || client_listener(client) == listener)
            client_set_last(client);
    }
}

void clients_update(Clients *clients) {
    Client *next;

    for (Client *client = clients->first; client; client = next) {
        next = client_next(client);
        client_update(client);
    }
}

void clients_abort(Clients *clients, EndCause cause) {
    while (clients->first)
        client_abort(clients->first, cause);
}

/* --- Life cycle --------------------------------------------------------------------------------- */

int clients_init(Clients *clients, const Env *env, Config *const *config, ClientsEmpty empty, void *arg) {
    *clients = (Clients){.env = env, .config = config, .empty = empty, .arg = arg};
    clients->owner = (ClientOwner){clients_on_closed, clients_on_turned_away, clients};
    clients->quota = quota_new();
    clients->heap = heap_new(env->base);
    return clients->quota && clients->heap ? 0 : -ENOMEM;
}

void clients_done(Clients *clients) {
    clients_abort(clients, END_SHUTDOWN);
    clients->quota = quota_free(clients->quota);
    clients->heap = heap_free(clients->heap);
}
