// SPDX-License-Identifier: Apache-2.0
#include "policy/judge.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "policy/fields.h"
#include "tests/support/suite_arena.h"

TestSuite(judge, .init = suite_arena_make, .fini = suite_arena_free);

static BindRule bind_rule(const char *pattern, bool readonly) {
    return (BindRule){
        .pattern = glob_compile(arena, span_from(pattern)), .text = pattern, .readonly = readonly};
}

/* The policy that judge_cases.def describes. */
static const Rules *baseline(void) {
    Rules *rules = arena_alloc(arena, sizeof(*rules));
    BindRule *binds = arena_alloc_array(arena, 5, sizeof(*binds));

    binds[0] = bind_rule("/srv/data/**", false);
    binds[1] = bind_rule("/etc/localtime", true);
    binds[2] = bind_rule("/opt/ro/**", true);
    binds[3] = bind_rule("/proc", true);
    binds[4] = bind_rule("/run/app.sock", false);
    *rules = (Rules){.bind_mounts = binds,
                     .n_bind_mounts = 5,
                     .publish_all = true,
                     .given = RULES_BIT(RULES_BIND_MOUNTS) | RULES_BIT(RULES_PORTS)};
    return rules;
}

static void judge_at(const char *operation, unsigned minor, const char *text, const Rules *rules,
                     Findings *ret) {
    Operation op = {.id = operation, .method = METHOD_POST, .body = BODY_JSON};
    Body *body CLEANUP(body_free_p) = NULL;
    char *json = arena_copy(arena, span_from(text));
    const char *detail = "";

    if (strcmp(operation, "ImageCommit") == 0)
        op.body = BODY_JSON_OPTIONAL;
    for (char *c = json; *c; c++)
        if (*c == '\'')
            *c = '"';
    cr_assert_eq(body_parse(arena, span_from(json), &body, &detail), REASON_OK, "%s: %s", json, detail);
    judge_body(arena, &op, minor, body, rules, ret);
}

static void judge(const char *operation, const char *text, const Rules *rules, Findings *ret) {
    judge_at(operation, 41, text, rules, ret);
}

typedef struct Case {
    const char *operation, *body;
    Reason reason; /* OK, or JSON_AMBIGUOUS, or FIELD_NOT_ALLOWED for all 403s */
    const char *rule, *field;
} Case;

#define HOST(text) "{'Image':'bb','HostConfig':{" text "}}"
#define SERVICE(text) "{'TaskTemplate':{'ContainerSpec':{" text "}}}"
#define ALLOW(operation, body) {#operation, body, REASON_OK, NULL, NULL},
#define DENY(operation, body, rule, field) {#operation, body, REASON_FIELD_NOT_ALLOWED, rule, field},
#define INVALID(operation, body, field) {#operation, body, REASON_JSON_AMBIGUOUS, NULL, field},

static const Case cases[] = {
#include "judge_cases.def"
#include "judge_binds.def"
};

Test(judge, cases) {
    const Rules *rules = baseline();

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const Case *c = &cases[i];
        Findings findings;
        const Finding *first = &findings.items[0];

        arena_reset(arena);
        rules = baseline();
        judge(c->operation, c->body, rules, &findings);
        if (c->reason == REASON_OK) {
            cr_expect_eq(findings.n, 0, "%s %s: %s (%s)", c->operation, c->body, first->detail, first->rule);
            continue;
        }
        cr_expect(findings.n > 0, "%s %s passed", c->operation, c->body);
        if (findings.n == 0)
            continue;
        cr_expect_str_eq(first->field, c->field, "%s: %s, not %s", c->body, first->field, c->field);
        cr_expect_eq(first->reason == REASON_JSON_AMBIGUOUS, c->reason == REASON_JSON_AMBIGUOUS, "%s",
                     c->body);
        cr_expect_eq(reason_http_status(first->reason), c->reason == REASON_JSON_AMBIGUOUS ? 400 : 403);
        if (c->rule)
            cr_expect_str_eq(first->rule, c->rule, "%s: %s, not %s", c->body, first->rule, c->rule);
    }
}

