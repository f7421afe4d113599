// SPDX-License-Identifier: Apache-2.0
#include "seen_kit.h"

TestSuite(again, .init = kit_setup, .fini = kit_teardown);

static Again again_of(const char *text) {
    TrailRecord record = kit_record(text);
    Again again;

    again_read(kit_arena, &record, &again);
    return again;
}

static void expect_body(const char *facts, const char *body) {
    const char *text = arena_printf(
        kit_arena,
        KIT_RECORD("POST", "/v1.44/containers/create", "", "\"ContainerCreate\"", "observe", ",\"facts\":%s"),
        facts);
    Again again = again_of(text);

    cr_expect_eq(again.body_is_told, body != NULL, "%s", facts);
    if (body)
        cr_expect(span_is(again.body, body), "%s: %.*s", facts, SPAN_FMT(again.body));
}

Test(again, facts_in_the_shape_of_a_body) {
    expect_body("[]", "{}");
    expect_body("[{\"field\":\"\",\"value\":{}}]", "{}");
    expect_body("[{\"field\":\"Image\",\"value\":\"a\\\"b\"}]", "{\"Image\":\"a\\\"b\"}");
    expect_body(
        "[{\"field\":\"a.b\",\"value\":1},{\"field\":\"a.c[0]\",\"value\":true},{\"field\":\"a.c[1].d\","
        "\"value\":null},"
        "{\"field\":\"e[\\\"x y\\\"]\",\"value\":{}},{\"field\":\"e[\\\"q\\\\\\\"\\\"]\",\"value\":[]}]",
        "{\"a\":{\"b\":1,\"c\":[true,{\"d\":null}]},\"e\":{\"x y\":{},\"q\\\"\":[]}}");
}

Test(again, facts_of_no_body) {
    static const char *const facts[] = {
        "[1]",
        "[{}]",
        "[{\"field\":\"a\"}]",
        "[{\"field\":1,\"value\":1}]",
        "[{\"field\":\"a\",\"value\":1.5}]",
        "[{\"field\":\"a[\",\"value\":1}]",
        "[{\"field\":\"a[1]\",\"value\":1}]",
        "[{\"field\":\"..\",\"value\":1}]",
        "[{\"field\":\"[\\\"a\",\"value\":1}]",
        "[{\"field\":\"a\",\"value\":1},{\"field\":\"a\",\"value\":2}]",
        "[{\"field\":\"a.b\",\"value\":1},{\"field\":\"a\",\"value\":2}]",
        "[{\"lost\":1}]",
        "null",
        "{}",
        "[{\"field\":\"\",\"value\":1},{\"field\":\"a\",\"value\":1}]",
        "[{\"field\":\"a[0]\",\"value\":1},{\"field\":\"a.b\",\"value\":1}]",
    };

    for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
        expect_body(facts[i], NULL);
}

Test(again, what_is_withheld_has_a_stand_in) {
    Again again = again_of(KIT_CREATE("", ",{\"field\":\"Labels[\\\"a\\\"]\",\"withheld\":\"string\"},{"
                                          "\"field\":\"X\",\"withheld\":\"array\"}"));

    cr_assert_eq(again.n_withheld, 2);
    cr_expect_str_eq(again.withheld[0], "Labels[\"a\"]");
    cr_expect(
        span_is(
            again.body,
            "{\"Image\":\"alpine\",\"Labels\":{\"a\":\"quaygate-withheld\"},\"X\":[\"quaygate-withheld\"]}"),
        "%.*s", SPAN_FMT(again.body));
    cr_expect(again.other.data && !span_equals(again.other, again.body));
    cr_expect(again_is_stand_in(SPAN("quaygate-withheld")) && !again_is_stand_in(SPAN("quaygate")));
    again = again_of(KIT_CREATE("", ""));
    cr_expect(!again.other.data && again.n_withheld == 0);
}

