// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "policy/policy.h"
#include "tests/support/policies.h"

static Arena *arena;
static PolicySet *set;

static const Span POLICIES = SPAN("policies:\n"
                                  "  p:\n"
                                  "    allow:\n"
                                  "      - ContainerList\n"
                                  "      - ContainerKill\n"
                                  "      - request: GET /libpod/**\n"
                                  "      - request: '* /containers/**'\n"
                                  "      - request: POST /libpod/thing\n"
                                  "      - ContainerCreate\n"
                                  "      - ImageCommit\n"
                                  "      - ImageAttestations\n"
                                  "    deny: [ContainerKill, {request: GET /libpod/secret/*}]\n"
                                  "    containers: {profile: privileged}\n"
                                  "  logs:\n"
                                  "    allow:\n"
                                  "      - operation: ContainerLogs\n"
                                  "        query: {follow: [\"0\", \"\"], tail: [\"1*\"]}\n"
                                  "      - {operation: ContainerTop, query: {ps_args: [aux]}}\n"
                                  "  watch: {mode: observe, allow: [ContainerList, SystemAuth]}\n"
                                  "  empty: {}\n");

static void setup(void) {
    ApiVersions versions = {.min_minor = 30, .min_judged_minor = 40, .max_minor = 55};
    DocErrors errors;

    arena = arena_new(16u << 20);
    set = policies_compile_for(arena, POLICIES, &versions, &errors);
}

static void teardown(void) {
    set = policy_set_free(set);
    arena = arena_free(arena);
}

TestSuite(decide, .init = setup, .fini = teardown);

static Request make_request(Method method, const char *target) {
    Request request = {.method = method};
    const char *detail;

    cr_assert_eq(target_parse(arena, span_from(target), &request.target, &detail), REASON_OK, "%s", target);
    request.operation = routes_match(method, &request.target, &request.object);
    return request;
}

static Verdict decide(const char *policy, const Request *request, Body *body) {
    Verdict verdict = {.effect = EFFECT_ALLOW}; /* must not survive */

    policy_decide(policy_set_get(set, span_from(policy)), request, body, arena, &verdict);
    return verdict;
}

static void expect_text(const char *got, const char *wanted, const char *what, const char *target) {
    if (wanted)
        cr_expect_str_eq(got ? got : "(none)", wanted, "%s: %s is %s", target, what, got);
    else
        cr_expect_null(got, "%s: %s is %s", target, what, got);
}

