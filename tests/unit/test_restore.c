// SPDX-License-Identifier: Apache-2.0
#include "policy/restore.h"

#include <criterion/criterion.h>
#include <string.h>

#include "policy/doc.h"
#include "policy/placeholder.h"
#include "tests/support/policies.h"

#define P "quaygate:redacted:"

static Arena *arena;

static void setup(void) {
    arena = arena_new(1u << 20);
}

static void teardown(void) {
    arena = arena_free(arena);
}

TestSuite(restore, .init = setup, .fini = teardown);

static Request request_to(const char *operation, const char *object) {
    Request request = {.operation = routes_find(span_from(operation)), .object = span_from(object)};

    cr_assert_not_null(request.operation);
    return request;
}

static Body *body_of(const char *text) {
    const char *detail = NULL;
    Body *body = NULL;

    cr_assert_eq(body_parse(arena, span_from(text), &body, &detail), REASON_OK, "%s: %s", detail, text);
    return body;
}

static void expect_body(const char *operation, const char *came, const char *went, const char *text,
                        const char *wanted, size_t n, unsigned line) {
    Request request = request_to(operation, "web");
    Body *body = body_of(text);
    Restored restored;
    char room[4096];
    size_t size;

    cr_expect_eq(restore_body(arena, &request, body, span_from(came), span_from(went), &restored), REASON_OK);
    size = body_dump(body, room, sizeof(room) - 1);
    room[size] = '\0';
    cr_expect_str_eq(room, wanted, "line %u: %s", line, room);
    cr_expect_eq(restored.n, n, "line %u: %zu put back", line, restored.n);
    body_free(body);
}

#define EXPECT(operation, came, went, text, wanted, n)                                                       \
    expect_body(operation, came, went, text, wanted, n, __LINE__)

#define CAME                                                                                                 \
    "{\"Id\":\"i\",\"Name\":\"/"                                                                             \
    "web\",\"Config\":{\"Image\":\"app:1\",\"Env\":[\"A=1\",\"B=two\",\"C=two\",\"P=/\"],"                   \
    "\"Labels\":{\"t\":\"token\",\"u\":\"two\"},\"Cmd\":[\"run\",\"two\"]},\"HostConfig\":{\"Binds\":[\"/"   \
    "srv:/a\"],"                                                                                             \
    "\"Mounts\":[{\"Source\":\"/one\"},{\"Source\":\"/two\"}]},\"NetworkSettings\":{\"Networks\":{\"n\":{"   \
    "\"DriverOpts\":{\"k\":\"v\"}}}}}"
#define WENT                                                                                                 \
    "{\"Id\":\"i\",\"Name\":\"/web\",\"Config\":{\"Image\":\"app:1\",\"Env\":[\"A=" P "1\",\"B=" P           \
    "2\",\"C=" P "2\",\"P=/\"],\"Labels\":{\"t\":\"" P "3\",\"u\":\"two\"},\"Cmd\":[\"run\",\"" P            \
    "2\"]},\"HostConfig\":{"                                                                                 \
    "\"Binds\":[\"" P "4\"],\"Mounts\":[{\"Source\":\"" P "5\"},{\"Source\":\"" P                            \
    "6\"}]},\"NetworkSettings\":{"                                                                           \
    "\"Networks\":{\"n\":{\"DriverOpts\":{\"k\":\"" P "7\"}}}}}"

static void create(const char *text, const char *wanted, size_t n, unsigned line) {
    expect_body("ContainerCreate", CAME, WENT, text, wanted, n, line);
}

#define CREATE(text, wanted, n)                                                                              \
    create("{\"Image\":\"app:2\"," text "}", "{\"Image\":\"app:2\"," wanted "}", n, __LINE__)

Test(restore, where_it_stood) {
    CREATE("\"Env\":[\"B=" P "2\",\"A=" P "1\",\"D=4\"]", "\"Env\":[\"B=two\",\"A=1\",\"D=4\"]", 2);
    CREATE("\"Labels\":{\"t\":\"" P "3\",\"x\":\"y\"}", "\"Labels\":{\"t\":\"token\",\"x\":\"y\"}", 1);
    CREATE("\"Cmd\":[\"run\",\"" P "2\"]", "\"Cmd\":[\"run\",\"two\"]", 1);
    CREATE("\"HostConfig\":{\"Binds\":[\"" P "4\"]}", "\"HostConfig\":{\"Binds\":[\"/srv:/a\"]}", 1);
    CREATE("\"HostConfig\":{\"Mounts\":[{\"Source\":\"" P "5\"},{\"Source\":\"" P "6\"}]}",
           "\"HostConfig\":{\"Mounts\":[{\"Source\":\"/one\"},{\"Source\":\"/two\"}]}", 2);
    CREATE("\"NetworkingConfig\":{\"EndpointsConfig\":{\"n\":{\"DriverOpts\":{\"k\":\"" P "7\"}}}}",
           "\"NetworkingConfig\":{\"EndpointsConfig\":{\"n\":{\"DriverOpts\":{\"k\":\"v\"}}}}", 1);
}

