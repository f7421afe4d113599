// SPDX-License-Identifier: Apache-2.0
#include "req_write.h"

#include <errno.h>

static bool req_write_upgrades(const Request *request) {
    return request->wants_upgrade && request->operation &&
           (request->operation->reply == REPLY_HIJACK || request->operation->reply == REPLY_UPGRADE);
}

static int req_write_framing(Buffer *out, const Request *request, const Span *body) {
    if (body)
        return buffer_append_number(out, SPAN("Content-Length: "), body->size, SPAN("\r\n"));
    switch (request->framing) {
    case FRAMING_LENGTH:
        return buffer_append_number(out, SPAN("Content-Length: "), request->length, SPAN("\r\n"));
    case FRAMING_CHUNKED:
        return buffer_append(out, SPAN("Transfer-Encoding: chunked\r\n"));
    case FRAMING_NONE:
        break;
    }
    /* An engine that waits for a body of unstated length waits for ever: say that there is none (T-053). */
    if (request->method == METHOD_POST || request->method == METHOD_PUT)
        return buffer_append(out, SPAN("Content-Length: 0\r\n"));
    return 0;
}

int req_write_head(Buffer *out, Arena *arena, const Request *request, const Span *body) {
    const char *target = target_format(arena, request->sent ? request->sent : &request->target);
    int r;

    if (!target)
        return -ENOMEM;
    r = buffer_append_all(out,
                          (const Span[]){span_from(method_name(request->method)), SPAN(" "),
                                         span_from(target), SPAN(" HTTP/1.1\r\nHost: docker\r\n")},
                          4);
    for (size_t i = 0; r == 0 && i < request->n_headers; i++)
        r = buffer_append_all(
            out,
            (const Span[]){request->headers[i].name, SPAN(": "), request->headers[i].value, SPAN("\r\n")}, 4);
    if (r == 0)
        r = req_write_framing(out, request, body);
    if (r == 0 && req_write_upgrades(request))
        r = buffer_printf(out, "Connection: Upgrade\r\nUpgrade: %.*s\r\n", SPAN_FMT(request->upgrade));
    return r == 0 ? buffer_append(out, SPAN("\r\n")) : r;
}
