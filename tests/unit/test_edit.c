// SPDX-License-Identifier: Apache-2.0
#include "policy/edit.h"

#include <criterion/criterion.h>

#include "tests/support/suite_arena.h"

TestSuite(edit, .init = suite_arena_make, .fini = suite_arena_free);

static const char *const NO_NEW[] = {"no-new-privileges"};
static const char *const TWO[] = {"no-new-privileges:true", "label=type:ci_t"};
static const NamedText LABELS[] = {{"team", "ci"}, {"tier", ""}};
static const NamedText LOG_OPTS[] = {{"max-size", "10m"}, {"max-file", "3"}};

static const RulesSet NOTHING = {.given = true};
static const RulesSet ALL = {
    .given = true,
    .user = "1000:1000",
    .memory = 536870912,
    .nano_cpus = 1500000000,
    .pids = 256,
    .security_opts = NO_NEW,
    .n_security_opts = 1,
    .labels = LABELS,
    .n_labels = 2,
    .log_driver = "local",
    .log_opts = LOG_OPTS,
    .n_log_opts = 2,
};
static const RulesSet USER = {.given = true, .user = "1000"};
static const RulesSet MEMORY = {.given = true, .memory = 512};
static const RulesSet CPUS = {.given = true, .nano_cpus = 2000000000};
static const RulesSet PIDS = {.given = true, .pids = 256};
static const RulesSet OPTIONS = {.given = true, .security_opts = TWO, .n_security_opts = 2};
static const RulesSet TEAM = {.given = true, .labels = LABELS, .n_labels = 1};
static const RulesSet LOG = {.given = true, .log_driver = "local", .log_opts = LOG_OPTS, .n_log_opts = 1};
static const RulesSet DRIVER = {.given = true, .log_driver = "local"};

typedef struct Case {
    const char *operation;
    const RulesSet *set;
    const char *body;
    const char *edited; /* NULL: as it was */
    const char *edits;  /* joined with a space; looked at where it isn't NULL */
} Case;

#define CREATE "ContainerCreate"
#define SERVICE(spec, more) "{\"TaskTemplate\":{\"ContainerSpec\":{" spec "}" more "}}"