/* The same text, and nowhere it didn't stand: else a label would tell what Env hides. */
Test(restore, and_nowhere_else) {
#define LEFT(text) CREATE(text, text, 0)
    LEFT("\"Env\":[\"D=" P "2\"]");
    LEFT("\"Env\":[\"B=" P "1\"]");
    LEFT("\"Env\":[\"B=x" P "2\"]");
    LEFT("\"Env\":[\"B=" P "2 \"]");
    LEFT("\"Env\":[\"" P "2\"]");
    LEFT("\"Env\":{\"B\":\"B=" P "2\"}");
    LEFT("\"Env\":\"B=" P "2\"");
    LEFT("\"Env\":[[\"B=" P "2\"]]");
    LEFT("\"env\":[\"B=" P "2\"]");
    LEFT("\"Labels\":{\"x\":\"" P "3\"}");
    LEFT("\"Labels\":{\"t\":\"" P "2\"}");
    LEFT("\"Labels\":[\"" P "3\"]");
    LEFT("\"User\":\"" P "3\"");
    LEFT("\"WorkingDir\":\"B=" P "2\"");
    LEFT("\"Shell\":[\"" P "2\"]");
    LEFT("\"HostConfig\":{\"Env\":[\"B=" P "2\"]}");
    LEFT("\"HostConfig\":{\"Mounts\":[{\"Source\":\"" P "6\"}]}");
    LEFT("\"HostConfig\":{\"Binds\":[\"" P "4:ro\"]}");
    LEFT("\"Config\":{\"Env\":[\"B=" P "2\"]}");
    LEFT("\"NetworkingConfig\":{\"EndpointsConfig\":{\"m\":{\"DriverOpts\":{\"k\":\"" P "7\"}}}}");
}

/* 32 bits can be the same of two values. */
Test(restore, told_alike_is_not_for_certain) {
    EXPECT("ContainerUpdate", "{\"HostConfig\":{\"Binds\":[\"a\",\"b\",\"c\"]}}",
           "{\"HostConfig\":{\"Binds\":[\"" P "1\",\"" P "1\",\"" P "2\"]}}",
           "{\"Binds\":[\"" P "1\",\"" P "2\"]}", "{\"Binds\":[\"" P "1\",\"c\"]}", 1);
    EXPECT("ContainerUpdate", "{\"HostConfig\":{\"Binds\":[\"a\",\"a\"]}}",
           "{\"HostConfig\":{\"Binds\":[\"" P "1\",\"" P "1\"]}}", "{\"Binds\":[\"" P "1\"]}",
           "{\"Binds\":[\"a\"]}", 1);
}

