// SPDX-License-Identifier: Apache-2.0
/*
 * A JSON text to jansson's tree, by one pass of json_scan and jansson's functions that build trees. Not by
 * jansson's own parser, which spends 10 ns on each byte (this one: 1.5) and whose lexer goes on where there
 * was no memory for a token (2.14, load.c: lex_save). It takes what jansson takes with
 * JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, and builds the same of it; tests/unit/test_body_read.c holds it
 * against jansson.
 */
#pragma once

#include "base.h"

struct json_t;

typedef enum BodyFault {
    BODY_FAULT_NONE = 0,
    BODY_FAULT_SYNTAX,
    BODY_FAULT_UTF8,   /* bytes that are no UTF-8 */
    BODY_FAULT_END,    /* ends too early */
    BODY_FAULT_BEHIND, /* something behind the value */
    BODY_FAULT_NUL_KEY,
    BODY_FAULT_NUL_STRING,
    BODY_FAULT_NUMBER, /* no int64, or no double */
    BODY_FAULT_TWICE,  /* a key, in one object */
    BODY_FAULT_DEPTH,  /* LIMIT_JSON_DEPTH */
    BODY_FAULT_KEYS,   /* LIMIT_JSON_KEYS */
    BODY_FAULT_VALUES, /* LIMIT_JSON_VALUES */
    BODY_FAULT_MEMORY, /* an allocation failed */
} BodyFault;

/* Where the reading ended: characters, those of the fault's own token with them; both from 1. */
typedef struct BodyPlace {
    size_t line, column; /* column 0: before the first character of the line */
} BodyPlace;

/*
 * The whole text is one value of any type, spaces around it. NULL: *ret_fault, at *ret_place. All memory is
 * jansson's (json_set_alloc_funcs) and body_memory_take's, and after a fault some of it may be left there.
 */
struct json_t *body_read(Span text, BodyFault *ret_fault, BodyPlace *ret_place);
