// SPDX-License-Identifier: Apache-2.0
/*
 * Rows of a table that wait a little before they are printed, so that a denial which a poll loop brings about
 * again and again is one row with a count, in its first's place, in bounded memory.
 */
#pragma once

#include <stdio.h>

#include "daemon/buffer.h"

/* Rows that others stand behind; then the first goes, and what repeats it is another. */
#define ROWS_WAITING 4096u
#define ROWS_GAP UINT64_C(900000000) /* microseconds without it: what comes then is another row */
#define ROWS_LAST 10u                /* that are shown of what was there before, with -f */
/* Microseconds: a row that goes on repeating is said again at most so often. */
#define ROWS_MINUTE 60000000u

typedef struct Rows Rows;

/* `follows`: each row goes out at once, and its count again at 10, 100, …, and at most once a minute. */
Rows *rows_new(FILE *out, bool follows);
Rows *rows_free(Rows *rows); /* does not print what waits */

/*
 * A row: `cells` is what stands behind time and count. `key` says what it repeats; empty: it stands alone.
 * `time`: microseconds since 1970. `n`: how
 * often, 1 or more. 0 or −ENOMEM.
 */
int rows_add(Rows *rows, uint64_t time, uint64_t n, Span key, Span cells);

/* With `follows`: what was there before has been read; of its rows the last ones go out. */
void rows_begin(Rows *rows);

void rows_finish(Rows *rows); /* prints what waits */
