// SPDX-License-Identifier: Apache-2.0
#include "reaper.h"

#include <stdlib.h>

#include "policy/base.h"

struct Reaper {
    struct event *event;
    ReaperLink *first;
};

static void reaper_run(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    Reaper *reaper = arg;

    while (reaper->first) {
        ReaperLink *link = reaper->first;
        reaper->first = link->next;
        link->free(link->object);
    }
}

Reaper *reaper_new(struct event_base *base) {
    Reaper *reaper = calloc(1, sizeof(*reaper));

    if (!reaper)
        return NULL;
    reaper->event = event_new(base, -1, 0, reaper_run, reaper);
    if (!reaper->event)
        return reaper_free(reaper);
    return reaper;
}

Reaper *reaper_free(Reaper *reaper) {
    if (!reaper)
        return NULL;
    reaper_run(-1, 0, reaper);
    if (reaper->event)
        event_free(reaper->event);
    free(reaper);
    return NULL;
}

void reaper_add(Reaper *reaper, ReaperLink *link, ReaperFree free_object, void *object) {
    bool first = !reaper->first; /* else it is active, or runs */

    *link = (ReaperLink){.next = reaper->first, .free = free_object, .object = object};
    reaper->first = link;
    if (first)
        event_active(reaper->event, 0, 0);
}
