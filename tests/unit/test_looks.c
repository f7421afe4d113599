// SPDX-License-Identifier: Apache-2.0
/* What of looks needn't be asked again. Verdicts are in tests/vectors/looks.yaml. */
#include "policy/looks.h"

#include <criterion/criterion.h>

#include "policy/explain.h"
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

/* In doubt the engine is asked about a name that nobody has, and nothing of either answer is kept: the need
 * before, whose ID is known, isn't what they are about. */
Test(looks, what_is_in_doubt_is_not_kept) {
    static const struct {
        unsigned status;
        Reason reason;
    } settles[] = {
        {404, REASON_OBJECT_ABSENT}, {400, REASON_OBJECT_ABSENT}, {200, REASON_OBJECT_ABSENT},
        {500, REASON_LOOK_FAILED},   {503, REASON_LOOK_FAILED},   {0, REASON_LOOK_FAILED},
    };

    for (size_t i = 0; i < ARRAY_SIZE(settles); i++) {
        Looks looks;
        Span id;

        begin(&looks, "labels", "/v1.41/exec/" E "/start");
        looks_take(&looks, 200, SPAN(EXEC));
        cr_assert_not_null(looks_target(&looks));
        looks_take(&looks, 500, SPAN(CONTAINER));
        cr_expect_eq(looks_keeps(&looks, &id), NEED_NONE);
        cr_expect_str_eq(looks_target(&looks), "/v1.41/containers/quaygate-nobody/json");
        cr_expect_null(looks_known(&looks).data);
        looks_take(&looks, settles[i].status, SPAN(CONTAINER));
        cr_expect_eq(looks_keeps(&looks, &id), NEED_NONE);
        cr_expect_null(looks_target(&looks));
        cr_expect_eq(verdict.reason, settles[i].reason, "%u", settles[i].status);
    }
}

/* Each failure of the second look is the engine's. */
Test(looks, a_doubt_that_is_not_settled_is_a_failure) {
    static const Reason reasons[] = {REASON_LOOK_FAILED, REASON_LOOK_TIMEOUT, REASON_LOOK_UNREADABLE,
                                     REASON_NO_MEMORY};

    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
        Looks looks;

        begin(&looks, "labels", "/v1.41/containers/web/start");
        looks_fail(&looks, REASON_LOOK_UNREADABLE);
        cr_expect_str_eq(looks_target(&looks), "/v1.41/containers/quaygate-nobody/json");
        looks_fail(&looks, reasons[i]);
        cr_expect_null(looks_target(&looks));
        cr_expect_eq(verdict.reason, reasons[i]);
        cr_expect_eq(verdict.effect, EFFECT_ERROR);
    }
}

/* Without a scope there is nothing to hide, and what lasts too long says nothing of a name. */
Test(looks, no_doubt_without_a_scope) {
    Looks looks;

    begin(&looks, "plain", "/v1.41/containers/web/start");
    looks_take(&looks, 500, SPAN("{}"));
    cr_expect_null(looks_target(&looks));
    cr_expect_eq(verdict.reason, REASON_LOOK_FAILED);
    begin(&looks, "labels", "/v1.41/containers/web/start");
    looks_fail(&looks, REASON_LOOK_TIMEOUT);
    cr_expect_null(looks_target(&looks));
    cr_expect_eq(verdict.reason, REASON_LOOK_TIMEOUT);
}

/* The client's sentence is that of what isn't there; the record's says what was. */
Test(looks, what_the_client_is_told_of_a_doubt) {
    Looks looks;

    begin(&looks, "labels", "/v1.41/containers/web/start");
    looks_take(&looks, 500, SPAN("{}"));
    looks_take(&looks, 404, SPAN("{}"));
    cr_expect_str_eq(verdict.told, "No such container: web");
    cr_expect_str_eq(explain_sentence(arena, &verdict, &request, "labels", "ID"), "No such container: web");
    cr_expect_str_eq(verdict_rule(&verdict), "scope");
    cr_expect_not_null(strstr(verdict_detail(&verdict), "taken as out of the scope"));
}
