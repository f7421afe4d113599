// SPDX-License-Identifier: Apache-2.0
#include "chain.h"

#include <errno.h>

/*
 * SHA-256 by its own functions: EVP's allocate memory with each hash (EVP_DigestInit_ex makes its algorithm's
 * state anew), and a line must be sealed where there is none. OpenSSL 3 has them for good, as deprecated.
 */
#define OPENSSL_API_COMPAT 0x10101000L
#include <openssl/sha.h>

#include "ascii.h"

#define NO_HASH ",\"hash\":null}\n"

static void chain_show(const unsigned char *digest, unsigned size, char ret[static CHAIN_HASH_SIZE]) {
    char *to = ret + sizeof(CHAIN_PREFIX) - 1;

    memcpy(ret, CHAIN_PREFIX, sizeof(CHAIN_PREFIX));
    for (unsigned i = 0; i < size; i += 4)
        ascii_hex(digest + i, to + 2 * (size_t) i);
    to[2 * (size_t) size] = '\0';
}

int chain_digest(Span bytes, char ret[static CHAIN_HASH_SIZE]) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256_CTX state;

    if (SHA256_Init(&state) != 1 || SHA256_Update(&state, bytes.data, bytes.size) != 1 ||
        SHA256_Final(digest, &state) != 1)
        return -EIO;
    chain_show(digest, sizeof(digest), ret);
    return 0;
}

int chain_hash(Span text, char ret[static CHAIN_HASH_SIZE]) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256_CTX state;

    if (SHA256_Init(&state) != 1 || SHA256_Update(&state, text.data, text.size) != 1 ||
        SHA256_Update(&state, "}", 1) != 1 || SHA256_Final(digest, &state) != 1)
        return -EIO;
    chain_show(digest, sizeof(digest), ret);
    return 0;
}

int chain_seal(Chain *chain, Buffer *out, size_t begin) {
    char hash[CHAIN_HASH_SIZE];
    size_t size = buffer_size(out) - begin - (sizeof(NO_HASH) - 1);
    int r = chain_hash((Span){.data = buffer_span(out).data + begin, .size = size}, hash);

    if (r == 0 && !buffer_reserve(out, CHAIN_HASH_SIZE)) /* first, so that all of it goes or nothing */
        r = -ENOMEM;
    if (r < 0)
        return r;
    out->end -= sizeof(NO_HASH) - 1;
    r = buffer_append_all(out, (const Span[]){SPAN(",\"hash\":\""), span_from(hash), SPAN("\"}\n")}, 3);
    if (r == 0)
        memcpy(chain->hash, hash, sizeof(hash));
    return r;
}