Test(decide, heads) {
    static const struct {
        const char *policy;
        Method method;
        const char *target;
        Effect effect;
        Reason reason;
        const char *rule, *field, *detail, *hint, *origin;
    } cases[] = {
        {"p", METHOD_GET, "/v1.41/containers/json", EFFECT_ALLOW, REASON_OK, "allow", NULL, NULL, NULL,
         "p.yaml:4"},
        {"p", METHOD_GET, "/containers/json", EFFECT_ALLOW, REASON_OK, "allow", NULL, NULL, NULL, "p.yaml:4"},
        {"p", METHOD_GET, "/info", EFFECT_DENY, REASON_OPERATION_NOT_ALLOWED, "allow", NULL,
         "not allowed by any rule", "allow: [SystemInfo]", NULL},
        {"p", METHOD_GET, "/foo/b-a.r_1", EFFECT_DENY, REASON_OPERATION_UNKNOWN, "allow", NULL,
         "GET /foo/b-a.r_1 is no operation of the Engine API", "allow: [{request: GET /foo/b-a.r_1}]", NULL},
        {"p", METHOD_GET, "/foo~", EFFECT_DENY, REASON_OPERATION_UNKNOWN, "allow", NULL,
         "GET /foo~ is no operation of the Engine API", NULL, NULL},
        {"empty", METHOD_GET, "/_ping", EFFECT_DENY, REASON_OPERATION_NOT_ALLOWED, "allow", NULL,
         "not allowed by any rule", "allow: [SystemPing]", NULL},
        /* deny wins, though a name and a pattern allow it */
        {"p", METHOD_POST, "/containers/x/kill", EFFECT_DENY, REASON_OPERATION_DENIED, "deny", NULL,
         "denied by name", NULL, "p.yaml:12"},
        {"p", METHOD_GET, "/libpod/secret/a", EFFECT_DENY, REASON_OPERATION_DENIED, "deny", NULL,
         "denied as GET /libpod/secret/*", NULL, "p.yaml:12"},
        /* patterns */
        {"p", METHOD_GET, "/libpod/_ping", EFFECT_ALLOW, REASON_OK, "allow", NULL, NULL, NULL, "p.yaml:6"},
        {"p", METHOD_GET, "/v1.41/libpod/a/b/c", EFFECT_ALLOW, REASON_OK, "allow", NULL, NULL, NULL,
         "p.yaml:6"},
        {"p", METHOD_HEAD, "/libpod/_ping", EFFECT_DENY, REASON_OPERATION_UNKNOWN, "allow", NULL,
         "HEAD /libpod/_ping is no operation of the Engine API", "allow: [{request: HEAD /libpod/_ping}]",
         NULL},
        {"p", METHOD_POST, "/containers/x/stop", EFFECT_ALLOW, REASON_OK, "allow", NULL, NULL, NULL,
         "p.yaml:7"},
        {"p", METHOD_GET, "/containers/x/export", EFFECT_DENY, REASON_OPERATION_NOT_ALLOWED, "allow", NULL,
         "ContainerExport leads to the host, so the pattern * /containers/** doesn't allow it",
         "allow: [ContainerExport]", "p.yaml:7"},
        /* versions: the bounds, and one past each */
        {"p", METHOD_GET, "/v1.30/containers/json", EFFECT_ALLOW, REASON_OK, "allow", NULL, NULL, NULL,
         "p.yaml:4"},
        {"p", METHOD_GET, "/v1.29/containers/json", EFFECT_DENY, REASON_VERSION_NOT_ALLOWED,
         "api_versions.min", NULL, "API version 1.29 is below 1.30",
         "use a client of API version 1.30 or newer", NULL},
        {"p", METHOD_GET, "/v1.55/containers/json", EFFECT_ALLOW, REASON_OK, "allow", NULL, NULL, NULL,
         "p.yaml:4"},
        {"p", METHOD_GET, "/v1.56/containers/json", EFFECT_DENY, REASON_VERSION_NOT_ALLOWED,
         "api_versions.max", NULL, "API version 1.56 is above 1.55",
         "set DOCKER_API_VERSION=1.55 for the client", NULL},
        {"p", METHOD_POST, "/v1.39/containers/create", EFFECT_DENY, REASON_VERSION_NOT_ALLOWED,
         "api_versions.min_judged", NULL, "bodies are judged from API version 1.40 on, and this is 1.39",
         "use a client of API version 1.40 or newer", NULL},
        {"p", METHOD_POST, "/v1.40/containers/create", EFFECT_INVALID, REASON_BODY_MISSING, NULL, NULL, NULL,
         NULL, NULL},
        /* an optional body that isn't there has nothing to be judged */
        {"p", METHOD_POST, "/v1.39/commit", EFFECT_ALLOW, REASON_OK, "allow", NULL, NULL, NULL, "p.yaml:10"},
        {"p", METHOD_GET, "/v1.55/images/x/attestations", EFFECT_ALLOW, REASON_OK, "allow", NULL, NULL, NULL,
         "p.yaml:11"},
        {"p", METHOD_GET, "/v1.54/images/x/attestations", EFFECT_DENY, REASON_OPERATION_UNKNOWN, NULL, NULL,
         "ImageAttestations came with API version 1.55, and this is 1.54", NULL, NULL},
        /* observe */
        {"watch", METHOD_GET, "/info", EFFECT_OBSERVE, REASON_OPERATION_NOT_ALLOWED, "allow", NULL,
         "not allowed by any rule", "allow: [SystemInfo]", NULL},
        {"watch", METHOD_GET, "/containers/json", EFFECT_ALLOW, REASON_OK, "allow", NULL, NULL, NULL,
         "p.yaml:19"},
        {"watch", METHOD_GET, "/v1.29/info", EFFECT_OBSERVE, REASON_VERSION_NOT_ALLOWED, "api_versions.min",
         NULL, "API version 1.29 is below 1.30", "use a client of API version 1.30 or newer", NULL},
        {"watch", METHOD_POST, "/containers/create", EFFECT_INVALID, REASON_BODY_MISSING, NULL, NULL, NULL,
         NULL, NULL},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Request request = make_request(cases[i].method, cases[i].target);
        Verdict verdict = decide(cases[i].policy, &request, NULL);

        cr_expect_eq(verdict.effect, cases[i].effect, "%s: %s", cases[i].target, effect_name(verdict.effect));
        cr_expect_eq(verdict.reason, cases[i].reason, "%s: %s", cases[i].target,
                     reason_label(verdict.reason));
        expect_text(verdict.rule, cases[i].rule, "rule", cases[i].target);
        expect_text(verdict.field, cases[i].field, "field", cases[i].target);
        expect_text(verdict.detail, cases[i].detail, "detail", cases[i].target);
        expect_text(verdict.hint, cases[i].hint, "hint", cases[i].target);
        expect_text(verdict.origin, cases[i].origin, "origin", cases[i].target);
    }
}

