// SPDX-License-Identifier: Apache-2.0
/*
 * A record's members off its line, in one pass and without memory: `quaygate audit` looks at millions of
 * lines. The whole line is checked to be one JSON object, in UTF-8, whoever wrote it. What a string holds
 * stays in its escapes until scan_text; nothing of it may be printed but through plain.h.
 */
#pragma once

#include "daemon/buffer.h"

#define SCAN_DEPTH 32u /* of what isn't looked into; a record has three levels */

/* A string's inside, escapes and all. .data is NULL where the record has null, another type, or nothing. */
typedef struct ScanRecord {
    Span line;
    Span time, event, id, listener, policy, verdict, rule, field, reason, end, action, message, signature,
        prev, hash;
    Span policy_hash, value;
    Span where, allow_with; /* FILE:LINE of the rule; the smallest YAML that would let it through */
    Span method, path, query, operation;
    Span exe, container, address, unit;
    /* Numbers; scan_has() says whether they are known. */
    uint64_t seq, pid, uid, gid, request_bytes, status, response_bytes, duration_us, repeats;
    uint64_t known; /* a bit a number */
} ScanRecord;

typedef enum ScanNumber {
    SCAN_SEQ,
    SCAN_PID,
    SCAN_UID,
    SCAN_GID,
    SCAN_REQUEST_BYTES,
    SCAN_STATUS,
    SCAN_RESPONSE_BYTES,
    SCAN_DURATION,
    SCAN_REPEATS,
} ScanNumber;

static inline bool scan_has(const ScanRecord *record, ScanNumber number) {
    return (record->known >> number & 1) != 0;
}

#define SCAN_REPEATS_MAX UINT64_C(1000000000) /* who writes more wants our sums to run over */

/* How many of the same the record stands for. */
static inline uint64_t scan_count(const ScanRecord *record) {
    if (record->repeats > SCAN_REPEATS_MAX)
        return SCAN_REPEATS_MAX;
    return record->repeats > 1 ? record->repeats : 1;
}

/* False: the line is no record. A record has an event and no member twice. */
bool scan_record(Span line, ScanRecord *ret);

/* Appends what the string says. 0 or −ENOMEM. A lone surrogate becomes U+FFFD. */
int scan_text(Buffer *out, Span inside);

/* RFC 3339 in UTC with microseconds, as records have it, to microseconds since 1970; 0 where it is none. */
uint64_t scan_time(Span text);
