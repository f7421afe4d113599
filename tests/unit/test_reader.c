// SPDX-License-Identifier: Apache-2.0
#include "daemon/reader.h"

#include <criterion/criterion.h>
#include <stdio.h>

typedef struct Read {
    ReadStatus status;
    Reason reason;
    char content[1024]; /* what reader_body gave, re-framed or not */
    size_t left;        /* bytes of the input that belong to somebody else */
} Read;

/* Feeds `bytes` in pieces of `step`: head, then a body framed as said. */
static Read read_message(Span bytes, size_t step, Framing framing, uint64_t length, bool chunked,
                         size_t room) {
    Reader *reader = reader_new(READER_REQUEST);
    Buffer in = {0}, out = {0};
    Read read = {.status = READ_MORE, .reason = REASON_OK};
    const char *detail = NULL;
    bool head = false;
    size_t fed = 0, size;

    while (read.status == READ_MORE || read.status == READ_HEAD || read.status == READ_FULL) {
        if (!head) {
            read.status = reader_head(reader, buffer_span(&in), 4096, &size, &read.reason, &detail);
            if (read.status == READ_HEAD) {
                head = true;
                buffer_consume(&in, size);
                reader_body_begin(reader, framing, length);
                continue;
            }
        } else {
            size_t before = buffer_size(&in);
            read.status = reader_body(reader, &in, fed == bytes.size, &out, room, chunked);
            if (read.status == READ_MORE && buffer_size(&in) != before)
                continue;
        }
        if (read.status != READ_MORE || fed == bytes.size)
            break;
        size = bytes.size - fed < step ? bytes.size - fed : step;
        buffer_append(&in, (Span){bytes.data + fed, size});
        fed += size;
    }
    memcpy(read.content, buffer_span(&out).data, buffer_size(&out));
    read.left = buffer_size(&in) + bytes.size - fed;
    buffer_done(&in);
    buffer_done(&out);
    reader_free(reader);
    return read;
}

#define POST "POST /x HTTP/1.1\r\nHost: d\r\n"

Test(reader, bodies_in_any_pieces) {
    static const struct {
        Span bytes;
        Framing framing;
        uint64_t length;
        ReadStatus status;
        const char *content;
        size_t left;
    } cases[] = {
        {SPAN(POST "Content-Length: 5\r\n\r\nhelloGET /"), FRAMING_LENGTH, 5, READ_END, "hello", 5},
        {SPAN(POST "Content-Length: 0\r\n\r\n"), FRAMING_LENGTH, 0, READ_END, "", 0},
        {SPAN(POST "Content-Length: 9\r\n\r\nhello"), FRAMING_LENGTH, 9, READ_FAILED, "hello", 0},
        {SPAN("GET /x HTTP/1.1\r\nHost: d\r\n\r\nGET"), FRAMING_NONE, 0, READ_END, "", 3},
        {SPAN(POST "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\nrest"),
         FRAMING_CHUNKED, 0, READ_END, "hello!", 4},
        {SPAN(POST "Transfer-Encoding: chunked\r\n\r\n5;ext=1\r\nhello\r\n0\r\nX-Trailer: y\r\n\r\n"),
         FRAMING_CHUNKED, 0, READ_END, "hello", 0},
        {SPAN(POST "Transfer-Encoding: chunked\r\n\r\n5\r\nhel"), FRAMING_CHUNKED, 0, READ_FAILED, "hel", 0},
        {SPAN(POST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), FRAMING_CHUNKED, 0, READ_END, "", 0},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        for (size_t step = 1; step <= cases[i].bytes.size; step++)
            for (size_t room = 1; room < 9; room += 7) {
                Read read =
                    read_message(cases[i].bytes, step, cases[i].framing, cases[i].length, false, room);
                cr_expect_eq(read.status, cases[i].status, "case %zu step %zu: %d", i, step,
                             (int) read.status);
                cr_expect_str_eq(read.content, cases[i].content, "case %zu step %zu", i, step);
                if (read.status == READ_END)
                    cr_expect_eq(read.left, cases[i].left, "case %zu step %zu: %zu", i, step, read.left);
            }
}

Test(reader, chunk_sizes_that_two_parsers_read_differently) {
    static const char *const bodies[] = {
        "0x5\r\nhello\r\n0\r\n\r\n",   " 5\r\nhello\r\n0\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",       "5\r\nhelloX0\r\n\r\n",     "5\r\nhello\r\n-1\r\n\r\n",
        "\r\n5\r\nhello\r\n0\r\n\r\n", "g\r\nhello\r\n0\r\n\r\n",  "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
    };

    for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
        char bytes[256];
        snprintf(bytes, sizeof(bytes), POST "Transfer-Encoding: chunked\r\n\r\n%s", bodies[i]);
        Read read = read_message(span_from(bytes), 7, FRAMING_CHUNKED, 0, false, 64);
        cr_expect_eq(read.status, READ_FAILED, "body %zu: %d", i, (int) read.status);
    }
}

