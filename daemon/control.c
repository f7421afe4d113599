// SPDX-License-Identifier: Apache-2.0
#include "control.h"

#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "control_answer.h"
#include "health.h"
#include "policy/limits.h"
#include "reader.h"

/* One connection. It reads a request, answers it, and begins anew. */
typedef struct ControlConn {
    Conn conn;
    Control *control;
    Reader *reader;
    struct event timer;
    uint64_t since_usec; /* CLOCK_MONOTONIC: when it last began to wait for a request */
    ControlPage page;    /* waits for word of the engine; CONTROL_NONE: for nothing */
    ControlAnswer how;
    bool ending; /* our side is shut: what comes is thrown away */
    bool closed;
    ReaperLink reaper_link;
} ControlConn;

struct Control {
    ControlView view;
    Health *health;
    ControlConn *conns[LIMIT_CONTROL_CONNECTIONS];
};

static void control_conn_run(ControlConn *c);

static void control_conn_free(void *object) {
    free(object);
}

static void control_conn_close(ControlConn *c) {
    Control *control = c->control;

    if (c->closed)
        return;
    c->closed = true;
    for (size_t i = 0; i < LIMIT_CONTROL_CONNECTIONS; i++)
        if (control->conns[i] == c)
            control->conns[i] = NULL;
    event_del(&c->timer);
    conn_done(&c->conn);
    c->reader = reader_free(c->reader);
    reaper_add(control->view.env->reaper, &c->reaper_link, control_conn_free, c);
}

/* Without a timer it could stay for ever. */
static void control_conn_wait(ControlConn *c, unsigned seconds) {
    const struct timeval wait = {.tv_sec = (time_t) seconds};

    if (event_add(&c->timer, &wait) < 0)
        control_conn_close(c);
}

static void control_conn_on_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    control_conn_close(arg);
}

static void control_conn_on_wake(void *arg) {
    control_conn_run(arg);
}

/* --- a request, and its answer */

/* The client is let read what was written before the connection goes. */
static void control_conn_end(ControlConn *c) {
    c->ending = true;
    conn_shutdown(&c->conn);
    control_conn_wait(c, TIME_LINGER_SECONDS);
}

static void control_conn_answered(ControlConn *c, int r) {
    c->page = CONTROL_NONE;
    if (r < 0) {
        control_conn_close(c);
        return;
    }
    control_conn_wait(c, TIME_CONTROL_SECONDS);
    conn_flush(&c->conn);
}

static void control_conn_refuse(ControlConn *c, unsigned status, const char *why) {
    c->how.close = true;
    control_conn_answered(c, control_answer_text(&c->conn.out, status, why, c->how));
}

/* The engine is asked first where its answer is told. */
static void control_conn_try_answer(ControlConn *c) {
    bool asks = control_page_asks_engine(c->page);

    if (asks && !health_ask(c->control->health, &c->how.engine_up))
        return;
    control_conn_answered(c, control_answer(&c->conn.out, &c->control->view, c->page, c->how));
}

static void control_conn_on_request(ControlConn *c, const Request *request) {
    c->how = (ControlAnswer){
        .head_only = request->method == METHOD_HEAD,
        .close = !request->keep_alive || request->http_1_0 || c->conn.eof,
    };
    if (request->method != METHOD_GET && request->method != METHOD_HEAD) {
        control_conn_refuse(c, 405, "only GET and HEAD");
        return;
    }
    if (request_has_body(request) || request->skip_bytes > 0) {
        control_conn_refuse(c, 400, "nobody here takes a body");
        return;
    }
    c->page = control_page(request->target.path);
    control_conn_wait(c, TIME_CONTROL_SECONDS);
    if (!c->closed)
        control_conn_try_answer(c);
}

/* The same strict reading that the gate gives its clients. */
static void control_conn_on_head(ControlConn *c, size_t size) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    const char *detail = NULL;
    Request request;
    Reason reason = arena ? request_seal(arena, reader_raw(c->reader), &request, &detail) : REASON_NO_MEMORY;

    buffer_consume(&c->conn.in, size);
    reader_reset(c->reader);
    if (reason == REASON_OK)
        control_conn_on_request(c, &request);
    else
        control_conn_refuse(c, reason_http_status(reason), reason_sentence(reason));
}

