// SPDX-License-Identifier: Apache-2.0
/*
 * One compiled entry of `allow:` or `deny:`: an operation by name, perhaps with conditions on its query,
 * or a pattern over method and path. Knows whether it speaks of a request, not what follows from that.
 */
#pragma once

#include "glob.h"
#include "grant.h"
#include "request.h"

typedef struct QueryValue {
    const char *text; /* as written */
    const Glob *glob; /* NULL: the empty text, and an absent key */
} QueryValue;

/* All values of `key` in a request must be among `values`. */
typedef struct QueryRule {
    const char *key;
    const QueryValue *values;
    size_t n_values;
} QueryRule;

typedef struct RequestRule {
    const Operation *operation; /* NULL: a pattern */
    const QueryRule *query;
    size_t n_query;
    Method method;       /* of a pattern; METHOD_NONE: `*` */
    const Glob *path;    /* of a pattern: over the path without the API version */
    const char *pattern; /* as written: "GET /libpod/_ping" */
    const Grant *grant;  /* the time for which it holds; NULL: without limit */
    const char *origin;  /* "FILE:LINE" */
} RequestRule;

/* By operation, or by method and path; conditions are left to rule_check_query. */
bool rule_matches(const RequestRule *rule, const Request *request);

/* The first condition that doesn't hold, with the value that breaks it; NULL: all hold. */
const QueryRule *rule_check_query(const RequestRule *rule, const Target *target, Span *ret_value);

/*
 * A pattern is for what has no operationId, and never a short way to the host. Where there is no table,
 * there must be nothing that a table would have to judge. A name that we don't take is no way to dockerd's
 * operations either: a link makes /web/alias a name of the container behind it (T-010).
 */
bool rule_pattern_may_grant(const Request *request);
