// SPDX-License-Identifier: Apache-2.0
#include "chain.h"

#include <errno.h>
#include <nettle/sha2.h>

#include "ascii.h"

#define NO_HASH ",\"hash\":null}\n"

/* Ends it. */
static void chain_show(struct sha256_ctx *sha256, char ret[static CHAIN_HASH_SIZE]) {
    unsigned char digest[SHA256_DIGEST_SIZE];
    char *to = ret + sizeof(CHAIN_PREFIX) - 1;

    sha256_digest(sha256, sizeof(digest), digest);
    memcpy(ret, CHAIN_PREFIX, sizeof(CHAIN_PREFIX));
    for (size_t i = 0; i < sizeof(digest); i += 8)
        ascii_hex(digest + i, to + 2 * i);
    to[2 * sizeof(digest)] = '\0';
}

void chain_digest(Span bytes, char ret[static CHAIN_HASH_SIZE]) {
    struct sha256_ctx sha256;

    sha256_init(&sha256);
    sha256_update(&sha256, bytes.size, (const uint8_t *) bytes.data);
    chain_show(&sha256, ret);
}

void chain_hash(Span text, char ret[static CHAIN_HASH_SIZE]) {
    struct sha256_ctx sha256;

    sha256_init(&sha256);
    sha256_update(&sha256, text.size, (const uint8_t *) text.data);
    sha256_update(&sha256, 1, (const uint8_t *) "}");
    chain_show(&sha256, ret);
}

static inline char *chain_put(char *to, Span text) {
    memcpy(to, text.data, text.size);
    return to + text.size;
}

/* The line is hashed where it stands, with the end that it would have without the member. */
int chain_seal(Chain *chain, Buffer *out, size_t begin) {
    size_t size = buffer_size(out) - begin - (sizeof(NO_HASH) - 1);
    char *line, *to;

    if (!buffer_reserve(out, CHAIN_HASH_SIZE)) /* first, so that all of it goes or nothing */
        return -ENOMEM;
    line = out->data + out->begin + begin;
    to = line + size;
    *to = '}';
    chain_digest((Span){.data = line, .size = size + 1}, chain->hash);
    to = chain_put(to, SPAN(",\"hash\":\""));
    to = chain_put(to, (Span){.data = chain->hash, .size = CHAIN_HASH_SIZE - 1});
    to = chain_put(to, SPAN("\"}\n"));
    out->end = (uint32_t) (to - out->data);
    return 0;
}
