// SPDX-License-Identifier: Apache-2.0
#include "engine.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <unistd.h>

#include "held.h"
#include "policy/limits.h"
#include "policy/spares.h"
#include "tcp.h"

#define ENGINE_RETRY_USEC 10000
#define ENGINE_WARY 1024u /* connects, each by itself, behind a full backlog: ring_connect() says why */

typedef struct EngineSocket {
    union {
        struct sockaddr any;
        struct sockaddr_un un;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } address;
    socklen_t length;
} EngineSocket;

struct EngineAttempt {
    Resolution *resolution;                       /* the name is being looked up */
    EngineSocket found[LIMIT_RESOLVED_ADDRESSES]; /* what it stands for */
    size_t n_found;
    struct event retry; /* a full backlog on a unix socket says EAGAIN: try again soon */
};

/*
 * What is known of an address, once for all connections that it was used for: mostly there is one, after a
 * reload another for as long as connections of before are left.
 */
struct EngineUpstream {
    LIST_ENTRY(EngineUpstream) link;
    size_t n;             /* connections */
    EngineSocket address; /* if it is a unix socket's */
    unsigned wary;        /* as many are to be connected by themselves */
    char text[];
};

static LIST_HEAD(, EngineUpstream) engine_upstreams = LIST_HEAD_INITIALIZER(engine_upstreams);
static Spares engine_spares;

static void engine_try(Engine *engine, const struct sockaddr *address, socklen_t length);
static void engine_try_rest(Engine *engine);
static void engine_on_retry(evutil_socket_t fd, short what, void *arg);

static void engine_fail(Engine *engine, int error, const char *why) {
    engine->state = ENGINE_FAILED;
    engine->error = error;
    engine->why = why;
}

static bool engine_begin_attempt(Engine *engine) {
    EngineAttempt *attempt = engine->attempt;

    if (attempt)
        return true;
    attempt = calloc(1, sizeof(*attempt));
    if (!attempt)
        return false;
    event_assign(&attempt->retry, engine->base, -1, 0, engine_on_retry, engine);
    engine->attempt = attempt;
    return true;
}

static void engine_end_attempt(Engine *engine) {
    EngineAttempt *attempt = TAKE_PTR(engine->attempt);

    outbox_remove(engine->conn.outbox, &engine->turn);
    if (!attempt)
        return;
    (void) resolve_cancel(attempt->resolution);
    event_del(&attempt->retry);
    free(attempt);
}

/* Whoever waits hears that it is over, one way or the other. */
static void engine_tell(Engine *engine) {
    if (engine->state == ENGINE_CONNECTING)
        return;
    engine_end_attempt(engine);
    engine->notify(engine->arg);
}

