// SPDX-License-Identifier: Apache-2.0
/*
 * Who comes up most often, in bounded memory, whatever the names are: Metwally's space-saving counters. Any
 * name that makes up more than one part in HEAVY_ENTRIES of all that were counted is surely among them; its
 * count is too high by at most `error`.
 */
#pragma once

#include <stdint.h>

#include "policy/base.h"

#define HEAVY_ENTRIES 16u    /* what a terminal has room for, and each count looks at all of them */
#define HEAVY_NAME_BYTES 96u /* with its NUL; "container " and 64 digits fit */

typedef struct HeavyEntry {
    char name[HEAVY_NAME_BYTES];
    uint64_t count; /* 0: not in use */
    uint64_t error;
} HeavyEntry;

typedef struct Heavy {
    HeavyEntry entries[HEAVY_ENTRIES]; /* in no order */
} Heavy;

/* One more of `name`, of which HEAVY_NAME_BYTES − 1 bytes count. */
void heavy_count(Heavy *heavy, const char *name);

/* The entries in use, the largest count first; how many. */
size_t heavy_sorted(const Heavy *heavy, const HeavyEntry *ret[static HEAVY_ENTRIES]);
