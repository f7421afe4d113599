// SPDX-License-Identifier: Apache-2.0
/* A flow between two socket pairs that may splice: each byte arrives, none beyond the body's end is taken,
 * and pipes are bounded. */
#include "daemon/splicer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "daemon/flow.h"
#include "policy/limits.h"
#include "tests/support/splice_refusal.h"
#include "tests/support/splice_way.h"

Test(splicer, a_body_ends_at_its_last_byte) {
    Splicer *splicer = splicer_new(4);
    Way way = {0};
    char behind[64] = {0};

    way_open_body(&way, splicer, LONG, false);
    way_pass(&way, LONG - LIMIT_SPLICE_LEAST);
    cr_expect(way.flow.splice.on);
    way_write(&way, LONG);
    cr_assert_eq(way.sent, LONG);
    cr_assert_eq(write(way.writer, "GET /next", 9), 9);
    way_turn(&way);
    way_read(&way);
    cr_expect(way.spliced);
    cr_expect_eq(way.flow.state, FLOW_ENDED);
    cr_expect_eq(way.got, LONG, "%zu", way.got);
    cr_expect_eq(way.flow.bytes, LONG);
    cr_expect_eq(reader_body_bytes(way.framing), LONG);
    cr_expect_not(way.wrong);
    way_turn(&way);
    cr_assert_eq(buffer_size(&way.source.in), 9, "what follows is another's, and read as ever");
    memcpy(behind, buffer_span(&way.source.in).data, 9);
    cr_expect_str_eq(behind, "GET /next");
    cr_expect_eq(splicer_pipes(splicer), 0);
    way_close(&way, true);
    splicer_free(splicer);
}

Test(splicer, a_body_cut_short_arrives_as_far_as_it_came) {
    Splicer *splicer = splicer_new(4);
    Way way = {0};

    way_open_body(&way, splicer, LONG, false);
    way_pass(&way, LONG - 1);
    way_end_writer(&way);
    for (int i = 0; i < 4; i++)
        way_turn(&way);
    cr_expect(way.spliced);
    cr_expect_eq(way.flow.state, FLOW_FAILED);
    cr_expect(reader_body_truncated(way.framing));
    cr_expect_eq(way.flow.bytes, LONG - 1);
    way_close(&way, true);
    splicer_free(splicer);
}

/* What is closed with bytes that nobody has read is reset: unlike an end, that is no body's end. */
/* Over TCP, as way_open_tunnel. */
static void way_open_tcp(Way *way, Splicer *splicer) {
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(in);
    int listening = socket(AF_INET, SOCK_STREAM, 0), fd;

    way_open_tunnel(way, NULL, splicer);
    conn_done(&way->source);
    close(way->writer);
    cr_assert_eq(bind(listening, (struct sockaddr *) &in, size), 0);
    cr_assert_eq(listen(listening, 1), 0);
    cr_assert_eq(getsockname(listening, (struct sockaddr *) &in, &size), 0);
    way->writer = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(connect(way->writer, (struct sockaddr *) &in, size), 0);
    fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK);
    cr_assert_geq(fd, 0);
    cr_assert_eq(fcntl(way->writer, F_SETFL, O_NONBLOCK), 0);
    close(listening);
    conn_init(&way->source, way->base, NULL, fd, way_wake, way);
    conn_update(&way->source);
}

/*
 * Urgent data (RFC 6093) stops splice(2) at its mark for good, while the socket says that there is something
 * to read: recv(2) leaves that byte out, and goes on behind it.
 */
Test(splicer, an_urgent_byte_stops_nothing, .timeout = 30) {
    Splicer *splicer = splicer_new(2);
    Way way = {0};
    struct timespec began, ended;

    way_open_tcp(&way, splicer);
    way_pass(&way, LONG);
    cr_expect(way.flow.splice.on);
    cr_assert_eq(send(way.writer, "!", 1, MSG_OOB), 1);
    way_pass(&way, LONG + 100);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &began);
    event_base_loopexit(way.base, &(struct timeval){.tv_usec = 100000});
    event_base_dispatch(way.base);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ended);
    cr_expect_lt((ended.tv_sec - began.tv_sec) * 1000000000 + ended.tv_nsec - began.tv_nsec, 50000000,
                 "it sleeps while nothing comes");
    way_pass(&way, 2 * LONG);
    cr_expect(way.flow.splice.on, "what is long is spliced again");
    way_close(&way, true);
    splicer_free(splicer);
}

