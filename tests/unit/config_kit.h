// SPDX-License-Identifier: Apache-2.0
/*
 * What the tests of a config share.
 */
#pragma once

#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/config.h"
#include "policy/set.h"

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
