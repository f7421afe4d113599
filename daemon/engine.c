// SPDX-License-Identifier: Apache-2.0
#include "engine.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "policy/limits.h"

#define ENGINE_RETRY_USEC 10000

static void engine_try(Engine *engine);

static void engine_on_conn(void *arg) {
    Engine *engine = arg;
    int error = 0;
    socklen_t size = sizeof(error);

    if (engine->state == ENGINE_CONNECTING) {
        if (getsockopt(engine->conn.fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
            error = errno;
        engine->error = error ? -error : engine->conn.error;
        engine->state = engine->error ? ENGINE_FAILED : ENGINE_READY;
        if (engine->state == ENGINE_READY)
            conn_update(&engine->conn);
    }
    engine->notify(engine->arg);
}

static void engine_on_retry(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    Engine *engine = arg;

    engine_try(engine);
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
    if (r < 0) {
        engine->error = -ENOMEM;
        engine->state = ENGINE_FAILED;
    }
}

static void engine_try(Engine *engine) {
    const Address *address = &engine->address;

    if (connect(engine->conn.fd, &address->socket.any, address->length) == 0) {
        engine->state = ENGINE_READY;
        conn_update(&engine->conn);
    } else if (errno == EINPROGRESS || errno == EAGAIN)
        engine_wait(engine, errno == EAGAIN);
    else {
        engine->error = -errno;
        engine->state = ENGINE_FAILED;
    }
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

Engine *engine_connect(struct event_base *base, const Address *address, ConnNotify notify, void *arg) {
    Engine *engine = calloc(1, sizeof(*engine));
    int fd;

    if (!engine)
        return NULL;
    engine->address = *address;
    engine->base = base;
    engine->notify = notify;
    engine->arg = arg;
    engine->conn.fd = -EBADF;
    event_assign(&engine->retry, base, -1, 0, engine_on_retry, engine);
    fd = socket(address->socket.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        engine->error = -errno;
        return engine;
    }
    if (address->kind == ADDRESS_TCP)
        engine_set_tcp(fd);
    conn_init(&engine->conn, base, fd, engine_on_conn, engine);
    engine->state = ENGINE_CONNECTING;
    engine_try(engine);
    return engine;
}

static void engine_free(void *object) {
    free(object);
}

Engine *engine_close(Engine *engine, Reaper *reaper) {
    if (!engine)
        return NULL;
    event_del(&engine->retry);
    conn_done(&engine->conn);
    reaper_add(reaper, &engine->reaper_link, engine_free, engine);
    return NULL;
}

bool engine_is_idle(const Engine *engine) {
    return engine->state == ENGINE_READY && conn_is_open(&engine->conn) && !engine->conn.eof &&
           buffer_size(&engine->conn.in) == 0 && buffer_size(&engine->conn.out) == 0;
}
