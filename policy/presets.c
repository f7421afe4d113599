// SPDX-License-Identifier: Apache-2.0
#include "presets.h"

const char *preset_yaml(Span name) {
    for (size_t i = 0; i < N_PRESETS; i++)
        if (span_is(name, PRESETS[i].name))
            return PRESETS[i].yaml;
    return NULL;
}

bool preset_is_reserved(Span name) {
    static const char *const reserved[] = {"monitoring", "read-only", "none", "all"};

    for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
        if (span_is(name, reserved[i]))
            return true;
    return false;
}

const char *const *preset_names(size_t *ret_n) {
    *ret_n = N_PRESETS;
    return PRESET_NAMES;
}
