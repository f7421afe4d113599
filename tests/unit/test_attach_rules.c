// SPDX-License-Identifier: Apache-2.0
#include "policy/attach_rules.h"

#include <criterion/criterion.h>

static Request request_of(Arena *arena, Method method, const char *target) {
    Request request = {.method = method};
    const char *detail;

    cr_assert_eq(target_parse(arena, span_from(target), &request.target, &detail), REASON_OK, "%s", target);
    request.operation = routes_match(method, &request.target, &request.object);
    return request;
}

/* The words of moby's httputils.BoolValue, and what is none of them. */
Test(attach_rules, words_for_false) {
    static const char *const yes[] = {"",     "0",  "no", "No",     "false",    "FALSE", "none",
                                      "nOnE", " 0", "0 ", "\tno\n", " \v\f\r ", "  ",    "\nfalse\r\n"};
    static const char *const no[] = {"1",
                                     "true",
                                     "t",
                                     "yes",
                                     "00",
                                     "0x0",
                                     "f",
                                     "n",
                                     "off",
                                     "-0",
                                     "0 0",
                                     "nul",
                                     "fals",
                                     "falsee",
                                     "nonee",
                                     "\xc2\xa0"
                                     "0",
                                     "0.0",
                                     "\"0\""};

    for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
        cr_expect(attach_rules_is_false(span_from(yes[i])), "'%s'", yes[i]);
    for (size_t i = 0; i < ARRAY_SIZE(no); i++)
        cr_expect_not(attach_rules_is_false(span_from(no[i])), "'%s'", no[i]);
    cr_expect_not(attach_rules_is_false((Span){.data = "0\0", .size = 2}));
}

Test(attach_rules, requests) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 20);
    static const struct {
        Method method;
        const char *target;
        Reason reason;
        const char *field;
    } cases[] = {
        {METHOD_POST, "/v1.41/containers/x/attach", REASON_UNDECIDED, NULL},
        {METHOD_POST, "/v1.41/containers/x/attach?stream=1&stdout=1&stdin=0", REASON_UNDECIDED, NULL},
        {METHOD_POST, "/v1.41/containers/x/attach?stdin=1", REASON_QUERY_NOT_ALLOWED, "query.stdin"},
        {METHOD_POST, "/v1.41/containers/x/attach?stdin=off", REASON_QUERY_NOT_ALLOWED, "query.stdin"},
        {METHOD_POST, "/v1.41/containers/x/attach?stdin=0&stdin=1", REASON_QUERY_NOT_ALLOWED, "query.stdin"},
        {METHOD_POST, "/v1.41/containers/x/attach?stdin=1&stdin=0", REASON_QUERY_NOT_ALLOWED, "query.stdin"},
        {METHOD_POST, "/v1.41/containers/x/attach?Stdin=true", REASON_QUERY_NOT_ALLOWED, "query.Stdin"},
        {METHOD_POST, "/v1.41/containers/x/attach?%73tdin=1", REASON_QUERY_NOT_ALLOWED, "query.stdin"},
        {METHOD_GET, "/v1.41/containers/x/attach/ws", REASON_OPERATION_NOT_ALLOWED, NULL},
        {METHOD_GET, "/v1.41/containers/x/attach/ws?stdin=0", REASON_OPERATION_NOT_ALLOWED, NULL},
        {METHOD_POST, "/v1.41/exec/x/start?stdin=1", REASON_UNDECIDED, NULL},
        {METHOD_GET, "/libpod/thing?stdin=1", REASON_UNDECIDED, NULL},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Request request = request_of(arena, cases[i].method, cases[i].target);
        Verdict verdict = attach_rules_judge(arena, &request);

        cr_expect_eq(verdict.reason, cases[i].reason, "%s: %s", cases[i].target,
                     reason_label(verdict.reason));
        cr_expect_eq(verdict.effect, EFFECT_DENY);
        if (cases[i].field)
            cr_expect_str_eq(verdict.field, cases[i].field);
        if (verdict.reason != REASON_UNDECIDED)
            cr_expect_str_eq(verdict.rule, "attach");
        cr_expect_eq(attach_rules_drop(&request),
                     strstr(cases[i].target, "/attach") && cases[i].method == METHOD_POST);
    }
}

/* Without memory for words it still is a refusal. */
Test(attach_rules, no_memory) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 20), *none = arena_new(1);
    Request request = request_of(arena, METHOD_POST, "/containers/x/attach?stdin=1");
    Verdict verdict = attach_rules_judge(none, &request);

    cr_expect_eq(verdict.reason, REASON_QUERY_NOT_ALLOWED);
    cr_expect_str_eq(verdict_rule(&verdict), "attach");
    cr_expect_not_null(verdict_detail(&verdict));
}
