// SPDX-License-Identifier: Apache-2.0
/*
 * Reads tests/threats/NAME.txt: raw requests and the verdict each must get. The form is in
 * tests/threats/README.md; threat_cases.py reads it too, and the suite holds both readings against each
 * other.
 */
#pragma once

#include "daemon/buffer.h"
#include "policy/arena.h"

typedef struct ThreatCase {
    Span id;
    Span policy; /* of tests/threats/policy.yaml */
    Span check;  /* "create", "smuggle", … */
    Span why;
    bool allow;
    size_t n_requests; /* of the blob, that must arrive at the engine */
    Buffer request;    /* the bytes that are sent */
    unsigned line;
    /* While it is read: head lines, and the body lines that $LENGTH in them counts. */
    Buffer head;
    Buffer body;
} ThreatCase;

typedef struct ThreatCases {
    ThreatCase *items; /* arena */
    size_t n;
} ThreatCases;

/*
 * All cases of one file's text; spans point into it. False: *ret_line and *ret_why (static) say what isn't
 * one. The buffers are the caller's to end, with threat_cases_done, in either case.
 */
bool threat_cases_read(Arena *arena, Span text, ThreatCases *ret, unsigned *ret_line, const char **ret_why);
void threat_cases_done(ThreatCases *cases);
