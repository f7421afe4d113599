// SPDX-License-Identifier: Apache-2.0
/*
 * The sealed request: what is judged, and what is sent. A RawHead (the client's spans) goes in, a
 * canonical Request comes out or a Reason; from then on nobody looks at the client's bytes of a head
 * again. Rules on fields are those of threats T-043, T-044, T-050 to T-062 and of RFC 9112.
 */
#pragma once

#include "routes.h"

typedef struct Header {
    Span name;
    Span value; /* without surrounding white space */
} Header;

/* What a parser found; spans live as long as the caller's buffer. */
typedef struct RawHead {
    Span method;
    Span target;
    unsigned http_minor; /* 0 or 1; major is 1 */
    Header headers[LIMIT_HEADERS];
    size_t n_headers;
} RawHead;

typedef enum Framing {
    FRAMING_NONE = 0,
    FRAMING_LENGTH,
    FRAMING_CHUNKED,
} Framing;

typedef struct Request {
    Method method;
    Target target;
    const Operation *operation; /* NULL: no row; only a `request:` pattern can allow it */
    Span object;                /* the {id} or {name} of the path */
    Framing framing;
    uint64_t length;     /* bytes, for FRAMING_LENGTH */
    uint64_t skip_bytes; /* the client's body has these, the engine's none (framing says so): read and
                            throw away before the next request (T-068, T-070) */
    bool http_1_0;
    bool keep_alive;       /* the client's wish, by version and Connection */
    bool expect_continue;  /* answered by us, never forwarded (T-062) */
    bool wants_upgrade;    /* an Upgrade field was there, whatever Connection said (T-066) */
    Target *sent;          /* what goes to the engine in target's place (pin.h); NULL: target does */
    Span upgrade;          /* what is sent for it: "tcp", "h2c", "websocket"; static, or none */
    const Header *headers; /* only those on the allowlist, in order, to be sent */
    size_t n_headers;
    int64_t now; /* when it is judged, seconds since 1970; 0: unknown, and no entry with a time grants it */
} Request;

/*
 * Checks the head and fills *ret, copying what it keeps into `arena`. Returns REASON_OK or why not,
 * with a sentence in *ret_detail (arena or static) that names the place ("header Content-Length").
 * On failure *ret still holds what was understood (method, path, operation), for the audit record.
 */
Reason request_seal(Arena *arena, const RawHead *raw, Request *ret, const char **ret_detail);

bool request_has_body(const Request *request); /* framing says there are body bytes */
