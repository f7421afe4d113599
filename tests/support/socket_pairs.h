// SPDX-License-Identifier: Apache-2.0
/* What a flow lies between, for unit tests: two socket pairs, of which a near end is its source, and its
 * sink. */
#pragma once

#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/conn.h"

/* *ret_writer is the source's far end, *ret_reader the sink's; both connections read from now on. */
static inline void socket_pairs_open(struct event_base *base, Conn *source, Conn *sink, ConnNotify notify,
                                     void *arg, int *ret_writer, int *ret_reader) {
    int a[2], b[2];

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, a), 0);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, b), 0);
    *ret_writer = a[0];
    *ret_reader = b[0];
    conn_init(source, base, NULL, a[1], notify, arg);
    conn_init(sink, base, NULL, b[1], notify, arg);
    conn_update(source);
    conn_update(sink);
}

/* `writer` may be closed already: negative. */
static inline void socket_pairs_close(Conn *source, Conn *sink, int writer, int reader) {
    conn_done(source);
    conn_done(sink);
    if (writer >= 0)
        close(writer);
    close(reader);
}
