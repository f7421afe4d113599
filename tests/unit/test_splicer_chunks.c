// SPDX-License-Identifier: Apache-2.0
/*
 * Chunked bodies between two socket pairs, whose large chunks are spliced: the content arrives, in chunks of
 * our own, whatever stands between those that came; and what can't be read ends the flow.
 */
#include "daemon/splicer.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/flow.h"
#include "policy/limits.h"
#include "tests/support/socket_pairs.h"

#define CHUNK LIMIT_SPLICE_CHUNK
#define LEAD (LIMIT_SPLICE_AFTER / CHUNK + 2) /* chunks after which it is spliced */
#define ROOM (8u << 20)

/* What is sent, and what must come of it. */
typedef struct Coded {
    char text[ROOM], content[ROOM];
    size_t size, n_content;
} Coded;

typedef struct Way {
    struct event_base *base;
    int writer, reader; /* the far ends */
    Conn source, sink;
    Splicer *splicer;
    Flow flow;
    Reader *framing;
    char got[ROOM];
    size_t n_got;
    size_t n_spliced; /* bytes of content that were */
} Way;

static Coded coded;
static Way way;

static void code(const char *text) {
    coded.size += (size_t) sprintf(coded.text + coded.size, "%s", text);
}

/* One chunk. Its head is `head`, or the shortest there is. */
static void code_chunk(size_t size, const char *head) {
    if (head)
        code(head);
    else
        coded.size += (size_t) sprintf(coded.text + coded.size, "%zx\r\n", size);
    for (size_t i = 0; i < size; i++) {
        char c = (char) (coded.n_content * 7 + (coded.n_content >> 12));

        coded.text[coded.size++] = coded.content[coded.n_content++] = c;
    }
    code("\r\n");
}

/* So many that what follows is spliced. */
static void code_lead(void) {
    coded.size = coded.n_content = 0;
    for (size_t i = 0; i < LEAD; i++)
        code_chunk(CHUNK, NULL);
}

static void way_wake(void *arg UNUSED) {
    bool on = way.flow.splice.on;
    uint64_t before = reader_body_bytes(way.framing);

    while (flow_pump(&way.flow)) {
        way.n_spliced += on ? (size_t) (reader_body_bytes(way.framing) - before) : 0;
        on = way.flow.splice.on;
        before = reader_body_bytes(way.framing);
    }
    way.n_spliced += on ? (size_t) (reader_body_bytes(way.framing) - before) : 0;
    cr_expect_leq(way.flow.splice.held, LIMIT_SPLICE_BYTES);
    cr_expect_leq(buffer_size(&way.sink.out), LIMIT_CONN_OUT + 32);
}

static Reader *new_reader(void) {
    static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    Reader *reader = reader_new(READER_RESPONSE);
    const char *detail;
    Reason reason;
    size_t size;

    cr_assert_eq(reader_head(reader, (Span){head, sizeof(head) - 1}, 4096, &size, &reason, &detail),
                 READ_HEAD);
    reader_body_begin(reader, FRAMING_CHUNKED, 0);
    return reader;
}

static void way_open(bool chunked) {
    (void) signal(SIGPIPE, SIG_IGN);
    way.base = event_base_new();
    way.splicer = splicer_new(4);
    way.framing = new_reader();
    way.n_got = way.n_spliced = 0;
    socket_pairs_open(way.base, &way.source, &way.sink, way_wake, NULL, &way.writer, &way.reader);
    flow_start_body(&way.flow, &way.source, &way.sink, way.framing, chunked);
    flow_let_splice(&way.flow, way.splicer);
}

static void way_close(void) {
    flow_stop(&way.flow);
    cr_expect_eq(splicer_pipes(way.splicer), 0);
    socket_pairs_close(&way.source, &way.sink, way.writer, way.reader);
    reader_free(way.framing);
    splicer_free(way.splicer);
    event_base_free(way.base);
}

static void way_read(void) {
    for (ssize_t n; (n = read(way.reader, way.got + way.n_got, sizeof(way.got) - way.n_got)) > 0;)
        way.n_got += (size_t) n;
}

