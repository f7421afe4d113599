// SPDX-License-Identifier: Apache-2.0
#include "outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "policy/limits.h"

#define OUTBOX_AT_ONCE 64u /* sends, or connects, that are put together: what a ring takes in one call */

/* Those of one place, in their order. Who has gone leaves NULL. */
typedef struct OutboxList {
    OutboxLink *links[LIMIT_OUTBOX_LINKS];
    size_t begin, end;
} OutboxList;

struct Outbox {
    Ring *ring;
    OutboxReady ready;
    void *arg;
    const OutboxCalls *calls;
    const OutboxConnectCalls *connect_calls;
    struct event *turn_end;
    bool stood_back;                   /* once in this turn */
    bool at_work;                      /* what is queued now leaves with what was before */
    OutboxList lists[OUTBOX_TOLD + 1]; /* by place; the first is of nobody */
    int closing[OUTBOX_AT_ONCE];
    size_t n_closing;
};

static bool outbox_put(Outbox *outbox, OutboxLink *link, OutboxPlace place) {
    OutboxList *list = &outbox->lists[place];

    if (list->end == ARRAY_SIZE(list->links))
        return false;
    *link = (OutboxLink){.slot = (uint16_t) list->end, .place = (uint8_t) place};
    list->links[list->end++] = link;
    return true;
}

static OutboxLink *outbox_pop(Outbox *outbox, OutboxPlace place) {
    OutboxList *list = &outbox->lists[place];

    while (list->begin < list->end) {
        OutboxLink *link = list->links[list->begin++];

        if (link) {
            *link = (OutboxLink){0};
            return link;
        }
    }
    list->begin = list->end = 0;
    return NULL;
}

/* Nobody else's code runs in between, so nobody can go. False: nothing waits any more, nor is to be closed.
 */
static bool outbox_send_some(Outbox *outbox) {
    OutboxLink *links[OUTBOX_AT_ONCE], *link;
    RingSend sends[OUTBOX_AT_ONCE];
    size_t n = 0, n_closing;

    while (n < OUTBOX_AT_ONCE && (link = outbox_pop(outbox, OUTBOX_WAITS)))
        if (outbox->calls->collect(link, &sends[n]))
            links[n++] = link;
    n_closing = n < OUTBOX_AT_ONCE ? outbox->n_closing : 0; /* behind the last of them */
    ring_run(outbox->ring, sends, n, outbox->closing, n_closing);
    outbox->n_closing -= n_closing;
    for (size_t i = 0; i < n; i++)
        if (outbox->calls->sent(links[i], sends[i].sent))
            (void) outbox_put(outbox, links[i], OUTBOX_TOLD); /* as many as there were to send have room */
    return n == OUTBOX_AT_ONCE;
}

/*
 * As above. False: nothing waits to be connected any more. Behind a full backlog *ring is NULL (ring.h,
 * ring_connect).
 */
static bool outbox_connect_some(Outbox *outbox, Ring **ring) {
    OutboxLink *links[OUTBOX_AT_ONCE], *link;
    RingConnect connects[OUTBOX_AT_ONCE];
    size_t n = 0;

    while (n < OUTBOX_AT_ONCE && (link = outbox_pop(outbox, OUTBOX_CONNECTS))) {
        outbox->connect_calls->collect(link, &connects[n]);
        links[n++] = link;
    }
    ring_connect(*ring, connects, n);
    for (size_t i = 0; i < n; i++) {
        if (connects[i].error == -EAGAIN)
            *ring = NULL;
        outbox->connect_calls->connected(links[i], connects[i].error);
        (void) outbox_put(outbox, links[i], OUTBOX_CONNECTED); /* has room, as above */
    }
    return n == OUTBOX_AT_ONCE;
}

