// SPDX-License-Identifier: Apache-2.0
#include "answers_warn.h"

bool answers_warning(const Answers *answers, const Operation *operation, const char **ret) {
    static const struct {
        const char *operation;
        AnswerClass class;
        const char *sentence;
    } rows[] = {
#define LEAK(operation, class, sentence) {#operation, ANSWER_##class, sentence},
#include "answers_warn.def"
#undef LEAK
    };
    bool known = false;

    *ret = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (strcmp(rows[i].operation, operation->id) != 0)
            continue;
        known = true;
        if (!*ret && !(answers->classes & rows[i].class))
            *ret = rows[i].sentence;
    }
    return known;
}

const char *answers_idle_key(const Answers *answers, unsigned told) {
    static const char *const keys[] = {
        "redact_env",     "redact_labels", "redact_attributes", "redact_commands", "redact_host_paths",
        "redact_options", "redact_health", "redact_build_args", "redact_info",     "redact_configs"};

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        if ((answers->classes & ~told) & (1u << i))
            return keys[i];
    return NULL;
}
