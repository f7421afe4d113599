// SPDX-License-Identifier: Apache-2.0
#include "policy/trace.h"

#include <criterion/criterion.h>

#include "policy/judge.h"

static Trace trace;

static void setup(void) {
    trace = (Trace){.arena = arena_new(LIMIT_ARENA_BYTES)};
    cr_assert_not_null(trace.arena);
}

static void teardown(void) {
    trace.arena = arena_free(trace.arena);
}

TestSuite(trace, .init = setup, .fini = teardown);

static size_t count(void) {
    size_t n = 0;

    for (const TraceEntry *entry = trace.first; entry; entry = entry->next)
        n++;
    return n;
}

static const TraceEntry *at(size_t index) {
    const TraceEntry *entry = trace.first;

    while (entry && index-- > 0)
        entry = entry->next;
    cr_assert_not_null(entry);
    return entry;
}

static TraceEntry *note(const char *place, const char *value, TraceMark mark) {
    TraceEntry *entry = trace_note(&trace, &(TraceEntry){.place = place, .value = value, .mark = mark});

    cr_assert_not_null(entry);
    return entry;
}

static void object(const char *place, const char *rule, const char *why, Reason reason) {
    trace_object(&trace, &(TraceEntry){.place = place, .rule = rule, .reason = why, .hint = "do otherwise"},
                 reason);
}

/* --- without a trace */

Test(trace, none_is_none) {
    Findings findings = {.n = 1, .items = {{.reason = REASON_FIELD_NOT_ALLOWED, .field = "a"}}};
    Verdict verdict = {.reason = REASON_BODY_MISSING};

    cr_expect_null(trace_note(NULL, &(TraceEntry){.place = "a"}));
    trace_allow(NULL, "a", "r");
    trace_object(NULL, &(TraceEntry){.place = "a"}, REASON_FIELD_NOT_ALLOWED);
    trace_findings(NULL, &findings);
    trace_verdict(NULL, "body", &verdict);
}

/* --- names */

Test(trace, each_mark_has_a_name_of_its_own) {
    for (TraceMark mark = TRACE_UNJUDGED; mark <= TRACE_DROPPED; mark++)
        for (TraceMark other = TRACE_UNJUDGED; other < mark; other++)
            cr_expect_str_neq(trace_mark_name(mark), trace_mark_name(other));
    cr_expect_str_eq(trace_mark_name(TRACE_UNSET), "not set");
    cr_expect_str_eq(trace_mark_name((TraceMark) (TRACE_DROPPED + 1)), "not judged");
}

/* --- notes */

Test(trace, in_the_order_of_looking) {
    TraceEntry local = {.place = "b", .value = "2", .rule = "r", .mark = TRACE_FREE};
    const TraceEntry *copy;

    note("a", "1", TRACE_UNSET);
    copy = trace_note(&trace, &local);
    local.value = "3"; /* a copy was taken */
    cr_assert_eq(count(), 2);
    cr_expect_str_eq(at(0)->place, "a");
    cr_expect_eq(at(1), copy);
    cr_expect_str_eq(at(1)->value, "2");
    cr_expect_str_eq(at(1)->rule, "r");
    cr_expect_eq(at(1)->mark, TRACE_FREE);
    cr_expect_eq(trace.last, copy);
}

Test(trace, what_is_copied_has_no_next) {
    TraceEntry first = *note("a", "1", TRACE_FREE);

    first.next = trace.first;
    cr_assert_not_null(trace_note(&trace, &first));
    cr_expect_eq(count(), 2);
}

Test(trace, what_has_no_memory_is_counted) {
    cr_expect_null(trace_note(&trace, &(TraceEntry){.place = NULL}));
    cr_expect_eq(trace.n_lost, 1);
    trace_object(&trace, &(TraceEntry){.place = NULL}, REASON_FIELD_NOT_ALLOWED);
    cr_expect_eq(trace.n_lost, 2);
    trace.arena = arena_free(trace.arena);
    trace.arena = arena_new(sizeof(TraceEntry) + 8);
    for (size_t i = 0; i < 1000; i++)
        (void) trace_note(&trace, &(TraceEntry){.place = "a"});
    cr_expect_gt(count(), 0);
    cr_expect_eq(count() + trace.n_lost, 1002);
}

/* --- what passes */