Test(again, the_target) {
    Again again = again_of(
        KIT_RECORD("GET", "/v1.44/containers/a b/json", "size=1", "\"ContainerInspect\"", "allow", ""));

    cr_expect(span_is(again.target, "/v1.44/containers/a%20b/json?size=1"), "%.*s", SPAN_FMT(again.target));
    cr_expect(again.was_allowed && !again.was_denied && !again.redacted && !again.untold);
    cr_expect_eq(again.now, 1795508130);
    again = again_of(KIT_RECORD("POST", "/v1.44/build", "t=a&buildargs=…&x=…", "\"ImageBuild\"", "deny", ""));
    cr_expect(span_is(again.target, "/v1.44/build?t=a&buildargs=%7B%7D&x=quaygate-withheld"), "%.*s",
              SPAN_FMT(again.target));
    cr_expect(again.redacted && again.was_denied && again.n_withheld == 2);
    cr_expect_str_eq(again.withheld[0], "query.buildargs");
}

Test(again, what_no_verdict_can_be_had_of) {
    static const char *const texts[] = {
        KIT_RECORD("GET", "/x", "", "null", "error", ""),
        KIT_RECORD("GET", "/x", "", "null", "invalid", ""),
        KIT_RECORD("GET", "/x", "", "null", "deny", ",\"field\":\"header X-Registry-Config\""),
        "{\"event\":\"decision\",\"verdict\":\"deny\",\"request\":{\"method\":\"GET\",\"path\":null,"
        "\"query\":null}}",
        "{\"event\":\"decision\",\"verdict\":\"deny\",\"request\":{\"path\":\"/\",\"query\":\"\"}}",
        "{\"event\":\"decision\"}",
    };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        cr_expect_not_null(again_of(texts[i]).untold, "%s", texts[i]);
}

Test(again, what_was_looked_at) {
    cr_expect(again_of(KIT_RECORD("POST", "/x", "", "null", "deny", ",\"field\":\"container[\\\"a\\\"].X\""))
                  .was_looked);
    cr_expect(again_of(KIT_RECORD("POST", "/x", "", "null", "deny", ",\"field\":\"volume[\\\"a\\\"]\""))
                  .was_looked);
    cr_expect(again_of(KIT_RECORD("POST", "/x", "", "null", "deny", ",\"rule\":\"scope\"")).was_looked);
    cr_expect_not(again_of(KIT_RECORD("POST", "/x", "", "null", "deny", ",\"rule\":\"allow\"")).was_looked);
}

static void expect_verdict(const char *text, const char *policy, const char *why, Effect effect) {
    Again again = again_of(text);
    AgainVerdict verdict;

    again_judge(&again, kit_config, policy_set_get(kit_config->policies, span_from(policy)), kit_arena,
                &verdict);
    cr_expect_eq(verdict.told, why == NULL, "%s: %s", text, verdict.why);
    if (why)
        cr_expect(verdict.why && strstr(verdict.why, why), "%s: %s", text, verdict.why);
    else
        cr_expect_eq(verdict.run.verdict.effect, effect, "%s", text);
    dry_run_done(&verdict.run);
}

Test(again, its_verdict) {
    expect_verdict(KIT_RECORD("GET", "/v1.44/info", "", "\"SystemInfo\"", "deny", ""), "monitoring", NULL,
                   EFFECT_ALLOW);
    expect_verdict(KIT_RECORD("GET", "/v1.44/info", "", "\"SystemInfo\"", "allow", ""), "none", NULL,
                   EFFECT_DENY);
    expect_verdict(KIT_CREATE("", ""), "all", NULL, EFFECT_ALLOW);
    expect_verdict(KIT_CREATE("", ",{\"lost\":1}"), "all", "not all that is judged", EFFECT_DENY);
    expect_verdict(KIT_CREATE("", ",{\"lost\":1}"), "none", NULL, EFFECT_DENY);
    expect_verdict(KIT_RECORD("POST", "/v1.44/commit", "container=a&changes=…", "\"ImageCommit\"", "deny",
                              ",\"facts\":[]"),
                   "all", "hangs on a value", EFFECT_DENY);
    expect_verdict(KIT_RECORD("GET", "/x", "", "null", "error", ""), "all", "the engine", EFFECT_DENY);
}
