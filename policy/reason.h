// SPDX-License-Identifier: Apache-2.0
/*
 * Why an exchange was not let through, as data: one code, one row in one table, with the HTTP status,
 * the label for metrics and audit, and the sentence for people. No other file maps these.
 * REASON_UNDECIDED is zero: whoever forgets to decide has denied.
 */
#pragma once

#include "base.h"

typedef enum Reason {
    REASON_UNDECIDED = 0, /* nothing decided: a deny */
    REASON_OK,            /* passes this step */

    /* 400, connection closed: not HTTP, or HTTP that two parsers could read differently */
    REASON_HTTP_SYNTAX,
    REASON_HTTP_VERSION,
    REASON_HTTP_METHOD,
    REASON_HTTP_HEADER,
    REASON_HTTP_HOST,
    REASON_HTTP_FRAMING,
    REASON_HTTP_EXPECT, /* 417 */
    REASON_TARGET_FORM,
    REASON_TARGET_PATH,
    REASON_TARGET_VERSION,
    REASON_TARGET_QUERY,
    REASON_BODY_UNEXPECTED, /* a body where the operation takes none */
    REASON_BODY_MISSING,    /* none where the operation needs one */
    REASON_BODY_TRUNCATED,
    /* 400, connection kept */
    REASON_JSON_SYNTAX,
    REASON_JSON_AMBIGUOUS, /* twice, or in other case */
    REASON_JSON_LIMIT,
    /* 408, 413, 414, 415, 431 */
    REASON_HEADER_TIMEOUT,
    REASON_BODY_TIMEOUT,
    REASON_BODY_TOO_LARGE,
    REASON_CONTENT_TYPE,
    REASON_CONTENT_ENCODING,
    REASON_HEADERS_TOO_LARGE,
    REASON_TARGET_TOO_LARGE,

    /* 403 */
    REASON_CLIENT_NOT_ALLOWED, /* allow_uids, allow_gids, allow_containers, allow_units, allow_from */
    REASON_CLIENT_UNKNOWN,     /* whether allow_containers or allow_units lets it in can't be told */
    REASON_OPERATION_UNKNOWN,  /* no row in the catalogue, no request pattern */
    REASON_OPERATION_NOT_ALLOWED,
    REASON_OPERATION_DENIED, /* `deny:` */
    REASON_QUERY_NOT_ALLOWED,
    REASON_NOT_NOW, /* `until`, `when` of the entry that would allow it */
    REASON_VERSION_NOT_ALLOWED,
    REASON_FIELD_NOT_ALLOWED,
    REASON_FIELD_UNKNOWN,
    REASON_FIELD_TYPE,
    REASON_BODY_NOT_JUDGED, /* a body we have no table for */
    REASON_PLACEHOLDER,     /* what stood in an answer for a hidden value */
    REASON_SCOPE_OPERATION, /* can't be held to the policy's scope */
    /* What only the engine knows: looks.h */
    REASON_LOOK_MISSING, /* a dry run without an engine's answer */
    REASON_LOOK_NAME,    /* a name that no object can have */
    REASON_LOOK_LIMIT,   /* more objects than LIMIT_NEEDS */

    /* 404 and 409 in the engine's own words */
    REASON_OBJECT_ABSENT, /* or as good as absent: the client can't tell */
    REASON_NAME_TAKEN,    /* by what is out of scope, of which no more is told */

    /* 502, 503, 504 */
    REASON_ENGINE_UNREACHABLE,
    REASON_ENGINE_CLOSED,
    REASON_ENGINE_PROTOCOL,
    REASON_ENGINE_TIMEOUT,
    REASON_LOOK_FAILED, /* the engine didn't answer a look, or with an error */
    REASON_LOOK_TIMEOUT,
    REASON_LOOK_UNREADABLE,   /* its answer is too large, or not what it should be */
    REASON_ANSWER_UNREADABLE, /* where the policy hides something of it */
    REASON_ANSWER_TOO_LARGE,
    REASON_ANSWER_OTHERS, /* made anew by somebody else since it was looked at */
    REASON_AUDIT_FAILED,
    REASON_CONNECTION_LIMIT,
    REASON_NO_MEMORY,
    REASON_SHUTTING_DOWN,
    REASON_CLIENT_CLOSED, /* nobody is there to get it: only on record */

    REASON_MAX_
} Reason;

/* 403 for REASON_UNDECIDED; 0 for REASON_OK. 404 is a deny too. */
unsigned reason_http_status(Reason reason);

/* Stable label: "json_ambiguous". For metrics, and the audit record's `rule` where no policy rule decided. */
const char *reason_label(Reason reason);

/* One sentence without a full stop: "a key stands twice or in another case". */
const char *reason_sentence(Reason reason);

/* True where the connection can't be used again after the answer: its bytes can't be trusted. */
bool reason_closes_connection(Reason reason);
