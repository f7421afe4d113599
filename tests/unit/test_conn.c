// SPDX-License-Identifier: Apache-2.0
#include "daemon/conn.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "policy/limits.h"

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
    conn_init(&ends->conn, ends->base, NULL, fds[0], on_news, ends);
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
    cr_expect_not(conn_needs_look(&ends.conn));
    conn_look(&ends.conn); /* before the end it is no look */
    cr_assert_eq(shutdown(ends.peer, SHUT_WR), 0);
    turn(&ends);
    cr_expect(ends.conn.eof);
    cr_expect_not(conn_hung_up(&ends.conn), "it still reads");
    close(ends.peer);
    cr_expect_not(conn_hung_up(&ends.conn));
    cr_expect(conn_needs_look(&ends.conn));
    conn_look(&ends.conn);
    cr_expect(conn_hung_up(&ends.conn));
    cr_expect_not(conn_needs_look(&ends.conn), "once is enough");
    ends_close(&ends);
}

static void peer_writes(const Ends *ends, size_t size) {
    static const char bytes[LIMIT_CONN_IN];

    cr_assert_eq(send(ends->peer, bytes, size, 0), (ssize_t) size);
}

/* What is read tells of its end by itself; one byte more in `in`, and nothing does but a look. */
Test(conn, a_close_behind_what_does_not_fit_needs_a_look) {
    Ends ends;

    ends_open(&ends);
    peer_writes(&ends, LIMIT_CONN_IN - 1);
    while (buffer_size(&ends.conn.in) < LIMIT_CONN_IN - 1)
        turn(&ends);
    cr_expect_not(conn_needs_look(&ends.conn));
    peer_writes(&ends, 1);
    turn(&ends);
    cr_expect_eq(buffer_size(&ends.conn.in), LIMIT_CONN_IN);
    cr_expect(conn_needs_look(&ends.conn));
    conn_look(&ends.conn);
    cr_expect_not(conn_hung_up(&ends.conn), "it is there");
    peer_writes(&ends, 1);
    close(ends.peer);
    turn(&ends);
    cr_expect_not(conn_hung_up(&ends.conn), "nobody has looked");
    conn_look(&ends.conn);
    cr_expect(conn_hung_up(&ends.conn));
    cr_expect_not(ends.conn.eof, "there is more to read");
    ends_close(&ends);
}

/* In the callback that brings the end, or the last byte that fits, it isn't known to the loop yet. */
static void on_last_byte(void *arg) {
    Ends *ends = arg;

    ends->told++;
    cr_expect_eq(conn_needs_look(&ends->conn), buffer_size(&ends->conn.in) == LIMIT_CONN_IN);
}

Test(conn, what_fills_it_is_known_in_the_callback) {
    Ends ends;

    ends_open(&ends);
    ends.conn.notify = on_last_byte;
    peer_writes(&ends, LIMIT_CONN_IN);
    while (buffer_size(&ends.conn.in) < LIMIT_CONN_IN)
        turn(&ends);
    cr_expect(ends.told > 0);
    close(ends.peer);
    ends_close(&ends);
}

/* A look while it is full is none behind its end. */
Test(conn, an_end_behind_a_look_is_asked_for_once_more) {
    Ends ends;

    ends_open(&ends);
    peer_writes(&ends, LIMIT_CONN_IN);
    while (buffer_size(&ends.conn.in) < LIMIT_CONN_IN)
        turn(&ends);
    conn_look(&ends.conn);
    close(ends.peer);
    buffer_clear(&ends.conn.in);
    conn_update(&ends.conn);
    while (!ends.conn.eof)
        turn(&ends);
    cr_expect(conn_hung_up(&ends.conn));
    ends_close(&ends);
}

/* --- With an outbox */

static bool always_ready(void *arg, bool must) {
    *(unsigned *) arg += must;
    return true;
}

