// SPDX-License-Identifier: Apache-2.0
/*
 * What the tests of a config share.
 */
#pragma once

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/config.h"
#include "policy/set.h"

#define LISTENERS "listeners: [{address: unix:///a, policy: all}]\n"
#define HEAD "version: 1\n" LISTENERS

/* What config_parse says; *ret_messages is to be freed. */
static inline int parse(Span text, Config **ret, char **ret_messages) {
    size_t size;
    FILE *messages = open_memstream(ret_messages, &size);
    int r = config_parse(text, "f.yaml", messages, ret);

    fclose(messages);
    return r;
}

/* No message, either. */
static inline Config *parse_good(const char *text) {
    Config *config = NULL;
    char *messages;

    cr_assert_eq(parse(span_from(text), &config, &messages), 0, "%s\n%s", text, messages);
    cr_expect_str_eq(messages, "");
    free(messages);
    return config;
}

static inline void expect_mistakes(const char *text, const char *expected) {
    Config *config = NULL;
    char *messages;

    cr_expect_eq(parse(span_from(text), &config, &messages), -EINVAL, "%s", text);
    cr_expect_null(config);
    cr_expect_str_eq(messages, expected, "%s\ngot:\n%sexpected:\n%s", text, messages, expected);
    free(messages);
    (void) config_unref(config);
}

static inline bool is_protected(const Config *config, const char *path) {
    const Rules *rules = &config->listeners[0].policy->rules;

    for (size_t i = 0; i < rules->n_protected_paths; i++)
        if (strcmp(rules->protected_paths[i], path) == 0)
            return true;
    return false;
}

/* `path` ends with XXXXXX, and becomes a link to `target`. */
static inline void make_link(char *path, const char *target) {
    int fd = mkstemp(path);

    cr_assert_geq(fd, 0);
    close(fd);
    unlink(path);
    cr_assert_eq(symlink(target, path), 0);
}
