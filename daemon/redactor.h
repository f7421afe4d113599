// SPDX-License-Identifier: Apache-2.0
/*
 * The keyed hash that stands for what an answer doesn't tell: HMAC-SHA256, by nettle, cut to what
 * policy/placeholder.h shows. (Not libgcrypt: its HMAC ends the process where there is no memory.) The key is
 * random for each start of the daemon, or a file's, so that equal values have equal placeholders after a
 * restart and behind several gates.
 */
#pragma once

#include "policy/view.h"

#define REDACTOR_KEY_MIN 32u /* bytes of a key file: what HMAC-SHA256 puts out (RFC 2104, 3) */
#define REDACTOR_KEY_MAX 4096u

typedef struct Redactor Redactor;

/*
 * `key_file`: NULL for a random key. Else a regular file of REDACTOR_KEY_MIN to _MAX bytes that belongs to us
 * or root and that nobody else may read or write: −EPERM, −EINVAL, or −errno of reading it, with why in
 * *ret_why (static, or NULL).
 */
int redactor_new(const char *key_file, Redactor **ret, const char **ret_why);
Redactor *redactor_free(Redactor *redactor); /* accepts NULL, returns NULL */

/* Takes over another's key; what was hashed before has other placeholders. */
void redactor_swap(Redactor *redactor, Redactor *other);

/* A ViewHash; `redactor` is a Redactor. */
bool redactor_hash(void *redactor, Span value, unsigned char ret[static PLACEHOLDER_HASH_BYTES]);
