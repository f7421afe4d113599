// SPDX-License-Identifier: Apache-2.0
/*
 * One line of a chained trail: its number, the two hashes it names, and whether its own is that of its bytes.
 */
#pragma once

#include "proof.h"

typedef struct ProofLine {
    uint64_t seq;
    bool has_prev; /* else it is the first line ever */
    unsigned char prev[PROOF_HASH_BYTES];
    unsigned char hash[PROOF_HASH_BYTES]; /* as the line says */
    ProofPlace place;
    bool is_checkpoint;
    bool signature_good;
} ProofLine;

typedef enum ProofForm {
    PROOF_FORM_NONE = 0,  /* no record */
    PROOF_FORM_GOOD,      /* its hash is that of its bytes */
    PROOF_FORM_CHANGED,   /* a record whose hash is another */
    PROOF_FORM_UNCHAINED, /* a record without a hash */
} ProofForm;

typedef struct ProofHasher ProofHasher;

ProofHasher *proof_hasher_new(void); /* NULL: no memory */
void proof_hasher_free(ProofHasher *hasher);

/* Fills in what stands in the line; `place` is left alone. `key` may be NULL. */
ProofForm proof_line_read(ProofHasher *hasher, Span text, EVP_PKEY *key, ProofLine *ret);

/* 64 digits and a NUL. */
void proof_hash_text(const unsigned char *hash, char *ret);
