// SPDX-License-Identifier: Apache-2.0
#include "conn.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "policy/limits.h"

/* A first read takes this much; one that filled its room is followed by larger ones. */
#define CONN_READ_FIRST BUFFER_READ_BYTES

static void conn_fail(Conn *conn, int error) {
    conn->error = error;
    conn_update(conn);
}

/* A peer that reads no more may have said why before it stopped: reading goes on. */
static void conn_fail_output(Conn *conn, int error) {
    conn->write_error = error;
    buffer_done(&conn->out);
}

void conn_look(Conn *conn) {
    struct pollfd poll_fd = {.fd = conn->fd};

    if (conn->fd >= 0 && conn->eof && !conn->hangup)
        conn->hangup = poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & (POLLHUP | POLLERR));
}

static void conn_on_read(evutil_socket_t fd, short what UNUSED, void *arg) {
    Conn *conn = arg;
    size_t room = conn->in_limit > buffer_size(&conn->in) ? conn->in_limit - buffer_size(&conn->in) : 0;
    size_t want = conn->in.capacity > CONN_READ_FIRST ? conn->in_limit : CONN_READ_FIRST;
    char *data;
    ssize_t n;

    if (room == 0) {
        conn_update(conn);
        return;
    }
    if (want > room)
        want = room;
    data = buffer_reserve(&conn->in, want);
    if (!data) {
        conn_fail(conn, -ENOMEM);
        conn->notify(conn->arg);
        return;
    }
    n = recv(fd, data, want, 0);
    if (n > 0) {
        buffer_commit(&conn->in, (size_t) n);
        conn->bytes_in += (uint64_t) n;
        if ((size_t) n == want && want == CONN_READ_FIRST)
            (void) buffer_reserve(&conn->in, CONN_READ_FIRST + 1); /* grows: the next read is a large one */
    } else if (n == 0) {
        conn->eof = true;
        conn_look(conn);
    } else if (errno == EAGAIN || errno == EINTR)
        return;
    else
        conn_fail(conn, -errno);
    conn_update(conn);
    conn->notify(conn->arg);
}

static void conn_forget_room(Conn *conn) {
    conn->write_armed = false;
    if (conn->write_event)
        event_free(TAKE_PTR(conn->write_event));
}

static void conn_on_write(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    Conn *conn = arg;

    conn_forget_room(conn);
    conn_flush(conn);
    conn->notify(conn->arg);
}

int conn_wait_for_room(Conn *conn) {
    conn->write_event = event_new(event_get_base(&conn->read_event), conn->fd, EV_WRITE, conn_on_write, conn);
    if (!conn->write_event || event_add(conn->write_event, NULL) < 0) {
        conn_forget_room(conn);
        return -ENOMEM;
    }
    conn->write_armed = true;
    return 0;
}

void conn_init(Conn *conn, struct event_base *base, int fd, ConnNotify notify, void *arg) {
    *conn = (Conn){.fd = fd, .in_limit = LIMIT_CONN_IN, .notify = notify, .arg = arg};
    event_assign(&conn->read_event, base, fd, EV_READ | EV_PERSIST, conn_on_read, conn);
}

void conn_done(Conn *conn) {
    if (conn->fd < 0)
        return;
    event_del(&conn->read_event);
    conn->read_armed = false;
    conn_forget_room(conn);
    close(TAKE_FD(conn->fd));
    buffer_done(&conn->in);
    buffer_done(&conn->out);
}

static void conn_end_output(Conn *conn) {
    if (!conn->shutdown_wanted || conn->shutdown_done || buffer_size(&conn->out) > 0)
        return;
    conn->shutdown_done = true;
    (void) shutdown(conn->fd, SHUT_WR); /* ENOTCONN: the peer is gone, which reading will tell */
}

void conn_flush(Conn *conn) {
    Span out = buffer_span(&conn->out);
    ssize_t n;

    if (!conn_is_open(conn) || conn->write_armed)
        return;
    if (conn->write_error) {
        buffer_done(&conn->out);
        return;
    }
    if (out.size > 0) {
        n = send(conn->fd, out.data, out.size, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            conn_fail_output(conn, -errno);
            return;
        }
        if (n > 0) {
            buffer_consume(&conn->out, (size_t) n);
            conn->bytes_out += (uint64_t) n;
        }
        if (buffer_size(&conn->out) > 0) {
            if (conn_wait_for_room(conn) < 0)
                conn_fail_output(conn, -ENOMEM);
            return;
        }
        buffer_release(&conn->out);
    }
    conn_end_output(conn);
}

void conn_shutdown(Conn *conn) {
    conn->shutdown_wanted = true;
    conn_flush(conn);
}

void conn_update(Conn *conn) {
    bool want;

    if (conn->fd < 0)
        return;
    if (buffer_size(&conn->in) == 0)
        buffer_release(&conn->in);
    want = !conn->eof && conn->error == 0 && buffer_size(&conn->in) < conn->in_limit;
    if (want == conn->read_armed)
        return;
    if (want && event_add(&conn->read_event, NULL) < 0) {
        conn->error = -ENOMEM;
        return;
    }
    if (!want)
        event_del(&conn->read_event);
    conn->read_armed = want;
}
