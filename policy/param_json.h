// SPDX-License-Identifier: Apache-2.0
/*
 * The types of query parameters, and JSON inside of a query, which Go reads as it reads bodies (T-026): so
 * it is read by body_parse, with one reading or none.
 */
#pragma once

#include "arena.h"
#include "reason.h"

typedef enum ParamType {
    PARAM_TYPE_TEXT = 0,
    PARAM_TYPE_LIST, /* texts, one a key: it may repeat */
    PARAM_TYPE_BOOL, /* any text: httputils.BoolValue takes all but five words for true (T-025) */
    PARAM_TYPE_INT,
    /* JSON */
    PARAM_TYPE_FILTERS,   /* {"label": ["a"]}, or {"label": {"a": true}} as before API v1.22 */
    PARAM_TYPE_MAP,       /* of strings */
    PARAM_TYPE_STRINGS,   /* an array */
    PARAM_TYPE_PLATFORM,  /* OCI's */
    PARAM_TYPE_PLATFORMS, /* the same, one a key: it may repeat */
    PARAM_TYPE_ULIMITS,
    PARAM_TYPE_OUTPUTS, /* BuildKit's */
} ParamType;

const char *param_type_name(ParamType type); /* "integer" */
bool param_type_repeats(ParamType type);

/*
 * Whether `value`, which isn't empty, is of `type`: REASON_OK, and *ret_zero where it is JSON for "not set"
 * (null, [], {}). Else REASON_QUERY_NOT_ALLOWED for another type, or what body_parse says, with what is wrong
 * in *ret_detail (arena): ": line 1, column 7: …". It never quotes the value.
 */
Reason param_json_check(Arena *arena, ParamType type, Span value, bool *ret_zero, const char **ret_detail);
