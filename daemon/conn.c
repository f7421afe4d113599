// SPDX-License-Identifier: Apache-2.0
#include "conn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "policy/limits.h"

/* Of a connection that has unread bytes; one that filled its room is followed by larger ones. */
#define CONN_READ_MORE BUFFER_READ_BYTES

/* Bytes, twice what Linux gives a socket: who has set net.core.wmem_default to as much needs no more. */
#define CONN_WIDE (416 << 10)

/*
 * What a read brings is mostly consumed at once, so it needs no memory of its own. Only the loop reads, one
 * connection after the other, and none of them while another one's callback runs.
 */
static char conn_shared[LIMIT_CONN_IN];

/* AddressSanitizer is to see who looks at what was read once it was given back. */
#if defined(__SANITIZE_ADDRESS__)
#define CONN_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONN_SANITIZED 1
#endif
#endif
#ifdef CONN_SANITIZED
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(data, size) ((void) (data), (void) (size))
#define ASAN_UNPOISON_MEMORY_REGION(data, size) ((void) (data), (void) (size))
#endif

/* A peer that reads no more may have said why before it stopped: reading goes on. */
static void conn_fail_output(Conn *conn, int error) {
    conn->write_error = error;
    buffer_done(&conn->out);
}

/* Both ways: what still waits to be written would wait for ever. */
static void conn_fail_both(Conn *conn, int error) {
    conn->error = error;
    conn_fail_output(conn, error);
}

static void conn_fail(Conn *conn, int error) {
    conn_fail_both(conn, error);
    conn_update(conn);
}

void conn_look(Conn *conn) {
    struct pollfd poll_fd = {.fd = conn->fd};

    if (!conn_needs_look(conn))
        return;
    conn->looked = conn->eof;
    conn->hangup = poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & (POLLHUP | POLLERR));
}

/* `in` without its memory, if it needs none. */
static void conn_release(Conn *conn) {
    if (buffer_size(&conn->in) > 0)
        return;
    if (conn->lent) {
        conn->in = (Buffer){0};
        ASAN_POISON_MEMORY_REGION(conn_shared, sizeof(conn_shared));
    } else
        buffer_done(&conn->in);
    conn->lent = false;
}

/* The callback has returned: what it left needs memory of its own. */
static void conn_keep(Conn *conn) {
    Buffer own = {0};
    int r;

    if (!conn->lent)
        return;
    r = buffer_append(&own, buffer_span(&conn->in));
    conn->in = own;
    ASAN_POISON_MEMORY_REGION(conn_shared, sizeof(conn_shared));
    conn->lent = false;
    if (r < 0) {
        conn_fail(conn, r);
        conn->notify(conn->arg);
    }
}

/* Room for at most `room` bytes, in *ret_data; how many. 0: no memory. */
static size_t conn_room(Conn *conn, size_t room, char **ret_data) {
    size_t want = conn->in.capacity > CONN_READ_MORE ? conn->in_limit : CONN_READ_MORE;

    conn_release(conn);
    if (!conn->in.data) {
        conn->in = (Buffer){.data = conn_shared, .capacity = sizeof(conn_shared)};
        conn->lent = true;
        ASAN_UNPOISON_MEMORY_REGION(conn_shared, sizeof(conn_shared));
        *ret_data = conn_shared;
        return room < sizeof(conn_shared) ? room : sizeof(conn_shared);
    }
    if (want > room)
        want = room;
    *ret_data = buffer_reserve(&conn->in, want);
    return *ret_data ? want : 0;
}

/* `want` bytes at most, to `data`, the room in `in`. recv's result; `want` is 0 where there was no memory. */
static ssize_t conn_receive(Conn *conn, char *data, size_t want) {
    ssize_t n = want > 0 ? recv(conn->fd, data, want, 0) : -1;

    if (n > 0) {
        buffer_commit(&conn->in, (size_t) n);
        conn->bytes_in += (uint64_t) n;
    } else if (n == 0) {
        conn->eof = true;
    } else if (want == 0)
        conn_fail(conn, -ENOMEM);
    else if (errno != EAGAIN && errno != EINTR)
        conn_fail(conn, -errno);
    return n;
}

