// SPDX-License-Identifier: Apache-2.0
/*
 * Puts the answer of the policy on record.
 */
#pragma once

#include "audit.h"

/* Where a request came in and who sent it: what its records share. */
typedef struct AdmitContext {
    const char *id;
    const char *listener;
    const Policy *policy;
    const char *policy_hash; /* Config's `hash`, of the one that has it */
    Span told;               /* all three, as Record's place */
    const Subject *subject;
    const Facts *facts;  /* of the body, for its decision; NULL: nobody asked */
    uint64_t began_usec; /* CLOCK_MONOTONIC; below, of the record: when what it tells came about */
    uint64_t now_usec;
} AdmitContext;

/*
 * The decision record of a request that goes on to the engine; `waiter` hears whether it was taken.
 * −ENOMEM: the caller must deny.
 */
int admit_record_forward(Audit *audit, const AdmitContext *context, const Request *request,
                         uint64_t request_bytes, const Verdict *verdict, AuditWaiter *waiter);

/*
 * The one record of a request that doesn't, with the response in it. `request` may be NULL. It is written at
 * once, so called before the answer goes out, it is on record when the client hears of it.
 */
void admit_record_refusal(Audit *audit, const AdmitContext *context, const Request *request,
                          uint64_t request_bytes, const Verdict *verdict, unsigned status,
                          uint64_t response_bytes);

/* How an admitted request ended; names as in Record. */
typedef struct AdmitOutcome {
    EndCause end;
    const char *rule, *reason;
    unsigned status;
    uint64_t response_bytes;
    bool drops_input;
    uint64_t dropped_bytes;
} AdmitOutcome;

void admit_record_outcome(Audit *audit, const AdmitContext *context, const Verdict *verdict,
                          const AdmitOutcome *outcome);
