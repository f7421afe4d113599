// SPDX-License-Identifier: Apache-2.0
/* What one policy allows and another doesn't. */
#include "policy/cover.h"

#include <criterion/criterion.h>

#include "tests/support/policies.h"

static Arena *arena;
static PolicySet *set;

static const Span POLICIES =
    SPAN("policies:\n"
         "  few: {allow: [SystemPing, ContainerList, ContainerKill]}\n"
         "  hup: {include: [few], deny: [ContainerKill]}\n"
         "  signals: {allow: [{operation: ContainerKill, query: {signal: [HUP, 'USR*']}}]}\n"
         "  usr1: {allow: [{operation: ContainerKill, query: {signal: [USR1]}}]}\n"
         "  still: {allow: [{operation: ContainerStats, query: {stream: ['0', 'false']}}]}\n"
         "  quiet: {allow: [{operation: ContainerLogs, query: {follow: ['', '0']}}]}\n"
         "  logs: {allow: [ContainerLogs]}\n"
         "  stats: {allow: [ContainerStats]}\n"
         "  attach: {allow: [ContainerAttach]}\n"
         "  listens: {allow: [ContainerAttach], attach: output}\n"
         "  pattern: {allow: [{request: 'GET /containers/**'}]}\n"
         "  named: {allow: [{request: GET /networks/front}]}\n"
         "  libpod: {allow: [{request: 'GET /libpod/*/json'}]}\n"
         "  creates: {allow: [ContainerCreate]}\n"
         "  over: {allow: [{operation: SystemInfo, until: 2026-12-01T18:00:00Z}]}\n"
         "  info: {allow: [SystemInfo]}\n"
         "  odd: {allow: [{operation: ContainerList, query: {'a&b': ['c=d #']}}]}\n"
         "  watch: {mode: observe, allow: [SystemPing]}\n");

static void setup(void) {
    arena = arena_new(16u << 20);
    set = policies_compile(arena, POLICIES);
}

static void teardown(void) {
    set = policy_set_free(set);
    arena = arena_free(arena);
}

TestSuite(cover, .init = setup, .fini = teardown);

static CoverGap gaps[COVER_GAPS_MAX];

static size_t gaps_of(const char *wanted, const char *by, int64_t now) {
    bool complete = false;
    size_t n = cover_gaps(policy_set_get(set, span_from(wanted)), policy_set_get(set, span_from(by)), now,
                          arena, gaps, &complete);

    cr_expect(complete, "%s by %s", wanted, by);
    return n;
}

