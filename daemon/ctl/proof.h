// SPDX-License-Identifier: Apache-2.0
/*
 * The hash chain of an audit trail, line by line in constant memory: which lines were changed, are missing,
 * stand in the wrong place, or don't belong to it. A line of the chain ends in
 *
 *   …,"prev":"sha256:…","hash":"sha256:…"}
 *
 * where `hash` is the SHA-256 of the line without `,"hash":"sha256:…"`, and `prev` the `hash` of the line
 * before; `seq` counts by one. Whoever has only the file can't change a line without changing each that
 * follows; one who makes all of these anew isn't seen but for signed checkpoints, and neither are whole lines
 * that were cut off the end.
 */
#pragma once

#include <openssl/evp.h>

#include "policy/base.h"

#define PROOF_HASH_BYTES 32u
/* That are kept, of which those behind the first are only for a reader's eyes. */
#define PROOF_FINDINGS 1024u
#define PROOF_DISPLACED 1024u /* lines out of place that are kept until what they are is known */
#define PROOF_GAPS 1024u
#define PROOF_RECENT 1024u /* lines of which it is known that they stood there */

typedef enum ProofFault {
    PROOF_GOOD = 0,
    PROOF_CHANGED,    /* a line says something else than when it was written */
    PROOF_MISSING,    /* lines that must have been there */
    PROOF_CUT,        /* a file ends in the middle of a line */
    PROOF_FOREIGN,    /* a line that is no record, or none of this trail */
    PROOF_ORDER,      /* a line in another place than its own, or once more */
    PROOF_CHECKPOINT, /* a signature that doesn't fit, or none at all where a key was given */
    PROOF_FAULT_MAX_
} ProofFault;

typedef struct ProofPlace {
    const char *file; /* as given to proof_take */
    uint64_t line;
    uint64_t order; /* of all lines: what is first */
} ProofPlace;

typedef struct ProofFinding {
    ProofFault fault;
    ProofPlace place;
    ProofPlace before; /* PROOF_MISSING: the last line ahead of the gap; .file NULL: none */
    uint64_t seq;      /* the line's, or the first that is missing; 0: unknown */
    uint64_t n;        /* PROOF_MISSING: how many */
    const char *why;   /* static */
} ProofFinding;

typedef struct Proof Proof;

/* `key`: checkpoints are held against it; NULL: they are counted. The caller's. NULL: no memory. */
Proof *proof_new(EVP_PKEY *key);
Proof *proof_free(Proof *proof);

/* The next line, without its newline. `file` must stay. `whole`: false, where the file ends within it. */
void proof_take(Proof *proof, Span line, bool whole, const char *file, uint64_t number);

/* A line that is longer than any record. */
void proof_take_long(Proof *proof, const char *file, uint64_t number);

/* No more lines: what was in doubt is decided. Before any of the following. */
void proof_finish(Proof *proof);

typedef struct ProofSummary {
    uint64_t n_lines;     /* in the chain */
    uint64_t n_unchained; /* written before there was a chain */
    uint64_t n_faults[PROOF_FAULT_MAX_];
    uint64_t n_missing; /* lines */
    uint64_t first_seq, last_seq;
    bool begins; /* with the trail's first line ever; else older files weren't given */
    uint64_t n_checkpoints;
    uint64_t n_unsigned;                      /* lines behind the last good checkpoint */
    bool checked;                             /* with a key */
    char last_hash[2 * PROOF_HASH_BYTES + 1]; /* "" if there is none */
} ProofSummary;

void proof_summarize(const Proof *proof, ProofSummary *ret);

/* In the order of their lines; at most PROOF_FINDINGS of them, the first among them. */
const ProofFinding *proof_findings(const Proof *proof, size_t *ret_n);

const char *proof_fault_name(ProofFault fault); /* "changed", "missing", … */
