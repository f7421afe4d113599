// SPDX-License-Identifier: Apache-2.0
#include "daemon/conn.h"

#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct Ends {
    struct event_base *base;
    Conn conn;
    int peer;
    unsigned told;
} Ends;

static void on_news(void *arg) {
    ((Ends *) arg)->told++;
}

static void ends_open(Ends *ends) {
    int fds[2];

    *ends = (Ends){.base = event_base_new()};
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    conn_init(&ends->conn, ends->base, fds[0], on_news, ends);
    conn_update(&ends->conn);
    ends->peer = fds[1];
}

static void ends_close(Ends *ends) {
    conn_done(&ends->conn);
    event_base_free(ends->base);
}

static void turn(Ends *ends) {
    event_base_loop(ends->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

/* Who has closed by the time of the first question; it is the end that lets it be asked. */
Test(conn, a_close_is_seen_by_who_asks) {
    Ends ends;

    ends_open(&ends);
    cr_expect_not(conn_hung_up(&ends.conn));
    close(ends.peer);
    cr_expect_not(conn_hung_up(&ends.conn), "what came before its end is not read yet");
    turn(&ends);
    cr_expect_eq(ends.told, 1);
    cr_expect(ends.conn.eof);
    cr_expect_not(ends.conn.hangup, "nobody has asked");
    cr_expect(conn_hung_up(&ends.conn));
    cr_expect(ends.conn.hangup);
    ends_close(&ends);
}

/* Who ends his side and closes later: that is for conn_look, now and then, and no question looks again. */
Test(conn, a_close_behind_an_end_needs_a_look) {
    Ends ends;

    ends_open(&ends);
    conn_look(&ends.conn); /* before the end it is no look */
    cr_assert_eq(shutdown(ends.peer, SHUT_WR), 0);
    turn(&ends);
    cr_expect(ends.conn.eof);
    cr_expect_not(conn_hung_up(&ends.conn), "it still reads");
    close(ends.peer);
    cr_expect_not(conn_hung_up(&ends.conn));
    conn_look(&ends.conn);
    cr_expect(conn_hung_up(&ends.conn));
    ends_close(&ends);
}
