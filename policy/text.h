// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes to text and back: UTF-8 check, percent-coding, and printing what a client sent without letting
 * it forge a line or a terminal sequence.
 */
#pragma once

#include "arena.h"
#include "bytes.h"

/* The code point that begins at `text`: its bytes and *ret_rune. 0: none does (RFC 3629), or size is 0. */
size_t text_take_rune(const char *text, size_t size, uint32_t *ret_rune);

/* Control, bidi and zero-width code points, quotes and the backslash: what must not be printed as it is. */
bool text_is_hidden(uint32_t rune);

bool text_is_utf8(Span text); /* RFC 3629: no overlong form, no surrogate, no code point past U+10FFFF */

/*
 * Percent-decodes once. `plus`: `+` is a space (query only). -EINVAL: a bad escape. -ENOMEM.
 */
int text_percent_decode(Arena *arena, Span in, bool plus, Span *ret);

/* Percent-encodes all bytes but those of the class `keep`. NULL: no memory. */
char *text_percent_encode(Arena *arena, Span in, ByteClass keep);

/* The same, into room for three times as many bytes. Returns the end of what it wrote. */
char *text_put_encoded(char *out, Span in, ByteClass keep);

/*
 * For people: control bytes, bidi marks, quotes and backslashes as \xNN, \uNNNN; invalid UTF-8 byte by
 * byte; cut at `limit` bytes with "…". Never NULL but when out of memory.
 */
char *text_show(Arena *arena, Span text, size_t limit);
