// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/seen_scope.h"

#include <criterion/criterion.h>

static Arena *arena;
static SeenScope scope;
static Tally others[1];

static void setup(void) {
    arena = arena_new(1u << 20);
}

static void teardown(void) {
    seen_scope_done(&scope);
    tally_done(&others[0]);
    arena = arena_free(arena);
}

TestSuite(seen_scope, .init = setup, .fini = teardown);

static void take(Method method, const char *target, const char *text) {
    Request request = {.method = method};
    const char *detail = NULL;
    Body *body = NULL;

    cr_assert_eq(target_parse(arena, span_from(target), &request.target, &detail), REASON_OK, "%s", detail);
    request.operation = routes_match(method, &request.target, &request.object);
    if (text)
        cr_assert_eq(body_parse(arena, span_from(text), &body, &detail), REASON_OK, "%s", detail);
    seen_scope_take(&scope, &request, body ? body_root(body) : NULL);
    body_free(body);
}

#define C "/v1.44/containers/"

static void expect(const char *pattern) {
    const char *got = seen_scope_names(&scope, others, 1, arena);

    if (pattern)
        cr_expect(got && strcmp(got, pattern) == 0, "%s, not %s", got ? got : "none", pattern);
    else
        cr_expect_null(got, "%s", got);
}

Test(seen_scope, what_names_have_in_common) {
    expect(NULL);
    take(METHOD_POST, C "create?name=ci-web", "{}");
    expect("ci-web");
    take(METHOD_POST, C "ci-web/start", NULL);
    take(METHOD_GET, C "json", NULL);
    take(METHOD_GET, "/v1.44/info", NULL);
    expect("ci-web");
    take(METHOD_POST, C "create?name=/ci-db",
         "{\"HostConfig\":{\"VolumesFrom\":[\"ci-web:ro\"],\"PidMode\":\"container:ci-x\"}}");
    expect("ci-*");
    take(METHOD_POST, "/v1.44/volumes/create", "{\"Name\":\"ci-data\"}");
    take(METHOD_POST, "/v1.44/networks/ci-net/connect", "{\"Container\":\"ci-web\"}");
    take(METHOD_POST, "/v1.44/exec/0123456789ab/start", "{}"); /* its container was named */
    tally_add(&others[0], SPAN("bridge"));
    tally_add(&others[0], SPAN("ci-cache"));
    expect("ci-*");
    tally_add(&others[0], SPAN("cache"));
    expect(NULL);
}

Test(seen_scope, nothing_in_common) {
    take(METHOD_GET, C "web/json", NULL);
    take(METHOD_GET, C "db/json", NULL);
    expect(NULL);
}

Test(seen_scope, a_beginning_ends_where_a_word_does) {
    take(METHOD_GET, C "ci-web/json", NULL);
    take(METHOD_GET, C "ci-wide/json", NULL);
    expect("ci-*");
    seen_scope_done(&scope);
    take(METHOD_GET, C "web1/json", NULL);
    take(METHOD_GET, C "web2/json", NULL);
    expect(NULL);
}

/* What can't be told has no suggestion. */
Test(seen_scope, blind) {
    static const struct {
        Method method;
        const char *target, *body;
    } rows[] = {
        {METHOD_GET, C "0123456789ab/json", NULL},
        {METHOD_POST, C "create", "{}"},
        {METHOD_POST, "/v1.44/volumes/create", "{}"},
        {METHOD_GET, "/libpod/_ping", NULL},
        {METHOD_POST, "/v1.44/build", NULL},
        {METHOD_GET, "/v1.44/images/ci-a:1/json", NULL},
        {METHOD_POST, "/v1.44/networks/ci-n/connect", NULL},
        {METHOD_POST, C "create?name=ci-b", "{\"HostConfig\":{\"IpcMode\":\"container:0123456789ab\"}}"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        take(METHOD_GET, C "ci-a/json", NULL);
        expect("ci-a");
        take(rows[i].method, rows[i].target, rows[i].body);
        expect(NULL);
        seen_scope_done(&scope);
    }
    take(METHOD_GET, C "ci-a/json", NULL);
    scope.open = true;
    expect(NULL);
}

Test(seen_scope, labels_that_all_have) {
    size_t i = 0;

    cr_expect_null(seen_scope_label(&scope, &i));
    take(METHOD_POST, C "create",
         "{\"Labels\":{\"team\":\"ci\",\"x\":\"1\",\"com.docker.compose.project\":\"quaygate-withheld\"}}");
    take(METHOD_POST, "/v1.44/networks/create",
         "{\"Name\":\"n\",\"Labels\":{\"team\":\"ci\",\"x\":\"2\",\"com.docker.compose.project\":\"quaygate-"
         "withheld\"}}");
    take(METHOD_POST, C "a/exec", "{\"Labels\":{}}");
    cr_expect_eq(scope.n_made, 2);
    i = 0;
    cr_expect_str_eq(seen_scope_label(&scope, &i), "com.docker.compose.project");
    cr_expect_str_eq(seen_scope_label(&scope, &i), "team=ci");
    cr_expect_null(seen_scope_label(&scope, &i));
    take(METHOD_POST, "/v1.44/volumes/create", "{\"Name\":\"v\"}");
    i = 0;
    cr_expect_null(seen_scope_label(&scope, &i));
}
