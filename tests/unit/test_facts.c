// SPDX-License-Identifier: Apache-2.0
#include "policy/facts.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/support/policies.h"

static Arena *arena;
static PolicySet *set;

static const char POLICIES[] = "plain: {allow: [ContainerCreate]}\n"
                               "asks: {allow: [ContainerCreate], containers: {labels: {require: {team: "
                               "\"*\"}}}, exec: {commands: [id]}}\n";

/* dockerd's own */
#define READONLY "\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\",\"/proc/sysrq-trigger\""

#define WITHHELD                                                                                             \
    "HostConfig.ReadonlyPaths[0]~string HostConfig.ReadonlyPaths[1]~string "                                 \
    "HostConfig.ReadonlyPaths[2]~string HostConfig.ReadonlyPaths[3]~string "                                 \
    "HostConfig.ReadonlyPaths[4]~string"

static void setup(void) {
    body_seed(1);
    arena = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    set = policies_compile(arena, span_from(POLICIES));
}

static void teardown(void) {
    set = policy_set_free(set);
    arena = arena_free(arena);
}

TestSuite(facts, .init = setup, .fini = teardown);

static Facts gather_at(const char *policy, const char *operation, unsigned minor, const char *json) {
    CLEANUP(body_free_p) Body *body = NULL;
    Request request = {.operation = routes_find(span_from(operation)), .target.api_minor = minor};
    const char *detail = NULL;
    Facts facts;

    cr_assert_not_null(request.operation);
    cr_assert_eq(body_parse(arena, span_from(json), &body, &detail), REASON_OK, "%s: %s", json, detail);
    facts_gather(policy_set_get(set, span_from(policy)), &request, body, arena, &facts);
    cr_assert(facts.gathered);
    return facts; /* the body is gone: nothing in there may be its */
}

/* "Image=alpine Labels["a"]~string" */
static const char *show(const Facts *facts) {
    const char *text = "";

    for (size_t i = 0; i < facts->n; i++) {
        const Fact *fact = &facts->items[i];
        const char *value = "{}";

        if (fact->withheld)
            value = body_type_name(fact->type);
        else if (fact->type == BODY_TYPE_STRING)
            value = arena_printf(arena, "%.*s", SPAN_FMT(fact->text));
        else if (fact->type == BODY_TYPE_INTEGER)
            value = arena_printf(arena, "%lld", (long long) fact->integer);
        else if (fact->type == BODY_TYPE_BOOL)
            value = fact->flag ? "true" : "false";
        else if (fact->type == BODY_TYPE_ARRAY)
            value = "[]";
        else if (fact->type == BODY_TYPE_NULL)
            value = "null";
        text = arena_printf(arena, "%s%s%s%s%s", text, i > 0 ? " " : "", fact->field,
                            fact->withheld ? "~" : "=", value);
    }
    return text;
}

typedef struct Case {
    const char *policy, *operation, *json, *expected;
} Case;

static void expect(const Case *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        Facts facts = gather_at(cases[i].policy, cases[i].operation, 44, cases[i].json);

        cr_expect_str_eq(show(&facts), cases[i].expected, "%s: %s", cases[i].json, show(&facts));
        cr_expect_eq(facts.lost, 0u);
    }
}

Test(facts, what_the_rules_look_at) {
    static const Case cases[] = {
        {"plain", "ContainerCreate", "{}", ""},
        {"plain", "ContainerCreate", "{\"Image\":\"alpine\",\"Hostname\":\"h\",\"Tty\":true}",
         "Image=alpine"},
        {"plain", "ContainerCreate",
         "{\"HostConfig\":{\"Binds\":[\"/a:/b\",\"v:/c\"],\"Privileged\":true,\"Memory\":7,\"CpuShares\":9}}",
         "HostConfig.Binds[0]=/a:/b HostConfig.Binds[1]=v:/c HostConfig.Privileged=true HostConfig.Memory=7"},
        {"plain", "ContainerCreate", "{\"HostConfig\":{\"Privileged\":false,\"Binds\":[],\"PidMode\":\"\"}}",
         ""},
        {"plain", "ContainerCreate", "{\"HostConfig\":{\"MaskedPaths\":[]}}", "HostConfig.MaskedPaths=[]"},
        {"plain", "ContainerCreate", "{\"HostConfig\":{\"ReadonlyPaths\":[" READONLY "]}}", ""},
        {"plain", "ContainerCreate", "{\"HostConfig\":{\"ReadonlyPaths\":[" READONLY ",\"/x\"]}}",
         WITHHELD " HostConfig.ReadonlyPaths[5]~string"},
        {"plain", "ContainerCreate",
         "{\"HostConfig\":{\"ReadonlyPaths\":[" READONLY "],\"Privileged\":true}}",
         WITHHELD " HostConfig.Privileged=true"},
        {"plain", "ContainerCreate", "{\"HostConfig\":{\"CapDrop\":\"ALL\",\"CapAdd\":[\"KILL\"]}}",
         "HostConfig.CapDrop[0]=ALL HostConfig.CapAdd[0]=KILL"},
        {"plain", "ContainerCreate", "{\"HostConfig\":{\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"\"}]}}}",
         "HostConfig.PortBindings[\"80/tcp\"][0]={}"},
        {"plain", "ContainerCreate",
         "{\"HostConfig\":{\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/a\",\"Target\":\"/"
         "b\",\"ReadOnly\":true}]}}",
         "HostConfig.Mounts[0].Type=bind HostConfig.Mounts[0].Source=/a HostConfig.Mounts[0].Target=/b "
         "HostConfig.Mounts[0].ReadOnly=true"},
        {"plain", "ContainerCreate",
         "{\"NetworkingConfig\":{\"EndpointsConfig\":{\"n\":{\"Aliases\":[\"a\"]},\"m\":null}}}",
         "NetworkingConfig.EndpointsConfig[\"n\"]={} NetworkingConfig.EndpointsConfig[\"m\"]=null"},
        {"plain", "ContainerUpdate", "{\"PidsLimit\":0}", "PidsLimit=0"},
        {"plain", "ServiceCreate", "{\"TaskTemplate\":{\"ContainerSpec\":{}}}",
         "TaskTemplate.ContainerSpec={}"},
        {"plain", "ImageCommit", "null", "=null"},
        {"plain", "ContainerCreate", "[1]", "~array"},
    };

    expect(cases, ARRAY_SIZE(cases));
}

