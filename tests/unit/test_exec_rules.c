// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "policy/exec_rules.h"

static Arena *arena;

static void setup(void) {
    arena = arena_new(1u << 20);
}

static void teardown(void) {
    arena = arena_free(arena);
}

TestSuite(exec_rules, .init = setup, .fini = teardown);

static const char *command(const char *json) {
    CLEANUP(body_free_p) Body *body = NULL;
    const char *detail;

    cr_assert_eq(body_parse(arena, span_from(json), &body, &detail), REASON_OK, "%s", json);
    return exec_rules_command(arena, body_root(body));
}

/* No two vectors have one text. */
Test(exec_rules, command_as_text) {
    static const struct {
        const char *json, *text;
    } cases[] = {
        {"[]", ""},
        {"[\"id\"]", "id"},
        {"[\"/bin/a\",\"-x=1\",\"b:c\"]", "/bin/a -x=1 b:c"},
        {"[\"a b\"]", "\"a b\""},
        {"[\"a\",\"b\"]", "a b"},
        {"[\"a\",\"\"]", "a \"\""},
        {"[\"a\",\"\\\"\\\"\"]", "a \"\\\"\\\"\""},
        {"[\"a\\\\\"]", "\"a\\\\\""},
        {"[\"a\\nb\\u007f\"]", "\"a\\x0ab\\x7f\""},
        {"[\"'a'\"]", "\"'a'\""},
        {"[\"caf\\u00e9\"]", "\"caf\xC3\xA9\""},
        {"[\"sh\",\"-c\",\"id; ls\"]", "sh -c \"id; ls\""},
        {"[\"a*\",\"?\"]", "a* ?"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *text = command(cases[i].json);

        cr_assert_not_null(text, "%s", cases[i].json);
        cr_expect_str_eq(text, cases[i].text, "%s: %s", cases[i].json, text);
    }
}

Test(exec_rules, no_argument_vector) {
    cr_expect_null(command("{\"Cmd\":\"id\"}"));
    cr_expect_null(command("[1]"));
    cr_expect_null(command("[\"a\",null]"));
    cr_expect_null(command("[[\"a\"]]"));
    cr_expect_null(exec_rules_command(arena, NULL));
}

/* A key given here replaces what the profile says, in both directions, and nothing else that was found. */
Test(exec_rules, privileged_replaces_the_profile) {
    CLEANUP(body_free_p) Body *body = NULL;
    Findings *findings = arena_alloc(arena, sizeof(*findings));
    ExecRules exec = {.has_privileged = true, .privileged = true};
    const char *detail;

    cr_assert_eq(body_parse(arena, SPAN("{\"Privileged\":true,\"Cmd\":[\"id\"]}"), &body, &detail),
                 REASON_OK);
    findings->items[0] = (Finding){.reason = REASON_FIELD_NOT_ALLOWED, .rule = "exec.privileged"};
    findings->items[1] = (Finding){.reason = REASON_FIELD_UNKNOWN, .rule = "exec.unknown_fields"};
    findings->n = 2;
    exec_rules_judge(arena, &exec, body, findings);
    cr_assert_eq(findings->n, 1);
    cr_expect_str_eq(findings->items[0].rule, "exec.unknown_fields");

    exec.privileged = false;
    exec_rules_judge(arena, &exec, body, findings);
    cr_assert_eq(findings->n, 2);
    cr_expect_str_eq(findings->items[1].rule, "exec.privileged");

    exec = (ExecRules){0};
    exec_rules_judge(arena, &exec, body, findings);
    cr_expect_eq(findings->n, 2, "not given: left as it is");
    exec_rules_judge(arena, &exec, NULL, findings);
    cr_expect_eq(findings->n, 2);
}
