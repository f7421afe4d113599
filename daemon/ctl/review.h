// SPDX-License-Identifier: Apache-2.0
/*
 * What `quaygate audit report` tells of a trail: what was refused, by kind, with when and with some of the
 * records themselves, in bounded memory; and as the JSON that its page reads.
 */
#pragma once

#include "kinds.h"
#include "moments.h"
#include "scan.h"

#define REVIEW_KINDS 4096u                     /* that are told apart while the trail is read */
#define REVIEW_SHOWN 1000u                     /* that the page has */
#define REVIEW_SAMPLES 5u                      /* records of one kind: the first, and the last ones */
#define REVIEW_LINE_BYTES (16u << 10)          /* of a record that is kept */
#define REVIEW_KEPT_BYTES (24u << 20)          /* of all that are kept while the trail is read */
#define REVIEW_RECORDS_BYTES (2u << 20)        /* of those that the page has */
#define REVIEW_PAGE_BYTES (5u * 1000u * 1000u) /* no page is larger … */
#define REVIEW_DATA_BYTES (REVIEW_PAGE_BYTES - 300000u) /* … so much is for the data, all but its end */
#define REVIEW_LIFE 200u                                /* lifecycle records: the last ones */
#define REVIEW_LIFE_BYTES 512u                          /* of the message of one */

typedef struct Review Review;

Review *review_new(void); /* NULL: no memory */
Review *review_free(Review *review);

/* 0 or −ENOMEM. */
int review_take(Review *review, const ScanRecord *record, uint64_t time);

/* A text that is none of a record's, as JSON for the page. 0 or −ENOMEM. */
int review_write_text(Buffer *out, Span text);

/*
 * Appends the members from "records" to "life_more", each with a comma behind it. No more may be taken then.
 * 0 or −ENOMEM.
 */
int review_write(Review *review, Buffer *out);