/* Whoever chooses what runs would print it. */
Test(restore, only_into_what_runs_the_same) {
#define ENV "\"Env\":[\"B=" P "2\"]"
#define IMAGE(image, good)                                                                                   \
    create("{\"Image\":\"" image "\"," ENV "}",                                                              \
           good ? "{\"Image\":\"" image "\",\"Env\":[\"B=two\"]}" : "{\"Image\":\"" image "\"," ENV "}",     \
           good, __LINE__)
    IMAGE("app:1", 1);
    IMAGE("app", 1);
    IMAGE("docker.io/library/app:9", 1);
    IMAGE("app@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 1);
    IMAGE("app2", 0);
    IMAGE("evil/app:1", 0);
    IMAGE("sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0);
    IMAGE("", 0);
    create("{" ENV "}", "{" ENV "}", 0, __LINE__);
    CREATE(ENV ",\"Cmd\":[]", "\"Env\":[\"B=two\"],\"Cmd\":[]", 1);
    CREATE(ENV ",\"Cmd\":null,\"Entrypoint\":null", "\"Env\":[\"B=two\"],\"Cmd\":null,\"Entrypoint\":null",
           1);
    CREATE(ENV ",\"Cmd\":[\"run\",\"" P "2\"]", "\"Env\":[\"B=two\"],\"Cmd\":[\"run\",\"two\"]", 2);
    LEFT(ENV ",\"Cmd\":[\"env\"]");
    LEFT(ENV ",\"Cmd\":[\"run\"]");
    LEFT(ENV ",\"Cmd\":\"run\"");
    LEFT(ENV ",\"Entrypoint\":[\"env\"]");
    LEFT(ENV ",\"Healthcheck\":{\"Test\":[\"CMD\",\"env\"]}");
    CREATE(ENV ",\"Healthcheck\":{\"Interval\":1}", "\"Env\":[\"B=two\"],\"Healthcheck\":{\"Interval\":1}",
           1);
}

Test(restore, a_service) {
#define SERVICE(env, args)                                                                                   \
    "{\"Name\":\"s\",\"TaskTemplate\":{\"ContainerSpec\":{\"Image\":\"app\",\"Env\":[\"A=" env               \
    "\"],\"Args\":[\"" args "\"]}}}"
    static const char came[] = "{\"ID\":\"i\",\"Spec\":" SERVICE("one", "x") "}";
    static const char went[] = "{\"ID\":\"i\",\"Spec\":" SERVICE(P "1", "x") "}";

    EXPECT("ServiceUpdate", came, went, SERVICE(P "1", "x"), SERVICE("one", "x"), 1);
    EXPECT("ServiceCreate", came, went, SERVICE(P "1", "x"), SERVICE("one", "x"), 1);
    EXPECT("ServiceUpdate", came, went, SERVICE(P "1", "y"), SERVICE(P "1", "y"), 0);
    EXPECT("ServiceUpdate", came, went, SERVICE(P "2", "x"), SERVICE(P "2", "x"), 0);
}

Test(restore, other_operations) {
    EXPECT("ImageCommit", CAME, WENT, "{\"Env\":[\"A=" P "1\"]}", "{\"Env\":[\"A=1\"]}", 1);
    EXPECT("ImageCommit", CAME, WENT, "null", "null", 0);
    EXPECT("ContainerExec", CAME, WENT, "{\"Env\":[\"A=" P "1\"]}", "{\"Env\":[\"A=" P "1\"]}", 0);
}

Test(restore, what_was_told_is_read_strictly) {
    static const char *const broken[] = {"", "{", "{\"a\":1,\"a\":1}", "[]", "null"};

    for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
        EXPECT("ImageCommit", broken[i], WENT, "{\"Env\":[\"A=" P "1\"]}", "{\"Env\":[\"A=" P "1\"]}", 0);
        EXPECT("ImageCommit", CAME, broken[i], "{\"Env\":[\"A=" P "1\"]}", "{\"Env\":[\"A=" P "1\"]}", 0);
    }
}

Test(restore, says_what_it_did) {
    Request request = request_to("ContainerCreate", "");
    Body *body =
        body_of("{\"Image\":\"app\",\"Env\":[\"X=1\",\"B=" P "2\"],\"HostConfig\":{\"Binds\":[\"" P "4\"]}}");
    Restored restored;

    cr_expect_eq(restore_body(arena, &request, body, SPAN(CAME), SPAN(WENT), &restored), REASON_OK);
    cr_assert_eq(restored.n, 2);
    cr_expect_str_eq(restored.edits[0], "Env[1] put back");
    cr_expect_str_eq(restored.edits[1], "HostConfig.Binds[0] put back");
    cr_expect_null(restored.why);
    body_free(body);
    body = body_of("{\"Image\":\"other\",\"Env\":[\"B=" P "2\"]}");
    cr_expect_eq(restore_body(arena, &request, body, SPAN(CAME), SPAN(WENT), &restored), REASON_OK);
    cr_expect_str_eq(restored.why, "it isn't of the same image, so nothing is put back");
    body_free(body);
}

Test(restore, whose_they_are) {
    Span name, id;

    cr_expect(restore_read_names(arena, RESTORE_CONTAINER, SPAN(CAME), &name, &id));
    cr_expect(span_is(name, "web") && span_is(id, "i"));
    cr_expect(restore_read_names(arena, RESTORE_SERVICE, SPAN("{\"ID\":\"j\",\"Spec\":{\"Name\":\"s\"}}"),
                                 &name, &id));
    cr_expect(span_is(name, "s") && span_is(id, "j"));
    cr_expect_not(restore_read_names(arena, RESTORE_NONE, SPAN(CAME), &name, &id));
    cr_expect_not(restore_read_names(arena, RESTORE_SERVICE, SPAN(CAME), &name, &id));
    cr_expect_not(
        restore_read_names(arena, RESTORE_CONTAINER, SPAN("{\"Name\":\"/\",\"Id\":\"i\"}"), &name, &id));
    cr_expect_not(
        restore_read_names(arena, RESTORE_CONTAINER, SPAN("{\"Name\":\"/a\",\"Id\":1}"), &name, &id));
    cr_expect_not(restore_read_names(arena, RESTORE_CONTAINER, SPAN("{"), &name, &id));
}

Test(restore, who_asks) {
    PolicySet *set = policies_compile(arena, SPAN("r: {answers: {redact_env: [deny-all], restore: true}}\n"
                                                  "o: {mode: observe, answers: {restore: true}}\n"
                                                  "i: {include: [r]}\n"
                                                  "n: {answers: {redact_env: [deny-all]}}\n"));
    const Policy *r = policy_set_get(set, SPAN("r"));
    QueryPair pairs[] = {{.key = SPAN("name"), .value = SPAN("/web")},
                         {.key = SPAN("name"), .value = SPAN("b")}};
    Request request = request_to("ContainerCreate", "");
    Body *body = body_of("{\"Env\":[\"A=" P "1\"]}"), *plain = body_of("{\"Env\":[\"A=1\"]}");
    Span name;

    request.target.query = pairs;
    request.target.n_query = 1;
    cr_expect_eq(restore_wants(r, &request, body, arena, &name), RESTORE_CONTAINER);
    cr_expect(span_is(name, "web"));
    cr_expect_eq(restore_wants(r, &request, plain, arena, &name), RESTORE_NONE);
    cr_expect_eq(restore_wants(r, &request, NULL, arena, &name), RESTORE_NONE);
    for (const char *other = "oin"; *other; other++) /* to include it isn't to have it */
        cr_expect_eq(restore_wants(policy_set_get(set, (Span){other, 1}), &request, body, arena, &name),
                     RESTORE_NONE, "%c", *other);
    request.target.n_query = 2;
    cr_expect_eq(restore_wants(r, &request, body, arena, &name), RESTORE_NONE);
    request.target.n_query = 0;
    cr_expect_eq(restore_wants(r, &request, body, arena, &name), RESTORE_NONE);
    request = request_to("ServiceUpdate", "s1");
    cr_expect_eq(restore_wants(r, &request, body, arena, &name), RESTORE_SERVICE);
    cr_expect(span_is(name, "s1"));
    cr_expect_eq(restore_tells(r, &request), RESTORE_NONE);
    request = request_to("ContainerInspect", "s1");
    cr_expect_eq(restore_tells(r, &request), RESTORE_CONTAINER);
    cr_expect_eq(restore_tells(policy_set_get(set, SPAN("n")), &request), RESTORE_NONE);
    request = request_to("ServiceInspect", "s1");
    cr_expect_eq(restore_tells(r, &request), RESTORE_SERVICE);
    body_free(body);
    body_free(plain);
    policy_set_free(set);
}

Test(restore, a_denial_tells_no_value) {
    Verdict verdict = {.reason = REASON_FIELD_NOT_ALLOWED,
                       .rule = "containers.bind_mounts",
                       .field = "HostConfig.Binds[0]",
                       .detail = "HostConfig.Binds[0]=/srv:/a",
                       .hint = "bind_mounts: [/srv]",
                       .advise = true};
    Verdict allow = {.effect = EFFECT_ALLOW, .reason = REASON_OK, .detail = "x"};

    restore_hush(arena, &verdict);
    cr_expect_str_eq(verdict.detail, "HostConfig.Binds, with hidden values put back");
    cr_expect_str_eq(verdict.field, "HostConfig.Binds");
    cr_expect_str_eq(verdict.rule, "containers.bind_mounts");
    cr_expect(!verdict.hint && !verdict.advise);
    verdict = (Verdict){.field = "volume[\"hidden\"].Options", .detail = "hidden"};
    restore_hush(arena, &verdict);
    cr_expect_str_eq(verdict.field, "volume");
    cr_expect_null(strstr(verdict.detail, "hidden\""));
    restore_hush(arena, &allow);
    cr_expect_str_eq(allow.detail, "x");
}