Test(splicer, a_reset_is_no_end) {
    Splicer *splicer = splicer_new(4);
    Way way = {0};

    way_open_body(&way, splicer, 0, false);
    way_pass(&way, LIMIT_SPLICE_AFTER * 2);
    cr_expect(way.flow.splice.on);
    cr_assert_eq(write(way.source.fd, "unread", 6), 6);
    way_end_writer(&way);
    for (int i = 0; i < 4; i++)
        way_turn(&way);
    cr_expect_eq(way.source.error, -ECONNRESET);
    cr_expect_neq(way.flow.state, FLOW_ENDED);
    way_close(&way, true);
    splicer_free(splicer);
}

Test(splicer, a_tunnel_s_end_comes_behind_its_bytes) {
    Splicer *splicer = splicer_new(4);
    Way way = {0};
    bool ended = false;

    way_open_tunnel(&way, NULL, splicer);
    for (int i = 0; i < 10000 && !ended; i++) {
        way_write(&way, LONG);
        if (way.sent == LONG && way.writer >= 0)
            way_end_writer(&way);
        way_turn(&way);
        ended = way_read(&way);
    }
    cr_expect(ended && way.spliced);
    cr_expect_eq(way.got, LONG, "%zu", way.got);
    cr_expect_not(way.wrong);
    cr_expect_eq(way.flow.state, FLOW_ENDED);
    cr_expect_eq(way.flow.bytes, LONG);
    cr_expect_eq(way.source.bytes_in, LONG);
    cr_expect_eq(way.sink.bytes_out, LONG);
    cr_expect_eq(splicer_pipes(splicer), 0, "the spare one, too");
    way_close(&way, true);
    splicer_free(splicer);
}

Test(splicer, what_has_no_length_goes_in_chunks) {
    Splicer *splicer = splicer_new(4);
    Way way = {0};
    static char coded[2 * LONG];
    size_t size = 0, at = 0;
    ssize_t n = 0;
    Buffer in = {0}, out = {0};
    Reader *reader = reader_new(READER_RESPONSE);
    Reason reason;
    const char *detail;

    way_open_body(&way, splicer, 0, true);
    for (int i = 0; i < 10000 && (flow_is_open(&way.flow) || buffer_size(&way.sink.out) > 0 || n > 0); i++) {
        way_write(&way, LONG);
        if (way.sent == LONG && way.writer >= 0)
            way_end_writer(&way);
        way_turn(&way);
        while ((n = read(way.reader, coded + size, sizeof(coded) - size)) > 0)
            size += (size_t) n;
    }
    cr_expect(way.spliced);
    cr_expect_eq(way.flow.state, FLOW_ENDED);
    cr_assert_eq(buffer_append(&in, SPAN("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")), 0);
    cr_assert_eq(buffer_append(&in, (Span){coded, size}), 0);
    cr_assert_eq(reader_head(reader, buffer_span(&in), 4096, &at, &reason, &detail), READ_HEAD);
    buffer_consume(&in, at);
    reader_body_begin(reader, FRAMING_CHUNKED, 0);
    cr_assert_eq(reader_body(reader, &in, true, &out, SIZE_MAX, false), READ_END);
    cr_assert_eq(buffer_size(&out), LONG, "%zu", buffer_size(&out));
    for (at = 0; at < LONG && buffer_span(&out).data[at] == content(at); at++)
        ;
    cr_expect_eq(at, LONG);
    cr_expect_eq(buffer_size(&in), 0);
    buffer_done(&in);
    buffer_done(&out);
    reader_free(reader);
    way_close(&way, true);
    splicer_free(splicer);
}

Test(splicer, a_slow_reader_makes_the_writer_wait) {
    Splicer *splicer = splicer_new(4);
    Way way = {0};

    way_open_tunnel(&way, NULL, splicer);
    way_pass(&way, LIMIT_SPLICE_AFTER * 2);
    cr_assert(way.flow.splice.on);
    way_fill(&way);
    cr_expect_gt(way.flow.splice.held, 0);
    cr_expect_leq(way.most_held, LIMIT_SPLICE_BYTES);
    cr_expect_not(way.source.read_armed);
    cr_expect_eq(way.flow.bytes, way.sink.bytes_out, "what the pipe holds isn't counted");
    cr_expect_eq(splicer_pipes(splicer), 1);
    way_pass(&way, way.sent);
    cr_expect_eq(way.flow.splice.held, 0);
    cr_expect(way.source.read_armed);
    cr_expect_eq(way.flow.bytes, way.sent);
    way_close(&way, true);
    cr_expect_eq(splicer_pipes(splicer), 0);
    splicer_free(splicer);
}

