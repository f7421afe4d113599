// SPDX-License-Identifier: Apache-2.0
/*
 * Where an HTTP/1 message ends, for the bench's own two ends: heads that are well formed, and bodies with a
 * length, in chunks, or none. A gate reads its messages with more suspicion; here it must only cost as little
 * as can be.
 */
#pragma once

#include "policy/base.h"

#define BULK_BYTES (64u << 20) /* of a body that is long */

typedef struct Message {
    bool in_body;
    bool chunked;
    uint64_t left; /* of the body, or of the chunk with its end */
    bool last_chunk;
    char line[32]; /* of a chunk's size, as far as it has come */
    size_t line_size;
} Message;

/*
 * Takes the next bytes off a message. Returns how many of `bytes` belong to it: all of them while it goes on;
 * *ret_end when it is over. `bytes` begins with a whole head where there is no body yet: 0 where it isn't
 * whole.
 */
size_t message_take(Message *message, Span bytes, bool *ret_end);
