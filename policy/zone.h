// SPDX-License-Identifier: Apache-2.0
/*
 * Time zones that a config names, as tables: when which offset begins. Who fills the tables knows the zones
 * (daemon/zones.h); here is only arithmetic.
 */
#pragma once

#include "doc.h"

/* From `since` on (seconds since 1970, UTC) the clock there is `ahead` seconds ahead of UTC. */
typedef struct ZoneSpan {
    int64_t since;
    int ahead;
} ZoneSpan;

typedef struct Zone {
    const char *name;      /* "Europe/Berlin", "UTC", "local" */
    DocMark mark;          /* where it is named first */
    const ZoneSpan *spans; /* by time; the first holds at TIME_CLOCK_FIRST, the last to TIME_CLOCK_LAST */
    size_t n;              /* 0: nobody has said yet, and what depends on it doesn't hold */
    struct Zone *next;
} Zone;

typedef struct ZoneList {
    Zone *first;
    size_t n;
} ZoneList;

/*
 * The zone that `node` names, in `arena`; the same for the same name. NULL: it can't be a zone's name, or
 * there are too many (in `errors`).
 */
const Zone *zone_list_get(ZoneList *list, Arena *arena, DocErrors *errors, const DocNode *node);

/* The span in which `at` is, NULL: none. *ret_next: when the next begins, INT64_MAX: none does. */
const ZoneSpan *zone_span(const Zone *zone, int64_t at, int64_t *ret_next);
