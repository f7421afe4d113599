// SPDX-License-Identifier: Apache-2.0
/* Until when a request stays allowed, and which entries have run out. */
#include <criterion/criterion.h>

#include "policy/grant_warn.h"
#include "policy/time_text.h"
#include "tests/support/policies.h"

static Arena *arena;
static PolicySet *set;

static const Span POLICIES =
    SPAN("policies:\n"
         "  plain: {allow: [SystemInfo]}\n"
         "  until: {allow: [{operation: SystemInfo, until: 2026-12-01T18:00:00Z}]}\n"
         "  two:\n"
         "    allow:\n"
         "      - {operation: SystemInfo, until: 2026-12-01T18:00:00Z}\n"
         "      - {operation: SystemInfo, until: 2026-12-03T18:00:00Z}\n"
         "      - {operation: SystemInfo, until: 2026-12-02T18:00:00Z}\n"
         "      - {operation: SystemVersion, until: 2026-12-09T18:00:00Z}\n"
         "  unlimited: {include: [until], allow: [{request: GET /info}]}\n"
         "  query:\n"
         "    allow:\n"
         "      - {operation: ContainerLogs, until: 2026-12-01T18:00:00Z}\n"
         "      - {operation: ContainerLogs, query: {follow: ['0', '']}}\n"
         "  row:\n"
         "    allow:\n"
         "      - {operation: SystemInfo, when: ['Tue 00:00-12:00', 'Tue 12:00-18:00'], zone: Z}\n"
         "      - {operation: SystemInfo, when: 'Tue 17:00-02:00', zone: Z}\n"
         "  week: {allow: [{operation: SystemInfo, when: 00:00-24:00, zone: Z}]}\n"
         "  exec:\n"
         "    allow:\n"
         "      - {request: 'POST /containers/**', until: 2026-12-09T18:00:00Z}\n"
         "      - {operation: ContainerExec, until: 2026-12-01T18:00:00Z}\n"
         "  watch: {mode: observe, allow: [{operation: SystemInfo, until: 2026-12-01T18:00:00Z}]}\n"
         "  includes: {include: [until, two]}\n");

static const char *look(void *ctx UNUSED, Arena *to UNUSED, const char *name UNUSED, const ZoneSpan **ret,
                        size_t *ret_n) {
    static const ZoneSpan span = {.since = TIME_CLOCK_FIRST};

    *ret = &span;
    *ret_n = 1;
    return NULL;
}

static void setup(void) {
    ApiVersions versions = api_versions_default();
    DocErrors errors;

    arena = arena_new(16u << 20);
    set = policies_compile_for(arena, POLICIES, &versions, &errors);
    policy_set_zones(set, look, NULL, &errors);
}

static void teardown(void) {
    set = policy_set_free(set);
    arena = arena_free(arena);
}

TestSuite(holds, .init = setup, .fini = teardown);

static Request request_at(Method method, const char *target, const char *now) {
    Request request = {.method = method};
    const char *detail;

    cr_assert_eq(target_parse(arena, span_from(target), &request.target, &detail), REASON_OK, "%s", target);
    request.operation = routes_match(method, &request.target, &request.object);
    cr_assert_null(time_text_parse(span_from(now), &request.now));
    return request;
}

static const char *shown(int64_t at) {
    return at == POLICY_FOREVER ? "forever" : at == 0 ? "no" : time_text_show(arena, at);
}

