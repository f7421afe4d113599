// SPDX-License-Identifier: Apache-2.0
/*
 * YAML bytes to a tree in which each node knows its line and column. Through libyaml's event API, with
 * what libyaml leaves out: a repeated key, an alias, a tag, a second document, depth, all are errors.
 */
#pragma once

#include "arena.h"
#include "limits.h"

typedef struct DocMark {
    unsigned line;   /* from 1 */
    unsigned column; /* from 1 */
} DocMark;

typedef enum DocType {
    DOC_NULL = 0, /* empty, `~` or `null`, plain */
    DOC_SCALAR,
    DOC_SEQUENCE,
    DOC_MAPPING,
} DocType;

typedef struct DocNode DocNode;
typedef struct DocPair DocPair;

struct DocNode {
    DocType type;
    DocMark mark;
    Span scalar;           /* NUL-terminated too */
    bool quoted;           /* "…" or '…': never a number, bool or null */
    const DocNode **items; /* of a sequence */
    const DocPair *pairs;  /* of a mapping, in order */
    size_t n;
};

struct DocPair {
    DocNode key; /* a scalar */
    const DocNode *value;
};

/* Mistakes, collected: all of them are reported, not just the first. */
typedef struct DocError {
    DocMark mark;
    const char *message; /* without place: "unknown key 'alow'; did you mean 'allow'?" */
} DocError;

typedef struct DocErrors {
    Arena *arena;     /* messages */
    const char *file; /* name for messages; not opened */
    DocError items[LIMIT_CONFIG_ERRORS];
    size_t n; /* may pass LIMIT_CONFIG_ERRORS: then the rest was only counted */
} DocErrors;

void doc_error(DocErrors *errors, DocMark mark, const char *format, ...) PRINTF_LIKE(3, 4);

/* The root node, in `arena`; NULL when there was an error (which is in `errors`). */
const DocNode *doc_parse(Arena *arena, Span bytes, DocErrors *errors);

const DocNode *doc_get(const DocNode *mapping, const char *key); /* NULL: absent */

/* The nearest of `candidates` for "did you mean", or NULL when none is near. */
const char *doc_nearest(Span word, const char *const *candidates, size_t n);
