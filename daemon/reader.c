// SPDX-License-Identifier: Apache-2.0
#include "reader.h"

#include <errno.h>
#include <llhttp.h>
#include <stdio.h>

#include "lint.h"
#include "policy/spares.h"

#if LLHTTP_VERSION_MAJOR < 9 && !LLHTTP_STRICT_MODE /* which later ones are always */
#error "llhttp 8 must be compiled with -DLLHTTP_STRICT_MODE=1 on the command line (X:<CR>Yabc: z)"
#endif

typedef enum BodyMode {
    BODY_MODE_NONE = 0,
    BODY_MODE_LENGTH,
    BODY_MODE_CHUNKED,
    BODY_MODE_UNTIL_CLOSE,
} BodyMode;

struct Reader {
    ReaderKind kind;
    llhttp_t llhttp;
    Lint lint;
    bool head_done;
    bool too_many_headers;
    BodyMode mode;
    uint64_t left;  /* bytes to come: BODY_MODE_LENGTH: of the body; BODY_MODE_CHUNKED: of the chunk */
    uint64_t chunk; /* BODY_MODE_CHUNKED: what the chunk's head said */
    uint64_t body_bytes;
    size_t trailer_bytes;
    char tail[4]; /* the last bytes of a chunked body so far */
    bool end;
    bool truncated, no_memory;
    bool one_head;           /* llhttp stops behind a chunk's head */
    size_t coding;           /* bytes since the last of content */
    const char *content_end; /* behind the last content in the bytes that llhttp has; NULL: there is none */
    BodyParts *parts;        /* during one llhttp_execute over body bytes; NULL: content goes by unseen */
};

/*
 * The head that was parsed last, by any reader: llhttp gets a head when all of it is there, and whoever
 * asked takes what he needs of it at once. The room for its fields is most of what a reader would hold, and
 * would be held for as long as a stream is open.
 */
static struct {
    const Reader *of;
    RawHead head;
} reader_last;

_Static_assert(sizeof(Reader) <= READER_BYTES, "see its limit");

static Reader *reader_of(llhttp_t *llhttp) {
    return llhttp->data;
}

static int reader_on_target(llhttp_t *llhttp, const char *at, size_t length) {
    reader_last.head.target = (Span){at, length};
    return 0;
}

static int reader_on_method(llhttp_t *llhttp, const char *at, size_t length) {
    reader_last.head.method = (Span){at, length};
    return 0;
}

/* Trailers come through the same callbacks: once the head is done they must not touch it. */
static int reader_on_name(llhttp_t *llhttp, const char *at, size_t length) {
    Reader *reader = reader_of(llhttp);

    if (reader->head_done) {
        reader->trailer_bytes += length;
        return reader->trailer_bytes > LIMIT_TRAILER_BYTES ? HPE_USER : 0;
    }
    if (reader_last.head.n_headers == LIMIT_HEADERS) {
        reader->too_many_headers = true;
        return HPE_USER;
    }
    reader_last.head.headers[reader_last.head.n_headers++] = (Header){.name = {at, length}};
    return 0;
}

static int reader_on_value(llhttp_t *llhttp, const char *at, size_t length) {
    Reader *reader = reader_of(llhttp);

    if (reader->head_done) {
        reader->trailer_bytes += length;
        return reader->trailer_bytes > LIMIT_TRAILER_BYTES ? HPE_USER : 0;
    }
    /* llhttp leaves white space at the end of a value to us. */
    while (length > 0 && (at[length - 1] == ' ' || at[length - 1] == '\t'))
        length--;
    reader_last.head.headers[reader_last.head.n_headers - 1].value = (Span){at, length};
    return 0;
}

static int reader_on_head(llhttp_t *llhttp) {
    reader_of(llhttp)->head_done = true;
    return HPE_PAUSED;
}

/*
 * One more piece of content. Where there are too many, it is moved to the end of the last one: over chunk
 * heads that have been read, in a buffer that is ours.
 */
static void reader_add_piece(BodyParts *parts, Span piece) {
    Span *last = &parts->parts[parts->n - 1];

    if (parts->n < LIMIT_BODY_PIECES)
        parts->parts[parts->n++] = piece;
    else {
        memmove((char *) last->data + last->size, piece.data, piece.size);
        last->size += piece.size;
    }
}

