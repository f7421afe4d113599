// SPDX-License-Identifier: Apache-2.0
/*
 * The hash chain of the audit trail: `hash` of a line is the SHA-256 of the line without that member and
 * without its newline, `prev` the `hash` of the line before it. There is one chain for the trail, whatever
 * sinks there are: each of them gets the same lines, and one that lost some shows a gap. Whoever changes,
 * takes out or puts in a line has to write all lines behind it anew; checkpoint.h is against that.
 *
 * By nettle: it takes no memory, so a hash can't fail, and has none of what OpenSSL sets up before its first,
 * 3 MiB of a small daemon.
 */
#pragma once

#include "buffer.h"

/* How the message of the checkpoint begins that stands behind the record of a stop. */
#define CHECKPOINT_AT_STOP "after the stop, "

#define CHAIN_PREFIX "sha256:"
#define CHAIN_HASH_SIZE (sizeof(CHAIN_PREFIX) + 64) /* with the NUL */

typedef struct Chain {
    char hash[CHAIN_HASH_SIZE]; /* of the last line; "": there is none */
} Chain;

/* NULL before the first line. */
static inline const char *chain_prev(const Chain *chain) {
    return chain->hash[0] ? chain->hash : NULL;
}

/* "sha256:" and 64 hex digits of anything. */
void chain_digest(Span bytes, char ret[static CHAIN_HASH_SIZE]);

/* `text` is a line's beginning, up to but without `,"hash":…}`: its hash as the line will have it. */
void chain_hash(Span text, char ret[static CHAIN_HASH_SIZE]);

/*
 * The line of `out` that begins at `begin` (bytes behind buffer_span's start) and ends with
 * `,"hash":null}\n` gets its hash, which is remembered. −errno: `out` and the chain are as they were.
 */
int chain_seal(Chain *chain, Buffer *out, size_t begin);
