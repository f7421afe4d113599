// SPDX-License-Identifier: Apache-2.0
/*
 * Nothing is freed inside a callback, because its caller may still hold it: what has died is put here and
 * freed from the loop, at the end of the turn.
 */
#pragma once

#include <event2/event.h>

typedef struct Reaper Reaper;
typedef void (*ReaperFree)(void *object);

Reaper *reaper_new(struct event_base *base); /* NULL: out of memory */
Reaper *reaper_free(Reaper *reaper);         /* frees what still waits */

/* An object that waits carries its link, so that dying needs no memory. */
typedef struct ReaperLink {
    struct ReaperLink *next;
    ReaperFree free;
    void *object;
} ReaperLink;

void reaper_add(Reaper *reaper, ReaperLink *link, ReaperFree free, void *object);
