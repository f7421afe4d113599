// SPDX-License-Identifier: Apache-2.0
/*
 * Brings a file's data to the disk in a thread of its own, so that a disk that takes its time doesn't hold up
 * the loop. One call at a time; what is written while it runs is the next one's.
 */
#pragma once

#include "policy/base.h"

struct event_base;

typedef struct Syncer Syncer;
typedef int (*SyncerCall)(int fd);                 /* fdatasync, or a test's */
typedef void (*SyncerDone)(void *arg, int status); /* from the loop; 0 or −errno */

/* The thread comes with the first call. NULL: no memory, or no descriptor. */
Syncer *syncer_new(struct event_base *base, SyncerCall call, SyncerDone done, void *arg);

/* Waits for a call that runs; `done` isn't called any more. */
Syncer *syncer_free(Syncer *syncer);

bool syncer_runs(const Syncer *syncer);

/* `fd` may be closed, or its file renamed, while it runs. −EBUSY while one runs; −errno. */
int syncer_start(Syncer *syncer, int fd);

/* Waits for the call that runs, whose status this is; `done` isn't called for it. 0 when none runs. */
int syncer_wait(Syncer *syncer);
