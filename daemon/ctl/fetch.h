// SPDX-License-Identifier: Apache-2.0
/*
 * One GET of the daemon's metrics' socket, and its answer.
 */
#pragma once

#include "daemon/address.h"
#include "daemon/buffer.h"

#define FETCH_BYTES (64u << 20) /* of an answer: hundreds of listeners, each with every operation */
#define FETCH_SECONDS 10u       /* for all of it */

/*
 * Appends the body to *body. The status, 200 or another; or −errno, and in *ret_why (static) a sentence, or
 * NULL where errno's says enough. −EINTR: a signal came meanwhile.
 */
int fetch(const Address *address, const char *path, Buffer *body, const char **ret_why);