Test(cover, pairs) {
    static const struct {
        const char *wanted, *by, *request; /* NULL: nothing is missing */
        bool partly;
    } rows[] = {
        {"few", "few", NULL, false},
        {"none", "few", NULL, false},
        {"few", "all", NULL, false},
        {"hup", "few", NULL, false},
        {"few", "hup", "POST /v1.56/containers/x/kill", false},
        {"signals", "few", NULL, false},
        {"usr1", "signals", NULL, false},
        {"signals", "usr1", "POST /v1.56/containers/x/kill?signal=HUP", true},
        {"signals", "hup", "POST /v1.56/containers/x/kill?signal=HUP", false},
        {"still", "stats", NULL, false},
        {"stats", "still", "GET /v1.56/containers/x/stats", true},
        {"quiet", "logs", NULL, false},
        {"logs", "quiet", "GET /v1.56/containers/x/logs?follow=quaygate-other", true},
        {"listens", "attach", NULL, false},
        {"attach", "listens", "POST /v1.56/containers/x/attach?stdin=1", true},
        {"named", "monitoring", NULL, false},
        {"named", "few", "GET /v1.56/networks/front", false},
        {"libpod", "libpod", NULL, false},
        {"libpod", "all", "GET /v1.56/libpod/x/json", false},
        {"creates", "few", "POST /v1.56/containers/create", false},
        {"odd", "few", NULL, false},
        {"odd", "none", "GET /v1.56/containers/json?a%26b=c%3Dd%20%23", false},
        {"watch", "few", NULL, false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        size_t n = gaps_of(rows[i].wanted, rows[i].by, 1);

        cr_assert_eq(n > 0, rows[i].request != NULL, "%s by %s: %s", rows[i].wanted, rows[i].by,
                     n > 0 ? gaps[0].request : "nothing");
        if (n == 0)
            continue;
        cr_expect_str_eq(gaps[0].request, rows[i].request);
        cr_expect_eq(gaps[0].partly, rows[i].partly, "%s by %s", rows[i].wanted, rows[i].by);
        cr_expect_neq(gaps[0].why[0], '\0');
    }
}

/* A pattern gives what it reaches, and nothing that leads to the host. */
Test(cover, patterns) {
    size_t n = gaps_of("pattern", "none", 1);
    bool logs = false;

    for (size_t i = 0; i < n; i++) {
        if (!gaps[i].operation) { /* what no release knows yet */
            cr_expect_str_eq(gaps[i].request, "GET /v1.56/containers/x");
            continue;
        }
        cr_expect_neq(gaps[i].operation->risk, RISK_HOST, "%s", gaps[i].operation->id);
        logs = logs || gaps[i].operation == routes_find(SPAN("ContainerLogs"));
    }
    cr_expect(logs);
}

Test(cover, each_operation_once) {
    size_t n = gaps_of("all", "none", 1), n_operations;

    (void) routes_all(&n_operations);
    cr_expect_eq(n, n_operations);
    for (size_t i = 1; i < n; i++)
        cr_expect_gt(gaps[i].operation, gaps[i - 1].operation);
}

Test(cover, at_a_time) {
    cr_expect_eq(gaps_of("info", "over", 1796148000 - 1), 0);
    cr_expect_eq(gaps_of("info", "over", 1796148000), 1, "2026-12-01T18:00:00Z is its end");
    cr_expect_eq(gaps_of("over", "info", 0), 0, "without a time it gives nothing");
}

Test(cover, allows) {
    const Operation *kill = routes_find(SPAN("ContainerKill")),
                    *create = routes_find(SPAN("ContainerCreate"));

    cr_expect(cover_allows(policy_set_get(set, SPAN("few")), kill, 0));
    cr_expect(cover_allows(policy_set_get(set, SPAN("usr1")), kill, 0));
    cr_expect_not(cover_allows(policy_set_get(set, SPAN("hup")), kill, 0));
    cr_expect(cover_allows(policy_set_get(set, SPAN("creates")), create, 0));
    cr_expect_not(cover_allows(policy_set_get(set, SPAN("pattern")), create, 0));
}

/* Who gets into a container that is there already is held to `containers:`, where that says anything. */
Test(cover, looks) {
    const Operation *start = routes_find(SPAN("ContainerStart")), *list = routes_find(SPAN("ContainerList"));

    cr_expect(cover_looks(policy_set_get(set, SPAN("few")), start));
    cr_expect_not(cover_looks(policy_set_get(set, SPAN("few")), list));
    cr_expect_not(cover_looks(policy_set_get(set, SPAN("all")), start));
}

Test(cover, paths) {
    cr_expect_str_eq(cover_path(arena, routes_find(SPAN("CheckpointDelete")), 41, "x"),
                     "/v1.41/containers/x/checkpoints/x");
    cr_expect_str_eq(cover_path(arena, routes_find(SPAN("ImageInspect")), 41, "a/b:c"),
                     "/v1.41/images/a/b:c/json");
    cr_expect_str_eq(cover_path(arena, routes_find(SPAN("DebugVars")), 41, "x"), "/debug/vars");
}

/* At the bound all are looked at; one more, and it says that it can't tell. */
static bool with_values(unsigned n) {
    CLEANUP(arena_free_p) Arena *own = arena_new(16u << 20);
    ApiVersions versions = api_versions_default();
    DocErrors errors = {.arena = own, .file = "p.yaml"};
    char *text = arena_alloc(own, 1u << 16);
    size_t size;

    cr_assert_not_null(text);
    size = (size_t) sprintf(text, "p: {allow: [{operation: ContainerKill, query: {signal: [");
    CLEANUP(policy_set_free_p) PolicySet *many = NULL;
    bool complete = false;

    for (unsigned i = 0; i < n; i++)
        size += (size_t) sprintf(text + size, "s%u, ", i);
    size += (size_t) sprintf(text + size, "]}}]}\n");
    many = policy_set_compile(doc_parse(own, (Span){text, size}, &errors), &versions, &errors);
    cr_assert_not_null(many);
    cr_expect_eq(cover_gaps(policy_set_get(many, SPAN("p")), policy_set_get(many, SPAN("none")), 1, own, gaps,
                            &complete),
                 1);
    return complete;
}

Test(cover, many_values) {
    cr_expect(with_values(COVER_PAIRS_MAX - 1), "and the one that none has");
    cr_expect_not(with_values(COVER_PAIRS_MAX));
}