/* `ret_forced`: how often what stands before was asked for. */
static void ends_open_outbox(Ends *ends, Outbox **ret_outbox, unsigned *ret_forced) {
    int fds[2];

    *ends = (Ends){.base = event_base_new()};
    *ret_forced = 0;
    *ret_outbox = outbox_new(ends->base, NULL, always_ready, ret_forced);
    cr_assert_not_null(*ret_outbox);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    conn_init(&ends->conn, ends->base, *ret_outbox, fds[0], on_news, ends);
    conn_update(&ends->conn);
    ends->peer = fds[1];
}

static void ends_close_outbox(Ends *ends, Outbox *outbox) {
    conn_done(&ends->conn);
    outbox_free(outbox);
    event_base_free(ends->base);
}

static size_t peer_reads(const Ends *ends) {
    static char got[1u << 20];
    size_t size = 0;
    ssize_t n;

    while ((n = recv(ends->peer, got, sizeof(got), 0)) > 0)
        size += (size_t) n;
    return size;
}

Test(conn, what_is_short_leaves_at_the_end_of_the_turn) {
    static char bytes[LIMIT_OUTBOX_BYTES + 1];
    const Span parts[] = {{bytes, LIMIT_OUTBOX_BYTES - 1}, {bytes, 1}, {bytes, 1}};
    Outbox *outbox;
    unsigned forced;
    Ends ends;

    ends_open_outbox(&ends, &outbox, &forced);
    cr_expect_eq(conn_send(&ends.conn, parts, 2), 0);
    cr_expect_eq(peer_reads(&ends), 0, "the most that waits");
    cr_expect_not(conn_drained(&ends.conn));
    turn(&ends);
    cr_expect_eq(peer_reads(&ends), LIMIT_OUTBOX_BYTES);
    cr_expect_eq(ends.told, 1, "he has asked");
    cr_expect(conn_drained(&ends.conn));
    cr_expect_eq(conn_send(&ends.conn, parts, 3), 0);
    cr_expect_eq(peer_reads(&ends), LIMIT_OUTBOX_BYTES + 1, "one more goes at once");
    cr_expect_eq(conn_send(&ends.conn, parts + 1, 1), 0);
    turn(&ends);
    cr_expect_eq(peer_reads(&ends), 1);
    cr_expect_eq(ends.told, 1, "he hasn't asked");
    cr_expect_eq(ends.conn.bytes_out, 2 * LIMIT_OUTBOX_BYTES + 2);
    ends_close_outbox(&ends, outbox);
    close(ends.peer);
}

/* In its order, whatever is long and whatever is short; and the end behind all of it. */
Test(conn, what_waits_goes_before_what_is_long) {
    static char bytes[LIMIT_OUTBOX_BYTES + 1];
    Outbox *outbox;
    unsigned forced;
    char got[16];
    Ends ends;

    ends_open_outbox(&ends, &outbox, &forced);
    cr_expect_eq(conn_send(&ends.conn, &SPAN("short"), 1), 0);
    cr_expect_eq(conn_send(&ends.conn, &(Span){bytes, sizeof(bytes)}, 1), 0);
    conn_shutdown(&ends.conn);
    cr_expect_not(ends.conn.shutdown_done);
    turn(&ends);
    cr_expect(ends.conn.shutdown_done);
    cr_expect_eq(recv(ends.peer, got, 5, 0), 5);
    cr_expect_arr_eq(got, "short", 5);
    cr_expect_eq(peer_reads(&ends), sizeof(bytes));
    cr_expect_eq(recv(ends.peer, got, 1, 0), 0);
    ends_close_outbox(&ends, outbox);
    close(ends.peer);
}

static bool nothing_to_send(OutboxLink *link UNUSED, RingSend *ret UNUSED) {
    return false;
}

/* Who finds no place in it doesn't wait for the end of the turn; what must be on record before is. */
Test(conn, past_the_outbox_it_goes_at_once) {
    static const OutboxCalls silent = {.collect = nothing_to_send};
    static OutboxLink links[LIMIT_OUTBOX_LINKS];
    Outbox *outbox;
    unsigned forced;
    Ends ends;

    ends_open_outbox(&ends, &outbox, &forced);
    for (size_t i = 0; i < LIMIT_OUTBOX_LINKS - 1; i++)
        cr_assert(outbox_add(outbox, &links[i], &silent));
    cr_expect_eq(conn_send(&ends.conn, &SPAN("the last place"), 1), 0);
    cr_expect_eq(peer_reads(&ends), 0);
    outbox_remove(outbox, &ends.conn.link);
    cr_expect_eq(forced, 0);
    conn_flush(&ends.conn);
    cr_expect_eq(forced, 1);
    cr_expect_eq(peer_reads(&ends), strlen("the last place"));
    ends_close_outbox(&ends, outbox);
    close(ends.peer);
}