/* Fresh chunks: what the sender's were does not show, and the coding ends once. */
Test(reader, re_framed_in_chunks) {
    Span bytes =
        SPAN(POST "Transfer-Encoding: chunked\r\n\r\n0005;x\r\nhello\r\n3\r\nabc\r\n0\r\nT: y\r\n\r\n");
    Read read = read_message(bytes, bytes.size, FRAMING_CHUNKED, 0, true, 512);

    cr_expect_eq(read.status, READ_END);
    cr_expect_str_eq(read.content, "8\r\nhelloabc\r\n0\r\n\r\n");
    bytes = SPAN(POST "Content-Length: 20\r\n\r\n0123456789abcdefghij");
    read = read_message(bytes, bytes.size, FRAMING_LENGTH, 20, true, 512);
    cr_expect_str_eq(read.content, "14\r\n0123456789abcdefghij\r\n0\r\n\r\n");
}

Test(reader, head_fields) {
    Reader *reader = reader_new(READER_REQUEST);
    Span head = SPAN("GET /v1.41/info HTTP/1.0\r\nHost:d\r\nX-A:  b c \t\r\nEmpty:\r\n\r\n");
    const char *detail = NULL;
    Reason reason = REASON_OK;
    size_t size = 0;
    const RawHead *raw;

    cr_assert_eq(reader_head(reader, head, 4096, &size, &reason, &detail), READ_HEAD, "%s",
                 detail ? detail : "");
    raw = reader_raw(reader);
    cr_expect_eq(size, head.size);
    cr_expect(span_is(raw->method, "GET"));
    cr_expect(span_is(raw->target, "/v1.41/info"));
    cr_expect_eq(raw->http_minor, 0);
    cr_assert_eq(raw->n_headers, 3);
    cr_expect(span_is(raw->headers[1].name, "X-A"));
    cr_expect(span_is(raw->headers[1].value, "b c"));
    cr_expect(span_is(raw->headers[2].value, ""));
    reader_free(reader);
}

static Reason read_head_of(const char *bytes, size_t size, size_t limit) {
    Reader *reader = reader_new(READER_REQUEST);
    const char *detail = NULL;
    Reason reason = REASON_OK;
    size_t head_size = 0;
    ReadStatus status = reader_head(reader, (Span){bytes, size}, limit, &head_size, &reason, &detail);

    reader_free(reader);
    return status == READ_FAILED ? reason : status == READ_HEAD ? REASON_OK : REASON_UNDECIDED;
}

Test(reader, head_limit) {
    const char head[] = "GET / HTTP/1.1\r\nX: yyyyyyyyyy\r\n\r\n";
    size_t size = sizeof(head) - 1;

    cr_expect_eq(read_head_of(head, size, size), REASON_OK, "at the limit");
    cr_expect_eq(read_head_of(head, size, size - 1), REASON_HEADERS_TOO_LARGE, "one past it");
    cr_expect_eq(read_head_of(head, size - 2, size), REASON_UNDECIDED);
}

