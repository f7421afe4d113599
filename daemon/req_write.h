// SPDX-License-Identifier: Apache-2.0
/*
 * The sealed request as the engine gets it: a head written afresh from what was judged, never a byte of
 * the client's.
 */
#pragma once

#include "buffer.h"
#include "policy/request.h"

/*
 * Appends the head. `body` is the judged body whose bytes follow (NULL: none was collected; then the
 * request's own framing is written). An upgrade is asked for only if the operation hijacks and the client
 * asked (T-066). 0 or −ENOMEM.
 */
int req_write_head(Buffer *out, const Request *request, const Span *body);
