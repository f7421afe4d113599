// SPDX-License-Identifier: Apache-2.0
/*
 * An audit event as a struct, and as one JSON line. The parts of an event are all there in every record
 * of it, null where unknown. Secrets never get this far: no header value, no body, and query values that
 * can hold one are replaced (query_redact.h). Of a body there are its facts, where they are asked for:
 *
 *   "facts":[{"field":"HostConfig.Privileged","value":true},{"field":"Labels[\"a\"]","withheld":"string"},
 *            {"lost":3}]
 *
 * `withheld` is the type of a value that stays out; `lost`, at the end, how many there was no room for.
 */
#pragma once

#include <stdint.h>

#include "buffer.h"
#include "identity.h"
#include "policy/facts.h"
#include "policy/request.h"
#include "policy/verdict.h"

typedef enum EndCause {
    END_NONE = 0,
    END_COMPLETE,
    END_CLIENT_CLOSED,
    END_ENGINE_CLOSED,
    END_TIMEOUT,
    END_SHUTDOWN,
    END_ERROR,
} EndCause;

typedef enum RecordEvent {
    RECORD_DECISION,
    RECORD_OUTCOME,
    RECORD_LIFECYCLE,
} RecordEvent;

typedef struct Record {
    RecordEvent event;
    uint64_t time_usec; /* CLOCK_REALTIME */
    char id[27];        /* ULID; "" for lifecycle */
    const char *listener;
    const char *policy;
    const char *policy_hash; /* decision: of the config that it stands in; NULL: unknown */
    Span place;              /* decision: these three as JSON (ConfigListener.told); empty: not kept */
    const char *where;       /* decision: policy_where() */
    uint64_t repeats; /* decision: so many of the same since the last one that was told, this one among them;
                         0: not counted (null) */
    const Subject *client;  /* NULL: unknown */
    const Request *request; /* decision; NULL: the head was not understood */
    uint64_t request_bytes; /* body bytes: declared, or read */
    const Verdict *verdict;
    const Facts *facts;     /* decision; NULL, or not gathered: nobody asked for them (null) */
    EndCause end;           /* outcome */
    const char *end_rule;   /* outcome: what ended it, where the policy did; NULL: nothing of it */
    const char *end_reason; /* likewise, in words */
    bool drops_input;       /* outcome: what the client sent after the upgrade went nowhere … */
    uint64_t dropped_bytes; /* … and so much came */
    unsigned status;        /* response; 0: none (null) */
    uint64_t response_bytes;
    uint64_t duration_usec;
    const char *action;  /* lifecycle: "start", "stop", "reload", "reopen", "recover", "drop", … */
    const char *message; /* lifecycle: one sentence */
    /* lifecycle "checkpoint": base64; NULL elsewhere, and then the member isn't there */
    const char *signature;
} Record;

/* One line with its newline, malloc'd, of *ret_size bytes. `seq`: the record's number. prev and hash are
 * null. −ENOMEM. */
int record_format(const Record *record, uint64_t seq, char **ret, size_t *ret_size);

/* The same, appended to `out`, with the `hash` of the line before (NULL: null); on −ENOMEM `out` is as it
 * was. */
int record_append(Buffer *out, const Record *record, uint64_t seq, const char *prev);

/*
 * Keeps how `client` stands in records, for one that sends many requests: from now on nothing of it may
 * change but its name. Without memory for it nothing is kept, and records are the same.
 */
void record_keep_client(Subject *client);

/* "2026-11-24T08:15:30.123456Z", RFC 3339 in UTC. False, and "": no clock says that. */
#define RECORD_TIME_SIZE sizeof("0000-00-00T00:00:00.000000Z")
bool record_time_text(uint64_t usec, char ret[static RECORD_TIME_SIZE]);

const char *end_cause_name(EndCause cause); /* "complete", "client_closed", …; NULL for END_NONE */