/* All that was coded, in writes of `step` bytes; the loop turns between them, and what arrives is read as
 * long as no more than `reads` bytes were sent. */
static void way_send(size_t step, size_t reads) {
    for (size_t sent = 0, stuck = 0; sent < coded.size && stuck < 16;) {
        size_t want = coded.size - sent < step ? coded.size - sent : step;
        ssize_t n = write(way.writer, coded.text + sent, want);

        stuck = n > 0 ? 0 : stuck + 1;
        sent += n > 0 ? (size_t) n : 0;
        event_base_loop(way.base, EVLOOP_NONBLOCK);
        if (sent <= reads)
            way_read();
    }
}

/* Until nothing moves any more. */
static void way_settle(void) {
    for (int i = 0; i < 16; i++) {
        event_base_loop(way.base, EVLOOP_NONBLOCK);
        way_read();
    }
}

/* What has arrived is a chunked body's beginning, or all of it (`end`), with that content. */
static void expect_content(size_t size, bool end) {
    Buffer in = {0}, out = {0};
    Reader *reader = new_reader();

    cr_assert_eq(buffer_append(&in, (Span){way.got, way.n_got}), 0);
    cr_expect_eq(reader_body(reader, &in, false, &out, SIZE_MAX, false), end ? READ_END : READ_MORE);
    cr_expect_eq(buffer_size(&in), 0);
    cr_expect_eq(buffer_size(&out), size, "%zu of %zu", buffer_size(&out), size);
    cr_expect(memcmp(buffer_span(&out).data, coded.content, buffer_size(&out)) == 0);
    buffer_done(&in);
    buffer_done(&out);
    reader_free(reader);
}

/* The whole of it, with the next message behind. At least so much of it was spliced. */
static void passes(size_t step, size_t spliced) {
    size_t most = sizeof(coded.text), size = coded.size;

    code("GET /next");
    cr_assert_lt(coded.size, most);
    way_open(true);
    way_send(step, SIZE_MAX);
    way_settle();
    cr_expect_eq(way.flow.state, FLOW_ENDED);
    expect_content(coded.n_content, true);
    cr_expect_eq(way.flow.bytes, coded.n_content);
    cr_expect_eq(reader_body_bytes(way.framing), coded.n_content);
    cr_expect_geq(way.n_spliced, spliced, "%zu, and %zu is expected", way.n_spliced, spliced);
    cr_assert_eq(buffer_size(&way.source.in), 9, "what follows is another's");
    cr_expect_eq(memcmp(buffer_span(&way.source.in).data, "GET /next", 9), 0);
    way_close();
    coded.size = size;
}

Test(splicer_chunks, their_content_arrives_in_chunks_of_ours) {
    code_lead();
    for (size_t i = 0; i < 64; i++)
        code_chunk(CHUNK, NULL);
    code("0\r\n\r\n");
    passes(SIZE_MAX, 32 * CHUNK);
    passes(100000, 32 * CHUNK);
    passes(CHUNK + 8, 32 * CHUNK);
    passes(CHUNK + 7, 32 * CHUNK); /* a head in two pieces, cut anywhere */
}

Test(splicer_chunks, of_other_sizes) {
    code_lead();
    code_chunk(1 << 20, NULL); /* a longer head */
    code_chunk(1 << 20, NULL);
    code_chunk(CHUNK, NULL); /* a shorter one: a byte of content comes with it */
    for (size_t i = 0; i < LEAD; i++)
        code_chunk(CHUNK * 2, NULL);
    code_chunk(1, NULL);
    code("0\r\n\r\n");
    passes(SIZE_MAX, CHUNK);
    passes(100000, CHUNK);
}

/* How much of a body is spliced whose chunks are all as large. */
static size_t spliced_of(size_t chunk) {
    coded.size = coded.n_content = 0;
    while (coded.n_content < 2u << 20)
        code_chunk(chunk, NULL);
    code("0\r\n\r\n");
    passes(SIZE_MAX, 0);
    return way.n_spliced;
}