/* Without bind_mounts no host path passes, whatever its kind. */
Test(judge, no_rules) {
    static const Rules none;
    Findings findings;

    judge("ContainerCreate", HOST("'Binds':['/srv/data:/d:ro']"), &none, &findings);
    cr_assert_eq(findings.n, 1);
    cr_expect_str_eq(findings.items[0].detail, "HostConfig.Binds[0]=/srv/data:/d:ro");
    cr_expect_str_eq(findings.items[0].hint, "containers: {bind_mounts: [/srv/data]}");
    judge("ContainerCreate", "{'Image':'bb'}", &none, &findings);
    cr_expect_eq(findings.n, 0);
}

Test(judge, nothing_to_judge) {
    Operation op = {.id = "ContainerCreate", .body = BODY_JSON};
    Findings findings = {.n = 7};

    judge_body(arena, &op, 41, NULL, baseline(), &findings);
    cr_expect_eq(findings.n, 0);
}

/* A pattern never allows what gives the host away; the exact path does. */
Test(judge, protected_paths) {
    static const char *const own[] = {"/opt/engine/docker.sock", "/opt/log/a.jsonl*"};
    static const struct {
        const char *pattern, *source;
        bool allowed;
    } rows[] = {
        {"/**", "/srv/x", true},
        {"/**", "/", false},
        {"/**", "/proc", false},
        {"/**", "/var/lib", false},
        {"/**", "/var/lib/docker/volumes", false},
        {"/**", "/run/docker.sock", false},
        {"/**", "/etc", false},
        {"/**", "/etc/quaygate/quaygate.yaml", false},
        {"/**", "/etc/hosts", true},
        {"/var/run/*", "/var/run/docker.sock", false},
        {"/var/run/docker.soc?", "/var/run/docker.sock", false},
        {"/var/run/docker.sock", "/var/run/docker.sock", true},
        {"/", "/", true},
        {"/", "/srv", false},
        {"/dev/**", "/dev/shm", false},
        {"/dev/shm", "/dev/shm", true},
        {"/opt/**", "/opt/engine/docker.sock", false},
        {"/opt/**", "/opt/engine", false},
        {"/opt/**", "/opt", false},
        {"/opt/**", "/opt/other", true},
        {"/opt/**", "/opt/log", false},
        {"/opt/**", "/opt/log/a.jsonl.1", false},
        {"/opt/**", "/opt/log/a.jsonl-old/x", false},
        {"/opt/**", "/opt/log/b.jsonl", true},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        BindRule bind = bind_rule(rows[i].pattern, false);
        Rules rules = {.bind_mounts = &bind,
                       .n_bind_mounts = 1,
                       .given = RULES_BIT(RULES_BIND_MOUNTS),
                       .protected_paths = own,
                       .n_protected_paths = ARRAY_SIZE(own)};
        Findings findings;

        judge("ContainerCreate", arena_printf(arena, HOST("'Binds':['%s:/x']"), rows[i].source), &rules,
              &findings);
        cr_expect_eq(findings.n == 0, rows[i].allowed, "%s %s", rows[i].pattern, rows[i].source);
    }
}