static const Case cases[] = {
    {CREATE, &NOTHING, "{\"Image\":\"a\",\"HostConfig\":null}", NULL, ""},
    /* All of it, and where each goes */
    {CREATE, &ALL, "{}",
     "{\"User\":\"1000:1000\",\"Labels\":{\"team\":\"ci\",\"tier\":\"\"},\"HostConfig\":{\"Memory\":"
     "536870912,"
     "\"PidsLimit\":256,\"NanoCpus\":1500000000,\"SecurityOpt\":[\"no-new-privileges\"],\"LogConfig\":{"
     "\"Type\":\"local\",\"Config\":{\"max-size\":\"10m\",\"max-file\":\"3\"}}}}",
     "User=1000:1000 Labels[\"team\"]=ci Labels[\"tier\"]= HostConfig.Memory=536870912 "
     "HostConfig.PidsLimit=256 HostConfig.NanoCpus=1500000000 HostConfig.SecurityOpt[0]=no-new-privileges "
     "HostConfig.LogConfig.Type=local HostConfig.LogConfig.Config[\"max-size\"]=10m "
     "HostConfig.LogConfig.Config[\"max-file\"]=3"},
    /* Left out: absent, null, zero */
    {CREATE, &USER, "{\"User\":\"\"}", "{\"User\":\"1000\"}", "User=1000"},
    {CREATE, &USER, "{\"User\":null}", "{\"User\":\"1000\"}", NULL},
    {CREATE, &USER, "{\"User\":\"root\"}", NULL, ""},
    {CREATE, &USER, "{\"User\":\"0\"}", NULL, ""},
    {CREATE, &USER, "{\"User\":7}", NULL, ""}, /* the judge's to refuse */
    {CREATE, &MEMORY, "{\"HostConfig\":null}", "{\"HostConfig\":{\"Memory\":512}}", NULL},
    {CREATE, &MEMORY, "{\"HostConfig\":{\"Memory\":0}}", "{\"HostConfig\":{\"Memory\":512}}", NULL},
    {CREATE, &MEMORY, "{\"HostConfig\":{\"Memory\":1}}", NULL, ""},
    {CREATE, &MEMORY, "{\"HostConfig\":{\"Memory\":-1}}", NULL, ""},
    {CREATE, &PIDS, "{\"HostConfig\":{\"PidsLimit\":0}}", "{\"HostConfig\":{\"PidsLimit\":256}}", NULL},
    {CREATE, &PIDS, "{\"HostConfig\":{\"PidsLimit\":-1}}", NULL, ""},
    /* What isn't there isn't an object of another type */
    {CREATE, &MEMORY, "{\"HostConfig\":[]}", NULL, ""},
    {CREATE, &MEMORY, "{\"HostConfig\":\"\"}", NULL, ""},
    {CREATE, &ALL, "[]", NULL, ""},
    {CREATE, &ALL, "null", NULL, ""},
    /* The CPU in other words */
    {CREATE, &CPUS, "{\"HostConfig\":{\"CpuQuota\":0,\"CpuPeriod\":0}}",
     "{\"HostConfig\":{\"CpuQuota\":0,\"CpuPeriod\":0,\"NanoCpus\":2000000000}}", NULL},
    {CREATE, &CPUS, "{\"HostConfig\":{\"CpuQuota\":50000}}", NULL, ""},
    {CREATE, &CPUS, "{\"HostConfig\":{\"CpuPeriod\":50000}}", NULL, ""},
    /* Options by what they speak of (T-079) */
    {CREATE, &OPTIONS, "{\"HostConfig\":{\"SecurityOpt\":null}}",
     "{\"HostConfig\":{\"SecurityOpt\":[\"no-new-privileges:true\",\"label=type:ci_t\"]}}", NULL},
    {CREATE, &OPTIONS, "{\"HostConfig\":{\"SecurityOpt\":[\"no-new-privileges=false\"]}}",
     "{\"HostConfig\":{\"SecurityOpt\":[\"no-new-privileges=false\",\"label=type:ci_t\"]}}",
     "HostConfig.SecurityOpt[1]=label=type:ci_t"},
    {CREATE, &OPTIONS, "{\"HostConfig\":{\"SecurityOpt\":[\"label:disable\"]}}",
     "{\"HostConfig\":{\"SecurityOpt\":[\"label:disable\",\"no-new-privileges:true\"]}}", NULL},
    {CREATE, &OPTIONS, "{\"HostConfig\":{\"SecurityOpt\":[\"no-new-privileges\",\"label=disable\"]}}", NULL,
     ""},
    {CREATE, &OPTIONS, "{\"HostConfig\":{\"SecurityOpt\":\"label=disable\"}}", NULL, ""},
    /* Labels: the client's others stay, of these the policy has the last word */
    {CREATE, &TEAM, "{\"Labels\":{\"a\":\"b\"}}", "{\"Labels\":{\"a\":\"b\",\"team\":\"ci\"}}", NULL},
    {CREATE, &TEAM, "{\"Labels\":{\"team\":\"x\",\"Team\":\"y\"}}",
     "{\"Labels\":{\"team\":\"ci\",\"Team\":\"y\"}}", "Labels[\"team\"]=ci"},
    {CREATE, &TEAM, "{\"Labels\":{\"team\":\"ci\"}}", NULL, ""},
    {CREATE, &TEAM, "{\"Labels\":[\"team=x\"]}", NULL, ""},
    /* A log's options are their driver's */
    {CREATE, &LOG, "{\"HostConfig\":{\"LogConfig\":{\"Type\":\"\",\"Config\":{}}}}",
     "{\"HostConfig\":{\"LogConfig\":{\"Type\":\"local\",\"Config\":{\"max-size\":\"10m\"}}}}", NULL},
    {CREATE, &LOG, "{\"HostConfig\":{\"LogConfig\":{\"Type\":\"local\"}}}",
     "{\"HostConfig\":{\"LogConfig\":{\"Type\":\"local\",\"Config\":{\"max-size\":\"10m\"}}}}", NULL},
    {CREATE, &LOG, "{\"HostConfig\":{\"LogConfig\":{\"Type\":\"local\",\"Config\":{\"max-size\":\"1m\"}}}}",
     NULL, ""},
    {CREATE, &LOG, "{\"HostConfig\":{\"LogConfig\":{\"Type\":\"local\",\"Config\":{\"max-size\":\"\"}}}}",
     NULL, ""},
    {CREATE, &LOG, "{\"HostConfig\":{\"LogConfig\":{\"Type\":\"none\"}}}", NULL, ""},
    {CREATE, &DRIVER, "{\"HostConfig\":{\"LogConfig\":{\"Config\":{\"a\":\"b\"}}}}",
     "{\"HostConfig\":{\"LogConfig\":{\"Config\":{\"a\":\"b\"},\"Type\":\"local\"}}}", NULL},
    /* A service */
    {"ServiceCreate", &ALL, SERVICE("", ""),
     SERVICE("\"User\":\"1000:1000\",\"Labels\":{\"team\":\"ci\",\"tier\":\"\"},\"Privileges\":{"
             "\"NoNewPrivileges\":true}",
             ",\"Resources\":{\"Limits\":{\"MemoryBytes\":536870912,\"Pids\":256,\"NanoCPUs\":1500000000}},"
             "\"LogDriver\":{\"Name\":\"local\",\"Options\":{\"max-size\":\"10m\",\"max-file\":\"3\"}}"),
     NULL},
    {"ServiceUpdate", &OPTIONS, SERVICE("\"Privileges\":{\"NoNewPrivileges\":false}", ""),
     SERVICE("\"Privileges\":{\"NoNewPrivileges\":true}", ""),
     "TaskTemplate.ContainerSpec.Privileges.NoNewPrivileges=true"},
    {"ServiceCreate", &MEMORY, SERVICE("", ",\"Resources\":{\"Limits\":{\"MemoryBytes\":1}}"), NULL, ""},
    /* A plugin's service has no container, and must not get one */
    {"ServiceCreate", &ALL, "{\"TaskTemplate\":{\"Runtime\":\"plugin\",\"PluginSpec\":{}}}", NULL, ""},
    {"ServiceCreate", &ALL, "{\"Name\":\"x\"}", NULL, ""},
    /* Where left out means "as it was", or there is no container */
    {"ContainerUpdate", &ALL, "{}", NULL, ""},
    {"ContainerExec", &ALL, "{}", NULL, ""},
    {"VolumeCreate", &ALL, "{\"Labels\":null}", NULL, ""},
};

