// SPDX-License-Identifier: Apache-2.0
#include "req_write.h"

#include <assert.h>
#include <errno.h>

#include "put.h"

static bool req_write_upgrades(const Request *request) {
    return request->wants_upgrade && request->operation &&
           (request->operation->reply == REPLY_HIJACK || request->operation->reply == REPLY_UPGRADE);
}

static char *req_write_length(char *out, uint64_t length) {
    out = put_text(out, SPAN("Content-Length: "));
    out = put_number(out, length);
    return put_text(out, SPAN("\r\n"));
}

static char *req_write_framing(char *out, const Request *request, const Span *body) {
    if (body)
        return req_write_length(out, body->size);
    switch (request->framing) {
    case FRAMING_LENGTH:
        return req_write_length(out, request->length);
    case FRAMING_CHUNKED:
        return put_text(out, SPAN("Transfer-Encoding: chunked\r\n"));
    case FRAMING_NONE:
        break;
    }
    /* An engine that waits for a body of unstated length waits for ever: say that there is none (T-053). */
    if (request->method == METHOD_POST || request->method == METHOD_PUT)
        return req_write_length(out, 0);
    return out;
}

#define LINE_END " HTTP/1.1\r\nHost: docker\r\n"
#define UPGRADE "Connection: Upgrade\r\nUpgrade: "
#define OWN_ROOM (sizeof("DELETE " LINE_END "Content-Length: \r\n" UPGRADE "\r\n\r\n") + ASCII_DIGITS)

static size_t req_write_room(const Request *request, const Target *target) {
    size_t room = OWN_ROOM + target_room(target) + request->upgrade.size;

    for (size_t i = 0; i < request->n_headers; i++)
        room += put_field_room(&request->headers[i]);
    return room;
}

int req_write_head(Buffer *out, const Request *request, const Span *body) {
    const Target *target = request->sent ? request->sent : &request->target;
    size_t room = req_write_room(request, target);
    char *begin = buffer_reserve(out, room), *at;

    if (!begin)
        return -ENOMEM;
    at = put_text(begin, span_from(method_name(request->method)));
    at = put_text(at, SPAN(" "));
    at = target_put(at, target);
    at = put_text(at, SPAN(LINE_END));
    for (size_t i = 0; i < request->n_headers; i++)
        at = put_field(at, &request->headers[i]);
    at = req_write_framing(at, request, body);
    if (req_write_upgrades(request)) {
        at = put_text(at, SPAN(UPGRADE));
        at = put_text(at, request->upgrade);
        at = put_text(at, SPAN("\r\n"));
    }
    at = put_text(at, SPAN("\r\n"));
    assert(at <= begin + room);
    buffer_commit(out, (size_t) (at - begin));
    return 0;
}
