// SPDX-License-Identifier: Apache-2.0
#include "policy/policy_warn.h"

#include <criterion/criterion.h>

#include "policy/compile.h"

static Arena *arena;
static PolicySet *set;

static void teardown(void) {
    policy_set_free(set);
    arena_free(arena);
}

TestSuite(policy_warn, .fini = teardown);

static size_t warnings_of(const char *yaml, ApiVersions versions, PolicyWarning *ret) {
    DocErrors errors = {.file = "f"};
    const DocNode *node;

    arena = errors.arena = arena_new(LIMIT_ARENA_BYTES);
    node = doc_parse(arena, span_from(yaml), &errors);
    cr_assert_not_null(node);
    set = policy_set_compile(node, &versions, &errors);
    cr_assert_not_null(set, "%s", errors.n ? errors.items[0].message : "no memory");
    return policy_warnings(policy_set_get(set, SPAN("p")), arena, ret);
}

/* Exactly one warning, at `origin`, that says `part`; or none. */
static void expect_one(const char *yaml, const char *origin, const char *part) {
    PolicyWarning warnings[POLICY_WARNINGS_MAX];
    size_t n = warnings_of(yaml, api_versions_default(), warnings);

    cr_assert_eq(n, part ? 1 : 0, "%s: %zu warnings, the first: %s", yaml, n, n ? warnings[0].text : "");
    if (!part)
        return;
    cr_expect_not_null(strstr(warnings[0].text, part), "%s: %s", yaml, warnings[0].text);
    if (origin)
        cr_expect_str_eq(warnings[0].origin, origin, "%s", yaml);
    else
        cr_expect_null(warnings[0].origin);
}

Test(policy_warn, harmless) {
    expect_one("p: {allow: [ContainerList, SystemInfo, ContainerStart]}", NULL, NULL);
}

Test(policy_warn, what_is_judged_is_not_warned_of) {
    expect_one("p: {allow: [ContainerCreate]}", NULL, NULL);
}

Test(policy_warn, exec) {
    expect_one("p:\n  allow:\n    - SystemInfo\n    - ContainerExec\n", "f:4", "ContainerExec runs commands");
}

Test(policy_warn, reads_that_leak) {
    expect_one("p: {allow: [ContainerLogs]}", "f:1", "programs print secrets");
}

Test(policy_warn, a_row_of_its_own_is_not_needed) {
    expect_one("p: {allow: [DebugTrace]}", "f:1", "DebugTrace leads to the host");
}

Test(policy_warn, an_allow_that_a_deny_wins_over) {
    expect_one("p:\n  allow: [ContainerExec]\n  deny: [ContainerExec]\n", "f:2",
               "never allowed: f:3 denies it");
}

Test(policy_warn, a_deny_of_what_nothing_allows) {
    expect_one("p: {allow: [SystemInfo], deny: [ContainerExec]}", "f:1", "needs no deny");
}

Test(policy_warn, a_deny_of_what_an_include_allows_is_meant) {
    expect_one("p: {include: [monitoring], deny: [SystemInfo]}", NULL, NULL);
}

Test(policy_warn, observe) {
    expect_one("p: {mode: observe, allow: [SystemInfo]}", NULL, "nothing is denied");
}

Test(policy_warn, containers) {
    expect_one("p: {allow: [ContainerCreate], containers: {privileged: true}}", NULL,
               "containers.privileged");
}

Test(policy_warn, outside_the_window) {
    PolicyWarning warnings[POLICY_WARNINGS_MAX];
    ApiVersions versions = {.min_minor = 24, .min_judged_minor = 40, .max_minor = 24};

    cr_assert_eq(warnings_of("p: {allow: [SystemPingHead]}", versions, warnings), 1);
    cr_expect_not_null(strstr(warnings[0].text, "can never match"), "%s", warnings[0].text);
}

/* A name in the table that the catalogue doesn't know would warn of nothing. */
Test(policy_warn, rows_name_operations) {
    static const char *const ids[] = {
#define WARN(id, sentence) #id,
#include "policy/policy_warn.def"
#undef WARN
    };

    for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
        cr_expect_not_null(routes_find(span_from(ids[i])), "%s", ids[i]);
}
