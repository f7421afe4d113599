// SPDX-License-Identifier: Apache-2.0
/*
 * What a config protects below host_root, which is looked at with openat2: apart from test_config.c, since
 * valgrind doesn't know that call.
 */
#include <sys/stat.h>

#include "config_kit.h"

/* The engine's data root is where its own config says, and `protect` adds what only the operator knows. */
Test(config_roots, protected) {
    char root[] = "/tmp/quaygate-test-XXXXXX", text[512];
    Config *config;

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

    snprintf(text, sizeof(text), "rm -rf %s", root);
    cr_assert_eq(system(text), 0);
}

/* A root with such an /etc/docker/daemon.json, and a config that looks there. */
static void make_root(char *root, const char *engine, size_t size, char ret_text[static 512]) {
    char path[256];
    FILE *file;

    cr_assert_not_null(mkdtemp(root));
    snprintf(ret_text, 512, "mkdir -p %s/etc/docker", root);
    cr_assert_eq(system(ret_text), 0);
    snprintf(path, sizeof(path), "%s/etc/docker/daemon.json", root);
    cr_assert_not_null(file = fopen(path, "w"));
    cr_assert_eq(fwrite(engine, 1, size, file), size);
    fclose(file);
    snprintf(ret_text, 512, "version: 1\nhost_root: %s\nlisteners: [{address: unix:///a, policy: all}]\n",
             root);
}

static void remove_root(const char *root) {
    char text[256];

    snprintf(text, sizeof(text), "rm -rf %s", root);
    cr_assert_eq(system(text), 0);
}

static void expect_refused(const char *text, const char *why) {
    Config *config = NULL;
    char *messages;
    size_t size;
    FILE *file = open_memstream(&messages, &size);

    cr_expect_lt(config_parse(span_from(text), "f.yaml", file, &config), 0, "%s", why);
    fclose(file);
    cr_expect_not_null(strstr(messages, "f.yaml: what no bind mount may reach can't be told: "), "%s",
                       messages);
    cr_expect_not_null(strstr(messages, "/etc/docker/daemon.json: "), "%s", messages);
    free(messages);
}

/* The engine may have read a data root there, or have started before it was broken: better not to serve. */
Test(config_roots, what_cannot_be_read_is_an_error) {
    static const Span engines[] = {
        SPAN("{\"data-root\": \"/srv/docker\""),
        SPAN("{\"data-root\": \"/a\", \"data-root\": \"/b\"}"),
        SPAN("{\"data-root\": \"/srv/docker\", \"bridge\": \"\\u0000\"}"),
        SPAN("\xEF\xBB\xBF{\"data-root\": \"/srv/docker\"}"),
        SPAN("[]"),
    };

    for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
        char root[] = "/tmp/quaygate-test-XXXXXX", text[512];

        make_root(root, engines[i].data, engines[i].size, text);
        expect_refused(text, engines[i].data);
        remove_root(root);
    }
}

/* The engine is root, and reads what we may not. */
Test(config_roots, what_may_not_be_read_is_an_error) {
    char root[] = "/tmp/quaygate-test-XXXXXX", path[256], text[512];

    if (geteuid() != 0)
        cr_skip_test("needs root to be somebody else");
    make_root(root, "{}", 2, text);
    snprintf(path, sizeof(path), "%s/etc/docker/daemon.json", root);
    cr_assert_eq(chmod(root, 0755), 0);
    cr_assert_eq(chmod(path, 0600), 0);
    cr_assert_eq(seteuid(65534), 0);
    expect_refused(text, "not ours to read");
    cr_assert_eq(seteuid(0), 0);
    remove_root(root);
}

Test(config_roots, an_engine_without_a_word) {
    static const Span engines[] = {SPAN(""), SPAN(" \n"), SPAN("null"), SPAN("{}")};

    for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
        char root[] = "/tmp/quaygate-test-XXXXXX", text[512];

        make_root(root, engines[i].data, engines[i].size, text);
        (void) config_unref(parse_good(text));
        remove_root(root);
    }
}

/* A listener that observes has a twin of its policy: what is protected is so there too. */
Test(config_roots, protected_where_it_observes) {
    Config *config = parse_good("version: 1\n"
                                "listeners:\n"
                                "  - {address: unix:///a, policy: ci, observe: true}\n"
                                "  - {address: unix:///b, policy: ci}\n"
                                "policies: {ci: {allow: [SystemPing]}}\n"
                                "protect: [/data/vault]\n");

    cr_expect(policy_observes(config->listeners[0].policy));
    cr_expect(is_protected(config, "/data/vault"));
    (void) config_unref(config);
}
