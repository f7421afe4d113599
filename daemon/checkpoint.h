// SPDX-License-Identifier: Apache-2.0
/*
 * Signatures over the trail, so that whoever has only the file can't write it anew without being seen: an
 * Ed25519 signature of a record's number and the hash of the line before it, which stands for all lines
 * before it:
 *
 *   "quaygate-checkpoint\n" SEQ "\n" "sha256:…"      (nothing for the hash, where there is no line before)
 *
 * The key is a private one in PEM (openssl genpkey -algorithm ed25519), from a file that nobody else may
 * open, or a systemd credential. Whoever checks needs only the public half (openssl pkey -pubout).
 */
#pragma once

#include "config.h"

#define CHECKPOINT_SIGNATURE_SIZE 89u /* base64 of 64 bytes, and the NUL */

typedef struct Checkpoint Checkpoint;

/* *ret is NULL where the config has none. −errno, logged. */
int checkpoint_new(const Config *config, Checkpoint **ret);
Checkpoint *checkpoint_free(Checkpoint *checkpoint);

/* Every so many records. */
uint64_t checkpoint_every(const Checkpoint *checkpoint);

/* `prev`: NULL before the first line. 0 or −ENOMEM. */
int checkpoint_sign(const Checkpoint *checkpoint, uint64_t seq, const char *prev,
                    char ret[static CHECKPOINT_SIGNATURE_SIZE]);
