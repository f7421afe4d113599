// SPDX-License-Identifier: Apache-2.0
#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "exchange.h"
#include "policy/spares.h"
#include "whois.h"

struct Client {
    Conn conn;
    const Env *env;
    Listener *listener; /* not looked at once `last` is set: a reload may have taken it away */
    SharedSubject *subject;
    Exchange *exchange;
    Engine *engine; /* between exchanges */
    Whois *whois;   /* while the engine is asked for the name of its container: nothing begins before */
    Alarm alarm;
    uint64_t idle_since_usec;
    uint64_t look_usec;  /* when to look whether it is still there; 0: it is read, which tells */
    MetricsPlace *place; /* of its listener, as of `generation` */
    unsigned generation;
    bool has_begun; /* with its first request */
    bool last;
    bool closed;
    bool charged;
    const ClientOwner *owner;
    Client *next;
    Client *previous;
    ReaperLink reaper_link;
};

_Static_assert(sizeof(Client) + sizeof(Engine) <= LIMIT_IDLE_BYTES / 4 * 3, "what an idle connection takes");

static void client_run(Client *client);

static void client_on_wake(void *arg) {
    client_run(arg);
}

/* --- Time --------------------------------------------------------------------------------------- */

/* Who connects has something to say: the time between requests is for who has said something. */
static uint64_t client_idle_timeout(const Client *client) {
    const ConfigLimits *limits = &listener_whole_config(client->listener)->limits;

    return client->has_begun || limits->idle_timeout_usec < limits->header_timeout_usec
               ? limits->idle_timeout_usec
               : limits->header_timeout_usec;
}

/* Between requests: the engine's connection goes first, then the client's. */
static uint64_t client_idle_deadline(const Client *client) {
    uint64_t idle = client->idle_since_usec + client_idle_timeout(client);
    uint64_t engine = client->idle_since_usec + TIME_ENGINE_IDLE_SECONDS * 1000000ull;

    return client->engine && engine < idle ? engine : idle;
}

static uint64_t client_deadline(const Client *client) {
    if (client->whois)
        return whois_deadline_usec(client->whois);
    return client->exchange ? exchange_deadline_usec(client->exchange) : client_idle_deadline(client);
}

/* Who isn't read while the engine is waited for could leave unseen, and the engine would work for nobody. */
static void client_set_look(Client *client) {
    if (!(client->exchange || client->whois) || !conn_needs_look(&client->conn))
        client->look_usec = 0;
    else if (client->look_usec == 0)
        client->look_usec = clock_coarse_usec() + TIME_HANGUP_LOOK_SECONDS * 1000000ull;
}

/* One that rings too early only looks again: setting it for each later deadline would cost more. */
static void client_arm(Client *client) {
    uint64_t deadline = client_deadline(client);

    client_set_look(client);
    if (client->look_usec != 0 && (deadline == 0 || client->look_usec < deadline))
        deadline = client->look_usec;
    if (deadline == 0 || (client->alarm.usec != 0 && client->alarm.usec <= deadline))
        return;
    if (alarms_set(client->env->alarms, &client->alarm, deadline) < 0)
        client_abort(client, END_ERROR); /* without one it could stay for ever */
}

void client_ring(Alarm *alarm) {
    Client *client = (Client *) ((char *) alarm - offsetof(Client, alarm));
    uint64_t deadline = client_deadline(client), now = clock_monotonic_usec();

    if (client->look_usec != 0 && client->look_usec <= now) {
        client->look_usec = 0;
        conn_look(&client->conn); /* client_run has what this finds */
    }
    if (deadline != 0 && deadline <= now) {
        if (client->exchange)
            exchange_timeout(client->exchange);
        else if (client->whois)
            ; /* which looks at the clock by itself */
        else if (client->engine)
            client->engine = engine_close(client->engine, client->env->reaper);
        else {
            client_abort(client, END_TIMEOUT);
            return;
        }
    }
    client_run(client);
}