static void conn_on_read(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    Conn *conn = arg;
    size_t room = conn->in_limit > buffer_size(&conn->in) ? conn->in_limit - buffer_size(&conn->in) : 0, want;
    char *data;
    ssize_t n;

    if (conn->reading != CONN_READS) {
        conn->news = true;
        conn->notify(conn->arg);
        return;
    }
    if (room == 0) {
        conn_update(conn);
        return;
    }
    want = conn_room(conn, room, &data);
    n = conn_receive(conn, data, want);
    if (!conn->lent && n == CONN_READ_MORE && want == CONN_READ_MORE)
        (void) buffer_reserve(&conn->in, CONN_READ_MORE + 1); /* grows: the next read is a large one */
    if (n >= 0 || conn->error)
        conn->notify(conn->arg);
    conn_keep(conn);
    conn_update(conn); /* only now: `in` was full, and mostly isn't any more */
}

void conn_hear(Conn *conn) {
    if (conn->read_armed)
        conn_on_read(conn->fd, EV_READ, conn);
}

static void conn_forget_room(Conn *conn) {
    conn->write_armed = false;
    if (conn->write_event)
        event_free(TAKE_PTR(conn->write_event));
}

static void conn_on_write(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    Conn *conn = arg;

    conn_forget_room(conn);
    if (conn->outbox) /* what was queued behind what waited for room may be an answer of this turn */
        outbox_before(conn->outbox);
    conn_flush_now(conn);
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

void conn_init(Conn *conn, struct event_base *base, Outbox *outbox, int fd, ConnNotify notify, void *arg) {
    *conn = (Conn){.outbox = outbox, .fd = fd, .in_limit = LIMIT_CONN_IN, .notify = notify, .arg = arg};
    event_assign(&conn->read_event, base, fd, EV_READ | EV_PERSIST, conn_on_read, conn);
}

/* Who closes as soon as he has spoken is heard: what he said in this turn goes out. */
static void conn_leave_outbox(Conn *conn) {
    OutboxPlace place = conn->link.place;

    outbox_remove(conn->outbox, &conn->link);
    if (place != OUTBOX_WAITS)
        return;
    outbox_before(conn->outbox);
    conn_flush_now(conn);
}

void conn_done(Conn *conn) {
    if (conn->fd < 0)
        return;
    conn_leave_outbox(conn);
    event_del(&conn->read_event);
    conn->read_armed = false;
    conn_forget_room(conn);
    if (conn->outbox)
        outbox_close(conn->outbox, TAKE_FD(conn->fd));
    else
        close(TAKE_FD(conn->fd));
    buffer_clear(&conn->in);
    conn_release(conn);
    buffer_done(&conn->out);
}

static void conn_end_output(Conn *conn) {
    if (!conn->shutdown_wanted || conn->shutdown_done || buffer_size(&conn->out) > 0)
        return;
    conn->shutdown_done = true;
    (void) shutdown(conn->fd, SHUT_WR); /* ENOTCONN: the peer is gone, which reading will tell */
}

/*
 * The socket is full. Without memory to wait, half of what we say is out, and the peer would wait for the
 * rest of it, as we would for its answer: so that is the end both ways.
 */
static void conn_await_room(Conn *conn) {
    if (conn_wait_for_room(conn) < 0)
        conn_fail(conn, -ENOMEM);
}

/* `n`: bytes that went out, or −errno. */
static void conn_note_sent(Conn *conn, ssize_t n) {
    if (n < 0 && n != -EAGAIN && n != -EINTR)
        conn_fail_output(conn, (int) n);
    conn->bytes_out += n > 0 ? (uint64_t) n : 0;
}

/* How many bytes of `n` parts went out; 0 if none could. An error is noted. */
static size_t conn_write(Conn *conn, const Span *parts, size_t n) {
    struct iovec vectors[LIMIT_SEND_PARTS];
    struct msghdr message = {.msg_iov = vectors, .msg_iovlen = n < LIMIT_SEND_PARTS ? n : LIMIT_SEND_PARTS};
    ssize_t sent;

    if (n == 1)
        sent = send(conn->fd, parts->data, parts->size, MSG_NOSIGNAL);
    else {
        for (size_t i = 0; i < message.msg_iovlen; i++)
            vectors[i] = (struct iovec){.iov_base = (char *) parts[i].data, .iov_len = parts[i].size};
        sent = sendmsg(conn->fd, &message, MSG_NOSIGNAL);
    }
    conn_note_sent(conn, sent < 0 ? -errno : sent);
    return sent > 0 ? (size_t) sent : 0;
}

/* What is left waits for room; behind all of it our side ends. */
static void conn_go_on(Conn *conn) {
    if (buffer_size(&conn->out) > 0)
        conn_await_room(conn);
    else {
        buffer_release(&conn->out);
        conn_end_output(conn);
    }
}

void conn_flush_now(Conn *conn) {
    Span out = buffer_span(&conn->out);

    if (conn->write_error) { /* nobody reads it, and nobody is to wait for it */
        buffer_done(&conn->out);
        return;
    }
    if (!conn_is_open(conn) || conn->write_armed)
        return;
    if (out.size > 0)
        buffer_consume(&conn->out, conn_write(conn, &out, 1));
    if (!conn->write_error)
        conn_go_on(conn);
}

/* --- The end of the turn */

static Conn *conn_of(OutboxLink *link) {
    return (Conn *) (void *) ((char *) link - offsetof(Conn, link));
}

static bool conn_collect(OutboxLink *link, RingSend *ret) {
    Conn *conn = conn_of(link);
    Span out = buffer_span(&conn->out);

    if (!conn_is_open(conn) || conn->write_armed || conn->write_error || out.size == 0) {
        conn_flush_now(conn);
        return false;
    }
    *ret = (RingSend){.fd = conn->fd, .bytes = out};
    return true;
}

static bool conn_sent(OutboxLink *link, ssize_t n) {
    Conn *conn = conn_of(link);

    conn_note_sent(conn, n);
    if (!conn->write_error) {
        buffer_consume(&conn->out, n > 0 ? (size_t) n : 0);
        conn_go_on(conn);
    }
    if (!conn->write_error && (!conn->drain_awaited || buffer_size(&conn->out) > 0))
        return false;
    conn->drain_awaited = false;
    return true;
}

static void conn_tell(OutboxLink *link) {
    Conn *conn = conn_of(link);

    conn->notify(conn->arg);
}

static const OutboxCalls conn_outbox = {conn_collect, conn_sent, conn_tell};

void conn_flush_some(Conn *conn) {
    bool waits = conn->outbox && conn_is_open(conn) && !conn->write_armed && !conn->write_error &&
                 buffer_size(&conn->out) > 0;

    if (waits && outbox_add(conn->outbox, &conn->link, &conn_outbox))
        return;
    if (waits)
        outbox_before(conn->outbox);
    conn_flush_now(conn);
}

int conn_send_now(Conn *conn, const Span *parts, size_t n) {
    bool at_once = buffer_size(&conn->out) == 0 && !conn->write_armed && conn_is_open(conn);
    size_t sent;
    int r = 0;

    for (; n > 0 && parts->size == 0; parts++)
        n--;
    at_once = at_once && n > 0 && !conn->write_error;
    sent = at_once ? conn_write(conn, parts, n) : 0;
    if (conn->write_error)
        return 0; /* as conn_flush: nobody reads it */
    for (; n > 0 && sent >= parts->size; parts++, n--)
        sent -= parts->size;
    for (; n > 0 && r == 0; parts++, n--, sent = 0)
        r = buffer_append(&conn->out, (Span){parts->data + sent, parts->size - sent});
    if (!at_once)
        conn_flush(conn);
    else if (buffer_size(&conn->out) > 0)
        conn_await_room(conn);
    return r;
}

int conn_send(Conn *conn, const Span *parts, size_t n) {
    size_t size = 0;

    for (size_t i = 0; i < n; i++)
        size += parts[i].size; /* each is in memory: no overflow */
    if (!conn->outbox || size > LIMIT_OUTBOX_BYTES || size == 0 || conn->write_error || !conn_is_open(conn))
        return conn_send_now(conn, parts, n);
    if (buffer_append_all(&conn->out, parts, n) < 0)
        return -ENOMEM;
    conn_flush(conn);
    return 0;
}

size_t conn_read(Conn *conn, size_t size) {
    char *room = buffer_reserve(&conn->in, size);
    ssize_t n = conn_receive(conn, room, room ? size : 0);

    conn->news = false;
    return n > 0 ? (size_t) n : 0;
}

/* What says that splice(2) isn't to be had here, and nothing of the socket. */
static bool conn_is_refusal(int error) {
    return error == EINVAL || error == ENOSYS || error == EPERM || error == ENOMEM;
}

ssize_t conn_pull(Conn *conn, int pipe, size_t size) {
    ssize_t n = splice(conn->fd, NULL, pipe, NULL, size, SPLICE_F_NONBLOCK);
    int error = n < 0 ? errno : 0;

    conn->news = false;
    if (error == EAGAIN || error == EINTR)
        return 0;
    if (error && !conn_is_refusal(error))
        conn_fail(conn, -error); /* the kernel tells it once: who reads next would find an end */
    if (error)
        return -error;
    conn->bytes_in += (uint64_t) n;
    if (n == 0)
        conn->eof = true;
    return n;
}

ssize_t conn_push(Conn *conn, int pipe, size_t size) {
    ssize_t n = 0;

    if (!conn->write_armed) {
        n = splice(pipe, NULL, conn->fd, NULL, size, SPLICE_F_NONBLOCK);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
        if (n < 0)
            n = 0;
        conn->bytes_out += (uint64_t) n;
        if ((size_t) n < size)
            conn_await_room(conn);
    }
    return n;
}

void conn_set_reading(Conn *conn, ConnReading reading) {
    conn->reading = reading;
    conn_update(conn);
}

static int conn_option(const Conn *conn, int name) {
    int value;
    socklen_t size = sizeof(value);

    return getsockopt(conn->fd, SOL_SOCKET, name, &value, &size) < 0 ? -errno : value;
}

/* The kernel makes it twice what it is told, which net.core.wmem_max bounds (socket(7)). */
static bool conn_set_send_bytes(Conn *conn, int bytes) {
    int told = bytes / 2;

    return setsockopt(conn->fd, SOL_SOCKET, SO_SNDBUF, &told, sizeof(told)) == 0;
}

int conn_widen(Conn *conn) {
    int before = conn_option(conn, SO_SNDBUF);

    return before > 0 && before < CONN_WIDE && conn_option(conn, SO_DOMAIN) == AF_UNIX &&
                   conn_set_send_bytes(conn, 2 * before)
               ? before
               : 0;
}

void conn_narrow(Conn *conn, int before) {
    (void) conn_set_send_bytes(conn, before);
}

void conn_shutdown(Conn *conn) {
    conn->shutdown_wanted = true;
    conn_flush(conn);
}

void conn_update(Conn *conn) {
    bool want;

    if (conn->fd < 0)
        return;
    conn_release(conn);
    want = conn_is_heard(conn);
    if (want == conn->read_armed)
        return;
    if (want && event_add(&conn->read_event, NULL) < 0) {
        conn_fail_both(conn, -ENOMEM);
        return;
    }
    if (!want)
        event_del(&conn->read_event);
    conn->read_armed = want;
}
