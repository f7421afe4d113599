// SPDX-License-Identifier: Apache-2.0
/*
 * What the client gets: a relayed head with framing of our own, and the answers that are ours, in the form
 * in which dockerd writes errors (moby api/server/httputils), so that clients print them.
 */
#pragma once

#include "buffer.h"
#include "res_read.h"

typedef struct ResWriteFraming {
    bool chunked;  /* the body is re-framed in chunks */
    bool close;    /* the connection ends after this response */
    bool http_1_0; /* the client speaks HTTP/1.0 */
} ResWriteFraming;

/* Appends the head of a relayed response. 0 or −ENOMEM. */
int res_write_head(Buffer *out, const ResponseHead *head, ResWriteFraming framing);

/*
 * Appends a whole answer of our own: {"message": MESSAGE}. `id`: X-Quaygate-Request. `bodiless`: the
 * request was HEAD. 503 has Retry-After. Sets *ret_body_bytes. 0 or −ENOMEM.
 */
int res_write_answer(Buffer *out, unsigned status, const char *message, const char *id, bool close,
                     bool bodiless, size_t *ret_body_bytes);

/* "100 Continue", for a client that waits for leave to send its body. */
int res_write_continue(Buffer *out);

/* "Forbidden"; "Unknown" for a status that isn't ours. */
const char *res_write_phrase(unsigned status);