static bool control_conn_read(ControlConn *c) {
    const char *detail = NULL;
    Reason reason = REASON_UNDECIDED;
    size_t size = 0;

    switch (
        reader_head(c->reader, buffer_span(&c->conn.in), LIMIT_CONTROL_HEAD_BYTES, &size, &reason, &detail)) {
    case READ_HEAD:
        control_conn_on_head(c, size);
        conn_update(&c->conn);
        return true;
    case READ_FAILED:
        control_conn_refuse(c, reason_http_status(reason), reason_sentence(reason));
        return true;
    case READ_MORE:
    case READ_FULL:
    case READ_END:
        break;
    }
    return false;
}

/* One step. False: nothing more to be done before something comes. */
static bool control_conn_step(ControlConn *c) {
    Conn *conn = &c->conn;

    if (conn->error || conn->write_error || (c->ending && conn->eof)) {
        control_conn_close(c);
        return false;
    }
    if (c->ending) {
        buffer_clear(&conn->in);
        conn_update(conn);
        return false;
    }
    if (buffer_size(&conn->out) > 0 || c->page != CONTROL_NONE)
        return false;
    if (c->how.close) {
        control_conn_end(c);
        return !c->closed;
    }
    if (control_conn_read(c))
        return !c->closed;
    if (conn->eof) {
        control_conn_close(c);
        return false;
    }
    if (buffer_size(&conn->in) == 0)
        c->since_usec = clock_monotonic_usec();
    return false;
}

static void control_conn_run(ControlConn *c) {
    while (!c->closed && control_conn_step(c))
        ;
}

/* --- all of them */

static void control_on_heard(void *arg) {
    Control *control = arg;

    for (size_t i = 0; i < LIMIT_CONTROL_CONNECTIONS; i++) {
        ControlConn *c = control->conns[i];

        if (!c || c->page == CONTROL_NONE)
            continue;
        control_conn_try_answer(c);
        control_conn_run(c);
    }
}

Control *control_new(const ControlView *view) {
    Control *control = calloc(1, sizeof(*control));

    if (!control)
        return NULL;
    control->view = *view;
    control->health = health_new(view->env, view->config, control_on_heard, control);
    return control->health ? control : control_free(control);
}

Control *control_free(Control *control) {
    if (!control)
        return NULL;
    for (size_t i = 0; i < LIMIT_CONTROL_CONNECTIONS; i++)
        if (control->conns[i])
            control_conn_close(control->conns[i]);
    health_free(control->health);
    free(control);
    return NULL;
}

void control_update(Control *control) {
    if (control)
        health_forget(control->health);
}

/* A free place; else that of who has kept a connection longest without a request. NULL: all are at one. */
static ControlConn **control_find_room(Control *control) {
    ControlConn **oldest = NULL;

    for (size_t i = 0; i < LIMIT_CONTROL_CONNECTIONS; i++) {
        ControlConn **at = &control->conns[i];

        if (!*at)
            return at;
        if ((*at)->page == CONTROL_NONE && buffer_size(&(*at)->conn.out) == 0 &&
            buffer_size(&(*at)->conn.in) == 0 && (!oldest || (*at)->since_usec < (*oldest)->since_usec))
            oldest = at;
    }
    if (oldest)
        control_conn_close(*oldest);
    return oldest;
}

void control_accept(Control *control, int fd, bool allowed) {
    ControlConn **room = control_find_room(control), *c = room ? calloc(1, sizeof(*c)) : NULL;

    if (!c) {
        close(fd);
        return;
    }
    c->control = control;
    c->since_usec = clock_monotonic_usec();
    c->reader = reader_new(READER_REQUEST);
    conn_init(&c->conn, control->view.env->base, NULL, fd, control_conn_on_wake, c);
    event_assign(&c->timer, control->view.env->base, -1, 0, control_conn_on_timer, c);
    *room = c;
    if (!c->reader) {
        control_conn_close(c);
        return;
    }
    control_conn_wait(c, TIME_CONTROL_SECONDS);
    if (c->closed)
        return;
    conn_update(&c->conn);
    if (!allowed)
        control_conn_refuse(c, 403, "this client may not ask here");
    control_conn_run(c);
}
