// SPDX-License-Identifier: Apache-2.0
/*
 * What a client sends, heads and bodies, cut into pieces of any size (the first byte's seed): the same
 * requests must come out as of one piece. Property: a head's pieces can't move where it ends.
 */
#include "fuzz.h"

#include "daemon/reader.h"

#define REQUESTS 16u

typedef struct Seen {
    bool refused;
    size_t n;
    char *heads[REQUESTS]; /* arena */
    size_t bodies[REQUESTS];
    uint32_t sums[REQUESTS];
} Seen;

static uint32_t sum(uint32_t h, Span bytes) {
    for (size_t i = 0; i < bytes.size; i++)
        h = (h ^ (unsigned char) bytes.data[i]) * 16777619u;
    return h;
}

static char *head_text(Arena *arena, const Request *request) {
    char *text = arena_printf(arena, "%s %s %d %llu", method_name(request->method),
                              target_format(arena, &request->target), (int) request->framing,
                              (unsigned long long) request->length);

    for (size_t i = 0; text && i < request->n_headers; i++)
        text = arena_printf(arena, "%s|%.*s=%.*s", text, SPAN_FMT(request->headers[i].name),
                            SPAN_FMT(request->headers[i].value));
    return text ? text : arena_copy(arena, SPAN(""));
}

/* REASON_OK: a head, and *ret_size bytes of feed->in are its. REASON_UNDECIDED: the input is over. */
static Reason read_head(Reader *reader, FuzzFeed *feed, size_t *ret_size) {
    Reason reason = REASON_UNDECIDED;
    const char *detail = NULL;

    for (;;) {
        ReadStatus status = reader_head(reader, buffer_span(&feed->in), LIMIT_HEADER_BYTES_DEFAULT, ret_size,
                                        &reason, &detail);

        if (status == READ_HEAD)
            return REASON_OK;
        if (status == READ_FAILED) {
            FUZZ_CHECK(reason != REASON_OK && reason != REASON_UNDECIDED, "failed without a reason");
            return reason;
        }
        FUZZ_CHECK(status == READ_MORE, "status %d of a head", (int) status);
        if (!fuzz_feed(feed))
            return REASON_UNDECIDED;
    }
}

/* Whether it came to its end. */
static bool read_body(Reader *reader, FuzzFeed *feed, Seen *seen) {
    Buffer out = {0};
    ReadStatus status;

    do {
        size_t before = buffer_size(&feed->in);
        bool more = true;

        status = reader_body(reader, &feed->in, feed->left.size == 0, &out, 4096, false);
        seen->bodies[seen->n] += buffer_size(&out);
        seen->sums[seen->n] = sum(seen->sums[seen->n], buffer_span(&out));
        buffer_clear(&out);
        if (status == READ_MORE || (status == READ_FULL && buffer_size(&feed->in) == before))
            more = fuzz_feed(feed);
        if (!more && status != READ_END && feed->left.size == 0 && buffer_size(&feed->in) == before)
            break;
    } while (status == READ_MORE || status == READ_FULL);
    buffer_done(&out);
    return status == READ_END;
}

static void read_all(Arena *arena, FuzzFeed *feed, Seen *seen) {
    Reader *reader = reader_new(READER_REQUEST);

    while (seen->n < REQUESTS) {
        Request request = {0};
        const char *detail = NULL;
        size_t size = 0;
        Reason reason = read_head(reader, feed, &size);

        if (reason == REASON_OK) {
            FUZZ_CHECK(size <= buffer_size(&feed->in), "a head beyond its bytes");
            reason = request_seal(arena, reader_raw(reader), &request, &detail);
        }
        if (reason != REASON_OK) {
            seen->refused = reason != REASON_UNDECIDED;
            break;
        }
        seen->heads[seen->n] = head_text(arena, &request);
        buffer_consume(&feed->in, size);
        if (request.skip_bytes > 0)
            reader_body_begin(reader, FRAMING_LENGTH, request.skip_bytes);
        else
            reader_body_begin(reader, request.framing, request.length);
        if (!read_body(reader, feed, seen))
            break;
        seen->n++;
        reader_reset(reader);
    }
    reader_free(reader);
    buffer_done(&feed->in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(64u << 20);
    FuzzInput input = {data, size};
    uint32_t seed = fuzz_byte(&input);
    FuzzFeed whole = {.left = fuzz_rest(&input)};
    FuzzFeed split = {.left = whole.left, .pieces = {.state = seed + 1}};
    Seen a = {0}, b = {0};

    read_all(arena, &whole, &a);
    read_all(arena, &split, &b);
    FUZZ_CHECK(a.n == b.n, "%zu requests of one piece, %zu of many", a.n, b.n);
    FUZZ_CHECK(a.refused == b.refused, "refused: %d of one piece, %d of many", a.refused, b.refused);
    for (size_t i = 0; i < a.n; i++) {
        FUZZ_CHECK(strcmp(a.heads[i], b.heads[i]) == 0, "request %zu: %s | %s", i, a.heads[i], b.heads[i]);
        FUZZ_CHECK(a.bodies[i] == b.bodies[i] && a.sums[i] == b.sums[i], "body %zu is another", i);
    }
    return 0;
}
