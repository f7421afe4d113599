// SPDX-License-Identifier: Apache-2.0
/* Two socket pairs with a flow between them: nothing is lost, and no more is held than the limits say. */
#include "daemon/flow.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "policy/limits.h"
#include "tests/support/socket_pairs.h"

typedef struct Pipe {
    struct event_base *base;
    int writer, reader; /* the far ends */
    Conn source, sink;
    Flow flow;
} Pipe;

static void pipe_wake(void *arg) {
    Pipe *p = arg;

    while (flow_pump(&p->flow))
        cr_expect_leq(buffer_size(&p->source.in), LIMIT_CONN_IN);
    cr_expect_leq(buffer_size(&p->sink.out), LIMIT_CONN_OUT + 32);
}

static void pipe_open(Pipe *p) {
    p->base = event_base_new();
    socket_pairs_open(p->base, &p->source, &p->sink, pipe_wake, p, &p->writer, &p->reader);
}

static void pipe_close(Pipe *p) {
    socket_pairs_close(&p->source, &p->sink, p->writer, p->reader);
    event_base_free(p->base);
}

/* Turns the loop; reads what arrived if `reading`. Bytes read, or −1 at the end. */
static ssize_t pipe_turn(Pipe *p, char *data, size_t size, bool reading) {
    ssize_t n;

    event_base_loop(p->base, EVLOOP_NONBLOCK);
    if (!reading)
        return 0;
    n = read(p->reader, data, size);
    return n > 0 ? n : n == 0 ? -1 : 0;
}

Test(flow, raw_bytes_arrive_with_the_end_behind_them) {
    Pipe p = {0};
    char data[4096];
    size_t got = 0;
    ssize_t n;

    pipe_open(&p);
    flow_start_raw(&p.flow, &p.source, &p.sink);
    cr_assert_eq(write(p.writer, "stdin", 5), 5);
    cr_assert_eq(shutdown(p.writer, SHUT_WR), 0);
    while ((n = pipe_turn(&p, data + got, sizeof(data) - got, true)) >= 0)
        got += (size_t) n;
    cr_expect_eq(got, 5);
    cr_expect_eq(memcmp(data, "stdin", 5), 0);
    cr_expect_eq(p.flow.state, FLOW_ENDED);
    cr_expect_eq(p.flow.bytes, 5);
    /* Only that direction has ended: the other still works. */
    cr_expect_eq(write(p.reader, "out", 3), 3);
    pipe_turn(&p, data, 0, false);
    cr_expect_eq(buffer_size(&p.sink.in), 3);
    pipe_close(&p);
}

Test(flow, a_sink_that_is_not_read_stops_the_source) {
    Pipe p = {0};
    static char block[65536];
    size_t sent = 0, got = 0, stuck = 0;
    ssize_t n;

    pipe_open(&p);
    flow_start_raw(&p.flow, &p.source, &p.sink);
    while (stuck < 3) { /* until nothing more fits: the kernel's buffers, `in` and `out` are all full */
        n = write(p.writer, block, sizeof(block));
        stuck = n > 0 ? 0 : stuck + 1;
        sent += n > 0 ? (size_t) n : 0;
        pipe_turn(&p, NULL, 0, false);
        cr_assert_lt(sent, 64u << 20, "back-pressure never came");
    }
    cr_expect_eq(buffer_size(&p.source.in), LIMIT_CONN_IN);
    cr_expect_not(p.source.read_armed);
    cr_assert_eq(close(TAKE_FD(p.writer)), 0);
    while ((n = pipe_turn(&p, block, sizeof(block), true)) >= 0)
        got += (size_t) n;
    cr_expect_eq(got, sent, "all of it arrives once somebody reads: %zu of %zu", got, sent);
    pipe_close(&p);
}

Test(flow, a_truncated_body_fails) {
    Pipe p = {0};
    Reader *reader = reader_new(READER_REQUEST);

    pipe_open(&p);
    reader_body_begin(reader, FRAMING_LENGTH, 10);
    flow_start_body(&p.flow, &p.source, &p.sink, reader, false);
    cr_assert_eq(write(p.writer, "short", 5), 5);
    cr_assert_eq(close(TAKE_FD(p.writer)), 0);
    for (int i = 0; i < 4; i++)
        pipe_turn(&p, NULL, 0, false);
    cr_expect_eq(p.flow.state, FLOW_FAILED);
    reader_free(reader);
    pipe_close(&p);
}

Test(flow, a_body_s_end_is_not_the_connection_s) {
    Pipe p = {0};
    Reader *reader = reader_new(READER_REQUEST);
    char data[64] = {0};

    pipe_open(&p);
    reader_body_begin(reader, FRAMING_LENGTH, 5);
    flow_start_body(&p.flow, &p.source, &p.sink, reader, true);
    cr_assert_eq(write(p.writer, "hello, next", 11), 11);
    pipe_turn(&p, data, sizeof(data) - 1, true);
    cr_expect_eq(p.flow.state, FLOW_ENDED);
    cr_expect_str_eq(data, "5\r\nhello\r\n0\r\n\r\n");
    cr_expect_eq(buffer_size(&p.source.in), 6, "what follows is another's");
    cr_expect_not(p.sink.shutdown_wanted);
    reader_free(reader);
    pipe_close(&p);
}

Test(flow, what_is_dropped_is_counted_and_its_end_goes_on) {
    Pipe p = {0};
    static char block[65536];
    size_t sent = 0;
    char data[64];
    ssize_t n;

    pipe_open(&p);
    flow_start_dropped(&p.flow, &p.source, &p.sink);
    for (int i = 0; i < 64; i++) { /* more than all buffers hold: nobody waits for a reader */
        n = write(p.writer, block, sizeof(block));
        sent += n > 0 ? (size_t) n : 0;
        cr_expect_eq(pipe_turn(&p, data, sizeof(data), true), 0, "a byte went through");
    }
    cr_expect_gt(sent, 1u << 20, "the source was stopped");
    cr_assert_eq(close(TAKE_FD(p.writer)), 0);
    for (int i = 0; i < 64 && flow_is_open(&p.flow); i++)
        pipe_turn(&p, NULL, 0, false);
    cr_expect_eq(p.flow.state, FLOW_ENDED);
    cr_expect_eq(p.flow.bytes, sent);
    cr_expect_eq(pipe_turn(&p, data, sizeof(data), true), -1, "the end goes on, and nothing before it");
    pipe_close(&p);
}
