// SPDX-License-Identifier: Apache-2.0
/*
 * Writes JSON texts and numbers into a buffer: what a client sent goes into a line of the audit trail, and
 * must neither end the line, nor the string, nor steer the terminal of whoever reads it.
 */
#pragma once

#include "buffer.h"

/*
 * `text` in quotes. Printable ASCII and letters beyond it as they are; control, bidi and zero-width
 * characters as \uXXXX; each byte that is no UTF-8 as \ufffd. 0 or −ENOMEM.
 */
int json_text_append(Buffer *out, Span text);

/* The same for people and other formats: without the quotes, and quotes in it as they are. */
int json_text_append_shown(Buffer *out, Span text);

/* A C string, or null. */
int json_text_append_cstr(Buffer *out, const char *text);

int json_text_append_number(Buffer *out, uint64_t number);
