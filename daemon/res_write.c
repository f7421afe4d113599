// SPDX-License-Identifier: Apache-2.0
#include "res_write.h"

#include <assert.h>
#include <errno.h>

#include "put.h"

#define RETRY_AFTER_SECONDS "1"

static const struct {
    unsigned status;
    Span phrase;
} res_write_phrases[] = {
    {101, SPAN_INIT("UPGRADED")}, /* dockerd's own word */
    {200, SPAN_INIT("OK")},
    {201, SPAN_INIT("Created")},
    {202, SPAN_INIT("Accepted")},
    {204, SPAN_INIT("No Content")},
    {301, SPAN_INIT("Moved Permanently")},
    {304, SPAN_INIT("Not Modified")},
    {400, SPAN_INIT("Bad Request")},
    {401, SPAN_INIT("Unauthorized")},
    {403, SPAN_INIT("Forbidden")},
    {404, SPAN_INIT("Not Found")},
    {405, SPAN_INIT("Method Not Allowed")},
    {406, SPAN_INIT("Not Acceptable")},
    {408, SPAN_INIT("Request Timeout")},
    {409, SPAN_INIT("Conflict")},
    {410, SPAN_INIT("Gone")},
    {413, SPAN_INIT("Content Too Large")},
    {414, SPAN_INIT("URI Too Long")},
    {415, SPAN_INIT("Unsupported Media Type")},
    {417, SPAN_INIT("Expectation Failed")},
    {422, SPAN_INIT("Unprocessable Content")},
    {429, SPAN_INIT("Too Many Requests")},
    {431, SPAN_INIT("Request Header Fields Too Large")},
    {499, SPAN_INIT("Client Closed Request")},
    {500, SPAN_INIT("Internal Server Error")},
    {501, SPAN_INIT("Not Implemented")},
    {502, SPAN_INIT("Bad Gateway")},
    {503, SPAN_INIT("Service Unavailable")},
    {504, SPAN_INIT("Gateway Timeout")},
};

static Span res_write_words(unsigned status) {
    for (size_t i = 0; i < ARRAY_SIZE(res_write_phrases); i++)
        if (res_write_phrases[i].status == status)
            return res_write_phrases[i].phrase;
    return SPAN("Unknown");
}

const char *res_write_phrase(unsigned status) {
    return res_write_words(status).data;
}

#define STATUS_ROOM(words) (sizeof("HTTP/1.1 200 \r\n") + (words).size)
#define LENGTH_ROOM (sizeof("Content-Length: \r\n") + ASCII_DIGITS)

static char *res_write_status(char *out, unsigned status, Span words) {
    out = put_text(out, SPAN("HTTP/1.1 "));
    *out++ = (char) ('0' + status / 100 % 10);
    *out++ = (char) ('0' + status / 10 % 10);
    *out++ = (char) ('0' + status % 10);
    *out++ = ' ';
    out = put_text(out, words);
    return put_text(out, SPAN("\r\n"));
}

static char *res_write_length(char *out, uint64_t length) {
    out = put_text(out, SPAN("Content-Length: "));
    out = put_number(out, length);
    return put_text(out, SPAN("\r\n"));
}

#define FRAMING_ROOM(head)                                                                                   \
    (sizeof("Connection: Upgrade\r\nUpgrade: tcp\r\n") + (head)->upgrade.size + LENGTH_ROOM)

static char *res_write_framing(char *out, const ResponseHead *head, ResWriteFraming framing) {
    if (head->status == 101) {
        out = put_text(out, SPAN("Connection: Upgrade\r\nUpgrade: "));
        out = put_text(out, head->upgrade.size ? head->upgrade : SPAN("tcp"));
        return put_text(out, SPAN("\r\n"));
    }
    if (framing.chunked)
        return put_text(out, SPAN("Transfer-Encoding: chunked\r\n"));
    /* Without a body the length says what a GET would have had (RFC 9110 §8.6), except where it must not
     * stand. */
    if (head->has_length && head->status != 204)
        return res_write_length(out, head->declared_length);
    return out;
}

