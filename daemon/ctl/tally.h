// SPDX-License-Identifier: Apache-2.0
/*
 * Texts and how often each was seen: sorted, and no more of them than TALLY_MAX, whatever comes.
 */
#pragma once

#include "policy/base.h"

#define TALLY_MAX 4096u /* different texts; an operator reads no more */

typedef struct TallyItem {
    char *text; /* NUL-terminated; a text with a NUL in it is cut there */
    uint64_t n;
} TallyItem;

typedef struct Tally {
    TallyItem *items; /* by text */
    size_t n, room;
    size_t lost; /* for which there was no room, or no memory */
} Tally;

void tally_done(Tally *tally); /* empty, and may be used again */
void tally_add(Tally *tally, Span text);
bool tally_drop(Tally *tally, Span text); /* whether it was there */