Test(trace, a_rule_allows) {
    note("a", "1", TRACE_FREE);
    note("b", "1", TRACE_FREE);
    trace_allow(&trace, "a", "containers.limits");
    cr_expect_eq(at(0)->mark, TRACE_ALLOWED);
    cr_expect_str_eq(at(0)->rule, "containers.limits");
    cr_expect_eq(at(1)->mark, TRACE_FREE);
    cr_expect_null(at(1)->rule);
    trace_allow(&trace, NULL, "r"); /* no memory for the place */
    trace_allow(&trace, "A", "r");  /* keys of JSON differ by their case */
    trace_allow(&trace, "c", "r");  /* nothing is noted that wasn't looked at */
    cr_expect_str_eq(at(0)->rule, "containers.limits");
    cr_expect_eq(count(), 2);
}

Test(trace, what_is_not_set_stays_so) {
    note("a", "0", TRACE_UNSET);
    trace_allow(&trace, "a", "r");
    cr_expect_eq(at(0)->mark, TRACE_UNSET);
    cr_expect_null(at(0)->rule);
}

Test(trace, allowing_takes_an_objection_back) {
    note("a", "1", TRACE_FREE);
    object("a", "first", "a=1", REASON_FIELD_NOT_ALLOWED);
    trace_allow(&trace, "a", "second");
    cr_expect_eq(at(0)->mark, TRACE_ALLOWED);
    cr_expect_null(at(0)->reason);
    cr_expect_null(at(0)->hint);
}

/* --- what doesn't */

Test(trace, an_objection_marks_what_was_noted) {
    note("a", "1", TRACE_FREE);
    note("b", "2", TRACE_FREE);
    object("b", "rule", "b=2", REASON_FIELD_NOT_ALLOWED);
    cr_assert_eq(count(), 2);
    cr_expect_eq(at(0)->mark, TRACE_FREE);
    cr_expect_eq(at(1)->mark, TRACE_DENIED);
    cr_expect_str_eq(at(1)->value, "2");
    cr_expect_str_eq(at(1)->rule, "rule");
    cr_expect_str_eq(at(1)->reason, "b=2");
    cr_expect_str_eq(at(1)->hint, "do otherwise");
}

Test(trace, an_objection_to_what_is_not_there_is_noted) {
    object("HostConfig.Memory", "containers.limits", "HostConfig.Memory is not set",
           REASON_FIELD_NOT_ALLOWED);
    cr_assert_eq(count(), 1);
    cr_expect_str_eq(at(0)->place, "HostConfig.Memory");
    cr_expect_null(at(0)->value);
    cr_expect_eq(at(0)->mark, TRACE_DENIED);
}

/* Whatever the policy says: a 400. */
Test(trace, invalid_is_another_mark) {
    object("a", NULL, NULL, REASON_JSON_AMBIGUOUS);
    cr_expect_eq(at(0)->mark, TRACE_INVALID);
    cr_expect_str_eq(at(0)->rule, reason_label(REASON_JSON_AMBIGUOUS));
    cr_expect_str_eq(at(0)->reason, reason_sentence(REASON_JSON_AMBIGUOUS));
}

Test(trace, headers_are_found_in_any_case) {
    note("header x-registry-auth", "…", TRACE_FREE);
    object("header X-Registry-Auth", "r", "bad", REASON_FIELD_NOT_ALLOWED);
    cr_expect_eq(count(), 1);
    cr_expect_eq(at(0)->mark, TRACE_DENIED);
    note("query.all", "1", TRACE_FREE);
    object("query.ALL", "r", "bad", REASON_QUERY_NOT_ALLOWED);
    cr_expect_eq(count(), 3);
    cr_expect_eq(at(1)->mark, TRACE_FREE);
}

/* A key that stands twice: the entry that the sentence quotes is the one that is wrong. */
Test(trace, of_twins_the_one_that_is_quoted) {
    note("query.changes", "A", TRACE_FREE);
    note("query.changes", "B", TRACE_FREE);
    object("query.changes", "r", "query.changes=B", REASON_QUERY_NOT_ALLOWED);
    cr_expect_eq(at(0)->mark, TRACE_FREE);
    cr_expect_eq(at(1)->mark, TRACE_DENIED);
    object("query.changes", "r", "query.changes=A", REASON_QUERY_NOT_ALLOWED);
    cr_expect_eq(count(), 2);
    cr_expect_eq(at(0)->mark, TRACE_DENIED);
}

Test(trace, of_twins_the_one_that_was_marked) {
    note("query.changes", "A", TRACE_FREE);
    note("query.changes", "B", TRACE_DENIED);
    object("query.changes", "r", "query.changes is set", REASON_QUERY_NOT_ALLOWED);
    cr_expect_null(at(0)->reason);
    cr_expect_str_eq(at(1)->reason, "query.changes is set");
}