Test(splicer_chunks, small_ones_are_copied) {
    cr_expect_gt(spliced_of(LIMIT_SPLICE_CHUNK), 0, "at the bound");
    cr_expect_eq(spliced_of(LIMIT_SPLICE_CHUNK - 1), 0);
    cr_expect_eq(spliced_of(10), 0);
    cr_expect_eq(LIMIT_SPLICE_CHUNK, 32768);
}

Test(splicer_chunks, extensions_and_trailers_stay) {
    code_lead();
    for (size_t i = 0; i < 2 * LEAD; i++)
        code_chunk(CHUNK, i % 2 ? "0000008000\r\n" : "8000;Transfer-Encoding=x\r\n");
    for (size_t i = 0; i < 2 * LEAD; i++)
        code_chunk(CHUNK, NULL);
    code("0;last=1\r\nX-Trailer: y\r\n\r\n");
    passes(SIZE_MAX, CHUNK);
    passes(CHUNK, 0);
    cr_expect_null(memmem(way.got, way.n_got, "Transfer-Encoding", 17));
    cr_expect_null(memmem(way.got, way.n_got, "X-Trailer", 9));
    cr_expect_null(memmem(way.got, way.n_got, "last", 4));
}

Test(splicer_chunks, for_a_client_that_knows_none) {
    code_lead();
    for (size_t i = 0; i < 64; i++)
        code_chunk(CHUNK, NULL);
    code("0\r\n\r\n");
    way_open(false);
    way_send(SIZE_MAX, SIZE_MAX);
    way_settle();
    cr_expect_eq(way.flow.state, FLOW_ENDED);
    cr_expect_gt(way.n_spliced, 0);
    cr_assert_eq(way.n_got, coded.n_content);
    cr_expect(memcmp(way.got, coded.content, way.n_got) == 0);
    way_close();
}

Test(splicer_chunks, a_slow_reader_makes_the_writer_wait) {
    code_lead();
    for (size_t i = 0; i < 64; i++)
        code_chunk(CHUNK, NULL);
    way_open(true);
    way_send(CHUNK, LEAD * CHUNK + LIMIT_SPLICE_BYTES);
    cr_expect_gt(way.flow.splice.held, 0);
    cr_expect_leq(way.flow.splice.held, LIMIT_SPLICE_BYTES);
    cr_expect_not(way.source.read_armed);
    cr_expect_lt(way.source.bytes_in, coded.size);
    cr_expect_eq(way.flow.bytes + way.flow.splice.held, reader_body_bytes(way.framing));
    way_close();
}

/* Behind spliced chunks comes `text`, which is none, and perhaps the writer's end: what was good arrives, and
 * no end of it. */
static void fails(const char *text, size_t content, bool ends) {
    code_lead();
    for (size_t i = 0; i < 8; i++)
        code_chunk(CHUNK, NULL);
    coded.size -= 2;
    code(text);
    way_open(true);
    way_send(SIZE_MAX, SIZE_MAX);
    if (ends)
        cr_assert_eq(close(TAKE_FD(way.writer)), 0);
    way_settle();
    cr_expect_gt(way.n_spliced, 0, "%s", text);
    cr_expect_eq(way.flow.state, FLOW_FAILED, "%s", text);
    cr_expect_eq(reader_body_truncated(way.framing), ends, "%s", text);
    cr_expect_eq(reader_body_reason(way.framing), ends ? REASON_BODY_TRUNCATED : REASON_HTTP_FRAMING);
    expect_content(coded.n_content + content, false);
    way_close();
}

Test(splicer_chunks, what_is_none_ends_the_flow) {
    fails("XX8000\r\n", 0, false);
    fails("\r\n8x00\r\n", 0, false);
    fails("\r\n-800\r\n", 0, false);
    fails("\n8000\r\nx", 0, false);
    fails("\r\n\r\n8000", 0, false);
    fails("\r\n 8000\r\n", 0, false);
    fails("8000\r\nxx", 0, false);
}

Test(splicer_chunks, one_cut_short_arrives_as_far_as_it_came) {
    coded.content[(LEAD + 8) * CHUNK] = 'x';
    fails("", 0, true);
    fails("\r", 0, true);
    fails("\r\n80", 0, true);
    fails("\r\n8000\r", 0, true);
    fails("\r\n8000\r\nx", 1, true);
}
