// SPDX-License-Identifier: Apache-2.0
#include "audit_key.h"

#include <openssl/pem.h>

bool audit_key_load(const AuditInput *input, const char *path, EVP_PKEY **ret) {
    FILE *file = fopen(path, "re");

    if (file) {
        *ret = PEM_read_PUBKEY(file, NULL, NULL, NULL);
        (void) fclose(file);
    }
    if (*ret && EVP_PKEY_is_a(*ret, "ED25519"))
        return true;
    (void) audit_fail(input, path, file ? "no public key of Ed25519 in PEM" : "can't be opened");
    return false;
}