static void engine_on_conn(void *arg) {
    Engine *engine = arg;
    int error = 0;
    socklen_t size = sizeof(error);

    if (engine->state == ENGINE_CONNECTING) {
        if (getsockopt(engine->conn.fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
            error = errno;
        error = error ? -error : engine->conn.error;
        if (error != 0)
            engine_fail(engine, error, NULL);
        else {
            engine->state = ENGINE_READY;
            conn_update(&engine->conn);
        }
        engine_try_rest(engine);
    }
    engine_tell(engine);
}

static int engine_try_later(Engine *engine) {
    static const struct timeval soon = {.tv_usec = ENGINE_RETRY_USEC};

    engine->upstream->wary = ENGINE_WARY;
    if (!engine_begin_attempt(engine))
        return -ENOMEM;
    return event_add(&engine->attempt->retry, &soon) < 0 ? -ENOMEM : 0;
}

/* `error`: 0, or connect(2)'s −errno. Only a unix socket's backlog says EAGAIN. */
static void engine_take_result(Engine *engine, int error) {
    if (error == 0) {
        engine->state = ENGINE_READY;
        conn_update(&engine->conn);
        return;
    }
    if (error == -EAGAIN && !engine->tcp)
        error = engine_try_later(engine);
    else if (error == -EINPROGRESS)
        error = conn_wait_for_room(&engine->conn);
    if (error < 0)
        engine_fail(engine, error, NULL);
}

static int engine_try_now(const Engine *engine, const struct sockaddr *address, socklen_t length) {
    return connect(engine->conn.fd, address, length) < 0 ? -errno : 0;
}

static void engine_on_retry(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    Engine *engine = arg;
    const EngineSocket *again = &engine->upstream->address;

    engine_take_result(engine, engine_try_now(engine, &again->address.any, again->length));
    engine_tell(engine);
}

static Engine *engine_of(OutboxLink *turn) {
    return (Engine *) (void *) ((char *) turn - offsetof(Engine, turn));
}

static void engine_collect(OutboxLink *turn, RingConnect *ret) {
    Engine *engine = engine_of(turn);
    const EngineSocket *to = &engine->upstream->address;

    *ret = (RingConnect){.fd = engine->conn.fd, .address = &to->address.any, .length = to->length};
}

static void engine_connected(OutboxLink *turn, int error) {
    engine_take_result(engine_of(turn), error);
}

static void engine_tell_of_it(OutboxLink *turn) {
    engine_tell(engine_of(turn));
}

static const OutboxConnectCalls engine_calls = {engine_collect, engine_connected, engine_tell_of_it};

/* At the turn's end, with the others; while a backlog is known to be full by itself. */
static void engine_try(Engine *engine, const struct sockaddr *address, socklen_t length) {
    EngineUpstream *upstream = engine->upstream;
    Outbox *outbox = engine->conn.outbox;

    if (upstream->wary > 0)
        upstream->wary--;
    else if (outbox && address->sa_family == AF_UNIX && outbox_connect(outbox, &engine->turn, &engine_calls))
        return;
    engine_take_result(engine, engine_try_now(engine, address, length));
}

/* True: there are some again. What has closed in this turn keeps its descriptor until its end. */
static bool engine_find_descriptors(const Engine *engine) {
    bool some = held_let_all_go();

    return (engine->conn.outbox && outbox_close_now(engine->conn.outbox)) || some;
}

/* −errno: none is to be had. */
static int engine_socket(const Engine *engine, int family) {
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0 && (errno == EMFILE || errno == ENFILE) && engine_find_descriptors(engine))
        fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return fd < 0 ? -errno : fd;
}

static void engine_open(Engine *engine, const struct sockaddr *address, socklen_t length) {
    int fd;

    conn_done(&engine->conn); /* first: the last one there is may be that of the address before this */
    fd = engine_socket(engine, address->sa_family);
    if (fd < 0) {
        engine_fail(engine, fd, NULL);
        return;
    }
    if (engine->tcp)
        (void) tcp_set_options(fd); /* what fails takes only speed, or the notice of a dead host */
    conn_init(&engine->conn, engine->base, engine->conn.outbox, fd, engine_on_conn, engine);
    engine->state = ENGINE_CONNECTING;
    engine_try(engine, address, length);
}

static void engine_try_rest(Engine *engine) {
    const EngineAttempt *attempt = engine->attempt;

    while (engine->state == ENGINE_FAILED && attempt && engine->n_tried < attempt->n_found) {
        const EngineSocket *next = &attempt->found[engine->n_tried++];

        engine_open(engine, &next->address.any, next->length);
    }
}

static void engine_on_resolved(void *arg, const char *why, const struct addrinfo *found) {
    Engine *engine = arg;
    EngineAttempt *attempt = engine->attempt;

    attempt->resolution = NULL;
    for (; found && attempt->n_found < LIMIT_RESOLVED_ADDRESSES; found = found->ai_next) {
        EngineSocket *next = &attempt->found[attempt->n_found];

        if (found->ai_addrlen > sizeof(next->address))
            continue;
        memcpy(&next->address, found->ai_addr, found->ai_addrlen);
        next->length = found->ai_addrlen;
        attempt->n_found++;
    }
    engine_fail(engine, -EHOSTUNREACH, why);
    engine_try_rest(engine);
    engine_tell(engine);
}

static void engine_look_up(Engine *engine, Resolver *resolver, const Address *address) {
    int r = resolver ? 0 : -EINVAL;

    engine->state = ENGINE_CONNECTING;
    if (r == 0 && !engine_begin_attempt(engine))
        r = -ENOMEM;
    if (r == 0)
        r = resolve_start(resolver, address->host, address->port, engine_on_resolved, engine,
                          &engine->attempt->resolution);
    if (r < 0)
        engine_fail(engine, r, NULL);
}

/* To be left by engine_leave_upstream(). NULL: out of memory. */
static EngineUpstream *engine_join_upstream(const Address *address) {
    const char *text = address->text;
    size_t size = strlen(text) + 1;
    EngineUpstream *upstream;

    LIST_FOREACH(upstream, &engine_upstreams, link)
    if (strcmp(upstream->text, text) == 0) {
        upstream->n++;
        return upstream;
    }
    upstream = malloc(sizeof(*upstream) + size);
    if (!upstream)
        return NULL;
    *upstream = (EngineUpstream){.n = 1};
    if (address->kind == ADDRESS_UNIX) {
        upstream->address.length = address->length;
        memcpy(&upstream->address.address, &address->socket, address->length);
    }
    memcpy(upstream->text, text, size);
    LIST_INSERT_HEAD(&engine_upstreams, upstream, link);
    return upstream;
}

static void engine_leave_upstream(EngineUpstream *upstream) {
    if (--upstream->n > 0)
        return;
    LIST_REMOVE(upstream, link);
    free(upstream);
}

static Engine *engine_new(const Address *address) {
    Engine *engine = spares_take(&engine_spares, sizeof(*engine));

    if (!engine)
        return NULL;
    memset(engine, 0, sizeof(*engine));
    engine->upstream = engine_join_upstream(address);
    if (!engine->upstream) {
        spares_give(&engine_spares, engine);
        return NULL;
    }
    return engine;
}

Engine *engine_connect(struct event_base *base, Outbox *outbox, Resolver *resolver, const Address *address,
                       ConnNotify notify, void *arg) {
    Engine *engine = engine_new(address);

    if (!engine)
        return NULL;
    engine->tcp = address->kind == ADDRESS_TCP;
    engine->base = base;
    engine->conn.outbox = outbox;
    engine->notify = notify;
    engine->arg = arg;
    engine->conn.fd = -EBADF;
    if (address_is_name(address))
        engine_look_up(engine, resolver, address);
    else
        engine_open(engine, &address->socket.any, address->length);
    return engine;
}

bool engine_is_to(const Engine *engine, const Address *address) {
    return strcmp(engine->upstream->text, address->text) == 0;
}

const char *engine_why(const Engine *engine) {
    return engine->why ? engine->why : strerror(-engine->error);
}

static void engine_free(void *object) {
    Engine *engine = object;

    engine_leave_upstream(engine->upstream);
    spares_give(&engine_spares, engine);
}

Engine *engine_close(Engine *engine, Reaper *reaper) {
    if (!engine)
        return NULL;
    engine_end_attempt(engine);
    conn_done(&engine->conn);
    reaper_add(reaper, &engine->reaper_link, engine_free, engine);
    return NULL;
}

bool engine_is_idle(const Engine *engine) {
    return engine->state == ENGINE_READY && conn_is_open(&engine->conn) && !engine->conn.write_error &&
           !engine->conn.eof && buffer_size(&engine->conn.in) == 0 && buffer_size(&engine->conn.out) == 0;
}
