// SPDX-License-Identifier: Apache-2.0
/* The key that checkpoints are held against: --key of `quaygate audit verify` and `report`. */
#pragma once

#include "audit.h"
#include "proof.h"

/* A public key of Ed25519 in PEM. False, after saying why. *ret is to be freed by EVP_PKEY_free in either
 * case. */
bool audit_key_load(const AuditInput *input, const char *path, EVP_PKEY **ret);
