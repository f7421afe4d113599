// SPDX-License-Identifier: Apache-2.0
/*
 * quaygate: the operator's and auditor's command. It links the policy library that the daemon links, so what
 * it says of a request is what the daemon does.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl.h"
#include "daemon/clock.h"
#include "policy/time_text.h"

typedef struct CtlVerb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} CtlVerb;

static const CtlVerb VERBS[] = {
    {"audit", ctl_audit,
     "audit report | show | summary | verify [OPTION]... [FILE]...\n      the audit trail: its records, who "
     "was denied "
     "what, whether it is whole, a page for a review"},
    {"check", ctl_check,
     "check [FILE]\n      every mistake of a config, with its place\n"
     "  check --app NAME [--policy POLICY] [FILE]\n      whether a policy covers what an app needs, and what "
     "it "
     "gives beyond"},
    {"explain", ctl_explain,
     "explain [--config FILE] --policy NAME [--all] [--json] METHOD PATH [--body FILE|-]\n"
     "          [--header 'K: V']... [--at TIME] [--engine FILE]\n"
     "      the verdict on a request, and why"},
    {"health", ctl_health,
     "health [--config FILE] [--path PATH] [ADDRESS]\n      whether a running gate is well, for health "
     "checks"},
    {"import", ctl_import,
     "import tecnativa [ENV-FILE] | wollomatic ARGUMENT... | cetusguard RULES\n      another gate's settings "
     "as a config"},
    {"operations", ctl_operations,
     "operations [--json]\n      every operation of the Engine API that can be allowed"},
    {"presets", ctl_presets, "presets [NAME]\n      the built-in policies, or one of them as YAML"},
    {"replay", ctl_replay,
     "replay [--config FILE] --policy NAME [--listener ADDRESS] [--recorded POLICY] [--json] AUDIT...\n"
     "      which recorded decisions would be others under a policy"},
    {"suggest", ctl_suggest,
     "suggest [--policy NAME] [--listener ADDRESS] [--denied] AUDIT...\n"
     "      the smallest policy for what is on record"},
    {"test", ctl_test,
     "test [--config FILE] [--at TIME] [--junit[=FILE]] FILE...\n      whether a table of requests gets the "
     "verdicts "
     "that it "
     "expects"},
    {"top", ctl_top,
     "top [--config FILE] [--address ADDRESS] [--interval SECONDS] [--once]\n      the gate at work, live: "
     "requests, denials, open streams"},
};

int ctl_fail_usage(const char *verb, const char *format, ...) {
    va_list args;

    fprintf(stderr, "quaygate%s%s: ", verb ? " " : "", verb ? verb : "");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\nTry 'quaygate %s%s--help'.\n", verb ? verb : "", verb ? " " : "");
    return CTL_USAGE;
}

int ctl_fail_option(const char *verb, int option, char **argv) {
    return ctl_fail_usage(verb, option == ':' ? "'%s' needs an argument" : "unknown option '%s'",
                          argv[optind - 1]);
}

static const char *config_path(const char *path) {
    return path || config_is_absent(CTL_DEFAULT_CONFIG) ? path : CTL_DEFAULT_CONFIG;
}

const char *ctl_config_name(const char *path) {
    path = config_path(path);
    return path ? path : "the built-in config (" CTL_DEFAULT_CONFIG " isn't there)";
}

int ctl_load(const char *path, Config **ret) {
    path = config_path(path);
    return path ? config_load(path, CONFIG_PRESETS_ALL, stderr, ret)
                : config_builtin(NULL, NULL, NULL, CONFIG_PRESETS_ALL, stderr, ret);
}

Policy *ctl_find_policy(const char *verb, const Config *config, const char *name) {
    Policy *policy = policy_set_get(config->policies, span_from(name));
    const char *const *names;
    size_t n;

    if (policy)
        return policy;
    names = policy_set_names(config->policies, &n);
    fprintf(stderr, "quaygate %s: unknown policy '%s'%s\n", verb, name, ctl_did_you_mean(name, names, n));
    return NULL;
}

const char *ctl_did_you_mean(const char *word, const char *const *candidates, size_t n) {
    static char text[128];
    const char *nearest = doc_nearest(span_from(word), candidates, n);

    text[0] = '\0';
    if (nearest)
        snprintf(text, sizeof(text), "; did you mean '%s'?", nearest);
    return text;
}

const char *ctl_colour(const char *sequence) {
    const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");

    if ((no && no[0]) || !isatty(STDOUT_FILENO) || !terminal || strcmp(terminal, "dumb") == 0)
        return "";
    return sequence;
}

int64_t ctl_now(void) {
    return (int64_t) (clock_realtime_usec() / 1000000);
}

int ctl_take_time(const char *verb, const char *text, int64_t *ret) {
    const char *wrong = time_text_parse(span_from(text), ret);

    return wrong ? ctl_fail_usage(verb, "--at %s %s", text, wrong) : CTL_OK;
}

int ctl_finish(void) {
    if (fflush(stdout) == 0 && !ferror(stdout))
        return CTL_OK;
    fprintf(stderr, "quaygate: cannot write: %s\n", strerror(errno));
    return CTL_CONFIG;
}

static void ctl_print_help(void) {
    fputs("Usage: quaygate COMMAND [ARGUMENT]...\n\n", stdout);
    for (size_t i = 0; i < ARRAY_SIZE(VERBS); i++)
        printf("  %s\n", VERBS[i].summary);
    fputs("\n'quaygate COMMAND --help' tells more. 'quaygate --version' prints the version.\n", stdout);
}

static int ctl_fail_verb(const char *word) {
    const char *names[ARRAY_SIZE(VERBS)];

    for (size_t i = 0; i < ARRAY_SIZE(VERBS); i++)
        names[i] = VERBS[i].name;
    return ctl_fail_usage(NULL, "unknown command '%s'%s", word,
                          ctl_did_you_mean(word, names, ARRAY_SIZE(names)));
}

int main(int argc, char **argv) {
    if (argc < 2)
        return ctl_fail_usage(NULL, "which command?");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        ctl_print_help();
        return ctl_finish();
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("quaygate " QUAYGATE_VERSION);
        return ctl_finish();
    }
    if (argv[1][0] == '-')
        return ctl_fail_usage(NULL, "unknown option '%s'", argv[1]);
    for (size_t i = 0; i < ARRAY_SIZE(VERBS); i++)
        if (strcmp(argv[1], VERBS[i].name) == 0) {
            opterr = 0;
            return VERBS[i].run(argc - 1, argv + 1);
        }
    return ctl_fail_verb(argv[1]);
}
