// SPDX-License-Identifier: Apache-2.0
/*
 * The audit trail's sinks. Records of one turn of the loop are gathered and written at its end, in one
 * write a sink; a decision's waiter is told then whether any sink took it. That is how a decision is on
 * record before a byte of its request goes to the engine, at one system call a turn.
 *
 * A sink that fails is tried again with each turn, so a disk that has room again needs no restart. Sinks
 * are written as they are: a stdout that blocks, blocks the gate; one that is non-blocking and full counts as
 * failed.
 */
#pragma once

#include "config.h"
#include "record.h"

struct event_base;

typedef struct Audit Audit;

/*
 * `done` of a decision: 0 when at least one sink took it (or on_failure is continue), −errno when none did.
 * Called from the loop, never from inside audit_decision.
 */
typedef void (*AuditDone)(void *arg, int status);

typedef struct AuditWaiter {
    AuditDone done;
    void *arg;
    struct AuditWaiter *next; /* audit's own, as is all below */
    size_t end;               /* its line ends there in what is pending */
    int status;
    bool queued;
} AuditWaiter;

/* Opens the sinks. −errno, logged, when one can't be opened. */
int audit_new(struct event_base *base, const Config *config, Audit **ret);
Audit *audit_free(Audit *audit); /* flushes first */

/*
 * A reload: opens the new config's sinks aside and swaps them; on failure the old ones stay. Records that
 * wait are written to the old ones first.
 */
int audit_reconfigure(Audit *audit, const Config *config);
void audit_reopen(Audit *audit); /* SIGUSR1 */

/*
 * Queues a decision; `waiter` is told at the end of this turn. It must stay alive until then or be
 * cancelled. −ENOMEM: not queued, the caller must deny.
 */
int audit_decision(Audit *audit, const Record *record, AuditWaiter *waiter);
void audit_cancel(Audit *audit, AuditWaiter *waiter);

/* Queues what nobody waits for: denials, outcomes, lifecycle. −ENOMEM: lost, and counted. Lines keep their
 * order. */
int audit_record(Audit *audit, const Record *record);

/* Writes now; waiters hear of it from the loop as ever. 0, or −errno when no sink took all of it. */
int audit_flush(Audit *audit);

/* Decisions to deny in the last hour, whether or not a sink took them. */
uint64_t audit_denials(Audit *audit);

uint64_t audit_lost(const Audit *audit); /* records that no sink took */
