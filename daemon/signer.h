// SPDX-License-Identifier: Apache-2.0
/*
 * Ed25519 (RFC 8032) by OpenSSL, which is loaded with the first key: a gate that signs nothing is spared the
 * 3 MiB that it takes. Once loaded it stays.
 */
#pragma once

#include "policy/base.h"

#define SIGNER_SIGNATURE_BYTES 64u

typedef struct Signer Signer;

/*
 * `pem`: a private key, as openssl genpkey -algorithm ed25519 writes it, without a passphrase. −EINVAL,
 * −ENOMEM, or −ELIBACC where there is no such library, with why in *ret_why (static, or NULL).
 */
int signer_new(Span pem, Signer **ret, const char **ret_why);
Signer *signer_free(Signer *signer); /* accepts NULL, returns NULL */

/* 0 or −ENOMEM. */
int signer_sign(const Signer *signer, Span text, unsigned char ret[static SIGNER_SIGNATURE_BYTES]);
