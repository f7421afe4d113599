// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "policy/compile.h"

Test(where, of_each_kind_of_refusal) {
    static const Span text = SPAN("policies:\n"
                                  "  p:\n"
                                  "    allow: [ContainerCreate]\n"
                                  "    containers:\n"
                                  "      profile: baseline\n"
                                  "  bare: {}\n");
    const struct {
        const char *policy;
        Verdict verdict;
        const char *where;
    } cases[] = {
        {"p", {.rule = "deny", .origin = "p.yaml:9"}, "p.yaml:9"},
        {"p", {.rule = "containers.privileged", .reason = REASON_FIELD_NOT_ALLOWED}, "p.yaml:5"},
        {"p", {.rule = "containers"}, "p.yaml:5"},
        {"p", {.rule = "containersx"}, NULL},
        {"p", {.rule = "exec.users"}, "p.yaml:2"},
        {"bare", {.rule = "containers.privileged"}, "p.yaml:6"},
        {"p", {.rule = "allow", .reason = REASON_OPERATION_NOT_ALLOWED}, "not allowed by any rule"},
        {"p", {.reason = REASON_OPERATION_UNKNOWN}, "not allowed by any rule"},
        {"p", {.rule = "api_versions.min"}, NULL},
        {"p", {.effect = EFFECT_OBSERVE, .rule = "containers"}, "p.yaml:5"},
        {"p", {.effect = EFFECT_INVALID, .rule = "containers"}, NULL},
        {"p", {.effect = EFFECT_ALLOW, .rule = "allow", .origin = "p.yaml:3"}, NULL},
    };
    CLEANUP(arena_free_p) Arena *arena = arena_new(16u << 20);
    DocErrors errors = {.arena = arena, .file = "p.yaml"};
    ApiVersions versions = api_versions_default();
    const DocNode *root = doc_parse(arena, text, &errors);
    PolicySet *set = policy_set_compile(doc_get(root, "policies"), &versions, &errors);

    cr_assert_not_null(set);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *where = policy_where(policy_set_get(set, span_from(cases[i].policy)), &cases[i].verdict);

        if (cases[i].where)
            cr_expect(where && strcmp(where, cases[i].where) == 0, "%zu: %s", i, where ? where : "NULL");
        else
            cr_expect_null(where, "%zu: %s", i, where);
    }
    cr_expect_null(policy_where(NULL, &cases[0].verdict));
    policy_set_free(set);
}
