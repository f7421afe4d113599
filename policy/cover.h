// SPDX-License-Identifier: Apache-2.0
/*
 * What one policy allows and another doesn't: both are asked about requests that stand for all there are, of
 * each operation one with each value that an entry of either has in a condition, and one that none has. So
 * it is found out by the policies themselves, whatever grants there: an entry by name, a pattern, an include.
 * Of bodies it says nothing.
 */
#pragma once

#include "policy.h"

typedef struct CoverGap {
    const Operation *operation; /* NULL: of none, a `request:` pattern's */
    const char *request;        /* "POST /containers/x/kill?signal=KILL": one that only `wanted` allows */
    const char *why;            /* what `by` says to it: "not allowed by any rule" */
    bool partly;                /* other requests of the operation are allowed by both */
} CoverGap;

/* Rows of cover_gaps() are never more: one an operation, one a pattern of none. */
#define COVER_GAPS_MAX 512u

/*
 * The operations that `wanted` allows and `by` doesn't, or not wholly, at `now`; in the catalogue's order.
 * How many. Both are of one config. Texts are in `arena`; *ret_complete is false where something couldn't be
 * looked at: no memory, or more values than COVER_PAIRS_MAX.
 */
#define COVER_PAIRS_MAX 256u
size_t cover_gaps(const Policy *wanted, const Policy *by, int64_t now, Arena *arena,
                  CoverGap ret[static COVER_GAPS_MAX], bool *ret_complete);

/* Whether the policy's lists allow some request of the operation. */
bool cover_allows(const Policy *policy, const Operation *operation, int64_t now);

/* Whether the policy looks at what a request of the operation names, and judges it by `containers:`. */
bool cover_looks(const Policy *policy, const Operation *operation);

/*
 * "/v1.56/containers/x/json": a path of the operation, with `name` for each {id} or {name}. NULL: no memory.
 */
const char *cover_path(Arena *arena, const Operation *operation, unsigned api_minor, const char *name);