Test(facts, what_stays_out) {
    static const Case cases[] = {
        {"plain", "ContainerCreate",
         "{\"Env\":[\"TOKEN=s3cret\"],\"Cmd\":[\"s3cret\"],\"Entrypoint\":\"s3cret\",\"Healthcheck\":"
         "{\"Test\":[\"s3cret\"]}}",
         ""},
        {"plain", "ContainerCreate", "{\"Labels\":{\"a\":\"s3cret\",\"team\":\"s3cret\"}}",
         "Labels[\"a\"]~string Labels[\"team\"]~string"},
        {"asks", "ContainerCreate", "{\"Labels\":{\"a\":\"s3cret\",\"team\":\"ci\"}}",
         "Labels[\"a\"]~string Labels[\"team\"]=ci"},
        {"plain", "ContainerCreate",
         "{\"HostConfig\":{\"LogConfig\":{\"Type\":\"splunk\",\"Config\":"
         "{\"splunk-token\":\"s3cret\"}}}}",
         "HostConfig.LogConfig.Type=splunk HostConfig.LogConfig.Config[\"splunk-token\"]~string"},
        {"plain", "ContainerCreate", "{\"Foo\":{\"x\":\"s3cret\"},\"Bar\":\"\",\"image\":\"s3cret\"}",
         "Foo~object Bar= image~string"},
        {"plain", "ContainerCreate",
         "{\"Image\":{\"x\":\"s3cret\"},\"HostConfig\":{\"Privileged\":\"s3cret\"}}",
         "Image~object HostConfig.Privileged~string"},
        {"plain", "ContainerCreate", "{\"HostConfig\":{\"Annotations\":{\"k\":\"s3cret\"}}}",
         "HostConfig.Annotations[\"k\"]~string"},
        {"plain", "ContainerExec", "{\"Cmd\":[\"s3cret\"],\"Env\":[\"A=s3cret\"],\"User\":\"root\"}",
         "Cmd~array Env~array User=root"},
        {"asks", "ContainerExec", "{\"Cmd\":[\"id\"],\"Env\":[\"A=s3cret\"]}", "Cmd[0]=id Env~array"},
        {"plain", "VolumeCreate",
         "{\"Name\":\"v\",\"DriverOpts\":{\"type\":\"cifs\",\"device\":\"//h/"
         "s\",\"o\":\"username=u,password=s3cret\"}}",
         "Name=v DriverOpts[\"type\"]~string DriverOpts[\"device\"]~string DriverOpts[\"o\"]~string"},
        {"plain", "VolumeCreate",
         "{\"DriverOpts\":{\"type\":\"none\",\"device\":\"/a\",\"o\":\"bind,ro\",\"x\":\"s3cret\"}}",
         "DriverOpts[\"type\"]=none DriverOpts[\"device\"]=/a DriverOpts[\"o\"]=bind,ro "
         "DriverOpts[\"x\"]~string"},
        {"plain", "VolumeCreate", "{\"DriverOpts\":{\"device\":\"//u:s3cret@h/s\"}}",
         "DriverOpts[\"device\"]~string"},
        {"plain", "SecretCreate", "{\"Name\":\"n\",\"Data\":\"s3cret\"}", ""},
        {"plain", "SystemAuth", "{\"username\":\"u\",\"password\":\"s3cret\"}", ""},
    };

    expect(cases, ARRAY_SIZE(cases));
}

