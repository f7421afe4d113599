// SPDX-License-Identifier: Apache-2.0
/*
 * A loop that is denied ten times a second, as a few records and a count: the same denial (listener, policy,
 * client, operation or method and path, rule, field) is told the first time, the 10th, 100th, …, and at most
 * once a minute in between. What was counted and not told when a minute passes without another one, or when
 * it has to make room, is told by `untold`, so that nothing is missing from the sum.
 *
 * Clients choose what is told here: keys are hashes that nobody can make collide, there are
 * LIMIT_AUDIT_REPEATS of them, and who brings more only pushes out what was seen longest ago.
 */
#pragma once

#include "record.h"

/* `n` more denials like that in record `seq`, which is the last that was told. */
typedef void (*RepeatsUntold)(void *ctx, uint64_t seq, uint64_t n);

typedef struct Repeats Repeats;

/* NULL: no memory. */
Repeats *repeats_new(RepeatsUntold untold, void *ctx);
Repeats *repeats_free(Repeats *repeats); /* tells what wasn't */

/*
 * `untold` may be called from inside, to make room, and move *last_seq.
 *
 * Whether the record is to be told, as the record behind *last_seq if so, and in *ret_count how many it
 * stands for. What is no denial always is, with 0. `now_usec`: CLOCK_MONOTONIC.
 */
bool repeats_note(Repeats *repeats, const Record *record, const uint64_t *last_seq, uint64_t now_usec,
                  uint64_t *ret_count);

/* Tells all that wasn't. */
void repeats_tell_all(Repeats *repeats);

/* Tells what has rested for a minute. Returns whether anything is left to be told later. */
bool repeats_sweep(Repeats *repeats, uint64_t now_usec);
