// SPDX-License-Identifier: Apache-2.0
/*
 * One connected stream socket, non-blocking, with what was read and what waits to be written: the client's
 * and the engine's are the same. Plain events instead of bufferevents: a bufferevent asks FIONREAD before
 * each read, and system calls are the budget.
 *
 * Reading stops by itself while `in` holds `in_limit` bytes, and goes on once it was consumed
 * (conn_update): that is the back-pressure. What a read brings is in memory that all connections share until
 * the callback returns; only what it leaves is kept in memory of the connection's own. The callback only says
 * "look again": it comes from the loop, never from inside a call made here, so whoever calls never finds the
 * ground gone.
 *
 * Writing: what is short waits for the end of the loop's turn, and goes with what others have to send
 * (outbox).
 */
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>

#include "buffer.h"
#include "outbox.h"

typedef void (*ConnNotify)(void *arg);

/* Who takes what comes. */
typedef enum ConnReading {
    CONN_READS = 0,
    CONN_PULLED,    /* conn_pull: it is only told that something has come */
    CONN_HELD_BACK, /* nobody: what came before has not been passed on */
} ConnReading;

typedef struct Conn {
    struct event read_event;
    struct event *write_event; /* while room is waited for, which most never do; else NULL */
    Buffer in;                 /* only to be consumed */
    Buffer out;
    Outbox *outbox; /* NULL: nothing waits for the end of the turn */
    OutboxLink link;
    int fd;            /* −EBADF: closed */
    uint32_t in_limit; /* bytes */
    ConnReading reading;
    bool read_armed;
    bool write_armed;
    bool lent;            /* `in` is the memory that all share */
    bool news;            /* CONN_PULLED: something has come since */
    bool eof;             /* the peer has ended its side, and `in` has all there was */
    bool looked;          /* conn_look, since the end */
    bool hangup;          /* seen by it: closed altogether, nobody reads what we write */
    bool shutdown_wanted; /* our side ends once `out` is empty */
    bool shutdown_done;
    bool drain_awaited; /* its owner is told once `out` is empty */
    int error;          /* −errno that ended reading, and writing with it; 0 */
    int write_error;    /* −errno that ended writing; 0. What the peer had sent may still be read */
    uint64_t bytes_in;
    uint64_t bytes_out;
    ConnNotify notify;
    void *arg;
} Conn;

/* Takes `fd`. Nothing is read before conn_update. `outbox` is borrowed, and may be NULL. */
void conn_init(Conn *conn, struct event_base *base, Outbox *outbox, int fd, ConnNotify notify, void *arg);
/* Writes what it can at once of what still waits, and closes, with an outbox at the end of the turn; safe on
 * a zeroed Conn whose fd is −EBADF, and twice. */
void conn_done(Conn *conn);

/*
 * Writes what it can of `out`; ends our side if wanted and `out` is empty; waits for room otherwise. With an
 * outbox at the end of the loop's turn. Mostly all of it is queued already, or there is nothing.
 */
static inline void conn_flush(Conn *conn);
void conn_flush_some(Conn *conn); /* the same, where there may be something to do */
void conn_flush_now(Conn *conn);  /* at once; what that needs on record before is there already */

/* The next that is heard comes when there is room to write, or a connect(2) has ended. 0 or −ENOMEM. */
int conn_wait_for_room(Conn *conn);
/*
 * Writes `parts`, of which LIMIT_SEND_PARTS go at once, behind what waits; what the socket doesn't take waits
 * in `out`. With an outbox all waits there if it is no more than LIMIT_OUTBOX_BYTES. 0 or −ENOMEM.
 */
int conn_send(Conn *conn, const Span *parts, size_t n);
int conn_send_now(Conn *conn, const Span *parts, size_t n); /* with an outbox too */

/* Whether all is written that was to be. If not, the callback comes once it is. */
static inline bool conn_drained(Conn *conn) {
    conn->drain_awaited = buffer_size(&conn->out) > 0;
    return !conn->drain_awaited;
}

/* While nobody else reads: into `in`, at most `size` bytes. How many; 0: none now, or the end (eof), or an
 * error. */
size_t conn_read(Conn *conn, size_t size);

/*
 * From the socket into a pipe, and from a pipe to the socket, without a copy (splice(2)); for the latter
 * `out` must be empty, and what isn't taken is reported once there is room. How many bytes; 0: none now, or
 * the peer has ended its side (eof); −errno: not this way, or the socket has failed.
 */
ssize_t conn_pull(Conn *conn, int pipe, size_t size);
ssize_t conn_push(Conn *conn, int pipe, size_t size);
void conn_set_reading(Conn *conn, ConnReading reading);

/*
 * Twice as much as now may wait in a unix socket for a peer to read it (SO_SNDBUF). A peer is sent what
 * another socket held, which is as much as its own may hold: if some of what came before is still there, the
 * rest would wait for room. TCP sees to that by itself. Returns how many bytes it was, for conn_narrow, which
 * puts that back, and doesn't mind one that was closed since. 0: it stays as it is.
 */
int conn_widen(Conn *conn);
void conn_narrow(Conn *conn, int before);

/* Our side ends (FIN) once everything in `out` is written. */
void conn_shutdown(Conn *conn);

static inline void conn_flush(Conn *conn) {
    bool queued = conn->link.place == OUTBOX_WAITS && buffer_size(&conn->out) > 0 && !conn->write_error;

    if (!queued && (conn->out.data || conn->shutdown_wanted))
        conn_flush_some(conn);
}

/* Arms or disarms reading by what `in` holds. Call after consuming, or after changing in_limit. */
void conn_update(Conn *conn);

/* As if the loop had told that something has come, while the peer is read. Only from a callback of the loop
 * that is no connection's. */
void conn_hear(Conn *conn);

/* Whether the peer is read, or will be once the callback returns. */
static inline bool conn_is_heard(const Conn *conn) {
    return !conn->eof && conn->error == 0 &&
           (conn->reading == CONN_PULLED ||
            (conn->reading == CONN_READS && buffer_size(&conn->in) < conn->in_limit));
}

/* Whether the peer could leave now and nothing would report it: only conn_look tells. */
static inline bool conn_needs_look(const Conn *conn) {
    return conn->fd >= 0 && conn->error == 0 && !conn->hangup && !conn_is_heard(conn);
}

/*
 * Whether a peer that isn't read, since it has ended its side or `in` is full, has closed altogether by now.
 * Only the kernel knows: a unix socket's at once, TCP's once it was reset, or a write or a keepalive has
 * failed. Who has only ended its side still reads, and isn't taken for one that has. Sets `hangup`.
 */
void conn_look(Conn *conn);

/* The same, with a look of its own the first time behind the end: most ends are closed with nobody asking. */
static inline bool conn_hung_up(Conn *conn) {
    if (conn->eof && !conn->looked)
        conn_look(conn);
    return conn->hangup;
}

static inline bool conn_is_open(const Conn *conn) {
    return conn->fd >= 0 && conn->error == 0;
}

static inline bool conn_input_ended(const Conn *conn) {
    return conn->eof && buffer_size(&conn->in) == 0;
}
