// SPDX-License-Identifier: Apache-2.0
/*
 * What connections have to write, sent together at the end of the loop's turn (ring.h says what that is good
 * for). Before that those that are new are connected, together too, and what they have to write then leaves
 * with the rest; behind it what is to be closed is closed. Queueing the first one activates an event, which
 * libevent runs behind all that are active already, as audit.c's. If somebody still has to speak in this
 * turn, it stands back once: then the answers of one turn and the requests that its records let through leave
 * in one system call.
 */
#pragma once

#include <event2/event.h>

#include "ring.h"

typedef struct Outbox Outbox;

typedef enum OutboxPlace {
    OUTBOX_NONE = 0,
    OUTBOX_CONNECTS,  /* to be connected */
    OUTBOX_CONNECTED, /* or not; its owner hears of it presently */
    OUTBOX_WAITS,     /* to be sent */
    OUTBOX_TOLD,      /* sent; its owner hears of it presently */
} OutboxPlace;

/* Carried by who sends or connects. All zero: not queued. */
typedef struct OutboxLink {
    uint16_t slot; /* of its place */
    uint8_t place; /* OutboxPlace */
} OutboxLink;

/* How the outbox speaks with those who send; the same for all. */
typedef struct OutboxCalls {
    /* What is to be written, and where; false: nothing, after all. */
    bool (*collect)(OutboxLink *link, RingSend *ret);
    /* `n` bytes went out, or −errno. True: its owner wants to hear. Closes nothing. */
    bool (*sent)(OutboxLink *link, ssize_t n);
    void (*tell)(OutboxLink *link);
} OutboxCalls;

/* And with those who connect. */
typedef struct OutboxConnectCalls {
    void (*collect)(OutboxLink *link, RingConnect *ret);
    void (*connected)(OutboxLink *link, int error); /* 0, or −errno: RingConnect's. Closes nothing */
    void (*tell)(OutboxLink *link);
} OutboxConnectCalls;

/*
 * Whether all is said that has to be before anything leaves: what is denied is on record before its answer.
 * Where it can wait no longer (`must`), it is said now, and the answer is true.
 */
typedef bool (*OutboxReady)(void *arg, bool must);

/* `ring` is the outbox's from here on; NULL: one call each. NULL: out of memory, and the ring is freed. */
Outbox *outbox_new(struct event_base *base, Ring *ring, OutboxReady ready, void *arg);
Outbox *outbox_free(Outbox *outbox); /* who is still queued isn't looked at; accepts NULL, returns NULL */

/* True: it is queued, perhaps since before. False: LIMIT_OUTBOX_LINKS are, and it has to send by itself. */
bool outbox_add(Outbox *outbox, OutboxLink *link, const OutboxCalls *calls);
/* The same for a unix socket that is to be connected. False where there is no ring, too. */
bool outbox_connect(Outbox *outbox, OutboxLink *link, const OutboxConnectCalls *calls);
void outbox_remove(Outbox *outbox, OutboxLink *link); /* does nothing if it isn't queued */

/*
 * Takes `fd`, a socket that nobody uses any more: closed at the end of the turn, behind all that is sent, or
 * at once where there is no ring. Its number is free only then.
 */
void outbox_close(Outbox *outbox, int fd);
bool outbox_close_now(Outbox *outbox); /* descriptors are short: whether some were given back by this */

/* Who can't wait for the turn's end is about to send by itself. */
void outbox_before(Outbox *outbox);
