// SPDX-License-Identifier: Apache-2.0
/*
 * The time for which an entry of `allow:` holds: `until` a moment, `when` the clock on a wall says certain
 * hours of the week, or both. Pure: the time is told by who asks.
 */
#pragma once

#include "week.h"
#include "zone.h"

typedef struct Grant {
    const char *until_text; /* as written; NULL: without end */
    int64_t until;          /* seconds since 1970; not from then on */
    const WeekWindow *windows;
    const char *const *window_texts; /* as written */
    size_t n_windows;                /* 0: at any hour */
    const Zone *zone;                /* of the windows */
} Grant;

#define GRANT_FOREVER INT64_MAX

/*
 * The moment up to which `grant` (NULL: without limit) surely holds from `now` on, in seconds since 1970; it
 * may hold from then on too, so who wants to know asks again then. 0: it doesn't hold at `now`, or the clock
 * can't be right.
 */
int64_t grant_holds_until(const Grant *grant, int64_t now);

/* Whether its end has come: no later `now` brings it back. */
bool grant_is_over(const Grant *grant, int64_t now);

/* Why it doesn't hold at `now`. */
typedef struct GrantMiss {
    const char *rule;   /* "allow.until", "allow.when" */
    const char *detail; /* "ran out at 2026-12-01T18:00:00Z" (arena); NULL: no memory */
} GrantMiss;

GrantMiss grant_miss(Arena *arena, const Grant *grant, int64_t now);