Test(reader, field_count_limit) {
    char head[8192];

    for (unsigned n = LIMIT_HEADERS; n <= LIMIT_HEADERS + 1; n++) {
        size_t used = (size_t) snprintf(head, sizeof(head), "GET / HTTP/1.1\r\n");
        for (unsigned i = 0; i < n; i++)
            used += (size_t) snprintf(head + used, sizeof(head) - used, "X-%u: y\r\n", i);
        used += (size_t) snprintf(head + used, sizeof(head) - used, "\r\n");
        cr_expect_eq(read_head_of(head, used, sizeof(head)),
                     n == LIMIT_HEADERS ? REASON_OK : REASON_HEADERS_TOO_LARGE, "%u fields", n);
    }
}

Test(reader, trailer_limit) {
    static char bytes[LIMIT_TRAILER_BYTES + 1024];
    Buffer in = {0}, out = {0};

    for (unsigned past = 0; past <= 1; past++) {
        Reader *reader = reader_new(READER_REQUEST);
        const char *detail = NULL;
        Reason reason = REASON_OK;
        size_t size = 0,
               used = (size_t) snprintf(bytes, sizeof(bytes), POST "Transfer-Encoding: chunked\r\n\r\n");
        ReadStatus status;

        used += (size_t) snprintf(bytes + used, sizeof(bytes) - used, "0\r\nT: ");
        memset(bytes + used, 'y', LIMIT_TRAILER_BYTES - 1 + past); /* the name's byte counts too */
        used += LIMIT_TRAILER_BYTES - 1 + past;
        used += (size_t) snprintf(bytes + used, sizeof(bytes) - used, "\r\n\r\n");
        buffer_clear(&in);
        buffer_append(&in, (Span){bytes, used});
        cr_assert_eq(reader_head(reader, buffer_span(&in), 4096, &size, &reason, &detail), READ_HEAD);
        buffer_consume(&in, size);
        reader_body_begin(reader, FRAMING_CHUNKED, 0);
        status = reader_body(reader, &in, false, &out, sizeof(bytes), false);
        cr_expect_eq(status, past ? READ_FAILED : READ_END, "%u past", past);
        reader_free(reader);
    }
    buffer_done(&in);
    buffer_done(&out);
}

/* Built without strict mode, llhttp reads this as an empty X and a header `abc`, one byte eaten. */
Test(reader, llhttp_is_strict) {
    const char head[] = "GET / HTTP/1.1\r\nX:\rYabc: z\r\n\r\n";

    cr_expect_eq(read_head_of(head, sizeof(head) - 1, 4096), REASON_HTTP_SYNTAX);
}

Test(reader, methods_and_framing_llhttp_refuses) {
    static const char *const heads[] = {
        "BREW / HTTP/1.1\r\n\r\n",
        POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        POST "Content-Length : 5\r\n\r\n",
        POST "Content-Length: +5\r\n\r\n",
        POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
    };

    for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
        cr_expect_eq(read_head_of(heads[i], strlen(heads[i]), 4096), REASON_HTTP_SYNTAX, "head %zu", i);
}

/* A reader that has read the first bytes of this chunked body, `in` has the others. */
static Reader *begin_chunked(const char *body, size_t taken, Buffer *in) {
    static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    Reader *reader = reader_new(READER_RESPONSE);
    const char *detail = NULL;
    Buffer content = {0};
    Reason reason;
    size_t size;

    cr_assert_eq(reader_head(reader, (Span){head, sizeof(head) - 1}, 4096, &size, &reason, &detail),
                 READ_HEAD);
    reader_body_begin(reader, FRAMING_CHUNKED, 0);
    cr_expect_eq(reader_chunk_size(reader), 0);
    cr_assert_eq(buffer_append(in, (Span){body, taken}), 0);
    cr_assert_eq(reader_body(reader, in, false, &content, SIZE_MAX, false), READ_MORE);
    cr_assert_eq(buffer_append(in, (Span){body + taken, strlen(body) - taken}), 0);
    buffer_done(&content);
    return reader;
}

