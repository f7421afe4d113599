// SPDX-License-Identifier: Apache-2.0
#include "param_row.h"

#define PARAM(op, key, t, from, to)                                                                          \
    {.operation = PARAMS_OF_##op, .type = PARAM_TYPE_##t, .since = from, .until = to, .name = key},
#define PARAM_JUDGED(op, key, t, j, r, w, from, to)                                                          \
    {.operation = PARAMS_OF_##op,                                                                            \
     .type = PARAM_TYPE_##t,                                                                                 \
     .judge = PARAM_##j,                                                                                     \
     .since = from,                                                                                          \
     .until = to,                                                                                            \
     .name = key,                                                                                            \
     .rule = r,                                                                                              \
     .words = w},
static const Param PARAMS[] = {
#include "params.def"
};
#undef PARAM
#undef PARAM_JUDGED

const Param *param_rows(void) {
    return PARAMS;
}

unsigned param_row_operation(const Operation *operation) {
    size_t n;

    return (unsigned) (operation - routes_all(&n));
}

const Param *param_row_find(unsigned operation, Span name) {
    for (size_t i = 0; i < PARAM_ROWS; i++)
        if (PARAMS[i].operation == operation && span_is(name, PARAMS[i].name))
            return &PARAMS[i];
    return NULL;
}

/* Podman takes keys in any case; dockerd takes them as they stand. */
const Param *param_row_find_folded(unsigned operation, Span name) {
    for (size_t i = 0; i < PARAM_ROWS; i++)
        if (PARAMS[i].operation == operation && span_is_nocase(name, PARAMS[i].name))
            return &PARAMS[i];
    return NULL;
}

bool param_row_tell(const Operation *operation, Span name, const char **ret_type, unsigned *ret_since,
                    unsigned *ret_until) {
    const Param *param = param_row_find(param_row_operation(operation), name);

    if (!param)
        return false;
    *ret_type = param_type_name((ParamType) param->type);
    *ret_since = param->since;
    *ret_until = param->until;
    return true;
}
