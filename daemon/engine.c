// SPDX-License-Identifier: Apache-2.0
#include "engine.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "policy/limits.h"

#define ENGINE_RETRY_USEC 10000

static void engine_try(Engine *engine, const struct sockaddr *address, socklen_t length);
static void engine_try_rest(Engine *engine);

static void engine_fail(Engine *engine, int error, const char *why) {
    engine->state = ENGINE_FAILED;
    engine->error = error;
    engine->why = why;
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
        if (engine->state == ENGINE_CONNECTING)
            return;
    }
    engine->notify(engine->arg);
}

static void engine_on_retry(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    Engine *engine = arg;

    engine_try(engine, &engine->address.socket.any, engine->address.length);
    if (engine->state != ENGINE_CONNECTING)
        engine->notify(engine->arg);
}

static void engine_wait(Engine *engine, bool backlog_full) {
    static const struct timeval soon = {.tv_usec = ENGINE_RETRY_USEC};
    int r;

    if (backlog_full)
        r = event_add(&engine->retry, &soon);
    else {
        r = event_add(&engine->conn.write_event, NULL);
        engine->conn.write_armed = r == 0;
    }
    if (r < 0)
        engine_fail(engine, -ENOMEM, NULL);
}

/* Only a unix socket's backlog says EAGAIN, so a retry is of the one address there is. */
static void engine_try(Engine *engine, const struct sockaddr *address, socklen_t length) {
    if (connect(engine->conn.fd, address, length) == 0) {
        engine->state = ENGINE_READY;
        conn_update(&engine->conn);
    } else if (errno == EINPROGRESS || errno == EAGAIN)
        engine_wait(engine, errno == EAGAIN);
    else
        engine_fail(engine, -errno, NULL);
}

/* What fails here takes only speed, or the notice of a dead host: no reason not to connect. */
static void engine_set_tcp(int fd) {
    static const struct {
        int level, name, value;
    } options[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, TIME_KEEPALIVE_IDLE_SECONDS},
        {IPPROTO_TCP, TCP_KEEPINTVL, TIME_KEEPALIVE_INTERVAL_SECONDS},
        {IPPROTO_TCP, TCP_KEEPCNT, LIMIT_KEEPALIVE_PROBES},
        {SOL_SOCKET, SO_KEEPALIVE, 1},
    };

    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        (void) setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(options[i].value));
}

static void engine_open(Engine *engine, const struct sockaddr *address, socklen_t length) {
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    conn_done(&engine->conn);
    if (fd < 0) {
        engine_fail(engine, -errno, NULL);
        return;
    }
    if (engine->address.kind == ADDRESS_TCP)
        engine_set_tcp(fd);
    conn_init(&engine->conn, engine->base, fd, engine_on_conn, engine);
    engine->state = ENGINE_CONNECTING;
    engine_try(engine, address, length);
}

static void engine_try_rest(Engine *engine) {
    while (engine->state == ENGINE_FAILED && engine->n_tried < engine->n_found) {
        const EngineSocket *next = &engine->found[engine->n_tried++];

        engine_open(engine, &next->address.any, next->length);
    }
}

static void engine_on_resolved(void *arg, const char *why, const struct addrinfo *found) {
    Engine *engine = arg;

    engine->resolution = NULL;
    for (; found && engine->n_found < LIMIT_RESOLVED_ADDRESSES; found = found->ai_next) {
        EngineSocket *next = &engine->found[engine->n_found];

        if (found->ai_addrlen > sizeof(next->address))
            continue;
        memcpy(&next->address, found->ai_addr, found->ai_addrlen);
        next->length = found->ai_addrlen;
        engine->n_found++;
    }
    engine_fail(engine, -EHOSTUNREACH, why);
    engine_try_rest(engine);
    if (engine->state != ENGINE_CONNECTING)
        engine->notify(engine->arg);
}

static void engine_look_up(Engine *engine, Resolver *resolver) {
    const Address *address = &engine->address;
    int r;

    engine->state = ENGINE_CONNECTING;
    r = resolver ? resolve_start(resolver, address->host, address->port, engine_on_resolved, engine,
                                 &engine->resolution)
                 : -EINVAL;
    if (r < 0)
        engine_fail(engine, r, NULL);
}

Engine *engine_connect(struct event_base *base, Resolver *resolver, const Address *address, ConnNotify notify,
                       void *arg) {
    Engine *engine = calloc(1, sizeof(*engine));

    if (!engine)
        return NULL;
    engine->address = *address;
    engine->base = base;
    engine->notify = notify;
    engine->arg = arg;
    engine->conn.fd = -EBADF;
    event_assign(&engine->retry, base, -1, 0, engine_on_retry, engine);
    if (address_is_name(address))
        engine_look_up(engine, resolver);
    else
        engine_open(engine, &address->socket.any, address->length);
    return engine;
}

const char *engine_why(const Engine *engine) {
    return engine->why ? engine->why : strerror(-engine->error);
}

static void engine_free(void *object) {
    free(object);
}

Engine *engine_close(Engine *engine, Reaper *reaper) {
    if (!engine)
        return NULL;
    engine->resolution = resolve_cancel(engine->resolution);
    event_del(&engine->retry);
    conn_done(&engine->conn);
    reaper_add(reaper, &engine->reaper_link, engine_free, engine);
    return NULL;
}

bool engine_is_idle(const Engine *engine) {
    return engine->state == ENGINE_READY && conn_is_open(&engine->conn) && !engine->conn.eof &&
           buffer_size(&engine->conn.in) == 0 && buffer_size(&engine->conn.out) == 0;
}