int res_write_head(Buffer *out, const ResponseHead *head, ResWriteFraming framing) {
    Span words = res_write_words(head->status);
    size_t room = STATUS_ROOM(words) + FRAMING_ROOM(head) + sizeof("Connection: close\r\n\r\n");
    char *begin, *at;

    for (size_t i = 0; i < head->n_headers; i++)
        room += put_field_room(head->headers[i]);
    begin = buffer_reserve(out, room);
    if (!begin)
        return -ENOMEM;
    at = res_write_status(begin, head->status, words);
    for (size_t i = 0; i < head->n_headers; i++)
        at = put_field(at, head->headers[i]);
    at = res_write_framing(at, head, framing);
    if (framing.close && head->status != 101)
        at = put_text(at, SPAN("Connection: close\r\n"));
    at = put_text(at, SPAN("\r\n"));
    assert(at <= begin + room);
    buffer_commit(out, (size_t) (at - begin));
    return 0;
}

/* How many bytes of JSON one byte of our sentences takes: they are printable already. */
static size_t res_write_json_room(unsigned char c) {
    if (c == '"' || c == '\\')
        return sizeof("\\\"") - 1;
    return c < 0x20 || c == 0x7f ? sizeof("\\u007f") - 1 : 1;
}

static char *res_write_json_byte(char *out, unsigned char c) {
    static const char hex[] = "0123456789abcdef";
    size_t n = res_write_json_room(c);

    if (n > 2) {
        out = put_text(out, SPAN("\\u00"));
        *out++ = hex[c >> 4];
        c = (unsigned char) hex[c & 0x0f];
    } else if (n > 1)
        *out++ = '\\';
    *out++ = (char) c;
    return out;
}

/* What stands for itself goes as it is, from one byte that doesn't to the next. */
static size_t res_write_json_size(Span text) {
    size_t size = text.size;

    for (size_t i = ascii_json(text); i < text.size; i++)
        size += res_write_json_room((unsigned char) text.data[i]) - 1;
    return size;
}

static char *res_write_json(char *out, Span text) {
    for (;;) {
        size_t n = ascii_json(text);

        out = put_text(out, (Span){.data = text.data, .size = n});
        if (n == text.size)
            return out;
        out = res_write_json_byte(out, (unsigned char) text.data[n]);
        text = (Span){.data = text.data + n + 1, .size = text.size - n - 1};
    }
}

#define ANSWER_BEGIN "{\"message\": \""
#define ANSWER_END "\"}\n"
#define ANSWER_ROOM                                                                                          \
    (sizeof("Content-Type: application/json\r\nX-Quaygate-Request: \r\nRetry-After: " RETRY_AFTER_SECONDS    \
            "\r\nConnection: close\r\n\r\n" ANSWER_BEGIN ANSWER_END) +                                       \
     LENGTH_ROOM)

static char *res_write_answer_head(char *out, unsigned status, Span id, bool close, size_t body_bytes) {
    out = res_write_status(out, status, res_write_words(status));
    out = put_text(out, SPAN("Content-Type: application/json\r\n"));
    out = res_write_length(out, body_bytes);
    if (id.size > 0) {
        out = put_text(out, SPAN("X-Quaygate-Request: "));
        out = put_text(out, id);
        out = put_text(out, SPAN("\r\n"));
    }
    if (status == 503)
        out = put_text(out, SPAN("Retry-After: " RETRY_AFTER_SECONDS "\r\n"));
    if (close)
        out = put_text(out, SPAN("Connection: close\r\n"));
    return put_text(out, SPAN("\r\n"));
}

int res_write_answer(Buffer *out, unsigned status, const char *message, const char *id, bool close,
                     bool bodiless, size_t *ret_body_bytes) {
    Span text = span_from(message), name = span_from(id);
    size_t body = res_write_json_size(text) + sizeof(ANSWER_BEGIN ANSWER_END) - 1;
    size_t room = STATUS_ROOM(res_write_words(status)) + ANSWER_ROOM + name.size + body;
    char *begin = buffer_reserve(out, room), *at;

    if (!begin)
        return -ENOMEM;
    at = res_write_answer_head(begin, status, name, close, body);
    if (!bodiless) {
        at = put_text(at, SPAN(ANSWER_BEGIN));
        at = res_write_json(at, text);
        at = put_text(at, SPAN(ANSWER_END));
    }
    assert(at <= begin + room);
    buffer_commit(out, (size_t) (at - begin));
    *ret_body_bytes = bodiless ? 0 : body;
    return 0;
}

int res_write_continue(Buffer *out) {
    return buffer_append(out, SPAN("HTTP/1.1 100 Continue\r\n\r\n"));
}