/* What must be on record before is, and then it is sent; nobody is told any more. */
Test(conn, who_closes_in_the_same_turn_is_heard) {
    Outbox *outbox;
    unsigned forced;
    Ends ends;

    ends_open_outbox(&ends, &outbox, &forced);
    cr_expect_eq(conn_send(&ends.conn, &SPAN("last words"), 1), 0);
    cr_expect_eq(forced, 0);
    conn_done(&ends.conn);
    cr_expect_eq(forced, 1);
    cr_expect_eq(peer_reads(&ends), strlen("last words"));
    turn(&ends);
    cr_expect_eq(ends.told, 0);
    ends_close_outbox(&ends, outbox);
    close(ends.peer);
}

Test(conn, a_peer_that_is_gone_is_told_at_the_end_of_the_turn) {
    Outbox *outbox;
    unsigned forced;
    Ends ends;

    signal(SIGPIPE, SIG_IGN);
    ends_open_outbox(&ends, &outbox, &forced);
    conn_set_reading(&ends.conn, CONN_HELD_BACK);
    close(ends.peer);
    cr_expect_eq(conn_send(&ends.conn, &SPAN("to nobody"), 1), 0);
    cr_expect_eq(ends.conn.write_error, 0);
    turn(&ends);
    cr_expect_eq(ends.conn.write_error, -EPIPE);
    cr_expect_eq(ends.told, 1);
    cr_expect(conn_drained(&ends.conn), "it is for nobody");
    ends_close_outbox(&ends, outbox);
}

/* What is there already needs no turn of the loop; nothing is no end, and who isn't read isn't heard. */
Test(conn, who_has_spoken_is_heard_at_once) {
    Ends ends;

    ends_open(&ends);
    conn_hear(&ends.conn);
    cr_expect_eq(ends.told, 0);
    cr_expect_not(ends.conn.eof);
    peer_writes(&ends, 5);
    conn_hear(&ends.conn);
    cr_expect_eq(ends.told, 1);
    cr_expect_eq(buffer_size(&ends.conn.in), 5, "kept, for nobody has taken it");
    conn_set_reading(&ends.conn, CONN_HELD_BACK);
    peer_writes(&ends, 5);
    conn_hear(&ends.conn);
    cr_expect_eq(ends.told, 1);
    conn_set_reading(&ends.conn, CONN_READS);
    turn(&ends);
    cr_expect_eq(ends.told, 2, "the loop tells of it");
    cr_expect_eq(buffer_size(&ends.conn.in), 10);
    close(ends.peer);
    conn_hear(&ends.conn);
    cr_expect(ends.conn.eof);
    ends_close(&ends);
}

/* Read before the turn ends: nobody may go on waiting for what can't be written any more. */
Test(conn, a_reset_takes_along_what_waits) {
    Outbox *outbox;
    unsigned forced;
    Ends ends;

    signal(SIGPIPE, SIG_IGN);
    ends_open_outbox(&ends, &outbox, &forced);
    cr_expect_eq(send(ends.conn.fd, "unread", 6, 0), 6);
    close(ends.peer);
    event_active(&ends.conn.read_event, EV_READ, 0); /* before the turn's end */
    cr_expect_eq(conn_send(&ends.conn, &SPAN("too late"), 1), 0);
    cr_expect_not(conn_drained(&ends.conn));
    turn(&ends);
    cr_expect_eq(ends.conn.error, -ECONNRESET);
    cr_expect(conn_drained(&ends.conn), "it is for nobody");
    cr_expect_eq(conn_send(&ends.conn, &SPAN("later still"), 1), 0);
    cr_expect(conn_drained(&ends.conn));
    cr_expect_eq(buffer_append(&ends.conn.out, SPAN("and where it stands")), 0);
    conn_flush(&ends.conn);
    cr_expect(conn_drained(&ends.conn));
    ends_close_outbox(&ends, outbox);
}

