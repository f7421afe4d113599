// SPDX-License-Identifier: Apache-2.0
#include "policy/policy_warn.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/support/policies.h"

static Arena *arena;
static PolicySet *set;

static void teardown(void) {
    set = policy_set_free(set);
    arena = arena_free(arena);
}

TestSuite(policy_warn, .fini = teardown);

static size_t warnings_of(const char *yaml, ApiVersions versions, PolicyWarning *ret) {
    DocErrors errors;

    teardown(); /* of the policy before */
    arena = arena_new(LIMIT_ARENA_BYTES);
    set = policies_compile_for(arena, span_from(yaml), &versions, &errors);
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
    cr_assert_not_null(warnings[0].origin, "%s", yaml);
    cr_expect_str_eq(warnings[0].origin, origin, "%s", yaml);
}

/* How many warnings say `part`. */
static size_t count(const char *yaml, const char *part) {
    PolicyWarning warnings[POLICY_WARNINGS_MAX];
    size_t n = warnings_of(yaml, api_versions_default(), warnings), n_found = 0;

    for (size_t i = 0; i < n; i++)
        n_found += strstr(warnings[i].text, part) != NULL;
    return n_found;
}

Test(policy_warn, harmless) {
    expect_one("p: {allow: [ContainerList, SystemInfo, ContainerStart]}", NULL, NULL);
}

Test(policy_warn, what_is_judged_is_not_warned_of) {
    expect_one("p: {allow: [ContainerCreate]}", NULL, NULL);
}

Test(policy_warn, exec) {
    expect_one("p:\n  allow:\n    - SystemInfo\n    - ContainerExec\n", "p.yaml:4",
               "ContainerExec runs commands");
}

Test(policy_warn, reads_that_leak) {
    expect_one("p: {allow: [ContainerLogs]}", "p.yaml:1", "programs print secrets");
}

/* What leads to the host says how, or `containers:` holds it. */
Test(policy_warn, each_way_to_the_host_has_a_row) {
    static const char *const ids[] = {
#define WARN(id, sentence) #id,
#include "policy/policy_warn.def"
#undef WARN
    };
    size_t n;
    const Operation *operations = routes_all(&n);

    for (size_t i = 0; i < n; i++) {
        bool has_row = operations[i].risk != RISK_HOST;

        for (size_t k = 0; k < ARRAY_SIZE(ids); k++)
            has_row = has_row || strcmp(ids[k], operations[i].id) == 0;
        cr_expect(has_row, "%s", operations[i].id);
    }
}

Test(policy_warn, what_is_included_counts) {
    expect_one("p:\n  include: [q]\n  allow: [SystemInfo]\nq: {allow: [ContainerLogs]}\n", "p.yaml:1",
               "ContainerLogs (by include of q) reads what");
    cr_expect_gt(count("p: {include: [all]}", "(by include of all)"), 50);
    cr_expect_gt(count("p: {include: [read-only]}", "(by include of read-only)"), 10);
    cr_expect_eq(count("p: {include: [read-only], deny: [ContainerLogs]}", "ContainerLogs"), 0);
    cr_expect_eq(count("p: {include: [none]}", ""), 0);
}

Test(policy_warn, an_operation_is_said_once) {
    cr_expect_eq(
        count("p: {include: [read-only], allow: [ContainerLogs, {request: GET /**}]}", "ContainerLogs"), 1);
}