/* A place that can't be taken for another. */
Test(facts, places) {
    static const Case cases[] = {
        {"plain", "ContainerCreate", "{\"Labels\":{\"a\\\"]\\\\.b\":\"\",\"\":\"\",\"c d\\n\":\"\"}}",
         "Labels[\"a\\\"]\\\\.b\"]~string Labels[\"\"]~string Labels[\"c d\n\"]~string"},
        {"plain", "ContainerCreate", "{\"a.b\":0,\"a\":0,\"\":0}", "[\"a.b\"]=0 a=0 [\"\"]=0"},
    };

    expect(cases, ARRAY_SIZE(cases));
}

/* A field that the request's version hasn't is judged for being there. */
Test(facts, versions) {
    static const char json[] = "{\"Healthcheck\":{\"StartInterval\":5,\"Test\":[\"s3cret\"]}}";
    Facts early = gather_at("plain", "ContainerCreate", 43, json);
    Facts known = gather_at("plain", "ContainerCreate", 44, json);

    cr_expect_str_eq(show(&early), "Healthcheck.StartInterval=5");
    cr_expect_eq(known.n, 0u);
}

static const char *binds(size_t n, size_t size) {
    char *json = arena_alloc(arena, n * (size + 4) + 64), *end = json;

    cr_assert_not_null(json);
    end += sprintf(end, "{\"HostConfig\":{\"Binds\":[");
    for (size_t i = 0; i < n; i++) {
        *end++ = i > 0 ? ',' : ' ';
        *end++ = '"';
        memset(end, 'x', size);
        end += size;
        *end++ = '"';
    }
    (void) sprintf(end, "]}}");
    return json;
}

Test(facts, limits) {
    Facts facts = gather_at("plain", "ContainerCreate", 44, binds(LIMIT_FACTS, 3));

    cr_expect_eq(facts.n, LIMIT_FACTS);
    cr_expect_eq(facts.lost, 0u);
    facts = gather_at("plain", "ContainerCreate", 44, binds(LIMIT_FACTS + 1, 3));
    cr_expect_eq(facts.n, LIMIT_FACTS);
    cr_expect_gt(facts.lost, 0u);

    facts = gather_at("plain", "ContainerCreate", 44, binds(1, LIMIT_FACT_BYTES));
    cr_expect_eq(facts.n, 1u);
    cr_expect_eq(facts.lost, 0u);
    facts = gather_at("plain", "ContainerCreate", 44, binds(1, LIMIT_FACT_BYTES + 1));
    cr_expect_eq(facts.n, 0u);
    cr_expect_eq(facts.lost, 1u);

    /* "HostConfig.Binds[00]" and a value, 32 times: 1024 each. */
    facts = gather_at("plain", "ContainerCreate", 44, binds(10, 1024 - 19));
    cr_expect_eq(facts.lost, 0u);
    facts = gather_at("plain", "ContainerCreate", 44, binds(32, LIMIT_FACT_BYTES));
    cr_expect_eq(facts.n, 31u);
    cr_expect_eq(facts.lost, 1u);
}

/* The path, its quotes and its brackets: LIMIT_FACT_FIELD_BYTES less one. */
Test(facts, a_place_that_is_too_long) {
    static const char open[] = "{\"Labels\":{\"", close[] = "\":\"\"}}";

    for (size_t more = 0; more < 2; more++) {
        size_t size = LIMIT_FACT_FIELD_BYTES - 1 - strlen("Labels[\"\"]") + more;
        char json[LIMIT_FACT_FIELD_BYTES + 64];
        Facts facts;

        memcpy(json, open, sizeof(open));
        memset(json + strlen(open), 'k', size);
        memcpy(json + strlen(open) + size, close, sizeof(close));
        facts = gather_at("plain", "ContainerCreate", 44, json);
        cr_expect_eq(facts.n, 1 - more);
        cr_expect_eq(facts.lost, more);
    }
}

Test(facts, without_memory_they_are_lost) {
    CLEANUP(body_free_p) Body *body = NULL;
    CLEANUP(arena_free_p) Arena *small = arena_new(64);
    Request request = {.operation = routes_find(SPAN("ContainerCreate"))};
    const char *detail;
    Facts facts;

    cr_assert_eq(body_parse(arena, SPAN("{\"Image\":\"a\"}"), &body, &detail), REASON_OK);
    facts_gather(policy_set_get(set, SPAN("plain")), &request, body, small, &facts);
    cr_expect_eq(facts.n, 0u);
    cr_expect_gt(facts.lost, 0u);
}

Test(facts, without_a_body_there_are_none) {
    Request request = {.operation = routes_find(SPAN("SystemPing"))};
    Facts facts;

    facts_gather(policy_set_get(set, SPAN("plain")), &request, NULL, arena, &facts);
    cr_expect(facts.gathered && facts.n == 0 && facts.lost == 0);
    request =
        (Request){.operation = routes_find(SPAN("ContainerCreate")), .framing = FRAMING_LENGTH, .length = 9};
    facts_gather(policy_set_get(set, SPAN("plain")), &request, NULL, arena, &facts);
    cr_expect_not(facts.gathered, "the body was not read");
}
