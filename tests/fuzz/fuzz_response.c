// SPDX-License-Identifier: Apache-2.0
/*
 * What an engine answers, which is as hostile as a client where it is a container's: head, framing, body and
 * the head that a client would get of it, in pieces of any size (first byte; the second: HEAD or not). The
 * same must come out as of one piece, and where content is taken past the reader, as splicer does.
 */
#include "fuzz.h"

#include "daemon/res_read.h"
#include "daemon/res_write.h"

typedef struct Seen {
    bool head, ended;
    unsigned status;
    Framing framing;
    bool until_close;
    uint64_t length;
    size_t bytes;
    uint32_t sum;
} Seen;

static bool read_head(Reader *reader, FuzzFeed *feed, bool head_request, ResponseHead *ret) {
    Reason reason;
    const char *detail;
    size_t size = 0;

    for (;;) {
        ReadStatus status =
            reader_head(reader, buffer_span(&feed->in), LIMIT_RESPONSE_HEAD_BYTES, &size, &reason, &detail);

        if (status == READ_HEAD)
            break;
        if (status == READ_FAILED || !fuzz_feed(feed))
            return false;
    }
    if (res_read_head(reader, head_request, ret, &detail) != REASON_OK) {
        FUZZ_CHECK(detail != NULL, "refused without a sentence");
        return false;
    }
    FUZZ_CHECK(ret->status >= 100 && ret->status <= 999, "status %u", ret->status);
    FUZZ_CHECK(ret->n_headers <= LIMIT_RESPONSE_HEADERS, "%zu fields", ret->n_headers);
    buffer_consume(&feed->in, size);
    return true;
}

static void see(Seen *seen, Span content) {
    seen->bytes += content.size;
    for (size_t i = 0; i < content.size; i++)
        seen->sum = (seen->sum ^ (unsigned char) content.data[i]) * 16777619u;
}

/* Content of a chunk that is there, and the head of the next. The content itself it doesn't get. */
static void read_past(Reader *reader, Buffer *in, Seen *seen) {
    Span content = buffer_span(in);

    if (reader_chunk_size(reader) == 0)
        return;
    if (content.size > reader_unread(reader))
        content.size = (size_t) reader_unread(reader);
    see(seen, content);
    reader_skip(reader, content.size);
    buffer_consume(in, content.size);
    if (reader_next_chunk(reader, in) == READ_HEAD)
        FUZZ_CHECK(reader_unread(reader) == reader_chunk_size(reader), "a chunk begins in its middle");
}

static void read_body(Reader *reader, FuzzFeed *feed, bool past, Seen *seen) {
    Buffer out = {0};

    for (;;) {
        size_t before = buffer_size(&feed->in);
        ReadStatus status;

        if (past)
            read_past(reader, &feed->in, seen);
        status = reader_body(reader, &feed->in, feed->left.size == 0, &out, 1000, false);
        see(seen, buffer_span(&out));
        buffer_clear(&out);
        seen->ended = status == READ_END;
        if (status == READ_END || status == READ_FAILED)
            break;
        if (!fuzz_feed(feed) && buffer_size(&feed->in) == before && buffer_size(&feed->in) == 0 &&
            status == READ_MORE)
            break;
    }
    buffer_done(&out);
}

static void read_all(FuzzFeed *feed, bool head_request, bool past, Seen *seen) {
    Reader *reader = reader_new(READER_RESPONSE);
    ResponseHead head = {0};

    seen->head = read_head(reader, feed, head_request, &head);
    if (seen->head) {
        seen->status = head.status;
        seen->framing = head.framing;
        seen->length = head.length;
        seen->until_close = head.until_close;
        if (head.until_close)
            reader_body_begin_until_close(reader);
        else
            reader_body_begin(reader, head.framing, head.length);
        read_body(reader, feed, past, seen);
    }
    reader_free(reader);
    buffer_done(&feed->in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzInput input = {data, size};
    uint32_t seed = fuzz_byte(&input);
    bool head_request = fuzz_byte(&input) % 4 == 1;
    FuzzFeed whole = {.left = fuzz_rest(&input)};
    FuzzFeed split = {.left = whole.left, .pieces = {.state = seed + 1}};
    Seen a = {0}, b = {0};

    read_all(&whole, head_request, false, &a);
    read_all(&split, head_request, seed % 2 == 1, &b);
    FUZZ_CHECK(a.head == b.head && a.status == b.status, "%d %u of one piece, %d %u of many", a.head,
               a.status, b.head, b.status);
    FUZZ_CHECK(a.framing == b.framing && a.length == b.length && a.until_close == b.until_close,
               "framed otherwise");
    FUZZ_CHECK(a.ended == b.ended, "ended: %d of one piece, %d of many", a.ended, b.ended);
    FUZZ_CHECK(!a.ended || (a.bytes == b.bytes && a.sum == b.sum), "%zu bytes of one piece, %zu of many",
               a.bytes, b.bytes);
    return 0;
}