/* What a node exporter and a device need; the source passes by its exact path only. */
Test(judge, kernel_trees_on_themselves) {
    static const struct {
        const char *source, *target;
        bool allowed;
    } rows[] = {
        {"/dev/fuse", "/dev/fuse", true}, {"/dev", "/dev", true},           {"/dev/fuse", "/sys/x", false},
        {"/sys", "/sys", true},           {"/sys", "/dev/x", false},        {"/srv", "/dev/x", false},
        {"/dev/fuse", "/proc/x", false},  {"/dev/../srv", "/dev/x", false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        BindRule bind = bind_rule(rows[i].source, false);
        Rules rules = {.bind_mounts = &bind, .n_bind_mounts = 1, .given = RULES_BIT(RULES_BIND_MOUNTS)};
        Findings findings;

        judge("ContainerCreate",
              arena_printf(arena, HOST("'Binds':['%s:%s']"), rows[i].source, rows[i].target), &rules,
              &findings);
        cr_expect_eq(findings.n == 0, rows[i].allowed, "%s on %s", rows[i].source, rows[i].target);
    }
}

Test(judge, privileged_key) {
    Rules rules = {.privileged = true, .given = RULES_BIT(RULES_PRIVILEGED)};
    Findings findings;

    judge("ContainerCreate", HOST("'Privileged':true"), &rules, &findings);
    cr_expect_eq(findings.n, 0);
    judge("ContainerCreate", HOST("'Privileged':true,'PidMode':'host'"), &rules, &findings);
    cr_expect_eq(findings.n, 1); /* each key for itself */
    judge("ContainerExec", "{'Privileged':true}", &rules, &findings);
    cr_expect_eq(findings.n, 1);
}

#define EVERYTHING                                                                                           \
    "{'Privileged':true,'Strange':[null],'HostConfig':{'Privileged':true,'Binds':['/:/"                      \
    "h:rshared'],'PidMode':"                                                                                 \
    "'host','MaskedPaths':[],'Devices':[{'PathOnHost':'/dev/sda'}],'CapAdd':['ALL'],'Mounts':[{'Type':"      \
    "'image'}],'Annotations':{'a':'b'},'New':1,'Memory':'odd'}}"

Test(judge, privileged_profile) {
    static const struct {
        const char *operation, *body;
        bool has_privileged, privileged, has_binds;
        const char *field; /* NULL: passes */
    } rows[] = {
        {"ContainerCreate", EVERYTHING, false, false, false, NULL},
        {"Unheard", "{'x':1}", false, false, false, NULL},
        {"ContainerExec", "{'Privileged':true}", false, false, false, NULL},
        {"VolumeCreate", "{'Driver':'x','DriverOpts':{'type':'ext4'}}", false, false, false, NULL},
        /* another spelling stays refused */
        {"ContainerCreate", HOST("'binds':[]"), false, false, false, "HostConfig.binds"},
        {"ContainerCreate", HOST("'Devices':[{'pathonhost':'x'}]"), false, false, false,
         "HostConfig.Devices[0].pathonhost"},
        /* keys that are given hold */
        {"ContainerCreate", HOST("'Privileged':true"), true, false, false, "HostConfig.Privileged"},
        {"ContainerCreate", "{'Privileged':true}", true, false, false, "Privileged"},
        {"ContainerCreate", HOST("'PidMode':'host','New':1"), true, false, false, NULL},
        {"ContainerCreate", HOST("'Privileged':true"), true, true, false, NULL},
        {"ContainerExec", "{'Privileged':true}", true, false, false, "Privileged"},
        {"ContainerExec", "{'Privileged':true}", true, true, false, NULL},
        {"ContainerCreate", HOST("'Binds':['/etc:/x']"), false, false, true, "HostConfig.Binds[0]"},
        {"ContainerCreate", HOST("'Binds':'/etc:/x'"), false, false, true, "HostConfig.Binds"},
        {"ContainerCreate", "{'Binds':['/etc:/x']}", false, false, true, "Binds"},
        {"ContainerCreate", HOST("'Mounts':[{'Type':'image','Source':'x'}]"), false, false, true, NULL},
        {"ContainerCreate", HOST("'Mounts':[{'Type':'bind','Source':'/etc','Target':'/x'}]"), false, false,
         true, "HostConfig.Mounts[0].Source"},
        {"VolumeCreate", "{'DriverOpts':{'type':'overlay','o':'lowerdir=/etc'}}", false, false, true,
         "DriverOpts[\"type\"]"},
        {"VolumeCreate", "{'DriverOpts':{'o':'bind','device':'/etc'}}", false, false, true,
         "DriverOpts[\"device\"]"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Rules rules = {.profile = PROFILE_PRIVILEGED,
                       .given = (rows[i].has_privileged ? RULES_BIT(RULES_PRIVILEGED) : 0) |
                                (rows[i].has_binds ? RULES_BIT(RULES_BIND_MOUNTS) : 0),
                       .privileged = rows[i].privileged};
        Findings findings;

        judge(rows[i].operation, rows[i].body, &rules, &findings);
        cr_expect_eq(findings.n > 0, rows[i].field != NULL, "%s: %zu findings", rows[i].body, findings.n);
        if (findings.n > 0 && rows[i].field)
            cr_expect_str_eq(findings.items[0].field, rows[i].field);
    }
}

Test(judge, unknown_fields_allowed) {
    Rules rules = {.unknown_fields_allowed = true};
    Findings findings;

    judge("ContainerCreate", HOST("'New':{'x':[null]},'Annotations':null"), &rules, &findings);
    cr_expect_eq(findings.n, 0);
    judge("ContainerCreate", HOST("'new':1,'memory':1"), &rules, &findings);
    cr_assert_eq(findings.n, 1);
    cr_expect_eq(findings.items[0].reason, REASON_JSON_AMBIGUOUS);
    /* a known field at the wrong place is none of them (T-040), nor is a closed one of another version */
    judge("ContainerCreate", "{'Privileged':true}", &rules, &findings);
    cr_expect_eq(findings.n, 1);
    judge("ContainerCreate", HOST("'Annotations':{'a':'b'}"), &rules, &findings);
    cr_assert_eq(findings.n, 1);
    cr_expect_str_eq(findings.items[0].rule, "containers.annotations");
    judge("ContainerCreate", HOST("'Memory':'1'"), &rules, &findings);
    cr_expect_eq(findings.n, 1);
}

Test(judge, versions) {
    static const struct {
        unsigned minor;
        const char *body;
        const char *detail; /* NULL: passes */
    } rows[] = {
        {44, "{'Healthcheck':{'StartInterval':1}}", NULL},
        {0, "{'Healthcheck':{'StartInterval':1}}", NULL}, /* unversioned: the engine's newest */
        {43, "{'Healthcheck':{'StartInterval':1}}",
         "Healthcheck.StartInterval is a field from API v1.44, the request is of v1.43"},
        {43, "{'Healthcheck':{'StartInterval':0}}", NULL},
        {41, HOST("'KernelMemory':1"), NULL},
        {42, HOST("'KernelMemory':1"),
         "HostConfig.KernelMemory is a field up to API v1.41, the request is of v1.42"},
        {56, HOST("'KernelMemory':0"), NULL},
        {45,
         HOST("'Mounts':[{'Type':'volume','Source':'v1','Target':'/x','VolumeOptions':{'Subpath':'a/b'}}]"),
         NULL},
        {45,
         HOST(
             "'Mounts':[{'Type':'volume','Source':'v1','Target':'/x','VolumeOptions':{'Subpath':'a/../b'}}]"),
         "HostConfig.Mounts[0].VolumeOptions.Subpath=a/../b"},
        {45,
         HOST("'Mounts':[{'Type':'volume','Source':'v1','Target':'/x','VolumeOptions':{'Subpath':'/etc'}}]"),
         "HostConfig.Mounts[0].VolumeOptions.Subpath=/etc"},
        {44,
         HOST("'Mounts':[{'Type':'bind','Source':'/opt/ro','Target':'/x','ReadOnly':true,'BindOptions':"
              "{'ReadOnlyNonRecursive':true}}]"),
         "HostConfig.Mounts[0].Source=/opt/ro: not read-only"},
        {44,
         HOST("'Mounts':[{'Type':'bind','Source':'/srv/data','Target':'/"
              "x','BindOptions':{'CreateMountpoint':true}}]"),
         "HostConfig.Mounts[0].BindOptions.CreateMountpoint=true"},
        {43, HOST("'Annotations':{'run.oci.keep_original_groups':'1'}"),
         "HostConfig.Annotations is set (1 keys)"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Findings findings;

        judge_at("ContainerCreate", rows[i].minor, rows[i].body, baseline(), &findings);
        cr_expect_eq(findings.n > 0, rows[i].detail != NULL, "%s", rows[i].body);
        if (findings.n > 0 && rows[i].detail)
            cr_expect_str_eq(findings.items[0].detail, rows[i].detail);
    }
}

/* What may be secret is in no finding. */
Test(judge, secrets_stay_out) {
    static const struct {
        const char *operation, *body;
    } rows[] = {
        {"ContainerCreate", "{'Env':'PASSWORD=geheim'}"},
        {"ContainerCreate", "{'Env':[['PASSWORD=geheim']]}"},
        {"ContainerCreate", "{'Environment':['PASSWORD=geheim']}"},
        {"ContainerCreate", "{'Labels':['geheim']}"},
        {"ContainerCreate", "{'Cmd':{'x':'geheim'}}"},
        {"ContainerCreate", HOST("'LogConfig':{'Type':'splunk','Config':{'splunk-token':'geheim'}}")},
        {"ContainerCreate", HOST("'Annotations':{'a':'geheim'}")},
        {"ContainerCreate", HOST("'Privileged':'geheim'")},
        {"SystemAuth", "{'password':['geheim']}"},
        {"SystemAuth", "{'Password':'geheim'}"},
        {"SecretCreate", "{'Data':['geheim']}"},
        {"SwarmInit", "{'Spec':{'CAConfig':{'SigningCAKey':['geheim']}}}"},
        {"VolumeCreate", "{'DriverOpts':{'type':'cifs','o':'username=u,password=geheim','device':'//h/s'}}"},
        {"VolumeCreate", "{'DriverOpts':{'o':'password=geheim','device':'//h/s'}}"},
        {"VolumeCreate", "{'Driver':'x','DriverOpts':{'token':'geheim'}}"},
        {"NetworkCreate", "{'Options':{'token':'geheim'}}"},
        {"ContainerCreate", HOST("'DeviceRequests':[{'Driver':'x','Options':{'token':'geheim'}}]")},
        {"ContainerCreate", HOST("'LxcConf':[{'Key':'a','Value':'geheim'}]")},
        {"ImageCommit", "{'NetworkingConfig':[{'a':'geheim'}]}"},
        {"ServiceCreate", "{'TaskTemplate':{'PluginSpec':[['geheim']]}}"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Findings findings;

        judge(rows[i].operation, rows[i].body, baseline(), &findings);
        cr_expect(findings.n > 0, "%s", rows[i].body);
        for (size_t k = 0; k < findings.n; k++)
            cr_expect_null(strstr(findings.items[k].detail, "geheim"), "%s", findings.items[k].detail);
    }
}

Test(judge, no_table) {
    Findings findings;

    judge("Unheard", "{}", baseline(), &findings);
    cr_assert_eq(findings.n, 1);
    cr_expect_eq(findings.items[0].reason, REASON_BODY_NOT_JUDGED);
    cr_expect_str_eq(findings.items[0].rule, "Unheard.body");
}

/* Each operation of the catalogue that takes JSON has a table. */
Test(judge, catalogue_is_covered) {
    size_t n, n_json = 0;
    const Operation *all = routes_all(&n);

    for (size_t i = 0; i < n; i++)
        if (all[i].body == BODY_JSON || all[i].body == BODY_JSON_OPTIONAL) {
            n_json++;
            cr_expect_not_null(fields_find(all[i].id), "%s", all[i].id);
        }
    cr_expect(n_json >= 26);
}

static size_t judge_unknowns(size_t n, Findings *ret) {
    char *text = arena_alloc(arena, n * 16 + 16), *out = text;

    cr_assert_not_null(text);
    out += sprintf(out, "{");
    for (size_t i = 0; i < n; i++)
        out += sprintf(out, "'x%zu':1,", i);
    sprintf(out, "'hostconfig':1}");
    judge("ContainerCreate", text, baseline(), ret);
    return ret->n;
}

Test(judge, findings_limit) {
    Findings findings;

    cr_expect_eq(judge_unknowns(LIMIT_FINDINGS - 1, &findings), LIMIT_FINDINGS);
    cr_expect_eq(findings.items[0].reason, REASON_JSON_AMBIGUOUS);
    cr_expect_eq(findings.items[LIMIT_FINDINGS - 1].reason, REASON_FIELD_UNKNOWN);
    cr_expect_eq(judge_unknowns(LIMIT_FINDINGS, &findings), LIMIT_FINDINGS + 1);
    cr_expect_eq(findings.items[0].reason, REASON_JSON_AMBIGUOUS); /* comes first even when all is full */
    cr_expect_str_eq(findings.items[0].field, "hostconfig");
    cr_expect_eq(judge_unknowns(5000, &findings), 5001);
    cr_expect_eq(findings.items[0].reason, REASON_JSON_AMBIGUOUS);
}

/* No memory for the words is still a finding. */
Test(judge, out_of_memory) {
    Body *body CLEANUP(body_free_p) = NULL;
    Operation op = {.id = "ContainerCreate", .body = BODY_JSON};
    Arena *small = arena_new(8);
    const char *detail;
    Findings findings;

    cr_assert_eq(body_parse(arena, SPAN("{\"HostConfig\":{\"Binds\":[\"/srv/data/x:/d\"]}}"), &body, &detail),
                 REASON_OK);
    judge_body(small, &op, 41, body, baseline(), &findings);
    cr_assert_eq(findings.n, 1);
    cr_expect_eq(findings.items[0].reason, REASON_NO_MEMORY);
    arena_free(small);
}

Test(judge, tables_fit) {
    size_t used, room;

    fields_usage(&used, &room);
    cr_expect(used < room * 9 / 10, "%zu of %zu: give FIELDS_ROOM more", used, room);
}
