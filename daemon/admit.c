// SPDX-License-Identifier: Apache-2.0
#include "admit.h"

#include "clock.h"

/* In place: a record is larger than most of what else is copied for a request. */
static void admit_record(Record *ret, RecordEvent event, const AdmitContext *context,
                         const Verdict *verdict) {
    *ret = (Record){.event = event};
    ret->time_usec = clock_realtime_at(context->now_usec);
    memcpy(ret->id, context->id, sizeof(ret->id));
    ret->listener = context->listener;
    ret->policy = policy_name(context->policy);
    ret->policy_hash = context->policy_hash;
    ret->place = context->told;
    ret->where = policy_where(context->policy, verdict);
    ret->client = context->subject;
    ret->verdict = verdict;
    ret->duration_usec = context->now_usec - context->began_usec;
}

int admit_record_forward(Audit *audit, const AdmitContext *context, const Request *request,
                         uint64_t request_bytes, const Verdict *verdict, AuditWaiter *waiter) {
    Record record;

    admit_record(&record, RECORD_DECISION, context, verdict);
    record.request = request;
    record.request_bytes = request_bytes;
    record.facts = context->facts;
    return audit_decision(audit, &record, waiter);
}

void admit_record_refusal(Audit *audit, const AdmitContext *context, const Request *request,
                          uint64_t request_bytes, const Verdict *verdict, unsigned status,
                          uint64_t response_bytes) {
    Record record;

    admit_record(&record, RECORD_DECISION, context, verdict);
    record.request = request;
    record.request_bytes = request_bytes;
    record.facts = context->facts;
    record.status = status;
    record.response_bytes = response_bytes;
    /* Lost records are the audit's to count: the request is refused anyway. */
    (void) audit_record(audit, &record);
}

void admit_record_outcome(Audit *audit, const AdmitContext *context, const Verdict *verdict,
                          const AdmitOutcome *outcome) {
    Record record;

    admit_record(&record, RECORD_OUTCOME, context, verdict);
    record.end = outcome->end;
    record.end_rule = outcome->rule;
    record.end_reason = outcome->reason;
    record.drops_input = outcome->drops_input;
    record.dropped_bytes = outcome->dropped_bytes;
    record.status = outcome->status;
    record.response_bytes = outcome->response_bytes;
    (void) audit_record(audit, &record);
}
