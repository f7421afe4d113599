// SPDX-License-Identifier: Apache-2.0
/*
 * A record as journald and syslog take it: its parts as named fields, a sentence of one line, a priority, and
 * an ID for its kind. Everything is escaped as json_text_append_shown() does: nothing that a client sent can
 * end a line or a field, or steer a terminal.
 *
 * The kind is "allowed", "observed", "outcome", "lifecycle.ACTION", or of what was refused the reason's label
 * ("field_not_allowed"). Its MESSAGE_ID is the beginning of the SHA-256 of "quaygate:KIND", so that nobody
 * has to keep a table; systemd/quaygate.catalog explains each.
 */
#pragma once

#include "record.h"

#define MESSAGE_FIELDS 40u
#define MESSAGE_ID_SIZE 33u

typedef struct MessageField {
    const char *name; /* "VERDICT" */
    size_t begin, size;
} MessageField;

/* All zero before the first use; what it holds in memory is used again. */
typedef struct Message {
    Buffer text; /* the fields' values, then the sentence */
    MessageField fields[MESSAGE_FIELDS];
    size_t n;
    size_t sentence; /* where it begins */
    char id[MESSAGE_ID_SIZE];
    char kind[64];
    unsigned priority; /* as syslog(3) has them: 3 is err, 6 is info */
    uint64_t time_usec;
    int r;
} Message;

void message_done(Message *message);

/* 0 or −ENOMEM. */
int message_fill(Message *message, const Record *record, uint64_t seq);

/* journald's native protocol: QUAYGATE_VERDICT=…, and QUAYGATE_RECORD=, the `line` as a file has it. Replaces
 * `out`. */
int message_journal(const Message *message, Span line, Buffer *out);

/* RFC 5424, with the fields as structured data. `facility` as LOG_FAC() has it, `host` may be "-". Replaces
 * `out`. */
int message_syslog(const Message *message, unsigned facility, const char *host, Buffer *out);

/* The ID of a kind, 32 hex digits. */
void message_id(const char *kind, char ret[static MESSAGE_ID_SIZE]);
