// SPDX-License-Identifier: Apache-2.0
/*
 * The header fields of a request as rules see them: each known one at most once, the framing told in
 * one way, the media type taken apart. Whatever RFC 9112 lets two parsers read differently is refused
 * (T-050 to T-062). Nothing here knows operations: that is request.c's.
 */
#pragma once

#include "header_name.h"
#include "request.h"

typedef struct MediaType {
    Span name;  /* "application/json", in the client's case */
    bool plain; /* no parameter but charset=utf-8 */
} MediaType;

typedef struct Headers {
    const Header *known[HEADER_NAMES]; /* those that may stand but once; NULL: absent */
    Framing framing;
    uint64_t length; /* bytes, for FRAMING_LENGTH */
    bool close;      /* Connection has the token */
    bool expect_continue;
    MediaType type;                     /* name.size 0: no Content-Type */
    unsigned char names[LIMIT_HEADERS]; /* the HeaderName of each, as far as they were looked at */
} Headers;

/*
 * Checks all fields of `raw` and fills *ret, whose spans point into it. Returns REASON_OK, or why not
 * with a static sentence in *ret_detail.
 */
Reason headers_check(const RawHead *raw, Headers *ret, const char **ret_detail);

/* RFC 9110, section 8.3.1, tokens only; false for anything Go might trim or fold into another type. */
bool headers_parse_media(Span value, MediaType *ret);
