// SPDX-License-Identifier: Apache-2.0
/*
 * The audit trail. Records of one turn of the loop are gathered, numbered and chained (chain.h), and written
 * at its end, in one write a sink (outlet.h); a decision's waiter is told whether any sink took it. That is
 * how a decision is on record before a byte of its request goes to the engine, at one system call a turn.
 *
 * It is one trail, whatever sinks there are: each gets the same lines. At the start it goes on from the last
 * whole record of its files: where they differ, since one of them has lost lines, from the last of all; the
 * other then shows that lines are missing. What was found is on record (`recover`). A sink that fails is
 * tried again with each turn, so a disk that has room again needs no restart; what it has missed is then on
 * record (`drop`).
 *
 * Without memory a decision is refused, but an outcome is written all the same, at once: what was let through
 * ends on record, in files and on stdout. A message for journald or syslog that there is no memory for is one
 * that they have missed.
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
    int status;
    bool queued;
} AuditWaiter;

/* Opens the sinks. −errno, logged, when one can't be opened; −EBUSY: another process writes to a file. */
int audit_new(struct event_base *base, const Config *config, Audit **ret);
Audit *audit_free(Audit *audit); /* flushes first */

/*
 * A reload: opens the new config's sinks aside, where they aren't there already, and swaps them; on failure
 * the old ones stay. Records that wait are written to the old ones first.
 */
int audit_reconfigure(Audit *audit, const Config *config);
void audit_reopen(Audit *audit); /* SIGUSR1; a checkpoint ends the old files */

/*
 * Queues a decision; `waiter` is told at the end of this turn. It must stay alive until then or be
 * cancelled. −ENOMEM: not queued, the caller must deny.
 */
int audit_decision(Audit *audit, const Record *record, AuditWaiter *waiter);
void audit_cancel(Audit *audit, AuditWaiter *waiter);

/* Queues what nobody waits for: denials, outcomes, lifecycle. −ENOMEM: lost, and counted. Lines keep their
 * order. */
int audit_record(Audit *audit, const Record *record);
void audit_record_action(Audit *audit, const char *action, const char *message); /* lifecycle, now */

/* The last record: what is still to be told comes before it. */
void audit_record_stop(Audit *audit, const char *message);

/* Writes now; waiters hear of it from the loop as ever. 0, or −errno when a record was lost by that. */
int audit_flush(Audit *audit);

/*
 * For the outbox, of an Audit: whether all records are written, so that what is answered and what is sent on
 * is on record before it leaves. Those that aren't are written now where that can't wait (`must`).
 */
bool audit_lets_send(void *audit, bool must);

/* Decisions to deny in the last hour, whether or not a sink took them. */
uint64_t audit_denials(Audit *audit);

/* For who watches. Counted since the start. */
typedef struct AuditStats {
    uint64_t n_written;    /* records that some sink took */
    uint64_t n_lost;       /* that none took */
    uint64_t written_usec; /* CLOCK_MONOTONIC, of the last of them; 0: none yet */
    bool losing;           /* no sink took the last one */
} AuditStats;

AuditStats audit_stats(const Audit *audit);
