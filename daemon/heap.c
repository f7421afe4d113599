// SPDX-License-Identifier: Apache-2.0
#include "heap.h"

#include <malloc.h>
#include <stdlib.h>

/* The last of a crowd go one after the other: once for all of them. */
static const struct timeval heap_moment = {.tv_usec = 200000};

struct Heap {
    struct event *timer;
    size_t n;    /* clients */
    size_t peak; /* since pages went back */
    size_t n_trims;
};

void heap_give_back(void) {
    (void) malloc_trim(0);
}

static bool heap_crowd_is_gone(const Heap *heap) {
    return heap->peak >= HEAP_CROWD && heap->n <= heap->peak / 4;
}

static void heap_on_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    Heap *heap = arg;

    if (!heap_crowd_is_gone(heap)) /* the next has come */
        return;
    heap->peak = heap->n;
    heap->n_trims++;
    heap_give_back();
}

Heap *heap_new(struct event_base *base) {
    Heap *heap = calloc(1, sizeof(*heap));

    if (!heap)
        return NULL;
    heap->timer = evtimer_new(base, heap_on_timer, heap);
    return heap->timer ? heap : heap_free(heap);
}

Heap *heap_free(Heap *heap) {
    if (heap && heap->timer)
        event_free(heap->timer);
    free(heap);
    return NULL;
}

void heap_client_came(Heap *heap) {
    if (++heap->n > heap->peak)
        heap->peak = heap->n;
}

void heap_client_gone(Heap *heap) {
    heap->n--;
    if (heap_crowd_is_gone(heap) && !evtimer_pending(heap->timer, NULL))
        (void) evtimer_add(heap->timer,
                           &heap_moment); /* without memory for it, the next that goes tries again */
}

size_t heap_n_trims(const Heap *heap) {
    return heap->n_trims;
}
