// SPDX-License-Identifier: Apache-2.0
#include "chain.h"

#include <errno.h>
#include <openssl/evp.h>

#define NO_HASH ",\"hash\":null}\n"

/* Fetched once: EVP_sha256() is looked up anew, under locks, with each hash (crypto-fetch in ossl-guide). */
int chain_init(Chain *chain) {
    *chain = (Chain){.digest = EVP_MD_CTX_new(), .sha256 = EVP_MD_fetch(NULL, "SHA256", NULL)};
    if (chain->digest && chain->sha256)
        return 0;
    chain_done(chain);
    return -ENOMEM;
}

void chain_done(Chain *chain) {
    EVP_MD_CTX_free(chain->digest);
    EVP_MD_free(chain->sha256);
    *chain = (Chain){0};
}

static void chain_show(const unsigned char *digest, unsigned size, char ret[static CHAIN_HASH_SIZE]) {
    static const char hex[] = "0123456789abcdef";
    char *to = ret + sizeof(CHAIN_PREFIX) - 1;

    memcpy(ret, CHAIN_PREFIX, sizeof(CHAIN_PREFIX));
    for (unsigned i = 0; i < size; i++) {
        *to++ = hex[digest[i] >> 4];
        *to++ = hex[digest[i] & 15];
    }
    *to = '\0';
}

int chain_digest(Span bytes, char ret[static CHAIN_HASH_SIZE]) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;

    if (EVP_Digest(bytes.data, bytes.size, digest, &size, EVP_sha256(), NULL) != 1)
        return -ENOMEM;
    chain_show(digest, size, ret);
    return 0;
}

int chain_hash(Chain *chain, Span text, char ret[static CHAIN_HASH_SIZE]) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;

    if (EVP_DigestInit_ex(chain->digest, chain->sha256, NULL) != 1 ||
        EVP_DigestUpdate(chain->digest, text.data, text.size) != 1 ||
        EVP_DigestUpdate(chain->digest, "}", 1) != 1 || EVP_DigestFinal_ex(chain->digest, digest, &size) != 1)
        return -ENOMEM;
    chain_show(digest, size, ret);
    return 0;
}

int chain_seal(Chain *chain, Buffer *out, size_t begin) {
    char hash[CHAIN_HASH_SIZE];
    size_t size = buffer_size(out) - begin - (sizeof(NO_HASH) - 1);
    int r = chain_hash(chain, (Span){.data = buffer_span(out).data + begin, .size = size}, hash);

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