/* Who reads no more, but may have something to say: what is for him doesn't wait for the turn's end, of which
 * nobody would be told. */
Test(conn, what_is_for_nobody_goes_at_once) {
    Outbox *outbox;
    unsigned forced;
    Ends ends;

    ends_open_outbox(&ends, &outbox, &forced);
    ends.conn.write_error = -EPIPE;
    cr_expect_eq(buffer_append(&ends.conn.out, SPAN("for nobody")), 0);
    conn_flush(&ends.conn);
    cr_expect(conn_drained(&ends.conn));
    cr_expect(conn_is_open(&ends.conn), "and he is read");
    ends_close_outbox(&ends, outbox);
}

/* What a full socket doesn't take waits for room, as without an outbox, and what comes behind it with it. */
Test(conn, a_full_peer_gets_all_of_it_later) {
    static char bytes[1u << 20];
    Outbox *outbox;
    unsigned forced;
    size_t got;
    Ends ends;

    ends_open_outbox(&ends, &outbox, &forced);
    cr_expect_eq(conn_send(&ends.conn, &(Span){bytes, sizeof(bytes)}, 1), 0);
    cr_assert(ends.conn.write_armed);
    cr_expect_eq(conn_send(&ends.conn, &SPAN("behind"), 1), 0);
    got = 0;
    for (unsigned i = 0; i < 1000 && got < sizeof(bytes) + strlen("behind"); i++) {
        got += peer_reads(&ends);
        turn(&ends);
    }
    cr_expect_eq(got, sizeof(bytes) + strlen("behind"));
    cr_expect_gt(forced, 0, "what must be on record before is");
    cr_expect(conn_drained(&ends.conn));
    ends_close_outbox(&ends, outbox);
    close(ends.peer);
}

/* --- Without memory */

static bool no_memory;

static void *event_malloc(size_t size) {
    return no_memory ? NULL : malloc(size);
}

static void *event_realloc(void *old, size_t size) {
    return no_memory ? NULL : realloc(old, size);
}

/*
 * What can't be waited for isn't written: it is ours that the peer gets half a message, and it would wait for
 * the rest of it as we for its answer. So neither way goes on.
 */
static void send_without_memory(Ends *ends) {
    static char bytes[1u << 20];

    no_memory = true;
    cr_expect_eq(conn_send(&ends->conn, &(Span){bytes, sizeof(bytes)}, 1), 0);
    no_memory = false;
    cr_expect_eq(ends->conn.error, -ENOMEM);
    cr_expect_eq(ends->conn.write_error, -ENOMEM);
    cr_expect(conn_drained(&ends->conn), "it is for nobody");
    cr_expect_not(ends->conn.read_armed);
}

Test(conn, without_memory_to_wait_for_room_it_fails_both_ways) {
    Ends ends;

    event_set_mem_functions(event_malloc, event_realloc, free);
    ends_open(&ends);
    send_without_memory(&ends);
    ends_close(&ends);
    close(ends.peer);
}

Test(conn, without_memory_at_the_turn_s_end_its_owner_is_told) {
    static char bytes[LIMIT_OUTBOX_BYTES];
    Outbox *outbox;
    unsigned forced;
    Ends ends;

    event_set_mem_functions(event_malloc, event_realloc, free);
    ends_open_outbox(&ends, &outbox, &forced);
    while (send(ends.conn.fd, bytes, sizeof(bytes), 0) > 0)
        ;
    cr_expect_eq(conn_send(&ends.conn, &(Span){bytes, sizeof(bytes)}, 1), 0);
    cr_expect_eq(ends.conn.error, 0);
    no_memory = true;
    turn(&ends);
    no_memory = false;
    cr_expect_eq(ends.conn.error, -ENOMEM);
    cr_expect_eq(ends.told, 1);
    ends_close_outbox(&ends, outbox);
    close(ends.peer);
}
