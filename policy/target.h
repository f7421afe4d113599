// SPDX-License-Identifier: Apache-2.0
/*
 * A request-target in the one form we forward: origin-form, percent-decoded once, no segment that
 * could be read two ways, an API version of the shape `v1.NN`, query pairs in order. What is not
 * canonical is refused, never repaired (T-001 to T-011, T-021, T-022). Nobody decides on raw_query or on
 * any other text that wasn't taken apart here (T-028).
 */
#pragma once

#include "arena.h"
#include "limits.h"
#include "reason.h"

typedef struct QueryPair {
    Span key;   /* decoded; `+` is a space (T-021) */
    Span value; /* decoded; empty without `=` */
} QueryPair;

typedef struct Target {
    unsigned api_minor;   /* 41 for /v1.41/…; 0: no version in the path (T-006) */
    unsigned asked_minor; /* the same, and stays what the client wrote (version_settle) */
    Span path;            /* decoded, without the version: "/containers/create" */
    size_t n_segments;    /* of path */
    const QueryPair *query;
    size_t n_query;
    Span raw_query; /* as it came, without the `?`: only for the audit record */
} Target;

/*
 * Parses `raw` (the bytes between method and HTTP version). Everything in *ret lives in `arena`.
 * Returns REASON_OK or why it is refused, with a sentence for people in *ret_detail (arena).
 */
Reason target_parse(Arena *arena, Span raw, Target *ret, const char **ret_detail);

/*
 * The canonical target, freshly written: version, path, re-encoded query in the same order. This is
 * what the engine gets. Returns the end of what it wrote, without a NUL, into target_room() bytes at the
 * most.
 */
size_t target_room(const Target *target);
char *target_put(char *out, const Target *target);

/* The same as a string. NULL: out of memory. */
char *target_format(Arena *arena, const Target *target);

/* The first value of `key`, as dockerd's r.Form.Get reads it (T-020); false when absent. */
bool target_query_get(const Target *target, const char *key, Span *ret_value);
