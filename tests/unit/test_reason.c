// SPDX-License-Identifier: Apache-2.0
/* reason.c and, since it is a page of look-ups over it, verdict.c. */
#include "policy/verdict.h"

#include <criterion/criterion.h>

Test(reason, every_code_has_its_own_row) {
    for (Reason a = REASON_UNDECIDED; a < REASON_MAX_; a++) {
        const char *label = reason_label(a);
        const char *sentence = reason_sentence(a);

        cr_assert(label && *label, "reason %d", (int) a);
        cr_assert(sentence && *sentence, "reason %d", (int) a);
        cr_expect_neq(sentence[strlen(sentence) - 1], '.', "%s", label);
        for (const char *c = label; *c; c++)
            cr_expect((*c >= 'a' && *c <= 'z') || *c == '_', "%s", label);
        for (Reason b = REASON_UNDECIDED; b < a; b++)
            cr_expect_str_neq(label, reason_label(b));
    }
}

Test(reason, statuses_are_those_of_the_contract) {
    static const struct {
        Reason reason;
        unsigned status;
        bool closes;
    } cases[] = {
        {REASON_UNDECIDED, 403, true},         {REASON_OK, 0, false},
        {REASON_HTTP_SYNTAX, 400, true},       {REASON_HTTP_FRAMING, 400, true},
        {REASON_HTTP_EXPECT, 417, true},       {REASON_TARGET_PATH, 400, true},
        {REASON_TARGET_TOO_LARGE, 414, true},  {REASON_BODY_UNEXPECTED, 400, true},
        {REASON_JSON_SYNTAX, 400, false},      {REASON_JSON_AMBIGUOUS, 400, false},
        {REASON_HEADER_TIMEOUT, 408, true},    {REASON_BODY_TOO_LARGE, 413, true},
        {REASON_CONTENT_TYPE, 415, false},     {REASON_CONTENT_ENCODING, 415, false},
        {REASON_HEADERS_TOO_LARGE, 431, true}, {REASON_OPERATION_UNKNOWN, 403, false},
        {REASON_FIELD_UNKNOWN, 403, false},    {REASON_ENGINE_UNREACHABLE, 502, false},
        {REASON_ENGINE_CLOSED, 502, false},    {REASON_ENGINE_TIMEOUT, 504, false},
        {REASON_AUDIT_FAILED, 503, false},     {REASON_CONNECTION_LIMIT, 503, true},
        {REASON_SHUTTING_DOWN, 503, true},     {REASON_CLIENT_CLOSED, 503, true},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cr_expect_eq(reason_http_status(cases[i].reason), cases[i].status, "%s",
                     reason_label(cases[i].reason));
        cr_expect_eq(reason_closes_connection(cases[i].reason), cases[i].closes, "%s",
                     reason_label(cases[i].reason));
    }
}

Test(reason, only_ok_has_no_status) {
    for (Reason reason = REASON_UNDECIDED; reason < REASON_MAX_; reason++)
        cr_expect_eq(reason_http_status(reason) == 0, reason == REASON_OK, "%s", reason_label(reason));
}

Test(reason, a_code_out_of_range_is_a_deny) {
    cr_expect_eq(reason_http_status(REASON_MAX_), 403);
    cr_expect_eq(reason_http_status((Reason) -1), 403);
    cr_expect_str_eq(reason_label((Reason) 9999), "undecided");
    cr_expect(reason_closes_connection((Reason) 9999));
}

Test(verdict, all_zero_denies) {
    Verdict verdict = {0};

    cr_expect_not(verdict_forwards(&verdict));
    cr_expect_str_eq(effect_name(verdict.effect), "deny");
    cr_expect_str_eq(verdict_rule(&verdict), "undecided");
    cr_expect_str_eq(verdict_detail(&verdict), reason_sentence(REASON_UNDECIDED));
}

Test(verdict, words) {
    Verdict verdict = {.effect = EFFECT_OBSERVE,
                       .reason = REASON_FIELD_NOT_ALLOWED,
                       .rule = "containers.privileged",
                       .detail = "HostConfig.Privileged=true"};

    cr_expect(verdict_forwards(&verdict));
    cr_expect_str_eq(verdict_rule(&verdict), "containers.privileged");
    cr_expect_str_eq(verdict_detail(&verdict), "HostConfig.Privileged=true");
    cr_expect_str_eq(effect_name(EFFECT_ALLOW), "allow");
    cr_expect_str_eq(effect_name(EFFECT_OBSERVE), "observe");
    cr_expect_str_eq(effect_name(EFFECT_INVALID), "invalid");
    cr_expect_str_eq(effect_name(EFFECT_ERROR), "error");
    cr_expect_str_eq(effect_name((Effect) 99), "deny");
}
