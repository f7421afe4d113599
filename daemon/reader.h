// SPDX-License-Identifier: Apache-2.0
/*
 * Reads one HTTP/1 message after the other off a connection's input: the head through lint and llhttp,
 * which stops at its end, so that not a byte behind it is touched before somebody has decided what it is;
 * then the body by the framing the caller decided on. The same reader serves both sides. The only user of
 * llhttp.
 */
#pragma once

#include "buffer.h"
#include "policy/request.h"

typedef struct Reader Reader;

typedef enum ReaderKind {
    READER_REQUEST = 0,
    READER_RESPONSE,
} ReaderKind;

typedef enum ReadStatus {
    READ_FAILED = 0, /* see the reason */
    READ_MORE,       /* all consumed that could be, more bytes are needed */
    READ_FULL,       /* the output has no room */
    READ_HEAD,       /* the head is there: reader_raw */
    READ_END,        /* the message is over; what follows in the input is another's */
} ReadStatus;

Reader *reader_new(ReaderKind kind); /* NULL: out of memory */
Reader *reader_free(Reader *reader); /* accepts NULL, returns NULL */
void reader_reset(Reader *reader);   /* for the next message */

/*
 * Reads the head at the front of `in`, of at most `limit` bytes. On READ_HEAD *ret_size bytes belong to
 * it: the spans of reader_raw point into `in` until those are consumed. On READ_FAILED *ret_reason and
 * *ret_detail (static) say why. What reader_raw tells is gone with the next head that any reader reads: then
 * it has no method and no field, which nobody takes for a request.
 */
ReadStatus reader_head(Reader *reader, Span in, size_t limit, size_t *ret_size, Reason *ret_reason,
                       const char **ret_detail);
const RawHead *reader_raw(const Reader *reader);
unsigned reader_status(const Reader *reader); /* of a response */

/* How the body is framed, once the head was consumed. */
void reader_body_begin(Reader *reader, Framing framing, uint64_t length);

/* A body that goes on until the peer ends its side (RFC 9112 §6.3, case 8). */
void reader_body_begin_until_close(Reader *reader);

/*
 * Takes body bytes off `in` and appends their content to `out`, at most `room` bytes of it, as one chunk
 * of chunked coding if `chunked` (8 bytes more; and the last chunk at the end). Trailers and chunk
 * extensions are dropped. `ended`: the peer has ended its side. READ_FAILED: truncated, bad framing, or
 * no memory.
 */
ReadStatus reader_body(Reader *reader, Buffer *in, bool ended, Buffer *out, size_t room, bool chunked);

uint64_t reader_body_bytes(const Reader *reader); /* content bytes of this message so far */
bool reader_body_truncated(const Reader *reader); /* READ_FAILED because the peer ended it early */
/* Why READ_FAILED, of a request's body: truncated, no memory (which isn't the client's mistake), framing. */
Reason reader_body_reason(const Reader *reader);
bool reader_at_end(const Reader *reader); /* READ_END was reached, or there is no body */
