// SPDX-License-Identifier: Apache-2.0
#include "res_write.h"

#include <errno.h>

#define RETRY_AFTER_SECONDS 1

static const struct {
    unsigned status;
    const char *phrase;
} res_write_phrases[] = {
    {101, "UPGRADED"}, /* dockerd's own word */
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {499, "Client Closed Request"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};

const char *res_write_phrase(unsigned status) {
    for (size_t i = 0; i < ARRAY_SIZE(res_write_phrases); i++)
        if (res_write_phrases[i].status == status)
            return res_write_phrases[i].phrase;
    return "Unknown";
}

static int res_write_framing(Buffer *out, const ResponseHead *head, ResWriteFraming framing) {
    if (head->status == 101)
        return buffer_printf(out, "Connection: Upgrade\r\nUpgrade: %.*s\r\n",
                             SPAN_FMT(head->upgrade.size ? head->upgrade : SPAN("tcp")));
    if (framing.chunked)
        return buffer_append(out, SPAN("Transfer-Encoding: chunked\r\n"));
    /* Without a body the length says what a GET would have had (RFC 9110 §8.6), except where it must not
     * stand. */
    if (head->has_length && head->status != 204)
        return buffer_append_number(out, SPAN("Content-Length: "), head->declared_length, SPAN("\r\n"));
    return 0;
}

static int res_write_field(Buffer *out, const Header *header) {
    return buffer_append_all(out, (const Span[]){header->name, SPAN(": "), header->value, SPAN("\r\n")}, 4);
}

static int res_write_status(Buffer *out, unsigned status) {
    const char digits[] = {'0' + (char) (status / 100 % 10), '0' + (char) (status / 10 % 10),
                           '0' + (char) (status % 10)};

    return buffer_append_all(out,
                             (const Span[]){SPAN("HTTP/1.1 "),
                                            {digits, sizeof(digits)},
                                            SPAN(" "),
                                            span_from(res_write_phrase(status)),
                                            SPAN("\r\n")},
                             5);
}

int res_write_head(Buffer *out, const ResponseHead *head, ResWriteFraming framing) {
    int r = res_write_status(out, head->status);

    for (size_t i = 0; r == 0 && i < head->n_headers; i++)
        r = res_write_field(out, head->headers[i]);
    if (r == 0)
        r = res_write_framing(out, head, framing);
    if (r == 0 && framing.close && head->status != 101)
        r = buffer_append(out, SPAN("Connection: close\r\n"));
    return r == 0 ? buffer_append(out, SPAN("\r\n")) : r;
}

/* Our sentences are printable already; quotes and backslashes are JSON's only concern left. */
static int res_write_json_string(Buffer *out, const char *text) {
    int r = buffer_append(out, SPAN("\""));

    for (const char *p = text; r == 0 && *p; p++) {
        unsigned char c = (unsigned char) *p;
        if (c == '"' || c == '\\')
            r = buffer_printf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            r = buffer_printf(out, "\\u%04x", c);
        else
            r = buffer_append(out, (Span){p, 1});
    }
    return r == 0 ? buffer_append(out, SPAN("\"")) : r;
}

static int res_write_answer_head(Buffer *out, unsigned status, const char *id, bool close,
                                 size_t body_bytes) {
    int r = buffer_printf(out, "HTTP/1.1 %u %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n",
                          status, res_write_phrase(status), body_bytes);

    if (r == 0 && id && *id)
        r = buffer_printf(out, "X-Quaygate-Request: %s\r\n", id);
    if (r == 0 && status == 503)
        r = buffer_printf(out, "Retry-After: %d\r\n", RETRY_AFTER_SECONDS);
    if (r == 0 && close)
        r = buffer_append(out, SPAN("Connection: close\r\n"));
    return r == 0 ? buffer_append(out, SPAN("\r\n")) : r;
}

int res_write_answer(Buffer *out, unsigned status, const char *message, const char *id, bool close,
                     bool bodiless, size_t *ret_body_bytes) {
    Buffer body = {0};
    int r = buffer_append(&body, SPAN("{\"message\": "));

    if (r == 0)
        r = res_write_json_string(&body, message);
    if (r == 0)
        r = buffer_append(&body, SPAN("}\n"));
    if (r == 0)
        r = res_write_answer_head(out, status, id, close, buffer_size(&body));
    if (r == 0 && !bodiless)
        r = buffer_append(out, buffer_span(&body));
    if (r == 0)
        *ret_body_bytes = bodiless ? 0 : buffer_size(&body);
    buffer_done(&body);
    return r;
}

int res_write_continue(Buffer *out) {
    return buffer_append(out, SPAN("HTTP/1.1 100 Continue\r\n\r\n"));
}
