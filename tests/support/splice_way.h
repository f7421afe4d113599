// SPDX-License-Identifier: Apache-2.0
/* A flow between two socket pairs that may splice, for unit tests: what is sent says where each byte belongs.
 */
#pragma once

#include <criterion/criterion.h>
#include <signal.h>
#include <unistd.h>

#include "daemon/flow.h"
#include "tests/support/socket_pairs.h"

#define LONG (4u << 20) /* much more than what is copied before, and what lies between */

typedef struct Way {
    struct event_base *base;
    int writer, reader; /* the far ends; −EBADF: closed */
    Conn source, sink;
    Flow flow;
    Reader *framing;
    size_t sent, got;
    bool wrong;   /* a byte that isn't what was sent there */
    bool spliced; /* at any time */
    size_t most_held;
} Way;

static inline char content(size_t at) {
    return (char) (at * 7 + (at >> 12));
}

static inline void way_wake(void *arg) {
    Way *way = arg;

    while (flow_pump(&way->flow))
        ;
    way->spliced |= way->flow.splice.on;
    if (way->flow.splice.held > way->most_held)
        way->most_held = way->flow.splice.held;
    if (way->flow.splice.on)
        cr_expect_eq(buffer_size(&way->source.in), 0);
}

static inline void way_open(Way *way, struct event_base *base) {
    (void) signal(SIGPIPE, SIG_IGN);
    way->base = base ? base : event_base_new();
    socket_pairs_open(way->base, &way->source, &way->sink, way_wake, way, &way->writer, &way->reader);
}

static inline void way_open_tunnel(Way *way, struct event_base *base, Splicer *splicer) {
    way_open(way, base);
    flow_start_raw(&way->flow, &way->source, &way->sink);
    flow_let_splice(&way->flow, splicer);
}

/* `length`: of the body; 0: until the writer ends its side. */
static inline void way_open_body(Way *way, Splicer *splicer, uint64_t length, bool chunked) {
    way_open(way, NULL);
    way->framing = reader_new(READER_RESPONSE);
    if (length > 0)
        reader_body_begin(way->framing, FRAMING_LENGTH, length);
    else
        reader_body_begin_until_close(way->framing);
    flow_start_body(&way->flow, &way->source, &way->sink, way->framing, chunked);
    flow_let_splice(&way->flow, splicer);
}

static inline void way_close(Way *way, bool last) {
    flow_stop(&way->flow);
    socket_pairs_close(&way->source, &way->sink, way->writer, way->reader);
    reader_free(way->framing);
    if (last)
        event_base_free(way->base);
}

static inline void way_end_writer(Way *way) {
    cr_assert_eq(close(TAKE_FD(way->writer)), 0);
}

/* As much as the socket takes, up to `size` bytes in all. */
static inline void way_write(Way *way, size_t size) {
    char block[65536];
    ssize_t n;

    while (way->sent < size) {
        size_t want = size - way->sent < sizeof(block) ? size - way->sent : sizeof(block);

        for (size_t i = 0; i < want; i++)
            block[i] = content(way->sent + i);
        n = write(way->writer, block, want);
        if (n <= 0)
            return;
        way->sent += (size_t) n;
    }
}

/* True at the end. */
static inline bool way_read(Way *way) {
    char block[65536];
    ssize_t n;

    while ((n = read(way->reader, block, sizeof(block))) > 0)
        for (ssize_t i = 0; i < n; i++)
            way->wrong |= block[i] != content(way->got++);
    return n == 0;
}

static inline void way_turn(Way *way) {
    event_base_loop(way->base, EVLOOP_NONBLOCK);
}

/* Writes, moves and reads until `size` bytes are through. */
static inline void way_pass(Way *way, size_t size) {
    for (int i = 0; i < 10000 && way->got < size; i++) {
        way_write(way, size);
        way_turn(way);
        way_read(way);
    }
    cr_expect_eq(way->got, size, "%zu of %zu", way->got, size);
    cr_expect_not(way->wrong);
}

/* Until nothing moves any more, with nobody reading. */
static inline void way_fill(Way *way) {
    for (size_t before = SIZE_MAX; before != way->sent;) {
        before = way->sent;
        for (int i = 0; i < 4; i++) {
            way_write(way, SIZE_MAX);
            way_turn(way);
        }
    }
}
