// SPDX-License-Identifier: Apache-2.0
/*
 * The engine's response head, understood: how its body is framed (RFC 9112 §6.3) and which fields go on to
 * the client. What can't be framed for certain is refused: the client gets a 502, not a guess. What is in
 * the body, JSON, lines of it, tar or stdcopy frames (T-101), is not looked at.
 */
#pragma once

#include "reader.h"

typedef struct ResponseHead {
    unsigned status;
    unsigned http_minor;
    bool interim;     /* 1xx but 101 */
    bool until_close; /* the body ends with the connection */
    Framing framing;
    uint64_t length; /* bytes, FRAMING_LENGTH */
    bool reusable;   /* the engine's connection may serve another exchange after this one */
    bool hijackable; /* 200 with neither Content-Length nor Transfer-Encoding */
    size_t n_headers;
    bool has_length; /* a Content-Length was there: relayed on HEAD and 304 */
    uint64_t declared_length;
    unsigned api_minor; /* of Api-Version: the newest that the engine speaks; 0: not said */
    Span upgrade;       /* of a 101 */
    const Header *headers[LIMIT_RESPONSE_HEADERS]; /* n_headers, to be relayed: the reader's */
} ResponseHead;

/*
 * `head_request`: the response to HEAD has no body whatever its fields say. REASON_OK, or
 * REASON_ENGINE_PROTOCOL with a static sentence.
 */
Reason res_read_head(const Reader *reader, bool head_request, ResponseHead *ret, const char **ret_detail);
