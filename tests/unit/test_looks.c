// SPDX-License-Identifier: Apache-2.0
/* What of looks needn't be asked again. Verdicts are in tests/vectors/looks.yaml. */
#include "policy/looks.h"

#include <criterion/criterion.h>

#include "tests/support/policies.h"

#define ZEROS "000000000000000000000000000000000000000000000000000000000000000"
#define C ZEROS "c"
#define E ZEROS "e"
#define CONTAINER                                                                                            \
    "{\"Id\":\"" C                                                                                           \
    "\",\"Name\":\"/web\",\"HostConfig\":{\"Privileged\":false},\"Mounts\":[],\"Config\":{\"Labels\":{"      \
    "\"team\":\"ci\"}}}"
#define EXEC "{\"ID\":\"" E "\",\"ContainerID\":\"" C "\",\"ProcessConfig\":{\"entrypoint\":\"id\"}}"

static Arena *arena;
static PolicySet *set;

static void setup(void) {
    arena = arena_new(4u << 20);
    set = policies_compile(arena, SPAN("plain: {allow: [ContainerExec, ExecStart, ContainerStart]}\n"
                                       "labels: {include: [plain], scope: {labels: {team: ci}}}\n"
                                       "others: {include: [plain], scope: {labels: {team: db}}}\n"
                                       "names: {include: [plain], scope: {names: [web]}}\n"));
}

static void teardown(void) {
    set = policy_set_free(set);
    arena = arena_free(arena);
}

TestSuite(looks, .init = setup, .fini = teardown);

static Request request;
static Verdict verdict;

static void begin(Looks *looks, const char *policy, const char *target) {
    RawHead head = {.method = SPAN("POST"), .target = span_from(target), .http_minor = 1};
    const char *detail = NULL;

    head.headers[head.n_headers++] = (Header){.name = SPAN("Host"), .value = SPAN("d")};
    cr_assert_eq(request_seal(arena, &head, &request, &detail), REASON_OK, "%s", detail);
    verdict = (Verdict){.effect = EFFECT_ALLOW, .reason = REASON_OK};
    looks_begin(looks, policy_set_get(set, span_from(policy)), &request, NULL, arena, &verdict);
    cr_assert_not_null(looks_target(looks), "%s", verdict_detail(&verdict));
}

/* What the ContainerExec saw, its start needn't ask for; nor does a second start ask for the instance. */
Test(looks, an_exec_instance_and_its_container_are_known) {
    static const char *const policies[] = {"plain", "labels"};

    for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
        Looks looks;
        Span id;

        begin(&looks, policies[i], "/v1.41/containers/web/exec");
        cr_expect_null(looks_known(&looks).data);
        looks_take(&looks, 200, SPAN(CONTAINER));
        cr_expect_eq(looks_keeps(&looks, &id), NEED_CONTAINER);
        cr_expect(span_is(id, C));

        begin(&looks, policies[i], "/v1.41/exec/" E "/start");
        cr_expect(span_is(looks_known(&looks), E));
        cr_expect_eq(looks_kind(&looks), NEED_EXEC);
        looks_take(&looks, 200, SPAN(EXEC));
        cr_expect_eq(looks_keeps(&looks, &id), NEED_EXEC);
        cr_expect(span_is(id, E));
        cr_assert_not_null(looks_target(&looks));
        cr_expect(span_is(looks_known(&looks), C));
        cr_expect_eq(looks_kind(&looks), NEED_CONTAINER);
        looks_take(&looks, 200, SPAN(CONTAINER));
        cr_expect_eq(looks_keeps(&looks, &id), NEED_CONTAINER);
        cr_expect_null(looks_target(&looks));
        cr_expect_eq(verdict.effect, EFFECT_ALLOW);
        cr_expect_null(looks_known(&looks).data);
        cr_expect_eq(looks_kind(&looks), NEED_NONE);
    }
}

/* A container can be named like another's ID, and an exec by the beginning of its own. */
Test(looks, what_a_client_names_is_not) {
    static const char *const targets[] = {"/v1.41/containers/" C "/start", "/v1.41/containers/" C "/exec",
                                          "/v1.41/exec/e/start", "/v1.41/exec/" ZEROS "/start"};
    Looks looks;
    Span id;

    for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
        begin(&looks, "plain", targets[i]);
        cr_expect_null(looks_known(&looks).data, "%s", targets[i]);
    }
    begin(&looks, "plain", targets[0]);
    looks_take(&looks, 200, SPAN(CONTAINER));
    cr_expect_eq(looks_keeps(&looks, &id), NEED_NONE);
}

Test(looks, names_change) {
    Looks looks;

    begin(&looks, "names", "/v1.41/exec/" E "/start");
    cr_expect_null(looks_known(&looks).data);
    looks_take(&looks, 200, SPAN(EXEC));
    cr_assert_not_null(looks_target(&looks));
    cr_expect_null(looks_known(&looks).data);
}

Test(looks, what_denies_is_asked_again) {
    Looks looks;
    Span id;

    begin(&looks, "others", "/v1.41/containers/web/exec");
    looks_take(&looks, 200, SPAN(CONTAINER));
    cr_expect_eq(looks_keeps(&looks, &id), NEED_NONE);
    cr_expect_eq(verdict.reason, REASON_OBJECT_ABSENT);
    begin(&looks, "plain", "/v1.41/containers/web/exec");
    looks_take(&looks, 404, SPAN("{}"));
    cr_expect_eq(looks_keeps(&looks, &id), NEED_NONE);
}
