// SPDX-License-Identifier: Apache-2.0
/*
 * Records by kind, counted, in bounded memory: what has the same parts is one kind. When there are too many
 * kinds, the rarer half is given up and only counted as others, so that what is frequent stays, whenever it
 * began; its count then begins where it was seen again.
 */
#pragma once

#include "policy/base.h"

#define KINDS_PARTS 12u
#define KINDS_BYTES_MAX 6144u /* of one kind's parts together: longer ones are cut */

typedef struct Kind {
    uint64_t hash;
    uint64_t n, first, last; /* microseconds since 1970 */
    char *text;              /* heap: the parts */
    Span parts[KINDS_PARTS]; /* in `text`; .data NULL as it was given */
    void *extra;             /* the caller's */
} Kind;

typedef struct KindsOthers {
    uint64_t n, n_kinds, first, last; /* n_kinds: one that came again counts again */
} KindsOthers;

typedef struct Kinds Kinds;

/* At most `limit` kinds of `n_parts` parts; `drop` frees an extra, and may be NULL. NULL: no memory. */
Kinds *kinds_new(size_t limit, size_t n_parts, void (*drop)(void *extra));
Kinds *kinds_free(Kinds *kinds);

/* `n` more of this kind, which is valid until the next call. NULL: no memory. */
Kind *kinds_add(Kinds *kinds, const Span *parts, uint64_t time, uint64_t n);

/* Most frequent first; the order of what follows is gone, so no more may be added. */
Kind *kinds_sort(Kinds *kinds, size_t *ret_n);

/* Takes all behind the first `n` to the others; after kinds_sort. */
void kinds_cut(Kinds *kinds, size_t n);

const KindsOthers *kinds_others(const Kinds *kinds);
