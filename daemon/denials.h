// SPDX-License-Identifier: Apache-2.0
/*
 * How much was denied in the last hour, for systemd's status line: sixty counters, one a minute. The oldest
 * minute falls out whole, so a count covers from 59 to 60 minutes.
 */
#pragma once

#include "policy/base.h"

#define DENIALS_MINUTES 60u

typedef struct Denials {
    uint64_t counts[DENIALS_MINUTES]; /* by minute, around */
    uint64_t minute;                  /* that was counted last */
} Denials;

/* `now_usec`: CLOCK_MONOTONIC, which is never set back. */
void denials_add(Denials *denials, uint64_t now_usec);
uint64_t denials_count(Denials *denials, uint64_t now_usec);