static int reader_on_body(llhttp_t *llhttp, const char *at, size_t length) {
    Reader *reader = reader_of(llhttp);

    reader->body_bytes += length;
    reader->left -= length;
    reader->content_end = at + length;
    if (reader->parts)
        reader_add_piece(reader->parts, (Span){at, length});
    return 0;
}

static int reader_on_chunk(llhttp_t *llhttp) {
    Reader *reader = reader_of(llhttp);

    reader->chunk = reader->left = llhttp->content_length;
    return reader->one_head ? HPE_PAUSED : 0;
}

static int reader_on_end(llhttp_t *llhttp) {
    reader_of(llhttp)->end = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t *reader_settings(void) {
    static llhttp_settings_t settings;

    if (!settings.on_url) {
        llhttp_settings_init(&settings);
        settings.on_method = reader_on_method;
        settings.on_header_field = reader_on_name;
        settings.on_header_value = reader_on_value;
        settings.on_headers_complete = reader_on_head;
        settings.on_body = reader_on_body;
        settings.on_chunk_header = reader_on_chunk;
        settings.on_message_complete = reader_on_end;
        settings.on_url = reader_on_target;
    }
    return &settings;
}

void reader_reset(Reader *reader) {
    *reader = (Reader){.kind = reader->kind};
    llhttp_init(&reader->llhttp, reader->kind == READER_REQUEST ? HTTP_REQUEST : HTTP_RESPONSE,
                reader_settings());
    reader->llhttp.data = reader;
}

static Spares reader_spares;

Reader *reader_new(ReaderKind kind) {
    Reader *reader = spares_take(&reader_spares, sizeof(*reader));

    if (!reader)
        return NULL;
    reader->kind = kind;
    reader_reset(reader);
    return reader;
}

Reader *reader_free(Reader *reader) {
    if (reader && reader_last.of == reader)
        reader_last.of = NULL;
    spares_give(&reader_spares, reader);
    return NULL;
}

static ReadStatus reader_fail(Reason reason, const char *detail, Reason *ret_reason,
                              const char **ret_detail) {
    *ret_reason = reason;
    *ret_detail = detail;
    return READ_FAILED;
}

static ReadStatus reader_parse_head(Reader *reader, Span head, Reason *ret_reason, const char **ret_detail) {
    llhttp_errno_t error;

    reader_last.of = NULL;
    reader_last.head.method = reader_last.head.target = (Span){0};
    reader_last.head.n_headers = 0;
    error = llhttp_execute(&reader->llhttp, head.data, head.size);
    if (reader->too_many_headers)
        return reader_fail(REASON_HEADERS_TOO_LARGE, "more header fields than the limit", ret_reason,
                           ret_detail);
    /*
     * A pause at any other byte than the last would mean that llhttp and lint disagree where the head ends.
     */
    if (error != HPE_PAUSED || !reader->head_done ||
        llhttp_get_error_pos(&reader->llhttp) < head.data + head.size - 1) {
        const char *why =
            error == HPE_OK || error == HPE_PAUSED ? NULL : llhttp_get_error_reason(&reader->llhttp);
        return reader_fail(REASON_HTTP_SYNTAX, why && *why ? why : "the head can be read in two ways",
                           ret_reason, ret_detail);
    }
    if (reader->llhttp.http_major != 1 || reader->llhttp.http_minor > 1)
        return reader_fail(REASON_HTTP_VERSION, "only HTTP/1.0 and HTTP/1.1 are spoken here", ret_reason,
                           ret_detail);
    reader_last.head.http_minor = reader->llhttp.http_minor;
    reader_last.of = reader;
    return READ_HEAD;
}

ReadStatus reader_head(Reader *reader, Span in, size_t limit, size_t *ret_size, Reason *ret_reason,
                       const char **ret_detail) {
    Span bounded = {in.data, in.size < limit ? in.size : limit};
    Reason reason;
    size_t size;

    if (in.size == 0)
        return READ_MORE;
    reason = lint_head(&reader->lint, reader->kind == READER_REQUEST ? LINT_REQUEST : LINT_RESPONSE, bounded,
                       &size, ret_detail);
    if (reason == REASON_UNDECIDED) {
        if (in.size < limit)
            return READ_MORE;
        return reader_fail(REASON_HEADERS_TOO_LARGE, "the head is larger than the limit", ret_reason,
                           ret_detail);
    }
    if (reason != REASON_OK)
        return reader_fail(reason, *ret_detail, ret_reason, ret_detail);
    *ret_size = size;
    return reader_parse_head(reader, (Span){in.data, size}, ret_reason, ret_detail);
}

const RawHead *reader_raw(const Reader *reader) {
    static const RawHead nothing;

    return reader_last.of == reader ? &reader_last.head : &nothing;
}

unsigned reader_status(const Reader *reader) {
    return reader->llhttp.status_code;
}

void reader_body_begin(Reader *reader, Framing framing, uint64_t length) {
    reader->mode = framing == FRAMING_CHUNKED  ? BODY_MODE_CHUNKED
                   : framing == FRAMING_LENGTH ? BODY_MODE_LENGTH
                                               : BODY_MODE_NONE;
    reader->left = reader->mode == BODY_MODE_LENGTH ? length : 0;
    reader->end = reader->mode == BODY_MODE_NONE || (reader->mode == BODY_MODE_LENGTH && length == 0);
    if (reader->mode == BODY_MODE_CHUNKED)
        llhttp_resume(&reader->llhttp);
}

void reader_body_begin_until_close(Reader *reader) {
    reader->mode = BODY_MODE_UNTIL_CLOSE;
    reader->end = false;
}

uint64_t reader_unread(const Reader *reader) {
    if (reader->end)
        return 0;
    return reader->mode == BODY_MODE_UNTIL_CLOSE ? UINT64_MAX : reader->left;
}

/*
 * llhttp counts content and doesn't look at it: so it is given as many bytes of nothing. If it did, or were
 * somewhere else than we think, zeros are neither a chunk's end nor a head, and the body fails.
 */
static void reader_skip_in_chunk(Reader *reader, size_t size) {
    static char nothing[LIMIT_SPLICE_BYTES]; /* never touched, so it takes no memory */

    for (size_t step; size > 0; size -= step) {
        step = size < sizeof(nothing) ? size : sizeof(nothing);
        if (llhttp_execute(&reader->llhttp, nothing, step) != HPE_OK)
            reader->left = 0; /* nothing more may pass, and what is read next fails: an error stays */
    }
    reader->coding = 0;
    reader->content_end = NULL;
}

void reader_skip(Reader *reader, size_t size) {
    if (reader->mode == BODY_MODE_CHUNKED) {
        reader_skip_in_chunk(reader, size);
        return;
    }
    reader->body_bytes += size;
    if (reader->mode == BODY_MODE_LENGTH) {
        reader->left -= size;
        reader->end = reader->left == 0;
    }
}

uint64_t reader_chunk_size(const Reader *reader) {
    return reader->chunk;
}

size_t reader_until_chunk(const Reader *reader) {
    size_t size = sizeof("\r\n\r\n") - 1;

    for (uint64_t chunk = reader->chunk; chunk > 0; chunk >>= 4)
        size++;
    return reader->coding < size ? size - reader->coding : 0;
}

/* By plain counting. */
static ReadStatus reader_plain(Reader *reader, Span span, BodyParts *ret) {
    if (span.size > reader_unread(reader))
        span.size = (size_t) reader_unread(reader);
    reader_add_piece(ret, span);
    ret->taken = span.size;
    reader_skip(reader, span.size);
    return READ_MORE;
}

/* What llhttp has read of a chunked body. */
static void reader_note_coding(Reader *reader, Span span) {
    size_t size = sizeof(reader->tail), kept = span.size < size ? size - span.size : 0;

    memmove(reader->tail, reader->tail + size - kept, kept);
    memcpy(reader->tail + kept, span.data + span.size - (size - kept), size - kept);
    reader->coding = reader->content_end ? (size_t) (span.data + span.size - reader->content_end)
                                         : reader->coding + span.size;
    reader->content_end = NULL;
}

/* Chunked content is never longer than its coding, so as many bytes of input can't overrun the room. */
static ReadStatus reader_chunked(Reader *reader, Span span, BodyParts *ret) {
    llhttp_errno_t error;

    reader->parts = ret;
    error = llhttp_execute(&reader->llhttp, span.data, span.size);
    reader->parts = NULL;
    if (error != HPE_OK && ((error != HPE_PAUSED && error != HPE_PAUSED_UPGRADE) || !reader->end))
        return READ_FAILED;
    if (error != HPE_OK)
        span.size = (size_t) (llhttp_get_error_pos(&reader->llhttp) - span.data);
    reader_note_coding(reader, span);
    ret->taken = span.size;
    /* llhttp takes a bare LF for the line that ends it; others would look further (T-056, T-057). */
    return reader->end && memcmp(reader->tail, "\r\n\r\n", sizeof(reader->tail)) != 0 ? READ_FAILED
                                                                                      : READ_MORE;
}

ReadStatus reader_next_chunk(Reader *reader, Buffer *in) {
    Span span = buffer_span(in);
    llhttp_errno_t error;

    if (reader->chunk == 0 || reader->left > 0 || span.size == 0)
        return READ_MORE;
    reader->one_head = true;
    error = llhttp_execute(&reader->llhttp, span.data, span.size);
    reader->one_head = false;
    if (error != HPE_OK && error != HPE_PAUSED)
        return READ_FAILED;
    if (error == HPE_PAUSED) {
        span.size = (size_t) (llhttp_get_error_pos(&reader->llhttp) - span.data);
        llhttp_resume(&reader->llhttp);
    }
    reader_note_coding(reader, span);
    buffer_consume(in, span.size);
    return error == HPE_PAUSED ? READ_HEAD : READ_MORE;
}

/* The pieces go behind the place of their chunk's head. */
static ReadStatus reader_pieces(Reader *reader, Span in, size_t room, BodyParts *ret) {
    ret->n = 1;
    ret->taken = 0;
    ret->parts[0] = (Span){.data = ret->chunk_head};
    if (in.size > room)
        in.size = room;
    if (reader->end || in.size == 0)
        return READ_MORE;
    return reader->mode == BODY_MODE_CHUNKED ? reader_chunked(reader, in, ret)
                                             : reader_plain(reader, in, ret);
}

static void reader_frame(const Reader *reader, size_t content, BodyParts *ret) {
    if (content > 0) {
        ret->parts[0].size = (size_t) snprintf(ret->chunk_head, sizeof(ret->chunk_head), "%zx\r\n", content);
        ret->parts[ret->n++] = reader->end ? SPAN("\r\n0\r\n\r\n") : SPAN("\r\n");
    } else if (reader->end)
        ret->parts[ret->n++] = SPAN("0\r\n\r\n");
}

ReadStatus reader_parts(Reader *reader, Buffer *in, bool ended, size_t room, bool chunked, BodyParts *ret) {
    uint64_t before = reader->body_bytes;

    if (reader_pieces(reader, buffer_span(in), room, ret) == READ_FAILED)
        return READ_FAILED;
    if (room == 0 && !reader->end && buffer_size(in) > 0)
        return READ_FULL;
    if (ended && buffer_size(in) == ret->taken) {
        reader->end = reader->end || reader->mode == BODY_MODE_UNTIL_CLOSE;
        reader->truncated = !reader->end;
        if (reader->truncated && ret->taken == 0)
            return READ_FAILED;
    }
    if (chunked)
        reader_frame(reader, (size_t) (reader->body_bytes - before), ret);
    return reader->end ? READ_END : READ_MORE;
}

ReadStatus reader_body(Reader *reader, Buffer *in, bool ended, Buffer *out, size_t room, bool chunked) {
    BodyParts parts;
    ReadStatus status = reader_parts(reader, in, ended, room, chunked, &parts);

    if (status == READ_FAILED)
        return READ_FAILED;
    if (buffer_append_all(out, parts.parts, parts.n) < 0) {
        reader->no_memory = true;
        return READ_FAILED;
    }
    buffer_consume(in, parts.taken);
    return reader->truncated ? READ_FAILED : status;
}

void reader_note_no_memory(Reader *reader) {
    reader->no_memory = true;
}

uint64_t reader_body_bytes(const Reader *reader) {
    return reader->body_bytes;
}

bool reader_body_truncated(const Reader *reader) {
    return reader->truncated;
}

Reason reader_body_reason(const Reader *reader) {
    if (reader->no_memory)
        return REASON_NO_MEMORY;
    return reader->truncated ? REASON_BODY_TRUNCATED : REASON_HTTP_FRAMING;
}

bool reader_at_end(const Reader *reader) {
    return reader->end;
}