Test(decide, query) {
    static const struct {
        const char *target;
        const char *field, *detail, *hint; /* all NULL: allowed */
    } cases[] = {
        {"/containers/x/logs?follow=0&tail=100", NULL, NULL, NULL},
        {"/containers/x/logs?tail=1", NULL, NULL, NULL},
        {"/containers/x/logs?follow&tail=1", NULL, NULL, NULL},
        {"/containers/x/logs?follow=&tail=1&since=9&other=", NULL, NULL, NULL},
        {"/containers/x/logs?follow=1&tail=1", "query.follow", "query.follow=1",
         "allow: [{operation: ContainerLogs, query: {follow: [\"1\"]}}]"},
        {"/containers/x/logs?f%6fllow=%31&tail=1", "query.follow", "query.follow=1",
         "allow: [{operation: ContainerLogs, query: {follow: [\"1\"]}}]"},
        /* every repeat counts (T-020) */
        {"/containers/x/logs?follow=0&follow=1&tail=1", "query.follow", "query.follow=1",
         "allow: [{operation: ContainerLogs, query: {follow: [\"1\"]}}]"},
        {"/containers/x/logs?follow=1&follow=0&tail=1", "query.follow", "query.follow=1",
         "allow: [{operation: ContainerLogs, query: {follow: [\"1\"]}}]"},
        {"/containers/x/logs", "query.tail",
         "query.tail=", "allow: [{operation: ContainerLogs, query: {tail: [\"\"]}}]"},
        {"/containers/x/logs?tail=1/2", "query.tail", "query.tail=1/2",
         "allow: [{operation: ContainerLogs, query: {tail: [\"1/2\"]}}]"},
        {"/containers/x/logs?tail=a%0ab", "query.tail", "query.tail=a\\x0Ab", NULL},
        {"/containers/x/logs?tail=*", "query.tail", "query.tail=*", NULL},
        {"/containers/x/top?ps_args=aux", NULL, NULL, NULL},
        {"/containers/x/top?ps_args=auxe", "query.ps_args", "query.ps_args=auxe",
         "allow: [{operation: ContainerTop, query: {ps_args: [\"auxe\"]}}]"},
        {"/containers/x/top", "query.ps_args",
         "query.ps_args=", "allow: [{operation: ContainerTop, query: {ps_args: [\"\"]}}]"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Request request = make_request(METHOD_GET, cases[i].target);
        Verdict verdict = decide("logs", &request, NULL);

        cr_expect_eq(verdict.effect, cases[i].field ? EFFECT_DENY : EFFECT_ALLOW, "%s: %s", cases[i].target,
                     effect_name(verdict.effect));
        cr_expect_eq(verdict.reason, cases[i].field ? REASON_QUERY_NOT_ALLOWED : REASON_OK);
        expect_text(verdict.rule, cases[i].field ? "allow.query" : "allow", "rule", cases[i].target);
        expect_text(verdict.field, cases[i].field, "field", cases[i].target);
        expect_text(verdict.detail, cases[i].detail, "detail", cases[i].target);
        expect_text(verdict.hint, cases[i].hint, "hint", cases[i].target);
    }
}

/* What has no table can't be judged, so it has no body and stays HTTP, whatever a pattern allows. */
Test(decide, unknown_request_with_body) {
    Request request = make_request(METHOD_POST, "/libpod/thing");
    Verdict verdict = decide("p", &request, NULL);

    cr_expect_eq(verdict.effect, EFFECT_ALLOW);
    request.framing = FRAMING_LENGTH;
    verdict = decide("p", &request, NULL);
    cr_expect_eq(verdict.effect, EFFECT_ALLOW, "an announced body of no bytes");
    request.length = 1;
    verdict = decide("p", &request, NULL);
    cr_expect_eq(verdict.effect, EFFECT_DENY);
    cr_expect_eq(verdict.reason, REASON_BODY_NOT_JUDGED);
    cr_expect_str_eq(verdict.detail,
                     "POST /libpod/thing is no operation known here, so its body can't be judged");
    request.framing = FRAMING_CHUNKED;
    verdict = decide("p", &request, NULL);
    cr_expect_eq(verdict.reason, REASON_BODY_NOT_JUDGED);
    request.framing = FRAMING_NONE;
    request.wants_upgrade = true;
    verdict = decide("p", &request, NULL);
    cr_expect_eq(verdict.reason, REASON_BODY_NOT_JUDGED);
    cr_expect_str_eq(
        verdict.detail,
        "POST /libpod/thing is no operation known here, so its upgraded connection can't be judged");
    cr_expect_str_eq(verdict.origin, "p.yaml:8");
    verdict = decide("watch", &request, NULL);
    cr_expect_eq(verdict.effect, EFFECT_OBSERVE);
}

Test(decide, body_where_none_belongs) {
    Request request = make_request(METHOD_GET, "/containers/json");
    Verdict verdict;

    request.framing = FRAMING_CHUNKED;
    verdict = decide("p", &request, NULL);
    cr_expect_eq(verdict.effect, EFFECT_INVALID);
    cr_expect_eq(verdict.reason, REASON_BODY_UNEXPECTED);
    verdict = decide("watch", &request, NULL);
    cr_expect_eq(verdict.effect, EFFECT_INVALID, "observe forwards denials, never what is invalid");
    verdict = decide("empty", &request, NULL);
    cr_expect_eq(verdict.reason, REASON_OPERATION_NOT_ALLOWED);
}

Test(decide, wants_body) {
    static const struct {
        const char *policy;
        Method method;
        const char *target;
        Framing framing;
        bool wants;
    } cases[] = {
        {"p", METHOD_POST, "/v1.41/containers/create", FRAMING_CHUNKED, true},
        {"p", METHOD_POST, "/v1.41/containers/create", FRAMING_NONE, false},
        {"p", METHOD_POST, "/v1.39/containers/create", FRAMING_CHUNKED, false}, /* denied by its head */
        {"p", METHOD_POST, "/v1.41/commit", FRAMING_CHUNKED, true},
        {"p", METHOD_POST, "/v1.41/volumes/create", FRAMING_CHUNKED, false},
        {"watch", METHOD_POST, "/v1.41/volumes/create", FRAMING_CHUNKED, true},
        {"p", METHOD_POST, "/v1.41/build", FRAMING_CHUNKED, false}, /* a stream */
        {"all", METHOD_POST, "/v1.41/build", FRAMING_CHUNKED, false},
        {"all", METHOD_POST, "/v1.41/volumes/create", FRAMING_CHUNKED, true},
        {"all", METHOD_GET, "/v1.41/volumes", FRAMING_CHUNKED, false},
        {"p", METHOD_POST, "/libpod/thing", FRAMING_CHUNKED, false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Request request = make_request(cases[i].method, cases[i].target);

        request.framing = cases[i].framing;
        cr_expect_eq(policy_wants_body(policy_set_get(set, span_from(cases[i].policy)), &request),
                     cases[i].wants, "case %zu: %s", i, cases[i].target);
    }
}

static Body *parse_body(const char *text) {
    const char *detail = NULL;
    Body *body = NULL;

    cr_assert_eq(body_parse(arena, span_from(text), &body, &detail), REASON_OK, "%s: %s", text, detail);
    return body;
}

Test(decide, bodies) {
    static const struct {
        const char *policy, *target, *body;
        Effect effect;
        Reason reason;
        const char *field;
    } cases[] = {
        {"all", "/v1.41/containers/create", "{\"HostConfig\":{\"Privileged\":true}}", EFFECT_ALLOW, REASON_OK,
         NULL},
        {"p", "/v1.41/containers/create", "{\"HostConfig\":{\"privileged\":true}}", EFFECT_INVALID,
         REASON_JSON_AMBIGUOUS, "HostConfig.privileged"},
        {"empty", "/v1.41/containers/create", "{\"HostConfig\":{\"privileged\":true}}", EFFECT_DENY,
         REASON_OPERATION_NOT_ALLOWED, NULL},
        /* observe: the head's reason stays, but a body of two readings is never forwarded */
        {"watch", "/v1.41/containers/create", "{\"HostConfig\":{\"Privileged\":true}}", EFFECT_OBSERVE,
         REASON_OPERATION_NOT_ALLOWED, NULL},
        {"watch", "/v1.41/containers/create", "{\"HostConfig\":{\"privileged\":true}}", EFFECT_INVALID,
         REASON_JSON_AMBIGUOUS, "HostConfig.privileged"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        CLEANUP(body_free_p) Body *body = parse_body(cases[i].body);
        Request request = make_request(METHOD_POST, cases[i].target);
        Verdict verdict;

        request.framing = FRAMING_CHUNKED;
        verdict = decide(cases[i].policy, &request, body);
        cr_expect_eq(verdict.effect, cases[i].effect, "case %zu: %s", i, effect_name(verdict.effect));
        cr_expect_eq(verdict.reason, cases[i].reason, "case %zu: %s", i, reason_label(verdict.reason));
        expect_text(verdict.field, cases[i].field, "field", cases[i].body);
    }
}

/* Without memory for words a deny stays one, and what needs memory to be judged isn't let through. */
Test(decide, no_memory) {
    CLEANUP(arena_free_p) Arena *none = arena_new(0);
    Request unknown = make_request(METHOD_GET, "/foo");
    Request create = make_request(METHOD_POST, "/v1.41/containers/create");
    CLEANUP(body_free_p) Body *body = parse_body("{}");
    Verdict verdict = {0};

    policy_decide(policy_set_get(set, SPAN("p")), &unknown, NULL, none, &verdict);
    cr_expect_eq(verdict.effect, EFFECT_DENY);
    cr_expect_eq(verdict.reason, REASON_OPERATION_UNKNOWN);
    cr_expect_null(verdict.detail);

    create.framing = FRAMING_CHUNKED;
    policy_decide(policy_set_get(set, SPAN("p")), &create, body, none, &verdict);
    cr_expect_eq(verdict.effect, EFFECT_ERROR);
    cr_expect_eq(verdict.reason, REASON_NO_MEMORY);
}

Test(decide, verdict_from_reason) {
    static const struct {
        Reason reason;
        Effect effect;
    } cases[] = {
        {REASON_UNDECIDED, EFFECT_DENY},
        {REASON_HTTP_SYNTAX, EFFECT_INVALID},
        {REASON_HTTP_EXPECT, EFFECT_INVALID},
        {REASON_JSON_AMBIGUOUS, EFFECT_INVALID},
        {REASON_HEADER_TIMEOUT, EFFECT_INVALID},
        {REASON_BODY_TOO_LARGE, EFFECT_INVALID},
        {REASON_TARGET_TOO_LARGE, EFFECT_INVALID},
        {REASON_CONTENT_TYPE, EFFECT_INVALID},
        {REASON_HEADERS_TOO_LARGE, EFFECT_INVALID},
        {REASON_CLIENT_NOT_ALLOWED, EFFECT_DENY},
        {REASON_CLIENT_UNKNOWN, EFFECT_DENY},
        {REASON_FIELD_TYPE, EFFECT_DENY},
        {REASON_ENGINE_UNREACHABLE, EFFECT_ERROR},
        {REASON_AUDIT_FAILED, EFFECT_ERROR},
        {REASON_ENGINE_TIMEOUT, EFFECT_ERROR},
        {REASON_OK, EFFECT_DENY},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Verdict verdict = verdict_from_reason(cases[i].reason, "why");

        cr_expect_eq(verdict.effect, cases[i].effect, "%s", reason_label(cases[i].reason));
        if (cases[i].reason != REASON_OK)
            cr_expect_str_eq(verdict.detail, "why");
    }
    cr_expect_eq(verdict_from_reason(REASON_OK, NULL).reason, REASON_UNDECIDED,
                 "a step that passed is no decision");
}

Test(decide, default_versions) {
    ApiVersions versions = api_versions_default();

    cr_expect_eq(versions.min_minor, 24);
    cr_expect_eq(versions.min_judged_minor, 40);
    cr_expect_eq(versions.max_minor, API_VERSION_NEWEST);
}
