// SPDX-License-Identifier: Apache-2.0
#include "signer.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include "library.h"

#define SIGNER_TEXT(x) #x
#define SIGNER_LIBRARY(version) "libcrypto.so." SIGNER_TEXT(version)

/* Of the library only these, each with the type that its header has. */
static struct {
    bool loaded;
    __typeof__(&BIO_free) BIO_free;
    __typeof__(&BIO_new_mem_buf) BIO_new_mem_buf;
    __typeof__(&EVP_DigestSign) EVP_DigestSign;
    __typeof__(&EVP_DigestSignInit) EVP_DigestSignInit;
    __typeof__(&EVP_MD_CTX_free) EVP_MD_CTX_free;
    __typeof__(&EVP_MD_CTX_new) EVP_MD_CTX_new;
    __typeof__(&EVP_PKEY_free) EVP_PKEY_free;
    __typeof__(&EVP_PKEY_get_base_id) EVP_PKEY_get_base_id;
    __typeof__(&PEM_read_bio_PrivateKey) PEM_read_bio_PrivateKey;
} openssl;

struct Signer {
    EVP_PKEY *key;
};

static bool signer_load(void) {
    const LibrarySymbol symbols[] = {
        LIBRARY_SYMBOL(openssl, BIO_free),
        LIBRARY_SYMBOL(openssl, BIO_new_mem_buf),
        LIBRARY_SYMBOL(openssl, EVP_DigestSign),
        LIBRARY_SYMBOL(openssl, EVP_DigestSignInit),
        LIBRARY_SYMBOL(openssl, EVP_MD_CTX_free),
        LIBRARY_SYMBOL(openssl, EVP_MD_CTX_new),
        LIBRARY_SYMBOL(openssl, EVP_PKEY_free),
        LIBRARY_SYMBOL(openssl, EVP_PKEY_get_base_id),
        LIBRARY_SYMBOL(openssl, PEM_read_bio_PrivateKey),
    };

    if (!openssl.loaded)
        openssl.loaded = library_load(SIGNER_LIBRARY(OPENSSL_SHLIB_VERSION), symbols, ARRAY_SIZE(symbols));
    return openssl.loaded;
}

/* A key with a passphrase would have OpenSSL ask for it on the terminal. */
static int signer_no_passphrase(char *to UNUSED, int size UNUSED, int writes UNUSED, void *arg UNUSED) {
    return -1;
}

static int signer_parse(Span pem, EVP_PKEY **ret, const char **ret_why) {
    BIO *bio = openssl.BIO_new_mem_buf(pem.data, (int) pem.size);
    EVP_PKEY *key = bio ? openssl.PEM_read_bio_PrivateKey(bio, NULL, signer_no_passphrase, NULL) : NULL;

    openssl.BIO_free(bio);
    if (!bio)
        return -ENOMEM;
    if (!key || openssl.EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519) {
        openssl.EVP_PKEY_free(key);
        *ret_why = "it is no private key of Ed25519 in PEM without a passphrase";
        return -EINVAL;
    }
    *ret = key;
    return 0;
}

int signer_new(Span pem, Signer **ret, const char **ret_why) {
    Signer *signer;
    int r;

    *ret_why = NULL;
    if (!signer_load()) {
        *ret_why = SIGNER_LIBRARY(OPENSSL_SHLIB_VERSION) " can't be loaded";
        return -ELIBACC;
    }
    signer = calloc(1, sizeof(*signer));
    if (!signer)
        return -ENOMEM;
    r = signer_parse(pem, &signer->key, ret_why);
    if (r < 0) {
        free(signer);
        return r;
    }
    *ret = signer;
    return 0;
}

Signer *signer_free(Signer *signer) {
    if (signer)
        openssl.EVP_PKEY_free(signer->key);
    free(signer);
    return NULL;
}

int signer_sign(const Signer *signer, Span text, unsigned char ret[static SIGNER_SIGNATURE_BYTES]) {
    EVP_MD_CTX *ctx = openssl.EVP_MD_CTX_new();
    size_t size = SIGNER_SIGNATURE_BYTES;
    bool good = ctx && openssl.EVP_DigestSignInit(ctx, NULL, NULL, NULL, signer->key) == 1 &&
                openssl.EVP_DigestSign(ctx, ret, &size, (const unsigned char *) text.data, text.size) == 1 &&
                size == SIGNER_SIGNATURE_BYTES;

    openssl.EVP_MD_CTX_free(ctx);
    return good ? 0 : -ENOMEM;
}
