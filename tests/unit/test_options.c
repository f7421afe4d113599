// SPDX-License-Identifier: Apache-2.0
#include "daemon/options.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#define MAX_ARGS 8

typedef struct Case {
    const char *args[MAX_ARGS];
    OptionsAction action;
    const char *config, *listen, *upstream, *policy;
    const char *message; /* NULL: good */
} Case;

static int parse(const Case *c, Options *ret, char **ret_message) {
    char name[] = "quaygated", *argv[MAX_ARGS + 2] = {name};
    int argc = 1, r;
    size_t size;
    FILE *messages = open_memstream(ret_message, &size);

    while (argc <= MAX_ARGS && c->args[argc - 1]) {
        argv[argc] = (char *) c->args[argc - 1];
        argc++;
    }
    r = options_parse(argc, argv, messages, ret);
    fclose(messages);
    return r;
}

static void expect_text(const char *got, const char *expected, const char *arg) {
    if (expected)
        cr_expect_str_eq(got, expected, "%s", arg);
    else
        cr_expect_null(got, "%s", arg);
}

Test(options, what_is_taken) {
    static const Case cases[] = {
        {{NULL}, OPTIONS_SERVE, NULL, NULL, NULL, NULL, NULL},
        {{"--config", "f"}, OPTIONS_SERVE, "f", NULL, NULL, NULL, NULL},
        {{"--config=f", "--check"}, OPTIONS_CHECK, "f", NULL, NULL, NULL, NULL},
        {{"--print-config"}, OPTIONS_PRINT_CONFIG, NULL, NULL, NULL, NULL, NULL},
        {{"--version"}, OPTIONS_VERSION, NULL, NULL, NULL, NULL, NULL},
        {{"--help"}, OPTIONS_HELP, NULL, NULL, NULL, NULL, NULL},
        {{"-h"}, OPTIONS_HELP, NULL, NULL, NULL, NULL, NULL},
        {{"--listen", "a", "--upstream", "b", "--policy", "c"}, OPTIONS_SERVE, NULL, "a", "b", "c", NULL},
        {{"--policy=all"}, OPTIONS_SERVE, NULL, NULL, NULL, "all", NULL},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Options options;
        char *message;

        cr_assert_eq(parse(&cases[i], &options, &message), 0, "%zu: %s", i, message);
        cr_expect_str_eq(message, "");
        cr_expect_eq(options.action, cases[i].action, "%zu", i);
        expect_text(options.config, cases[i].config, "config");
        expect_text(options.listen, cases[i].listen, "listen");
        expect_text(options.upstream, cases[i].upstream, "upstream");
        expect_text(options.policy, cases[i].policy, "policy");
        free(message);
    }
}

Test(options, what_is_a_usage_error) {
    static const Case cases[] = {
        {.args = {"--nope"}, .message = "unknown option: --nope"},
        {.args = {"-x"}, .message = "unknown option: -x"},
        {.args = {"--check=1"}, .message = "unknown option: --check=1"},
        {.args = {"extra"}, .message = "unexpected argument: extra"},
        {.args = {"--check", "extra"}, .message = "unexpected argument: extra"},
        {.args = {"--config"}, .message = "needs an argument: --config"},
        {.args = {"--config", "a", "--config", "b"}, .message = "given twice: --config"},
        {.args = {"--config", "a", "--listen", "b"}, .message = "running without a file"},
        {.args = {"--policy", "a", "--config", "b"}, .message = "running without a file"},
        {.args = {"--config", "a", "--upstream", "b"}, .message = "running without a file"},
        {.args = {"--check", "--version"}, .message = "only one of"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Options options = {.config = "untouched"};
        char *message;

        cr_expect_eq(parse(&cases[i], &options, &message), -EINVAL, "%zu", i);
        cr_expect(strstr(message, cases[i].message), "%zu: %s", i, message);
        cr_expect_str_eq(options.config, "untouched");
        free(message);
    }
}

Test(options, help_and_version) {
    static const char *const wanted[] = {"--config", "--listen",       "--upstream", "--policy",
                                         "--check",  "--print-config", "--version",  "--help"};
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    options_help(out);
    fclose(out);
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
        cr_expect(strstr(text, wanted[i]), "%s", wanted[i]);
    free(text);
    out = open_memstream(&text, &size);
    options_version(out);
    fclose(out);
    cr_expect_eq(strncmp(text, "quaygated " QUAYGATE_VERSION "\n", 11 + strlen(QUAYGATE_VERSION)), 0, "%s",
                 text);
    cr_expect(strstr(text, "libevent 2."), "%s", text);
    cr_expect(strstr(text, "llhttp "), "%s", text);
    cr_expect(strstr(text, "jansson 2."), "%s", text);
    cr_expect(strstr(text, "libyaml 0."), "%s", text);
    cr_expect(strstr(text, "nettle 3."), "%s", text);
    free(text);
}
