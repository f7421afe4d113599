// SPDX-License-Identifier: Apache-2.0
/*
 * Which sink has taken which record. Sinks answer at different times (a file when it is written, or synced; a
 * socket when there is room), so a record stays here until one has taken it and the others have said what
 * became of it, or until none has. Each is settled once: taken by the first sink that says so, or lost when
 * all have said that they don't have it.
 */
#pragma once

#include "policy/base.h"

#define TAKEN_SLOTS 32u /* the sinks of two configs, while one takes the other's place */

/* `waiter`: who was named at taken_push, NULL if nobody was. `status`: 0, or the last sink's −errno. */
typedef void (*TakenSettled)(void *ctx, uint64_t number, void *waiter, int status);

typedef struct TakenLine {
    void *waiter;
    uint32_t open; /* slots of the sinks that haven't said */
    bool settled;
} TakenLine;

typedef struct Taken {
    TakenSettled settled;
    void *ctx;
    TakenLine *lines; /* from number `first` on; those in front are done */
    size_t begin, n, capacity;
    uint64_t first;
} Taken;

void taken_done(Taken *taken);

/* Makes room for a record of this number, which follows all before it. 0 or −ENOMEM. */
int taken_reserve(Taken *taken, uint64_t number);

/* After taken_reserve; `slots`: the sinks that are asked. Without any it is settled, as −ENODEV. */
void taken_push(Taken *taken, uint64_t number, void *waiter, uint32_t slots);

/* The sink in `slot` has (0) or doesn't have (−errno) the records from `from` up to but without `to`. What it
 * has said before holds. */
void taken_resolve(Taken *taken, unsigned slot, uint64_t from, uint64_t to, int status);

/* The record stays, but nobody waits for it. */
void taken_forget(Taken *taken, const void *waiter);