static const char *dump(const Body *body) {
    size_t size = body_dump(body, NULL, 0);
    char *text = arena_alloc(arena, size + 1);

    cr_assert(size > 0 && text);
    cr_assert_eq(body_dump(body, text, size), size);
    return text;
}

static Body *parse(const char *text) {
    const char *detail = NULL;
    Body *body = NULL;

    cr_assert_eq(body_parse(arena, span_from(text), &body, &detail), REASON_OK, "%s: %s", text, detail);
    return body;
}

static const char *join(const Edits *edits) {
    const char *text = "";

    for (size_t i = 0; i < edits->n; i++)
        text = arena_printf(arena, "%s%s%s", text, i > 0 ? " " : "", edits->items[i]);
    return text;
}

Test(edit, puts_in_what_is_left_out) {
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const Case *c = &cases[i];
        const Operation *operation = routes_find(span_from(c->operation));
        Rules rules = {.set = *c->set};
        CLEANUP(body_free_p) Body *body = parse(c->body);
        Edits edits;

        cr_assert_not_null(operation, "%s", c->operation);
        cr_assert_eq(edit_body(arena, operation, &rules, body, &edits), REASON_OK);
        cr_expect_str_eq(dump(body), c->edited ? c->edited : c->body, "case %zu, %s: %s", i, c->body,
                         dump(body));
        cr_expect_eq(edits.n > 0, c->edited != NULL, "case %zu, %s: %zu edits", i, c->body, edits.n);
        if (c->edits)
            cr_expect_str_eq(join(&edits), c->edits, "case %zu: %s", i, join(&edits));

        /* There is nothing more to put in. */
        cr_assert_eq(edit_body(arena, operation, &rules, body, &edits), REASON_OK);
        cr_expect_eq(edits.n, 0, "case %zu, %s: edited twice: %s", i, c->body, join(&edits));
    }
}

Test(edit, nothing_without_set_or_body) {
    const Operation *create = routes_find(SPAN("ContainerCreate"));
    Rules without = {0}, with = {.set = ALL};
    CLEANUP(body_free_p) Body *body = parse("{\"HostConfig\":null}");
    Edits edits = {.n = 9};

    cr_expect_eq(edit_body(arena, create, &without, body, &edits), REASON_OK);
    cr_expect_eq(edits.n, 0);
    cr_expect_str_eq(dump(body), "{\"HostConfig\":null}");
    cr_expect_eq(edit_body(arena, create, &with, NULL, &edits), REASON_OK);
    cr_expect_eq(edits.n, 0);
}

/* However much memory there is short of enough, the answer is never "all put in". */
Test(edit, no_memory_is_said) {
    const Operation *create = routes_find(SPAN("ContainerCreate"));
    Rules rules = {.set = ALL};
    bool enough = false;

    for (size_t limit = 16; limit < (16u << 10) && !enough; limit += 16) {
        CLEANUP(arena_free_p) Arena *small = arena_new(limit);
        CLEANUP(body_free_p) Body *body = parse("{}");
        Edits edits;
        Reason reason = edit_body(small, create, &rules, body, &edits);

        enough = reason == REASON_OK;
        cr_expect(reason == REASON_OK || reason == REASON_NO_MEMORY);
        cr_expect(!enough || edits.n == 10, "%zu bytes: %zu edits", limit, edits.n);
    }
    cr_expect(enough);
}
