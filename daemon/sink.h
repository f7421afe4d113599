// SPDX-License-Identifier: Apache-2.0
/*
 * One place where lines of the audit trail go: a file or stdout. Takes whole lines or says how many bytes
 * of them it took; never leaves half a line that a later one would be glued to.
 */
#pragma once

#include "config.h"

typedef struct Sink {
    SinkKind kind;
    char *path; /* heap; "stdout" */
    unsigned mode;
    int fd;
    bool asks;    /* for room, since a write could wait */
    bool regular; /* can be cut back */
    bool torn;    /* what is there doesn't end with a newline */
    bool failing; /* logged; until it takes a write again */
} Sink;

/*
 * Opens for appending. −errno, not logged; −EBUSY: another process writes there. *ret untouched. Where
 * standard output is a file, all that share its descriptor append from then on.
 */
int sink_open(const ConfigSink *config, Sink *ret);
void sink_done(Sink *sink);

/* The same path anew, after a rotation. −errno as above, and the old file stays. */
int sink_reopen(Sink *sink);

/*
 * Never waits. Writes `lines`, which end with a newline. *ret_taken: bytes of whole lines that are there now,
 * always set. 0 when that is all of them, else −errno. Logs when it begins to fail, and when that is over.
 */
int sink_write(Sink *sink, Span lines, size_t *ret_taken);
