// SPDX-License-Identifier: Apache-2.0
/*
 * Reads a mapping of a config by a table: one row a key. A key without a row is a mistake, with the
 * nearest one named; a key whose row has no reader is known but not served yet, and says so, because a
 * rule that is silently ignored is a hole.
 */
#pragma once

#include "doc.h"

typedef void (*KeyReader)(void *ctx, const DocNode *value);

typedef struct KeyRow {
    const char *name;
    KeyReader read; /* NULL: not served by this release yet */
} KeyRow;

/* `where`: "containers." before a key in messages, or "". False when `mapping` is none (reported). */
bool keys_read(DocErrors *errors, const DocNode *mapping, const char *where, const KeyRow *rows, size_t n,
               void *ctx);

/* Each reports what is wrong with `what` and returns false, leaving *ret alone. */
bool keys_read_text(DocErrors *errors, const DocNode *node, const char *what, Span *ret);
bool keys_read_bool(DocErrors *errors, const DocNode *node, const char *what, bool *ret);
bool keys_read_word(DocErrors *errors, const DocNode *node, const char *what, const char *const *words,
                    size_t n, size_t *ret_index);
bool keys_is_sequence(DocErrors *errors, const DocNode *node, const char *what);

/* "010": 8 to a reader of YAML 1.1, 10 to one of 1.2, and to who reads the file either. No number of ours. */
bool keys_is_octal(Span text);

/* "unknown operation 'X'; did you mean 'Y'?" */
void keys_report_unknown(DocErrors *errors, const DocNode *node, const char *kind,
                         const char *const *candidates, size_t n);
