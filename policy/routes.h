// SPDX-License-Identifier: Apache-2.0
/*
 * The catalogue: every operation of the Engine API under Docker's own operationId, from routes.def.
 * Routing agrees with dockerd's (gorilla/mux in registration order, moby daemon/server/router/): a
 * path that dockerd would hand to another handler than the row we matched is refused (T-010, T-011).
 */
#pragma once

#include "target.h"

#define API_VERSION_NEWEST 56u /* v1.56: the newest that routes.def has rows of */

typedef enum Method {
    METHOD_NONE = 0,
    METHOD_GET,
    METHOD_HEAD,
    METHOD_POST,
    METHOD_PUT,
    METHOD_DELETE,
} Method;

typedef enum BodyKind {
    BODY_NONE = 0,      /* must be empty */
    BODY_JSON,          /* collected, parsed, judged, sent with a Content-Length */
    BODY_JSON_OPTIONAL, /* the same, may be absent */
    BODY_STREAM,        /* opaque bytes (tar), moved as they come */
} BodyKind;

typedef enum ReplyKind {
    REPLY_PLAIN = 0, /* comes to an end by itself: response_timeout holds for its first byte */
    REPLY_STREAM,    /* may be quiet for days: follow-logs, events, wait, pull */
    REPLY_HIJACK,    /* raw bytes after 101, or after 200 without a length (attach, exec start) */
    REPLY_UPGRADE,   /* raw bytes after 101 only, opaque (session, grpc, attach/ws) */
} ReplyKind;

typedef enum Risk {
    RISK_READ = 0, /* tells */
    RISK_WRITE,    /* changes what runs in containers */
    RISK_HOST,     /* leads to the host, unless a body rule holds it back */
} Risk;

typedef struct Operation {
    const char *id; /* Docker's operationId; where the API's description has none, see routes.def */
    Method method;
    const char *path;     /* "/containers/{id}/json"; {name:**} may span segments */
    unsigned since_minor; /* API v1.N where it came */
    unsigned until_minor; /* last version that has it; 0: still there */
    BodyKind body;
    ReplyKind reply;
    Risk risk;
    const char *summary; /* one line for `quaygate operations` */
} Operation;

/* All rows, in the order they are tried. */
const Operation *routes_all(size_t *ret_n);

/* Its place among them; SIZE_MAX for one that isn't of them. */
size_t routes_index(const Operation *operation);

/* By operationId, exact. NULL: none. */
const Operation *routes_find(Span id);

/*
 * The row for a method and target; NULL when there is none or when dockerd would route it elsewhere.
 * *ret_object: the {id} or {name} part (a span of target->path), empty when the template has none.
 */
const Operation *routes_match(Method method, const Target *target, Span *ret_object);

/*
 * True where dockerd has a route for the target, be it one that routes_match() finds or not: its names may
 * have slashes and other bytes that ours don't.
 */
bool routes_is_taken(Method method, const Target *target);

/*
 * Whether every engine has it below /v1.NN too. The debug routes are there from 28 on only (API v1.48), and
 * then below any version (T-015); routes_match() finds them in both places.
 */
bool routes_has_version(const Operation *operation);

const char *method_name(Method method); /* "GET"; NULL for METHOD_NONE */
Method method_parse(Span name);         /* exact case (T-014) */
const char *risk_name(Risk risk);       /* "read", "write", "host" */