Test(trace, the_same_twice_is_said_once) {
    note("a", "1", TRACE_FREE);
    object("a", "r", "a is wrong", REASON_FIELD_NOT_ALLOWED);
    object("a", "r", "a is wrong", REASON_FIELD_NOT_ALLOWED);
    cr_expect_eq(count(), 1);
    object("a", "other", "a is wrong", REASON_FIELD_NOT_ALLOWED); /* by another rule it is another one */
    cr_expect_eq(count(), 2);
    object("a", "r", "a is worse", REASON_FIELD_NOT_ALLOWED);
    cr_expect_eq(count(), 3);
}

Test(trace, the_same_value_again_is_as_wrong) {
    note("a", "1", TRACE_FREE);
    note("a", "1", TRACE_FREE);
    object("a", "r", "a=1", REASON_FIELD_NOT_ALLOWED);
    object("a", "r", "a=1", REASON_FIELD_NOT_ALLOWED);
    cr_expect_eq(count(), 2);
    cr_expect_eq(at(0)->mark, TRACE_DENIED);
    cr_expect_eq(at(1)->mark, TRACE_DENIED);
    object("a", "r", "a=1", REASON_FIELD_NOT_ALLOWED);
    cr_expect_eq(count(), 2);
}

Test(trace, told) {
    static const struct {
        TraceEntry entry;
        const char *reason;
        bool told;
    } cases[] = {
        {{.place = "a", .value = "1"}, "a=1", true},
        {{.place = "a", .value = "1"}, "a=12", false},
        {{.place = "a", .value = "1"}, "a=1: not read-only", false},
        {{.place = "a", .value = "1"}, "ab=1", false},
        {{.place = "ab", .value = "1"}, "a=1", false},
        {{.place = "a", .value = NULL}, "a=1", false},
        {{.place = "a", .value = "1"}, NULL, false},
        {{.place = "a", .value = ""}, "a=", true},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        cr_expect_eq(trace_is_told(&cases[i].entry, cases[i].reason), cases[i].told, "case %zu", i);
}

/* --- from findings and verdicts */

Test(trace, findings) {
    Findings findings = {.n = 3,
                         .items = {{.reason = REASON_FIELD_NOT_ALLOWED,
                                    .rule = "r",
                                    .field = "HostConfig.Privileged",
                                    .detail = "HostConfig.Privileged=true",
                                    .hint = "h"},
                                   {.reason = REASON_FIELD_TYPE, .field = "", .detail = "the body: array"},
                                   {.reason = REASON_FIELD_UNKNOWN, .detail = "no field"}}};

    note("HostConfig.Privileged", "true", TRACE_FREE);
    trace_findings(&trace, &findings);
    cr_assert_eq(count(), 3);
    cr_expect_eq(at(0)->mark, TRACE_DENIED);
    cr_expect_str_eq(at(0)->hint, "h");
    cr_expect_str_eq(at(1)->place, "body");
    cr_expect_str_eq(at(1)->reason, "the body: array");
    cr_expect_str_eq(at(2)->place, "body");
}

/* More than are worded: only those that are can be told. */
Test(trace, findings_past_the_limit) {
    Findings findings = {.n = LIMIT_FINDINGS + 5};

    for (size_t i = 0; i < LIMIT_FINDINGS; i++)
        findings.items[i] = (Finding){.reason = REASON_FIELD_NOT_ALLOWED,
                                      .rule = "r",
                                      .field = arena_printf(trace.arena, "f%zu", i),
                                      .detail = "d"};
    trace_findings(&trace, &findings);
    cr_expect_eq(count(), LIMIT_FINDINGS);
}

Test(trace, verdicts) {
    Verdict body = {.reason = REASON_BODY_MISSING};
    Verdict field = {.reason = REASON_QUERY_NOT_ALLOWED,
                     .rule = "allow.query",
                     .field = "query.follow",
                     .detail = "follow=1",
                     .hint = "h"};

    trace_verdict(&trace, "body", &body);
    trace_verdict(&trace, "operation", &field);
    cr_assert_eq(count(), 2);
    cr_expect_str_eq(at(0)->place, "body");
    cr_expect_str_eq(at(0)->reason, verdict_detail(&body));
    cr_expect_str_eq(at(1)->place, "query.follow");
    cr_expect_str_eq(at(1)->rule, "allow.query");
    cr_expect_str_eq(at(1)->hint, "h");
}