/* --- Life cycle --------------------------------------------------------------------------------- */

/* Another after a reload, which may have given its listener another policy. */
static void client_find_place(Client *client) {
    const Metrics *metrics = client->env->metrics;

    if (!metrics || client->generation == metrics->generation)
        return;
    client->generation = metrics->generation;
    client->place = metrics_place(metrics, listener_config(client->listener));
}

static Spares client_spares;

Client *client_new(const Env *env, Listener *listener, int fd, SharedSubject *subject,
                   const ClientOwner *owner) {
    Client *client = spares_take(&client_spares, sizeof(*client));

    if (!client) {
        close(fd);
        return NULL;
    }
    memset(client, 0, sizeof(*client));
    client->env = env;
    client->listener = listener;
    client->subject = subjects_hold(subject);
    client->owner = owner;
    client->idle_since_usec = clock_coarse_usec();
    client_find_place(client);
    if (client->place)
        client->place->accepted++;
    conn_init(&client->conn, env->base, env->outbox, fd, client_on_wake, client);
    return client;
}

static void client_free(void *object) {
    Client *client = object;

    subjects_drop(client->subject);
    spares_give(&client_spares, client);
}

static void client_close(Client *client) {
    if (client->closed)
        return;
    client->closed = true;
    client->exchange = exchange_free(client->exchange);
    client->whois = whois_free(client->whois);
    client->engine = engine_close(client->engine, client->env->reaper);
    alarms_clear(client->env->alarms, &client->alarm);
    conn_done(&client->conn);
    client->owner->closed(client->owner->arg, client);
    reaper_add(client->env->reaper, &client->reaper_link, client_free, client);
}

void client_abort(Client *client, EndCause cause) {
    if (client->exchange)
        exchange_abort(client->exchange, cause);
    client_close(client);
}

/* --- One exchange after the other ---------------------------------------------------------------- */

/*
 * A reload may ask for groups that nobody had to know when it was accepted. Where they can't be read, it is
 * judged as one in no group.
 */
static void client_read_groups(Client *client) {
    if (identity_needs_groups(subjects_get(client->subject), listener_config(client->listener)))
        (void) subjects_read_groups(client->env->subjects, &client->subject, client->conn.fd);
}

static bool client_begin(Client *client) {
    ExchangeHost host;

    client_find_place(client);
    client_read_groups(client);
    host = (ExchangeHost){
        .env = client->env,
        .conn = &client->conn,
        .subject = subjects_get(client->subject),
        .place = client->place,
        .engine = &client->engine,
        .wake = client_on_wake,
        .arg = client,
    };

    client->has_begun = true;
    client->exchange =
        exchange_new(&host, listener_whole_config(client->listener), listener_config(client->listener));
    return client->exchange != NULL;
}

/*
 * The rules of its listener may hang on what the engine calls its container. False: it isn't told yet, or
 * there was no memory, and it is closed.
 */
static bool client_is_named(Client *client) {
    Subject *subject;

    if (!client->whois) {
        client->whois = whois_new(client->env, listener_whole_config(client->listener),
                                  subjects_get(client->subject)->origin.container, client_on_wake, client);
    }
    if (client->whois && whois_run(client->whois) == WHOIS_RUNNING)
        return false;
    subject = subjects_own(&client->subject);
    if (!subject) {
        client_close(client);
        return false;
    }
    identity_set_name(subject, client->whois ? whois_take_name(client->whois) : NULL,
                      client->whois ? whois_why(client->whois) : "out of memory");
    client->whois = whois_free(client->whois);
    client->idle_since_usec = clock_coarse_usec();
    return true;
}

/* A stranger after all, be it one that says nothing. True: his one exchange was begun. */
static bool client_turn_away(Client *client) {
    client->owner->turned_away(client->owner->arg, client);
    client->last = true;
    if (!client_begin(client)) {
        client_close(client);
        return false;
    }
    exchange_set_last(client->exchange);
    return true;
}