Test(splicer, what_a_pipe_holds_is_lost_with_it) {
    Splicer *splicer = splicer_new(4);
    Way way = {0};

    way_open_tunnel(&way, NULL, splicer);
    way_pass(&way, LIMIT_SPLICE_AFTER * 2);
    way_fill(&way);
    cr_assert_gt(way.flow.splice.held, 0);
    flow_stop(&way.flow);
    cr_expect_eq(way.flow.state, FLOW_FAILED, "it can't go on with a hole");
    cr_expect_eq(way.flow.bytes, way.sink.bytes_out);
    cr_expect_eq(splicer_pipes(splicer), 0);
    cr_expect(way.source.read_armed, "the connection reads again, for who comes next");
    flow_stop(&way.flow);
    way_close(&way, true);
    splicer_free(splicer);
}

Test(splicer, small_reads_are_copied) {
    Splicer *splicer = splicer_new(4);
    Way way = {0};

    way_open_tunnel(&way, NULL, splicer);
    while (way.got < LIMIT_SPLICE_AFTER * 4)
        way_pass(&way, way.got + LIMIT_SPLICE_LEAST - 1);
    cr_expect_not(way.spliced);
    way_pass(&way, way.got + LONG);
    cr_expect(way.flow.splice.on, "large ones are not");
    way_pass(&way, way.got + LIMIT_SPLICE_LEAST - 1);
    cr_expect_not(way.flow.splice.on, "a small one ends it");
    cr_expect_eq(splicer_pipes(splicer), 0);
    way_close(&way, true);
    splicer_free(splicer);
}

static int send_bytes(int fd) {
    int value;
    socklen_t size = sizeof(value);

    cr_assert_eq(getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, &size), 0);
    return value;
}

Test(splicer, a_sink_has_room_for_twice_as_much_meanwhile) {
    Splicer *splicer = splicer_new(1);
    Way ways[2] = {0};
    int usual;

    for (size_t i = 0; i < 2; i++)
        way_open_tunnel(&ways[i], i > 0 ? ways[0].base : NULL, splicer);
    usual = send_bytes(ways[0].sink.fd);
    way_pass(&ways[0], LIMIT_SPLICE_AFTER - LIMIT_SPLICE_LEAST);
    cr_expect_eq(send_bytes(ways[0].sink.fd), usual, "not before");
    for (size_t i = 0; i < 2; i++)
        way_pass(&ways[i], LONG);
    cr_expect(ways[0].flow.splice.on && ways[1].flow.splice.on);
    cr_expect_eq(send_bytes(ways[0].sink.fd), 2 * usual);
    cr_expect_eq(send_bytes(ways[0].source.fd), usual);
    cr_expect_eq(send_bytes(ways[1].sink.fd), usual, "no more of them than pipes");
    way_pass(&ways[0], ways[0].got + 1);
    cr_expect_not(ways[0].flow.splice.on);
    cr_expect_eq(send_bytes(ways[0].sink.fd), usual, "nor behind it");
    way_pass(&ways[0], ways[0].got + LONG);
    cr_expect_eq(send_bytes(ways[0].sink.fd), usual, "the other one is still on");
    way_close(&ways[1], false);
    way_pass(&ways[0], ways[0].got + 1);
    way_pass(&ways[0], ways[0].got + LONG);
    cr_expect_eq(send_bytes(ways[0].sink.fd), 2 * usual);
    way_close(&ways[0], true);
    splicer_free(splicer);
}

Test(splicer, which_is_a_unix_socket_that_needs_it) {
    Splicer *splicer = splicer_new(1);
    Way way = {0};
    int half = 208 << 10, before;

    way_open_tcp(&way, splicer);
    before = send_bytes(way.source.fd);
    cr_expect_eq(conn_widen(&way.source), 0, "the kernel does as much for TCP");
    cr_expect_eq(send_bytes(way.source.fd), before);
    cr_assert_eq(setsockopt(way.sink.fd, SOL_SOCKET, SO_SNDBUF, &half, sizeof(half)), 0);
    cr_expect_eq(conn_widen(&way.sink), 0, "as net.core.wmem_default may have it");
    conn_done(&way.sink);
    cr_expect_eq(conn_widen(&way.sink), 0, "closed");
    conn_narrow(&way.sink, half);
    way_close(&way, true);
    splicer_free(splicer);
}

