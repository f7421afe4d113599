// SPDX-License-Identifier: Apache-2.0
/*
 * A bar on a terminal, for what takes longer than one likes to look at nothing: how much of the bytes is
 * read, how fast, and how long it will take.
 */
#pragma once

#include <stdio.h>

#include "policy/base.h"

#define PROGRESS_QUIET_MSEC 500u /* what is done sooner needs no bar */
#define PROGRESS_SHOW_MSEC 100u

typedef struct Progress {
    FILE *out; /* NULL: nothing is shown */
    uint64_t total;
    uint64_t began_msec, shown_msec;
    bool shown; /* something stands there that must go before anything else is printed */
} Progress;

/* Of `total` bytes; nothing is shown where `out` is no terminal or the total is 0. */
void progress_begin(Progress *progress, FILE *out, uint64_t total, uint64_t now_msec);

/* So many bytes are done. */
void progress_tell(Progress *progress, uint64_t done, uint64_t now_msec);

/* The line is empty again. */
void progress_clear(Progress *progress);
