// SPDX-License-Identifier: Apache-2.0
/*
 * A second reading of a JSON text, by the rules of Go's encoding/json and none of the gate's code, for tests
 * only: members in their order with duplicates, strings decoded with U+FFFD for what is no UTF-8, keys
 * matched to fields without regard to case (encoding/json fold.go: ASCII letters, and U+017F and U+212A for s
 * and k).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef enum GoType {
    GO_NULL,
    GO_BOOL,
    GO_NUMBER,
    GO_STRING,
    GO_ARRAY,
    GO_OBJECT,
} GoType;

typedef struct GoValue {
    GoType type;
    bool flag;
    char *text; /* of a string, decoded, and of a number, as written; NUL-terminated besides its size */
    size_t size;
    char **keys; /* of an object, decoded */
    size_t *key_sizes;
    struct GoValue **items; /* of an array or object */
    size_t n;
} GoValue;

/* NULL: Go's decoder refuses it, or it goes deeper than 200. To be freed. */
GoValue *go_json_parse(const char *text, size_t size);
GoValue *go_json_free(GoValue *value); /* accepts NULL, returns NULL */

/* Whether Go would take `key` for the struct field `name`. */
bool go_json_folds(const char *key, size_t key_size, const char *name, size_t name_size);