Test(splicer, after_so_many_bytes_in_large_reads) {
    Splicer *splicer = splicer_new(4);
    Splice splice = {.splicer = splicer}, none = {0};

    for (size_t moved = LIMIT_SPLICE_LEAST; moved < LIMIT_SPLICE_AFTER; moved += LIMIT_SPLICE_LEAST)
        cr_expect_not(splice_is_worth(&splice, LIMIT_SPLICE_LEAST));
    cr_expect(splice_is_worth(&splice, LIMIT_SPLICE_LEAST), "at the bound");
    cr_expect_not(splice_is_worth(&splice, LIMIT_SPLICE_LEAST - 1));
    cr_expect_not(splice_is_worth(&splice, LIMIT_SPLICE_AFTER - 1));
    cr_expect_not(splice_is_worth(&none, LIMIT_SPLICE_AFTER));
    splicer_free(splicer);
}

/* Three tunnels whose readers are slow, with pipes for `limit`: how many hold one. All of all of them
 * arrives. */
static size_t holders_of(size_t limit) {
    Splicer *splicer = splicer_new(limit);
    Way ways[3] = {0};
    size_t n = 0;

    for (size_t i = 0; i < 3; i++) {
        way_open_tunnel(&ways[i], i > 0 ? ways[0].base : NULL, splicer);
        way_pass(&ways[i], LIMIT_SPLICE_AFTER * 2);
        way_fill(&ways[i]);
    }
    for (size_t i = 0; i < 3; i++)
        n += ways[i].flow.splice.held > 0;
    cr_expect_leq(splicer_pipes(splicer), limit);
    for (size_t i = 0; i < 3; i++)
        way_pass(&ways[i], ways[i].sent);
    for (size_t i = 3; i > 0; i--)
        way_close(&ways[i - 1], i == 1);
    cr_expect_eq(splicer_pipes(splicer), 0);
    splicer_free(splicer);
    return n;
}

Test(splicer, pipes_are_bounded) {
    cr_expect_eq(holders_of(3), 3);
    cr_expect_eq(holders_of(2), 2, "one past the limit is copied");
    cr_expect_eq(holders_of(0), 0);
    cr_expect_eq(LIMIT_SPLICE_PIPES, 64);
}

Test(splicer, without_descriptors_it_copies) {
    Splicer *splicer = splicer_new(4);
    Way way = {0};
    struct rlimit all, none;

    way_open_tunnel(&way, NULL, splicer);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &all), 0);
    none = all;
    none.rlim_cur = (rlim_t) way.sink.fd + 1;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    way_pass(&way, LONG);
    cr_expect_eq(splicer_pipes(splicer), 0);
    none.rlim_cur++; /* one isn't a pipe */
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    way_pass(&way, way.got + LONG);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &all), 0); /* Criterion needs some to tell what came of this */
    cr_expect_eq(splicer_pipes(splicer), 0);
    cr_expect_eq(way.flow.bytes, way.got);
    way_close(&way, true);
    splicer_free(splicer);
}

Test(splicer, a_kernel_that_says_no_is_copied_around) {
    Splicer *splicer = splicer_new(4);
    Way way = {0};

    way_open_tunnel(&way, NULL, splicer);
    splice_refuse_in = EINVAL;
    way_pass(&way, LONG);
    splice_refuse_in = 0;
    splice_refuse_out = ENOSYS; /* of what is in the pipe already */
    way_pass(&way, way.got + LONG);
    splice_refuse_out = 0;
    way_pass(&way, way.got + LONG);
    cr_expect_eq(way.flow.bytes, 3 * LONG);
    way_close(&way, true);
    splicer_free(splicer);
}

Test(splicer, a_reader_that_goes_away_ends_the_sink) {
    Splicer *splicer = splicer_new(4);
    Way way = {0};

    way_open_tunnel(&way, NULL, splicer);
    way_pass(&way, LIMIT_SPLICE_AFTER * 2);
    cr_assert(way.flow.splice.on);
    cr_assert_eq(close(way.reader), 0);
    way.reader = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (int i = 0; i < 8; i++) {
        way_write(&way, way.got + LONG);
        way_turn(&way);
    }
    cr_expect_neq(way.sink.write_error, 0);
    cr_expect_eq(buffer_size(&way.sink.out), 0);
    way_close(&way, true);
    splicer_free(splicer);
}
