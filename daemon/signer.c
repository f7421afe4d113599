// SPDX-License-Identifier: Apache-2.0
#include "signer.h"

#include <dlfcn.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>

#define SIGNER_TEXT(x) #x
#define SIGNER_LIBRARY(version) "libcrypto.so." SIGNER_TEXT(version)

/* Of the library only these, each with the type that its header has. */
#define SIGNER_FUNCTIONS(row)                                                                                \
    row(BIO_free) row(BIO_new_mem_buf) row(EVP_DigestSign) row(EVP_DigestSignInit) row(EVP_MD_CTX_free)      \
        row(EVP_MD_CTX_new) row(EVP_PKEY_free) row(EVP_PKEY_get_base_id) row(PEM_read_bio_PrivateKey)

#define SIGNER_MEMBER(name) __typeof__(&name) name##_p;

static struct {
    bool loaded;
    SIGNER_FUNCTIONS(SIGNER_MEMBER)
} openssl;

struct Signer {
    EVP_PKEY *key;
};

static bool signer_find(void *library, const char *name, void **ret) {
    *ret = dlsym(library, name);
    return *ret != NULL;
}

#define SIGNER_FIND(name) &&signer_find(library, #name, (void **) &openssl.name##_p)

static bool signer_load(void) {
    void *library;

    if (openssl.loaded)
        return true;
    library = dlopen(SIGNER_LIBRARY(OPENSSL_SHLIB_VERSION), RTLD_NOW | RTLD_LOCAL);
    openssl.loaded = library SIGNER_FUNCTIONS(SIGNER_FIND);
    if (!openssl.loaded && library)
        dlclose(library);
    return openssl.loaded;
}

/* A key with a passphrase would have OpenSSL ask for it on the terminal. */
static int signer_no_passphrase(char *to UNUSED, int size UNUSED, int writes UNUSED, void *arg UNUSED) {
    return -1;
}

static int signer_parse(Span pem, EVP_PKEY **ret, const char **ret_why) {
    BIO *bio = openssl.BIO_new_mem_buf_p(pem.data, (int) pem.size);
    EVP_PKEY *key = bio ? openssl.PEM_read_bio_PrivateKey_p(bio, NULL, signer_no_passphrase, NULL) : NULL;

    openssl.BIO_free_p(bio);
    if (!bio)
        return -ENOMEM;
    if (!key || openssl.EVP_PKEY_get_base_id_p(key) != EVP_PKEY_ED25519) {
        openssl.EVP_PKEY_free_p(key);
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
        openssl.EVP_PKEY_free_p(signer->key);
    free(signer);
    return NULL;
}

int signer_sign(const Signer *signer, Span text, unsigned char ret[static SIGNER_SIGNATURE_BYTES]) {
    EVP_MD_CTX *ctx = openssl.EVP_MD_CTX_new_p();
    size_t size = SIGNER_SIGNATURE_BYTES;
    bool good =
        ctx && openssl.EVP_DigestSignInit_p(ctx, NULL, NULL, NULL, signer->key) == 1 &&
        openssl.EVP_DigestSign_p(ctx, ret, &size, (const unsigned char *) text.data, text.size) == 1 &&
        size == SIGNER_SIGNATURE_BYTES;

    openssl.EVP_MD_CTX_free_p(ctx);
    return good ? 0 : -ENOMEM;
}
