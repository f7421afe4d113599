// SPDX-License-Identifier: Apache-2.0
/*
 * The header fields of a request as rules see them: each known one at most once, the framing told in
 * one way, the media type taken apart. Whatever RFC 9112 lets two parsers read differently is refused
 * (T-050 to T-062). Nothing here knows operations: that is request.c's.
 */
#pragma once

#include "request.h"

/* Those that are looked at. Each is a singleton: twice is a refusal. */
typedef enum KnownHeader {
    HEADER_HOST = 0,
    HEADER_CONTENT_LENGTH,
    HEADER_TRANSFER_ENCODING,
    HEADER_CONTENT_TYPE,
    HEADER_CONTENT_ENCODING,
    HEADER_EXPECT,
    HEADER_UPGRADE,
    HEADER_AUTHORIZATION,
    HEADER_X_REGISTRY_AUTH,
    HEADER_X_REGISTRY_CONFIG,
    HEADER_MAX_,
} KnownHeader;

typedef struct MediaType {
    Span name;  /* "application/json", in the client's case */
    bool plain; /* no parameter but charset=utf-8 */
} MediaType;

typedef struct Headers {
    const Header *known[HEADER_MAX_]; /* NULL: absent */
    Framing framing;
    uint64_t length; /* bytes, for FRAMING_LENGTH */
    bool close;      /* Connection has the token */
    bool expect_continue;
    MediaType type; /* name.size 0: no Content-Type */
} Headers;

/*
 * Checks all fields of `raw` and fills *ret, whose spans point into it. Returns REASON_OK, or why not
 * with a static sentence in *ret_detail.
 */
Reason headers_check(const RawHead *raw, Headers *ret, const char **ret_detail);

/* RFC 9110, section 8.3.1, tokens only; false for anything Go might trim or fold into another type. */
bool headers_parse_media(Span value, MediaType *ret);
