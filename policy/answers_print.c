// SPDX-License-Identifier: Apache-2.0
#include "answers_print.h"

#include "print.h"

static void answers_print_names(FILE *out, const char *key, const AnswerNames *names) {
    fprintf(out, "      %s: [%s", key, names->all ? "deny-all" : "");
    for (size_t i = 0; i < names->n_patterns; i++) {
        fputs(i > 0 || names->all ? ", " : "", out);
        print_text(out, names->patterns[i].text);
    }
    fputs("]\n", out);
}

void answers_print(FILE *out, const Answers *answers) {
    static const struct {
        const char *key;
        AnswerClass class;
    } flags[] = {
        {"redact_commands", ANSWER_COMMANDS},     {"redact_host_paths", ANSWER_HOST_PATHS},
        {"redact_options", ANSWER_OPTIONS},       {"redact_health", ANSWER_HEALTH},
        {"redact_build_args", ANSWER_BUILD_ARGS}, {"redact_info", ANSWER_INFO},
        {"redact_configs", ANSWER_CONFIGS},
    };

    fputs("    answers:\n", out);
    answers_print_names(out, "redact_env", &answers->env);
    answers_print_names(out, "redact_labels", &answers->labels);
    answers_print_names(out, "redact_attributes", &answers->attributes);
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
        fprintf(out, "      %s: %s\n", flags[i].key, answers->classes & flags[i].class ? "true" : "false");
    fprintf(out, "      restore: %s\n", answers->restores ? "true" : "false");
}