/* Between exchanges. True: bytes wait, and an exchange was begun for them. */
static bool client_idle(Client *client) {
    Conn *conn = &client->conn;

    if (client->engine && !engine_is_idle(client->engine))
        client->engine = engine_close(client->engine, client->env->reaper);
    if (client->last || conn->error || conn->write_error || conn_input_ended(conn) ||
        (client->whois && conn_hung_up(conn))) { /* nobody waits for what would be found */
        client_close(client);
        return false;
    }
    if (!client->whois)
        client_read_groups(client);
    if (client->whois ||
        identity_needs_name(subjects_get(client->subject), listener_config(client->listener))) {
        if (!client_is_named(client))
            return false;
        if (!identity_lets_in(subjects_get(client->subject), listener_config(client->listener)))
            return client_turn_away(client);
    }
    if (buffer_size(&conn->in) == 0)
        return false;
    if (client_begin(client))
        return true;
    client_close(client);
    return false;
}

static void client_run(Client *client) {
    ExchangeProgress progress = EXCHANGE_NEXT;

    while (!client->closed && (client->exchange || client_idle(client))) {
        progress = exchange_wake(client->exchange);
        if (progress == EXCHANGE_RUNNING)
            break;
        client->idle_since_usec = exchange_now_usec(client->exchange);
        client->exchange = exchange_free(client->exchange);
        if (progress == EXCHANGE_CLOSE)
            client_close(client);
    }
    if (!client->closed)
        client_arm(client);
}

void client_start(Client *client) {
    conn_update(&client->conn);
    client_run(client);
    conn_hear(&client->conn); /* who connects has mostly spoken by the time that he is taken */
}

void client_start_once(Client *client) {
    if (!client_begin(client)) {
        client_close(client);
        return;
    }
    client_set_last(client);
    client_start(client);
}

void client_refuse(Client *client, Reason reason, const char *rule) {
    if (!client_begin(client)) {
        client_close(client);
        return;
    }
    client_set_last(client);
    exchange_reject(client->exchange, reason, rule);
    conn_update(&client->conn);
    client_run(client);
}

void client_update(Client *client) {
    if (!client->exchange && !client->last)
        client_arm(client);
}

/* Who has connected just now has its first request on the way. */
static bool client_is_fresh(const Client *client) {
    return !client->has_begun &&
           clock_monotonic_usec() - client->idle_since_usec < TIME_FRESH_MSEC * UINT64_C(1000);
}

void client_set_last(Client *client) {
    bool begun = !client->exchange && client_is_fresh(client) && client_begin(client);

    client->last = true;
    if (!client->exchange) {
        client_close(client);
        return;
    }
    client->whois = whois_free(client->whois); /* too late for a name: the exchange's times hold */
    exchange_set_last(client->exchange);
    if (begun)
        client_run(client);
}

/* --- What the server asks ------------------------------------------------------------------------ */

const Subject *client_subject(const Client *client) {
    return subjects_get(client->subject);
}

const Listener *client_listener(const Client *client) {
    return client->listener;
}

bool client_was_charged(const Client *client) {
    return client->charged;
}

void client_set_charged(Client *client, bool charged) {
    client->charged = charged;
}

MetricsPlace *client_place(const Client *client) {
    return client->place;
}

ExchangeView client_view(const Client *client) {
    return client->exchange ? exchange_view(client->exchange) : (ExchangeView){.kind = METRICS_CONNECTIONS};
}

Client *client_next(const Client *client) {
    return client->next;
}

void client_link(Client **first, Client *client) {
    client->previous = NULL;
    client->next = *first;
    if (*first)
        (*first)->previous = client;
    *first = client;
}

void client_unlink(Client **first, Client *client) {
    if (client->previous)
        client->previous->next = client->next;
    else
        *first = client->next;
    if (client->next)
        client->next->previous = client->previous;
}
