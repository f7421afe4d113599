// SPDX-License-Identifier: Apache-2.0
#include "param_json.h"

#include "body.h"

static const char *const PARAM_TYPE_NAMES[] = {
    [PARAM_TYPE_TEXT] = "string",
    [PARAM_TYPE_LIST] = "list of strings",
    [PARAM_TYPE_BOOL] = "boolean",
    [PARAM_TYPE_INT] = "integer",
    [PARAM_TYPE_FILTERS] = "JSON object of arrays of strings",
    [PARAM_TYPE_MAP] = "JSON object of strings",
    [PARAM_TYPE_STRINGS] = "JSON array of strings",
    [PARAM_TYPE_PLATFORM] = "JSON platform",
    [PARAM_TYPE_PLATFORMS] = "list of JSON platforms",
    [PARAM_TYPE_ULIMITS] = "JSON array of ulimits",
    [PARAM_TYPE_OUTPUTS] = "JSON array of outputs",
};

const char *param_type_name(ParamType type) {
    return PARAM_TYPE_NAMES[type];
}

bool param_type_repeats(ParamType type) {
    return type == PARAM_TYPE_LIST || type == PARAM_TYPE_PLATFORMS;
}

/* What strconv takes, and no more than fits. */
static bool param_is_integer(Span value) {
    size_t sign = value.size > 0 && value.data[0] == '-' ? 1 : 0;

    for (size_t i = sign; i < value.size; i++)
        if (value.data[i] < '0' || value.data[i] > '9')
            return false;
    return value.size > sign && value.size - sign <= 18;
}

static bool param_is_strings(const BodyNode *node) {
    if (body_type(node) != BODY_TYPE_ARRAY)
        return false;
    for (size_t i = 0; i < body_size(node); i++)
        if (body_type(body_at(node, i)) != BODY_TYPE_STRING)
            return false;
    return true;
}

/* Of a filter as it was before API v1.22: each value a key. */
static bool param_is_flags(const BodyNode *node) {
    const BodyNode *value;
    void *iter = NULL;
    Span key;

    while (body_next(node, &iter, &key, &value))
        if (body_type(value) != BODY_TYPE_BOOL)
            return false;
    return body_type(node) == BODY_TYPE_OBJECT;
}

static bool param_is_filters(const BodyNode *root) {
    const BodyNode *value;
    void *iter = NULL;
    Span key;

    while (body_next(root, &iter, &key, &value))
        if (!param_is_strings(value) && !param_is_flags(value))
            return false;
    return body_type(root) == BODY_TYPE_OBJECT;
}

/* `buildargs` may have a null: an argument without a value. */
static bool param_is_map(const BodyNode *root) {
    const BodyNode *value;
    void *iter = NULL;
    Span key;

    while (body_next(root, &iter, &key, &value))
        if (body_type(value) != BODY_TYPE_STRING && body_type(value) != BODY_TYPE_NULL)
            return false;
    return body_type(root) == BODY_TYPE_OBJECT;
}

typedef struct ParamMember {
    const char *name;
    BodyType type;
} ParamMember;

/* Go folds the keys of a struct (T-030), so only those that stand as they should. */
static bool param_is_struct(const BodyNode *node, const ParamMember *members, size_t n) {
    const BodyNode *value;
    void *iter = NULL;
    Span key;

    while (body_next(node, &iter, &key, &value)) {
        bool known = false;

        for (size_t i = 0; i < n; i++)
            known = known || (span_is(key, members[i].name) && body_type(value) == members[i].type);
        if (!known)
            return false;
    }
    return body_type(node) == BODY_TYPE_OBJECT;
}

static bool param_is_platform(const BodyNode *root) {
    static const ParamMember members[] = {
        {"architecture", BODY_TYPE_STRING}, {"os", BODY_TYPE_STRING},      {"os.version", BODY_TYPE_STRING},
        {"os.features", BODY_TYPE_ARRAY},   {"variant", BODY_TYPE_STRING},
    };

    return param_is_struct(root, members, ARRAY_SIZE(members));
}

static bool param_is_structs(const BodyNode *root, const ParamMember *members, size_t n) {
    if (body_type(root) != BODY_TYPE_ARRAY)
        return false;
    for (size_t i = 0; i < body_size(root); i++)
        if (!param_is_struct(body_at(root, i), members, n))
            return false;
    return true;
}

static bool param_is_of_type(ParamType type, const BodyNode *root) {
    static const ParamMember ulimit[] = {
        {"Name", BODY_TYPE_STRING}, {"Soft", BODY_TYPE_INTEGER}, {"Hard", BODY_TYPE_INTEGER}};
    static const ParamMember output[] = {{"Type", BODY_TYPE_STRING}, {"Attrs", BODY_TYPE_OBJECT}};

    switch (type) {
    case PARAM_TYPE_FILTERS:
        return param_is_filters(root);
    case PARAM_TYPE_MAP:
        return param_is_map(root);
    case PARAM_TYPE_STRINGS:
        return param_is_strings(root);
    case PARAM_TYPE_PLATFORM:
    case PARAM_TYPE_PLATFORMS:
        return param_is_platform(root);
    case PARAM_TYPE_ULIMITS:
        return param_is_structs(root, ulimit, ARRAY_SIZE(ulimit));
    case PARAM_TYPE_OUTPUTS:
        return param_is_structs(root, output, ARRAY_SIZE(output));
    case PARAM_TYPE_TEXT:
    case PARAM_TYPE_LIST:
    case PARAM_TYPE_BOOL:
    case PARAM_TYPE_INT:
        break;
    }
    return false;
}

static Reason param_refuse_type(Arena *arena, ParamType type, const char **ret_detail) {
    *ret_detail = arena_printf(arena, " is no %s", param_type_name(type));
    return REASON_QUERY_NOT_ALLOWED;
}

Reason param_json_check(Arena *arena, ParamType type, Span value, bool *ret_zero, const char **ret_detail) {
    CLEANUP(body_free_p) Body *body = NULL;
    const char *detail = NULL;
    const BodyNode *root;
    Reason reason;

    *ret_zero = false;
    if (type == PARAM_TYPE_TEXT || type == PARAM_TYPE_LIST || type == PARAM_TYPE_BOOL)
        return REASON_OK;
    if (type == PARAM_TYPE_INT)
        return param_is_integer(value) ? REASON_OK : param_refuse_type(arena, type, ret_detail);
    reason = body_parse(arena, value, &body, &detail);
    if (reason != REASON_OK) {
        *ret_detail = arena_printf(arena, ": %s", detail ? detail : reason_sentence(reason));
        return reason;
    }
    root = body_root(body);
    *ret_zero = body_is_zero(root);
    return body_type(root) == BODY_TYPE_NULL || param_is_of_type(type, root)
               ? REASON_OK
               : param_refuse_type(arena, type, ret_detail);
}