/* Who hears that he isn't connected may say so, which is on record before it leaves. */
static void outbox_connect_all(Outbox *outbox) {
    Ring *ring = outbox->ring;
    OutboxLink *link;

    if (outbox->lists[OUTBOX_CONNECTS].end == 0)
        return;
    while (outbox_connect_some(outbox, &ring))
        ;
    outbox->at_work = true;
    while ((link = outbox_pop(outbox, OUTBOX_CONNECTED)))
        outbox->connect_calls->tell(link);
    outbox->at_work = false;
    (void) outbox->ready(outbox->arg, true);
    if (outbox->lists[OUTBOX_CONNECTS].end > 0)
        event_active(outbox->turn_end, EV_TIMEOUT, 0);
}

/*
 * Who hears of it may queue again, be it himself, and may close any other: so one at a time from the front.
 */
static void outbox_on_turn_end(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    Outbox *outbox = arg;
    OutboxLink *link;

    if (!outbox->ready(outbox->arg, outbox->stood_back)) {
        outbox->stood_back = true;
        event_active(outbox->turn_end, EV_TIMEOUT, 0);
        return;
    }
    outbox->stood_back = false;
    outbox_connect_all(outbox);
    while (outbox_send_some(outbox))
        ;
    while ((link = outbox_pop(outbox, OUTBOX_TOLD)))
        outbox->calls->tell(link);
}

Outbox *outbox_new(struct event_base *base, Ring *ring, OutboxReady ready, void *arg) {
    Outbox *outbox = calloc(1, sizeof(*outbox));

    if (!outbox) {
        ring_free(ring);
        return NULL;
    }
    outbox->ring = ring;
    outbox->ready = ready;
    outbox->arg = arg;
    outbox->turn_end = event_new(base, -1, 0, outbox_on_turn_end, outbox);
    return outbox->turn_end ? outbox : outbox_free(outbox);
}

Outbox *outbox_free(Outbox *outbox) {
    if (!outbox)
        return NULL;
    (void) outbox_close_now(outbox);
    ring_free(outbox->ring);
    if (outbox->turn_end)
        event_free(outbox->turn_end);
    free(outbox);
    return NULL;
}

static void outbox_await_turn_end(Outbox *outbox) {
    if (!outbox->at_work && outbox->lists[OUTBOX_CONNECTS].end == 0 && outbox->lists[OUTBOX_WAITS].end == 0 &&
        outbox->n_closing == 0)
        event_active(outbox->turn_end, EV_TIMEOUT, 0);
}

bool outbox_add(Outbox *outbox, OutboxLink *link, const OutboxCalls *calls) {
    if (link->place == OUTBOX_WAITS)
        return true;
    outbox_remove(outbox, link);
    outbox->calls = calls;
    outbox_await_turn_end(outbox);
    return outbox_put(outbox, link, OUTBOX_WAITS);
}

bool outbox_connect(Outbox *outbox, OutboxLink *link, const OutboxConnectCalls *calls) {
    if (!outbox->ring)
        return false;
    outbox_remove(outbox, link);
    outbox->connect_calls = calls;
    outbox_await_turn_end(outbox);
    return outbox_put(outbox, link, OUTBOX_CONNECTS);
}

void outbox_remove(Outbox *outbox, OutboxLink *link) {
    if (link->place != OUTBOX_NONE)
        outbox->lists[link->place].links[link->slot] = NULL;
    *link = (OutboxLink){0};
}

bool outbox_close_now(Outbox *outbox) {
    size_t n = outbox->n_closing;

    outbox->n_closing = 0;
    ring_run(outbox->ring, NULL, 0, outbox->closing, n);
    return n > 0;
}

void outbox_close(Outbox *outbox, int fd) {
    if (!outbox->ring) {
        close(fd);
        return;
    }
    outbox_await_turn_end(outbox);
    if (outbox->n_closing == ARRAY_SIZE(outbox->closing))
        (void) outbox_close_now(outbox);
    outbox->closing[outbox->n_closing++] = fd;
}

void outbox_before(Outbox *outbox) {
    (void) outbox->ready(outbox->arg, true);
}
