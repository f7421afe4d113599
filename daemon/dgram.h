// SPDX-License-Identifier: Apache-2.0
/*
 * Datagrams to a unix socket, which wait in a queue of their own while there is no room: journald and syslog.
 * Sending never waits. What finds no room for TIME_AUDIT_QUEUE_SECONDS is lost with all that waits behind it,
 * and so is the oldest when LIMIT_AUDIT_QUEUE_BYTES wait; from then on until one gets through again nothing
 * waits. Each is settled once, in order.
 */
#pragma once

#include "buffer.h"

struct event_base;

typedef struct Dgram Dgram;

/* `path` and `name` (of the sink, in messages) are kept by reference. */
typedef struct DgramPlace {
    const char *path;
    const char *name;
    bool large; /* what is too large for a datagram goes as a sealed memfd (JOURNAL_NATIVE_PROTOCOL) */
} DgramPlace;

/* 0: the other side's kernel has it; −errno: lost. */
typedef void (*DgramSettled)(void *arg, uint64_t from, uint64_t to, int status);

/* −errno when nobody listens there. */
int dgram_new(struct event_base *base, const DgramPlace *place, DgramSettled settled, void *arg, Dgram **ret);
Dgram *dgram_free(Dgram *dgram); /* sends what goes, the rest is lost */

/* Queues the datagram of record `number`; empty: there is nothing to send, and it counts as sent in its turn.
 * −ENOMEM: it isn't queued, nor settled. */
int dgram_push(Dgram *dgram, uint64_t number, Span bytes);
void dgram_flush(Dgram *dgram);
