// SPDX-License-Identifier: Apache-2.0
/*
 * The pieces of a JSON text (RFC 8259) in the order they stand: for view.c, which copies a text and changes
 * some of its strings, and for body_read.c, which builds a tree. Here nothing is built, so it takes no
 * memory, and numbers stay the digits they are: an engine's statistics have uint64.
 *
 * Each returns false where the text is none, leaving the place where it was seen.
 */
#pragma once

#include "base.h"

typedef struct JsonScan {
    const char *p; /* next byte */
    const char *end;
} JsonScan;

static inline void json_scan_space(JsonScan *scan) {
    while (scan->p < scan->end &&
           (*scan->p == ' ' || *scan->p == '\n' || *scan->p == '\r' || *scan->p == '\t'))
        scan->p++;
}

/* The next byte; 0 at the end: no JSON text has one. */
static inline char json_scan_peek(const JsonScan *scan) {
    return scan->p < scan->end ? *scan->p : '\0';
}

/* That byte, and the space behind it. */
static inline bool json_scan_byte(JsonScan *scan, char byte) {
    if (json_scan_peek(scan) != byte)
        return false;
    scan->p++;
    json_scan_space(scan);
    return true;
}

/*
 * A string: *ret_inside is what stands between its quotes, escapes and all; *ret_escaped says whether it has
 * any. No control bytes, good escapes, valid UTF-8.
 */
bool json_scan_string(JsonScan *scan, Span *ret_inside, bool *ret_escaped);

/* A number, true, false or null. */
bool json_scan_literal(JsonScan *scan);