Test(reader, a_chunk_s_head_without_what_is_behind) {
    static const struct {
        const char *body;
        ReadStatus status;
        uint64_t chunk;
        const char *left; /* of `in`, as far as the body went */
    } cases[] = {
        {"3\r\nabc\r\n5\r\nhello", READ_HEAD, 5, "hello"},
        {"3\r\nabc\r\n5;ext=1\r\nhello", READ_HEAD, 5, "hello"},
        {"3\r\nabc\r\nffffffff\r\n", READ_HEAD, 0xffffffff, ""},
        {"3\r\nabc\r\n0\r\nX: y\r\n\r\nGET", READ_HEAD, 0, "X: y\r\n\r\nGET"},
        {"3\r\nabc\r\n5\r", READ_MORE, 3, ""},
        {"3\r\nabc\r\n", READ_MORE, 3, ""},
        {"3\r\nabc\r\n5x\r\n", READ_FAILED, 3, "\r\n5x\r\n"},
        {"3\r\nabc!\r\n", READ_FAILED, 3, "!\r\n"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        for (size_t taken = 4; taken <= 6; taken++) {
            Buffer in = {0};
            Reader *reader = begin_chunked(cases[i].body, taken, &in);

            cr_expect_eq(reader_unread(reader), 6 - taken);
            cr_expect_eq(reader_until_chunk(reader), 5);
            if (taken < 6) {
                cr_expect_eq(reader_next_chunk(reader, &in), READ_MORE, "it is in a chunk");
                cr_expect_eq(buffer_size(&in), strlen(cases[i].body) - taken);
            }
            reader_skip(reader, 6 - taken);
            buffer_consume(&in, 6 - taken);
            cr_expect_eq(reader_body_bytes(reader), 3);
            cr_expect_eq(reader_next_chunk(reader, &in), cases[i].status, "%s", cases[i].body);
            if (cases[i].status != READ_FAILED) {
                cr_expect_eq(reader_chunk_size(reader), cases[i].chunk, "%s", cases[i].body);
                cr_expect(span_is(buffer_span(&in), cases[i].left), "%s", cases[i].body);
            }
            cr_expect_not(reader_at_end(reader));
            buffer_done(&in);
            reader_free(reader);
        }
}

Test(reader, how_far_the_next_chunk_is) {
    static const struct {
        const char *body;
        size_t missing;
    } cases[] = {
        {"8\r\n12345678", 5},
        {"8\r\n12345678\r\n", 3},
        {"10\r\n0123456789abcdef", 6},
        {"8\r\n12345678\r\n0", 2},
        {"8\r\n12345678\r\n00", 1},
        {"8\r\n12345678\r\n000", 0},
        {"8\r\n12345678\r\n00000000", 0},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        for (size_t taken = 4; taken <= strlen(cases[i].body); taken++) {
            Buffer in = {0};
            Reader *reader = begin_chunked(cases[i].body, taken, &in);
            Buffer content = {0};

            cr_expect_eq(reader_body(reader, &in, false, &content, SIZE_MAX, false), READ_MORE);
            cr_expect_eq(reader_until_chunk(reader), cases[i].missing, "%s: %zu", cases[i].body,
                         reader_until_chunk(reader));
            buffer_done(&content);
            buffer_done(&in);
            reader_free(reader);
        }
}

Test(reader, nothing_is_skipped_beyond_a_chunk) {
    for (size_t past = 0; past < 2; past++) {
        Buffer in = {0}, out = {0};
        Reader *reader = begin_chunked("8\r\nabcd\r\n1\r\nx\r\n0\r\n\r\n", 7, &in);

        reader_skip(reader, 4 + past);
        cr_expect_eq(reader_unread(reader), 0);
        cr_expect_eq(reader_body_bytes(reader), 8);
        cr_expect_eq(reader_next_chunk(reader, &in), past ? READ_FAILED : READ_HEAD);
        cr_expect_eq(reader_body(reader, &in, false, &out, SIZE_MAX, false), past ? READ_FAILED : READ_END);
        cr_expect_eq(buffer_size(&out), past ? 0 : 1);
        buffer_done(&in);
        buffer_done(&out);
        reader_free(reader);
    }
}
