// SPDX-License-Identifier: Apache-2.0
/*
 * The trail's inside, for audit.c (records queued, numbered, written and told of) and audit_open.c (its
 * sinks, and where it goes on). Nobody else includes this.
 */
#pragma once

#include "audit.h"
#include "chain.h"
#include "checkpoint.h"
#include "denials.h"
#include "outlet.h"
#include "repeats.h"
#include "taken.h"

typedef struct AuditQueue {
    AuditWaiter *first;
    AuditWaiter **last;
} AuditQueue;

struct Audit {
    struct event_base *base;
    struct event *turn_end;
    Outlet **outlets;
    size_t n_outlets;
    uint32_t slots;    /* theirs */
    bool has_messages; /* one of them at least is told each record by itself */
    AuditFailure on_failure;
    Buffer pending;
    uint64_t pending_from; /* number of the first record in there */
    Buffer spare;          /* in its place when there is no memory for an outcome */
    Taken taken;
    AuditQueue told; /* status known, not told yet */
    Chain chain;
    bool chained;
    Repeats *repeats;
    struct event *sweep;         /* pending while there are repeats that weren't told */
    bool deduplicate;            /* for files too */
    Checkpoint *checkpoint;      /* NULL: none are made */
    uint64_t n_since_checkpoint; /* records */
    uint64_t seq;
    uint64_t n_lost;
    int lost_error;
    uint64_t n_written;
    uint64_t written_usec;
    Denials denials;
    bool losing;     /* logged */
    bool turn_ended; /* audit_on_turn_end is on its way */
};

/* --- audit.c */

void audit_queue_init(AuditQueue *queue);

/* Signs the record that comes next; whatever fails there is left to the next one. */
void audit_record_checkpoint(Audit *audit, const char *when);

/* Callbacks: of Taken, of outlets, of repeats, of the loop. */
void audit_on_settled(void *ctx, uint64_t number, void *arg, int status);
void audit_on_outlet(void *ctx, Outlet *outlet, uint64_t from, uint64_t to, int status);
void audit_on_untold(void *ctx, uint64_t seq, uint64_t n);
void audit_on_turn_end(int fd, short what, void *arg);
void audit_on_sweep(int fd, short what, void *arg);
