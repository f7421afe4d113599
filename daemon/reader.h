// SPDX-License-Identifier: Apache-2.0
/*
 * Reads one HTTP/1 message after the other off a connection's input: the head through lint and llhttp,
 * which stops at its end, so that not a byte behind it is touched before somebody has decided what it is;
 * then the body by the framing the caller decided on. The same reader serves both sides. The only user of
 * llhttp.
 */
#pragma once

#include "buffer.h"
#include "policy/limits.h"
#include "policy/request.h"

/* Hexadecimal digits of a chunk size up to 4 GiB, with CRLF, fit in ten bytes. */
#define CHUNK_HEAD_MAX 10u

typedef struct Reader Reader;

#define READER_BYTES 320u /* what one takes, at most: a stream has two */

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
 * Some of a body, framed anew, to be sent in this order before its `taken` bytes are consumed: the parts
 * point into the input, and into itself.
 */
typedef struct BodyParts {
    Span parts[LIMIT_SEND_PARTS];
    size_t n;
    size_t taken;
    char chunk_head[CHUNK_HEAD_MAX + 1];
} BodyParts;

/*
 * Of the body bytes in `in`, content of at most `room` bytes, as one chunk of chunked coding if `chunked`
 * (with the last chunk, at the end). Trailers and chunk extensions are dropped. What lies between many small
 * chunks is overwritten. `ended`: the peer has ended its side. READ_FAILED: bad framing, or truncated, which
 * is told once all that came was taken; then there is nothing to be sent.
 */
ReadStatus reader_parts(Reader *reader, Buffer *in, bool ended, size_t room, bool chunked, BodyParts *ret);

/* The same, appended to `out` and taken off `in`. READ_FAILED also when there is no memory. */
ReadStatus reader_body(Reader *reader, Buffer *in, bool ended, Buffer *out, size_t room, bool chunked);

/* How many bytes of content follow that nobody has to look at: all of a body that isn't chunked, and the rest
 * of a chunk. Then so many went by unseen. */
uint64_t reader_unread(const Reader *reader);
void reader_skip(Reader *reader, size_t size);

/* Of a chunked body: the size of the chunk that is being read, or was last. 0: before the first, from the
 * last one's head on, and of any other body. */
uint64_t reader_chunk_size(const Reader *reader);

/* How many bytes are missing until the next chunk's content, behind this one's, if it is as large, and its
 * head has no more in it than it must. 0: this one's has. */
size_t reader_until_chunk(const Reader *reader);

/*
 * Between two chunks, of which the first has been read to its end: takes what belongs to the head of the
 * next, and nothing behind it. READ_HEAD: it is whole, and what it says is reader_chunk_size. READ_MORE: it
 * isn't yet, or this isn't between two chunks. READ_FAILED: bad framing.
 */
ReadStatus reader_next_chunk(Reader *reader, Buffer *in);

/* There was no memory for what reader_parts gave: for reader_body_reason. */
void reader_note_no_memory(Reader *reader);

uint64_t reader_body_bytes(const Reader *reader); /* content bytes of this message so far */
bool reader_body_truncated(const Reader *reader); /* READ_FAILED because the peer ended it early */
/* Why READ_FAILED, of a request's body: truncated, no memory (which isn't the client's mistake), framing. */
Reason reader_body_reason(const Reader *reader);
bool reader_at_end(const Reader *reader); /* READ_END was reached, or there is no body */