Test(holds, until) {
    static const struct {
        const char *policy;
        Method method;
        const char *target, *now, *until, *ends;
    } cases[] = {
        {"plain", METHOD_GET, "/v1.41/info", "2026-12-01T10:00:00Z", "forever", "forever"},
        {"until", METHOD_GET, "/v1.41/info", "2026-12-01T10:00:00Z", "2026-12-01T18:00:00Z",
         "2026-12-01T18:00:00Z"},
        {"until", METHOD_GET, "/v1.41/info", "2026-12-01T18:00:00Z", "no", "2026-12-01T18:00:00Z"},
        {"until", METHOD_GET, "/v1.41/version", "2026-12-01T10:00:00Z", "no", "2026-12-01T10:00:00Z"},
        /* The last of several, in whatever order, but only of those that speak of it. */
        {"two", METHOD_GET, "/v1.41/info", "2026-12-01T10:00:00Z", "2026-12-03T18:00:00Z",
         "2026-12-03T18:00:00Z"},
        {"two", METHOD_GET, "/v1.41/info", "2026-12-04T10:00:00Z", "no", "2026-12-04T10:00:00Z"},
        {"includes", METHOD_GET, "/v1.41/info", "2026-12-01T10:00:00Z", "2026-12-03T18:00:00Z",
         "2026-12-03T18:00:00Z"},
        {"unlimited", METHOD_GET, "/v1.41/info", "2026-12-01T10:00:00Z", "forever", "forever"},
        {"query", METHOD_GET, "/v1.41/containers/x/logs", "2026-12-01T10:00:00Z", "forever", "forever"},
        {"query", METHOD_GET, "/v1.41/containers/x/logs?follow=1", "2026-12-01T10:00:00Z",
         "2026-12-01T18:00:00Z", "2026-12-01T18:00:00Z"},
        /* Windows that follow each other are one. */
        {"row", METHOD_GET, "/v1.41/info", "2026-12-01T10:00:00Z", "2026-12-01T12:00:00Z",
         "2026-12-02T02:00:00Z"},
        {"row", METHOD_GET, "/v1.41/info", "2026-12-01T17:30:00Z", "2026-12-02T02:00:00Z",
         "2026-12-02T02:00:00Z"},
        {"row", METHOD_GET, "/v1.41/info", "2026-12-02T02:00:00Z", "no", "2026-12-02T02:00:00Z"},
        {"week", METHOD_GET, "/v1.41/info", "2026-12-01T10:00:00Z", "2026-12-02T00:00:00Z", "forever"},
        /* A pattern grants nothing that leads to the host, for no time. */
        {"exec", METHOD_POST, "/v1.41/containers/x/exec", "2026-12-01T10:00:00Z", "2026-12-01T18:00:00Z",
         "2026-12-01T18:00:00Z"},
        {"exec", METHOD_POST, "/v1.41/containers/x/exec", "2026-12-02T10:00:00Z", "no",
         "2026-12-02T10:00:00Z"},
        {"watch", METHOD_GET, "/v1.41/info", "2026-12-02T10:00:00Z", "forever", "forever"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const Policy *policy = policy_set_get(set, span_from(cases[i].policy));
        Request request = request_at(cases[i].method, cases[i].target, cases[i].now);

        cr_expect_str_eq(shown(policy_holds_until(policy, &request)), cases[i].until, "%s %s at %s: %s",
                         cases[i].policy, cases[i].target, cases[i].now,
                         shown(policy_holds_until(policy, &request)));
        cr_expect_str_eq(shown(policy_ends_at(policy, &request)), cases[i].ends, "%s %s at %s ends %s",
                         cases[i].policy, cases[i].target, cases[i].now,
                         shown(policy_ends_at(policy, &request)));
    }
}

/* What holds is what is allowed, at each second around each edge. */
Test(holds, as_it_is_decided) {
    static const char *const policies[] = {"until", "two", "row", "week"};

    for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
        const Policy *policy = policy_set_get(set, span_from(policies[i]));
        Request request = request_at(METHOD_GET, "/v1.41/info", "2026-11-30T23:59:58Z");

        for (unsigned k = 0; k < 5 * 24 * 60; k++, request.now += k % 3 == 0 ? 1 : 59) {
            int64_t until = policy_holds_until(policy, &request);
            Verdict verdict;

            policy_decide_head(policy, &request, NULL, &verdict);
            cr_assert_eq(until > request.now, verdict.effect == EFFECT_ALLOW, "%s at %lld", policies[i],
                         (long long) request.now);
            cr_assert(until == 0 || until > request.now);
        }
    }
}

Test(holds, what_has_run_out) {
    PolicyWarning warnings[4];
    int64_t now;
    const Policy *two = policy_set_get(set, SPAN("two"));

    cr_assert_null(time_text_parse(SPAN("2026-12-02T18:00:00Z"), &now));
    cr_assert_eq(grant_warnings(two, now, arena, warnings, 4), 2);
    cr_expect_str_eq(warnings[0].origin, "p.yaml:6");
    cr_expect_str_eq(warnings[0].text,
                     "SystemInfo ran out at 2026-12-01T18:00:00Z: this entry allows nothing any more");
    cr_expect_str_eq(warnings[1].origin, "p.yaml:8");
    cr_expect_eq(grant_warnings(two, now - 1, arena, warnings, 4), 1);
    cr_expect_eq(grant_warnings(two, now, arena, warnings, 1), 1, "no more than there is room for");
    cr_expect_eq(grant_warnings(two, now, arena, warnings, 0), 0);
    cr_expect_eq(grant_warnings(policy_set_get(set, SPAN("includes")), now, arena, warnings, 4), 0,
                 "not its own");
    cr_expect_eq(grant_warnings(policy_set_get(set, SPAN("row")), now, arena, warnings, 4), 0,
                 "hours come again");
    cr_expect_eq(grant_warnings(policy_set_get(set, SPAN("plain")), now, arena, warnings, 4), 0);
}
