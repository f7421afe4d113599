// SPDX-License-Identifier: Apache-2.0
/*
 * Request IDs: ULIDs, 26 letters of Crockford's base 32 that sort by time.
 */
#pragma once

#include "policy/base.h"

#define ULID_SIZE 27u /* with its NUL */

/* 48 bits of milliseconds and 80 of randomness. −errno when the kernel gives no randomness. */
int ulid_new(uint64_t time_usec, char ret[ULID_SIZE]);
