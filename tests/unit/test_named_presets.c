// SPDX-License-Identifier: Apache-2.0
/* A daemon reads only those of the built-in policies that its config names; a tool all of them. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/config.h"
#include "policy/compile.h"

#define CONFIG                                                                                               \
    "version: 1\n"                                                                                           \
    "listeners:\n"                                                                                           \
    "  - {address: unix:///a, policy: traefik}\n"                                                            \
    "  - {address: unix:///b, policy: own}\n"                                                                \
    "policies: {own: {include: [diun]}}\n"

static PolicySet *compile(const char *yaml, const Span *presets, size_t n, Arena *arena) {
    DocErrors errors = {.arena = arena, .file = "f.yaml"};
    ApiVersions versions = api_versions_default();
    const DocNode *policies = doc_get(doc_parse(arena, span_from(yaml), &errors), "policies");
    PolicySet *set = policy_set_compile_with(policies, presets, n, &versions, &errors);

    cr_assert(set, "%s", errors.n > 0 ? errors.items[0].message : "");
    return set;
}

static bool has(const PolicySet *set, const char *name) {
    return policy_set_get(set, span_from(name)) != NULL;
}

static bool knows(const PolicySet *set, const char *name) {
    size_t n, n_found = 0;
    const char *const *names = policy_set_names(set, &n);

    for (size_t i = 0; i < n; i++)
        n_found += strcmp(names[i], name) == 0;
    cr_expect_leq(n_found, 1, "%s", name);
    return n_found > 0;
}

Test(named_presets, those_named_and_those_included) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 20);
    const Span named[] = {SPAN("traefik"), SPAN("nun"), SPAN("dozzle"), SPAN("traefik")};
    CLEANUP(policy_set_free_p)
    PolicySet *set = compile("policies: {own: {include: [diun, two]}, two: {include: [monitoring]}, dozzle: "
                             "{allow: [SystemPing]}}",
                             named, ARRAY_SIZE(named), arena);
    static const char *const order[] = {"own", "two", "dozzle", "traefik", "diun", "monitoring"};

    for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
        const Policy *policy = policy_set_at(set, i);

        cr_assert(policy);
        cr_expect_str_eq(policy_name(policy), order[i]);
        cr_expect_eq(policy_is_preset(policy), i >= 3, "%s", order[i]);
    }
    cr_expect_null(policy_set_at(set, ARRAY_SIZE(order)));
    cr_expect_not(has(set, "all"));
    cr_expect_not(has(set, "nun"));
    cr_expect(knows(set, "all"), "for who mistypes it");
    cr_expect(knows(set, "own"));
    cr_expect(knows(set, "dozzle"), "once");
    cr_expect_not(knows(set, "nun"));
}

Test(named_presets, none_is_named) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 20);
    CLEANUP(policy_set_free_p) PolicySet *set = compile("a: 1", NULL, 0, arena);

    cr_expect_null(policy_set_at(set, 0));
    cr_expect(knows(set, "traefik"));
}

static void write_config(char *path) {
    int fd = mkstemp(path);

    cr_assert_eq(write(fd, CONFIG, strlen(CONFIG)), (ssize_t) strlen(CONFIG));
    close(fd);
}

Test(named_presets, of_a_config) {
    char path[] = "/tmp/quaygate-presets-XXXXXX";
    CLEANUP(config_unref_p) Config *daemon = NULL;
    CLEANUP(config_unref_p) Config *tool = NULL;

    write_config(path);
    cr_assert_eq(config_load(path, CONFIG_PRESETS_NAMED, stderr, &daemon), 0);
    cr_assert_eq(config_load(path, CONFIG_PRESETS_ALL, stderr, &tool), 0);
    unlink(path);
    cr_expect(has(daemon->policies, "traefik") && has(daemon->policies, "own"));
    cr_expect(has(daemon->policies, "diun"), "by an include");
    cr_expect_not(has(daemon->policies, "all"));
    cr_expect(has(tool->policies, "all"));
    cr_expect_str_eq(policy_name(daemon->listeners[0].policy), "traefik");
    cr_expect_str_eq(policy_name(daemon->listeners[1].policy), "own");
}

Test(named_presets, of_the_built_in_config) {
    CLEANUP(config_unref_p) Config *config = NULL;

    cr_assert_eq(config_builtin("unix:///a", NULL, NULL, CONFIG_PRESETS_NAMED, stderr, &config), 0);
    cr_expect_str_eq(policy_name(config->listeners[0].policy), "monitoring");
    cr_expect_null(policy_set_at(config->policies, 1));
}
