// SPDX-License-Identifier: Apache-2.0
/*
 * What a record says, for a terminal: no byte of it ends a line, moves the cursor or turns the writing
 * around.
 */
#pragma once

#include <stdio.h>

#include "daemon/buffer.h"

/*
 * Appends the JSON string's inside (scan.h) as it reads, with hidden code points (policy/text.h) as \u001B,
 * and cut at `columns` with "…" (0: not). *ret_columns may be NULL. Quotes stay what they are. 0 or −ENOMEM.
 */
int plain_inside(Buffer *out, Span inside, size_t columns, size_t *ret_columns);

/* The same of text that is none of a record's: a file's name. */
int plain_text(Buffer *out, Span text, size_t columns, size_t *ret_columns);

/*
 * A line of JSON as it is, but with hidden code points in escapes: what the daemon writes has none, so its
 * lines stay what they are, to the byte. 0 or −ENOMEM.
 */
int plain_json(Buffer *out, Span line);

/* JSON that stands in a <script> element of a page: `<`, `>` and `&` in escapes, too. 0 or −ENOMEM. */
int plain_page(Buffer *out, Span json);

/* A file's name on `out`. */
void plain_print(FILE *out, const char *text);
