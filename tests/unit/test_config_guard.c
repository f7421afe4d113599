// SPDX-License-Identifier: Apache-2.0
/*
 * What of this installation a config keeps patterns from, where paths can't be told, too: realpath(3) is ours
 * here. What is below host_root is in test_config_roots.c.
 */
#include "config_kit.h"

/* In the place of the library's. */
static int realpath_error;

char *realpath(const char *path, char *resolved) {
    cr_assert_null(resolved);
    errno = realpath_error;
    return realpath_error ? NULL : canonicalize_file_name(path);
}

/* T-096: no pattern of a policy reaches the engine's socket, ours, the log or the config. */
Test(config_guard, protected_paths) {
    char link[] = "/tmp/quaygate-test-XXXXXX", text[512];
    Config *config;

    make_link(link, "/usr/bin");
    snprintf(text, sizeof(text),
             "version: 1\nupstream: unix:///opt/engine//./docker.sock\n"
             "listeners:\n  - {address: unix:///srv/gate/a.sock, policy: all}\n"
             "  - {address: \"unix://%s\", policy: all}\n"
             "  - {address: tcp://127.0.0.1:1, policy: all}\n"
             "audit: {sinks: [{file: /srv/log/audit.jsonl}]}\n"
             "answers: {key_file: /srv/keys/answers.key}\n",
             link);
    config = parse_good(text);
    unlink(link);
    cr_expect(is_protected(config, "/opt/engine/docker.sock"));
    cr_expect(is_protected(config, "/srv/gate/a.sock"));
    cr_expect(is_protected(config, "/srv/log/audit.jsonl"));
    cr_expect(is_protected(config, "/srv/log/audit.jsonl*"), "what rotation makes of it");
    cr_expect(is_protected(config, "/srv/keys/answers.key"));
    cr_expect(is_protected(config, link));
    cr_expect(is_protected(config, "/usr/bin"), "where the link leads");
    cr_expect_eq(config->listeners[0].policy->rules.n_protected_paths, 7, "f.yaml is not absolute");
    (void) config_unref(config);
}

/* A path that isn't there yet is where its folder leads: a socket before the first start. */
Test(config_guard, protected_paths_below_a_link) {
    char link[] = "/tmp/quaygate-test-XXXXXX", text[512];
    Config *config;

    make_link(link, "/usr/bin");
    snprintf(text, sizeof(text),
             "version: 1\nlisteners: [{address: \"unix://%s/none/a.sock\", policy: all}]\n", link);
    config = parse_good(text);
    unlink(link);
    cr_expect(is_protected(config, "/usr/bin/none/a.sock"));
    (void) config_unref(config);
}

/* Where a path leads can't be told: then the config isn't served, and not served with a path unguarded. */
Test(config_guard, protected_paths_that_cannot_be_told) {
    static const struct {
        int error;
        int expected;
    } cases[] = {{ENOMEM, -ENOMEM}, {EIO, -EIO}, {ENOENT, 0}, {ENOTDIR, 0}, {EACCES, 0}, {ELOOP, 0}};

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Config *config = NULL;
        char *messages = NULL;

        realpath_error = cases[i].error;
        cr_expect_eq(parse(SPAN(HEAD), &config, &messages), cases[i].expected, "%s",
                     strerror(cases[i].error));
        cr_expect_eq(messages[0] != '\0', cases[i].expected < 0);
        (void) config_unref(config);
        free(messages);
    }
}