Test(policy_warn, what_patterns_reach) {
    expect_one("p:\n  allow:\n    - request: GET /containers/*/logs\n", "p.yaml:3",
               "ContainerLogs (by the pattern GET /containers/*/logs) reads");
    expect_one("p: {allow: [{request: GET /containers/web/logs}]}", "p.yaml:1",
               "ContainerLogs (by the pattern");
    expect_one("p: {allow: [{request: POST /containers/*/logs}]}", "p.yaml:1", NULL);
    cr_expect_eq(count("p: {allow: [{request: GET /**}]}", "ContainerLogs (by"), 1);
    cr_expect_eq(count("p: {allow: [{request: GET /**}]}", "ImageHistory (by"), 1);
    cr_expect_eq(count("p: {allow: [{request: POST /**}]}", "ImagePush (by"), 1);
    cr_expect_eq(count("p: {allow: [{request: POST /**}]}", "ImageTag (by"), 0);
    cr_expect_eq(count("p: {allow: [{request: GET /**}]}", "ContainerArchive"), 0);
    expect_one("p: {allow: [{request: GET /libpod/_ping}]}", "p.yaml:1", NULL);
}

/* T-012: the same object has other names. */
Test(policy_warn, what_is_denied_by_name) {
    static const struct {
        const char *deny;
        bool warned;
    } cases[] = {
        {"GET /containers/secret/*", true}, {"GET /containers/secret/**", true},
        {"'* /containers/db-*/**'", true},  {"GET /images/registry.example.com/**", true},
        {"DELETE /networks/prod", true},    {"GET /containers/*/json", false}, /* all of them */
        {"'* /containers/**'", false},      {"GET /**", false},
        {"GET /volumes/db", false}, /* which have no other */
        {"GET /exec/abc/json", false},      {"GET /info", false},
        {"GET /libpod/x", false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char text[256];

        snprintf(text, sizeof(text), "p: {include: [all], deny: [{request: %s}]}", cases[i].deny);
        cr_expect_eq(count(text, "denies some names only"), cases[i].warned ? 1 : 0, "%s", cases[i].deny);
    }
    cr_expect_eq(count("p: {include: [all], deny: [ContainerInspect]}", "denies some names only"), 0);
}

Test(policy_warn, patterns_that_allow_nothing) {
    expect_one("p: {allow: [{request: GET /containers/*/archive}]}", "p.yaml:1",
               "allows no operation: ContainerArchive leads to the host");
    expect_one("p: {allow: [{request: 'POST /containers/*/kill'}], deny: [ContainerKill]}", "p.yaml:1",
               "allows no operation: ContainerKill is denied by p.yaml:1");
}

Test(policy_warn, an_allow_that_a_pattern_denies) {
    expect_one("p:\n  allow: [ContainerKill]\n  deny: [{request: POST /containers/**}]\n", "p.yaml:2",
               "ContainerKill is never allowed: p.yaml:3 denies it");
    expect_one("p: {allow: [ImageDelete], deny: [{request: DELETE /images/**}]}", "p.yaml:1",
               "never allowed");
    expect_one("p: {allow: [ContainerKill], deny: [{request: POST /containers/web/kill}]}", "p.yaml:1",
               "denies some names only");
    expect_one("p: {allow: [ImageDelete], deny: [{request: DELETE /images/*}]}", "p.yaml:1",
               "denies some names only");
}

Test(policy_warn, keys_without_their_operation) {
    expect_one("p:\n  allow: [SystemInfo]\n  exec: {users: any}\n", "p.yaml:3", "exec: judges nothing");
    expect_one("p:\n  allow: [SystemInfo]\n  build: {remote: false}\n", "p.yaml:3", "build: judges nothing");
    expect_one("p:\n  allow: [SystemInfo]\n  containers: {user: any}\n", "p.yaml:3",
               "containers: judges nothing");
    expect_one("p: {allow: [ContainerUpdate], containers: {user: any}}", "p.yaml:1", NULL);
    expect_one("p: {include: [q], containers: {user: any}}\nq: {allow: [ContainerCreate]}", "p.yaml:1", NULL);
    cr_expect_eq(count("p: {allow: [ImagePush], containers: {images: []}}", "judges nothing"), 0);
    cr_expect_eq(count("p: {allow: [ContainerKill], containers: {signals: []}}", "judges nothing"), 0);
    cr_expect_eq(count("p: {allow: [ContainerKill], containers: {images: []}}", "judges nothing"), 1);
    cr_expect_eq(count("p: {allow: [ImageBuild], build: {remote: true, networks: [host]}}", "build."), 2);
}

Test(policy_warn, attach_held_to_output) {
    expect_one("p:\n  allow: [SystemInfo]\n  attach: output\n", "p.yaml:3", "attach: judges nothing");
    expect_one("p:\n  allow: [ContainerAttach]\n  attach: output\n", "p.yaml:2",
               "ContainerAttach reads what");
    expect_one("p:\n  allow: [ContainerAttach]\n  attach: any\n", "p.yaml:2", "ContainerAttach types into");
    cr_expect_eq(count("p: {attach: output, allow: [ContainerAttach, ContainerAttachWebsocket]}",
                       "ContainerAttachWebsocket is never allowed: attach: output refuses it"),
                 1);
    cr_expect_eq(
        count("p: {attach: output, allow: [ContainerAttach, ContainerAttachWebsocket]}", "types into"), 0);
}

Test(policy_warn, an_allow_that_a_deny_wins_over) {
    expect_one("p:\n  allow: [ContainerExec]\n  deny: [ContainerExec]\n", "p.yaml:2",
               "never allowed: p.yaml:3 denies it");
}

Test(policy_warn, a_deny_of_what_nothing_allows) {
    expect_one("p: {allow: [SystemInfo], deny: [ContainerExec]}", "p.yaml:1", "needs no deny");
}

Test(policy_warn, a_deny_of_what_an_include_allows_is_meant) {
    cr_expect_eq(count("p: {include: [monitoring], deny: [SystemInfo]}", "SystemInfo"), 0);
}

/* What `answers:` hides needs no warning; what it doesn't is said with the key that would. */
Test(policy_warn, answers) {
    expect_one("p:\n  allow: [ContainerInspect]\n", "p.yaml:2",
               "tells the environment and labels of any container: hide");
    expect_one("p:\n  allow: [ContainerInspect]\n  answers: {redact_env: ['*_PASSWORD']}\n", "p.yaml:2",
               "tells the labels of any container: hide them with `answers.redact_labels`");
    expect_one("p: {allow: [ContainerInspect], answers: {redact_env: deny-all, redact_labels: deny-all}}",
               "p.yaml:1", NULL);
    expect_one("p: {allow: [ServiceList], answers: {redact_env: []}}", "p.yaml:1",
               "hide it with `answers.redact_env`");
    expect_one("p: {allow: [ServiceList], answers: {redact_env: deny-all}}", "p.yaml:1", NULL);
    expect_one("p: {allow: [ServiceList], include: [none, q]}\nq: {answers: {redact_env: deny-all}}",
               "p.yaml:1", NULL);
    expect_one("p: {allow: [SwarmInspect], answers: {redact_info: true}}", "p.yaml:1", NULL);
    expect_one("p: {allow: [ServiceInspect], answers: {redact_env: deny-all, restore: true}}", "p.yaml:1",
               "answers.restore: puts nothing back");
    expect_one(
        "p: {allow: [ServiceUpdate], containers: {images: [docker.io/library/a]}, answers: {restore: true}}",
        "p.yaml:1", "answers.restore: puts nothing back");
    expect_one("p:\n  allow: [ServiceInspect, ServiceUpdate]\n  containers: {images: [docker.io/library/a]}\n"
               "  answers: {redact_env: deny-all, restore: true}\n",
               "p.yaml:4", "answers.restore: hides values from being shown, not from who may create");
    expect_one("p:\n  allow: [SystemVersion]\n  answers: {redact_health: true}\n", "p.yaml:3",
               "answers.redact_health: hides nothing");
    expect_one("p: {allow: [{request: GET /libpod/x}], answers: {redact_health: true}}", "p.yaml:1", NULL);
    cr_expect_eq(count("p: {include: [monitoring]}", "tells the environment"), 0);
    cr_expect_eq(count("p: {include: [read-only]}", "tells the environment"), 8);
}

Test(policy_warn, observe) {
    expect_one("p: {mode: observe, allow: [SystemInfo]}", "p.yaml:1", "nothing is denied");
}

Test(policy_warn, containers) {
    expect_one("p: {allow: [ContainerCreate], containers: {privileged: true}}", "p.yaml:1",
               "containers.privileged");
}

Test(policy_warn, outside_the_window) {
    PolicyWarning warnings[POLICY_WARNINGS_MAX];
    ApiVersions versions = {.min_minor = 24, .min_judged_minor = 40, .max_minor = 24};

    cr_assert_eq(warnings_of("p: {allow: [SystemPingHead]}", versions, warnings), 1);
    cr_expect_not_null(strstr(warnings[0].text, "can never match"), "%s", warnings[0].text);
}

Test(policy_warn, bodies_outside_the_window) {
    PolicyWarning warnings[POLICY_WARNINGS_MAX];
    ApiVersions versions = {.min_minor = 24, .min_judged_minor = 45, .max_minor = 44};

    cr_assert_eq(warnings_of("p: {allow: [ContainerCreate, SystemInfo]}", versions, warnings), 1);
    cr_expect_not_null(strstr(warnings[0].text, "ContainerCreate can never match"), "%s", warnings[0].text);
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

Test(policy_warn, a_scope) {
    expect_one("p: {allow: [ContainerInspect], scope: {own: true}}", NULL, NULL);
    cr_expect_eq(count("p: {allow: [ContainerExec, SystemAuth], scope: {own: true}}",
                       "ContainerExec (within its scope) runs commands in any container"),
                 1);
    cr_expect_eq(
        count("p: {allow: [ContainerExec, SystemAuth], scope: {own: true}}", "SystemAuth makes the engine"),
        1);
    expect_one("p: {allow: [ContainerInspect, ImageLoad], scope: {own: true}}", "p.yaml:1",
               "ImageLoad is never allowed: it can't be held to the scope");
    cr_expect_eq(count("q: {allow: [ContainerStart], scope: {own: true}}\np: {include: [q]}",
                       "includes q, whose scope doesn't hold here"),
                 1);
    cr_expect_eq(
        count("q: {allow: [ContainerStart], scope: {own: true}}\np: {include: [q], scope: {own: true}}",
              "whose scope"),
        0);
}

/* What one tenant makes is in another's scope, where the two go by different labels. */
Test(policy_warn, scopes_that_meet) {
    static const struct {
        const char *a, *b;
        size_t warned; /* of a */
    } cases[] = {
        {"{own: true}", "{own: true}", 0},
        {"{own: true}", "{labels: {team: b}}", 1},
        {"{own: true}", "{own: true, labels: {team: b}}", 0},
        {"{own: true}", "{compose_project: shop}", 1},
        {"{labels: {team: a}}", "{labels: {team: b}}", 0},
        {"{labels: {team: a}}", "{labels: {team: a, env: test}}", 1},
        {"{labels: {team: a, env: test}}", "{labels: {team: a}}", 0}, /* a is a part of b */
        {"{labels: {team: a}}", "{names: [b-*]}", 1},
        {"{names: [a-*]}", "{labels: {team: b}}", 1},
        {"{names: [a-*]}", "{names: [b-*]}", 0},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        for (size_t makes = 0; makes < 2; makes++) {
            char yaml[256];

            snprintf(yaml, sizeof(yaml),
                     "b: {allow: [ContainerList], scope: %s}\np: {allow: [%s], scope: %s}", cases[i].b,
                     makes ? "VolumeCreate" : "ContainerList", cases[i].a);
            cr_expect_eq(count(yaml, "scope: what it makes can be in the scope of b as well"),
                         makes ? cases[i].warned : 0, "%s", yaml);
        }
}
