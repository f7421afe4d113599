// SPDX-License-Identifier: Apache-2.0
#include "daemon/checkpoint.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64];
static EVP_PKEY *key;

static void write_key(EVP_PKEY *of, const char *passphrase) {
    FILE *file = fopen(path, "w");

    cr_assert_eq(PEM_write_PKCS8PrivateKey(file, of, passphrase ? EVP_aes_128_cbc() : NULL, NULL, 0, NULL,
                                           (void *) passphrase),
                 1);
    fclose(file);
}

static void setup(void) {
    snprintf(path, sizeof(path), "/tmp/quaygate-key-XXXXXX");
    close(mkstemp(path));
    key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    cr_assert_not_null(key);
    write_key(key, NULL);
}

static void teardown(void) {
    EVP_PKEY_free(key);
    unlink(path);
}

TestSuite(checkpoint, .init = setup, .fini = teardown);

static int load(const char *file, const char *credential, Checkpoint **ret) {
    Config config = {.checkpoints = {.key = file, .credential = credential, .every = 7}};

    return checkpoint_new(&config, ret);
}

static bool verifies(const char *text, const char *signature) {
    unsigned char bytes[66];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = EVP_DecodeBlock(bytes, (const unsigned char *) signature, (int) strlen(signature)) == 66 &&
                EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestVerify(ctx, bytes, 64, (const unsigned char *) text, strlen(text)) == 1;

    EVP_MD_CTX_free(ctx);
    return good;
}

Test(checkpoint, signs_number_and_hash) {
    char signature[CHECKPOINT_SIGNATURE_SIZE];
    Checkpoint *checkpoint = NULL;

    cr_assert_eq(load(path, NULL, &checkpoint), 0);
    cr_expect_eq(checkpoint_every(checkpoint), 7);
    cr_assert_eq(checkpoint_sign(checkpoint, 42, "sha256:ab", signature), 0);
    cr_expect(verifies("quaygate-checkpoint\n42\nsha256:ab", signature));
    cr_expect_not(verifies("quaygate-checkpoint\n43\nsha256:ab", signature));
    cr_expect_not(verifies("quaygate-checkpoint\n42\nsha256:ac", signature));
    cr_assert_eq(checkpoint_sign(checkpoint, 1, NULL, signature), 0);
    cr_expect(verifies("quaygate-checkpoint\n1\n", signature));
    checkpoint_free(checkpoint);
}

Test(checkpoint, none_is_wanted) {
    Checkpoint *checkpoint = NULL;

    cr_expect_eq(load(NULL, NULL, &checkpoint), 0);
    cr_expect_null(checkpoint);
    checkpoint_free(checkpoint);
}

Test(checkpoint, a_credential) {
    Checkpoint *checkpoint = NULL;

    unsetenv("CREDENTIALS_DIRECTORY");
    cr_expect_eq(load(NULL, path + 5, &checkpoint), -ENOENT);
    setenv("CREDENTIALS_DIRECTORY", "/tmp", 1);
    cr_assert_eq(chmod(path, 0440), 0, "as systemd has them for a user and a group");
    cr_expect_eq(load(NULL, path + 5, &checkpoint), 0);
    checkpoint_free(checkpoint);
}

Test(checkpoint, keys_that_cannot_be_used) {
    Checkpoint *checkpoint = NULL;
    EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    int fd;

    cr_expect_eq(load("/nonexistent", NULL, &checkpoint), -ENOENT);
    cr_expect_eq(load("/tmp", NULL, &checkpoint), -EINVAL);
    cr_assert_eq(chmod(path, 0640), 0);
    cr_expect_eq(load(path, NULL, &checkpoint), -EPERM);
    cr_assert_eq(chmod(path, 0600), 0);
    write_key(other, NULL);
    cr_expect_eq(load(path, NULL, &checkpoint), -EINVAL, "of another kind");
    write_key(key, "secret");
    cr_expect_eq(load(path, NULL, &checkpoint), -EINVAL, "nobody is asked");
    fd = open(path, O_WRONLY | O_TRUNC);
    cr_expect_eq(load(path, NULL, &checkpoint), -EINVAL);
    write_key(key, NULL);
    cr_assert_eq(ftruncate(fd, LIMIT_CHECKPOINT_KEY_BYTES), 0);
    cr_expect_eq(load(path, NULL, &checkpoint), 0, "at the limit");
    checkpoint = checkpoint_free(checkpoint);
    cr_assert_eq(ftruncate(fd, LIMIT_CHECKPOINT_KEY_BYTES + 1), 0);
    cr_expect_eq(load(path, NULL, &checkpoint), -EFBIG);
    close(fd);
    cr_expect_null(checkpoint);
    EVP_PKEY_free(other);
}
