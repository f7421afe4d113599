// SPDX-License-Identifier: Apache-2.0
/*
 * What a config protects below host_root, which is looked at with openat2: apart from test_config.c, since
 * valgrind doesn't know that call.
 */
#include "daemon/config.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "policy/set.h"

static Config *parse_good(const char *text) {
    Config *config = NULL;

    cr_assert_eq(config_parse(span_from(text), "f.yaml", stderr, &config), 0, "%s", text);
    return config;
}

static bool is_protected(const Config *config, const char *path) {
    const Rules *rules = &config->listeners[0].policy->rules;

    for (size_t i = 0; i < rules->n_protected_paths; i++)
        if (strcmp(rules->protected_paths[i], path) == 0)
            return true;
    return false;
}

/* The engine's data root is where its own config says, and `protect` adds what only the operator knows. */
Test(config_roots, protected) {
    char root[] = "/tmp/quaygate-test-XXXXXX", text[512];
    Config *config;
    FILE *file;

    cr_assert_not_null(mkdtemp(root));
    snprintf(
        text, sizeof(text),
        "mkdir -p %s/etc/docker %s/big/docker; ln -s /big %s/srv; echo '{\"data-root\": \"/srv/docker\", "
        "\"graph\": 7}' >%s/etc/docker/daemon.json",
        root, root, root, root);
    cr_assert_eq(system(text), 0);
    snprintf(text, sizeof(text),
             "version: 1\nhost_root: %s\nprotect: [/data/vault, \"/srv/keys/\"]\n"
             "listeners:\n  - {address: unix:///srv/gate/new/a.sock, policy: all}\n",
             root);
    config = parse_good(text);
    cr_expect(is_protected(config, "/srv/docker"));
    cr_expect(is_protected(config, "/big/docker"), "where the link leads");
    cr_expect(is_protected(config, "/data/vault"));
    cr_expect(is_protected(config, "/srv/keys"));
    cr_expect(is_protected(config, "/big/keys"), "where it will be, once it is there");
    (void) config_unref(config);

    snprintf(text, sizeof(text), "%s/etc/docker/daemon.json", root);
    cr_assert_not_null(file = fopen(text, "w"));
    fputs("{\"data-root\": \"/srv/docker\"", file);
    fclose(file);
    snprintf(
        text, sizeof(text),
        "version: 1\nhost_root: %s\nlisteners:\n  - {address: unix:///srv/gate/new/a.sock, policy: all}\n",
        root);
    config = parse_good(text);
    cr_expect_not(is_protected(config, "/srv/docker"), "the engine wouldn't start on it either");
    (void) config_unref(config);
    snprintf(text, sizeof(text), "rm -rf %s", root);
    cr_assert_eq(system(text), 0);
}
