// SPDX-License-Identifier: Apache-2.0
/*
 * A JSON body with no second reading (T-030 to T-042): strict RFC 8259, valid UTF-8, no NUL, no key
 * twice, bounded depth. The only way to read a field of a client's body is through here. Nodes are
 * borrowed from the Body and live as long as it does.
 */
#pragma once

#include "arena.h"
#include "limits.h"
#include "reason.h"

typedef struct Body Body;
typedef struct BodyNode BodyNode; /* opaque: jansson's json_t */

typedef enum BodyType {
    BODY_TYPE_NULL = 0,
    BODY_TYPE_BOOL,
    BODY_TYPE_INTEGER,
    BODY_TYPE_REAL,
    BODY_TYPE_STRING,
    BODY_TYPE_ARRAY,
    BODY_TYPE_OBJECT,
} BodyType;

/*
 * Call once, before the first parse, with a random number: keys are hashed with it. Without it jansson
 * opens /dev/urandom by itself at the first object.
 */
void body_seed(size_t seed);

/*
 * The root is an object, an array, or null (`docker commit` sends that for "no config"). REASON_OK and
 * *ret, to be freed; else JSON_SYNTAX, JSON_AMBIGUOUS, JSON_LIMIT or NO_MEMORY, and in *ret_detail
 * (arena) where and what: "line 3, column 7: a key stands twice". Never quotes the body: it may hold
 * secrets.
 */
Reason body_parse(Arena *arena, Span text, Body **ret, const char **ret_detail);

Body *body_free(Body *body); /* accepts NULL, returns NULL */

const BodyNode *body_root(const Body *body);

BodyType body_type(const BodyNode *node);
const char *body_type_name(BodyType type); /* "string" */
bool body_bool(const BodyNode *node);
int64_t body_integer(const BodyNode *node);
Span body_string(const BodyNode *node);
size_t body_size(const BodyNode *node); /* elements of an array, keys of an object */
const BodyNode *body_at(const BodyNode *array, size_t i);

/* By the exact key; NULL: absent, or not an object. Folded twins are for the judge to refuse. */
const BodyNode *body_member(const BodyNode *object, const char *key);

/* Iteration in any order; `iter` starts as NULL; false at the end. */
bool body_next(const BodyNode *object, void **iter, Span *ret_key, const BodyNode **ret_value);

/* Null, false, 0, "", [], {} : what Go's zero value is, hence "not set" for most fields. */
bool body_is_zero(const BodyNode *node);

/* Compact text of a value for a reason, safely printable, cut at LIMIT_VALUE_SHOWN. */
const char *body_show(Arena *arena, const BodyNode *node);

/*
 * Go's encoding/json matches struct keys without regard to case, with two foldings outside ASCII
 * (T-030, T-031); Podman's jsoniter by strings.ToLower, which makes an `i` of U+0130 too. True when `key`
 * would be taken for `name` though its bytes differ.
 */
bool body_key_folds_to(Span key, const char *name);

/*
 * Takes the next character off `key`, folded as Go does; false at its end. Two keys that yield the same
 * row of characters are one key to Go. Characters outside ASCII but those three come byte by byte.
 */
bool body_key_take(Span *key, unsigned char *ret_folded);

/*
 * --- Edits, for edit.c and its like. What is put in replaces what stands at `key`, which must not be looked
 * at after that; the rest of the tree stays. −ENOMEM, or NULL, when there is no memory.
 */
BodyNode *body_edit_root(Body *body);
BodyNode *body_edit_member(BodyNode *object, const char *key); /* as body_member() */
int body_set_string(BodyNode *object, const char *key, const char *value);
int body_set_integer(BodyNode *object, const char *key, int64_t value);
int body_set_bool(BodyNode *object, const char *key, bool value);
int body_set_null(BodyNode *object, const char *key);
BodyNode *body_set_object(BodyNode *object, const char *key); /* {} */
BodyNode *body_set_array(BodyNode *object, const char *key);  /* [] */
int body_append_string(BodyNode *array, const char *value);
BodyNode *body_edit_at(BodyNode *array, size_t i); /* as body_at() */
int body_set_string_at(BodyNode *array, size_t i, const char *value);

/*
 * The tree as compact JSON, which parses to the same tree: how many bytes, written to `room` if they fit
 * into `size`. 0: no memory.
 */
size_t body_dump(const Body *body, char *room, size_t size);

static inline void body_free_p(Body **body) {
    *body = body_free(*body);
}
