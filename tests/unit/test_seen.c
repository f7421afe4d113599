// SPDX-License-Identifier: Apache-2.0
/* seen.c, and seen_body.c, which takes bodies apart for it. */
#include "daemon/ctl/seen_body.h"
#include "seen_kit.h"

static Seen *seen;

static void setup(void) {
    kit_setup();
    seen = seen_new(SPAN("l"), SPAN("p"));
    cr_assert_not_null(seen);
}

static void teardown(void) {
    seen = seen_free(seen);
    kit_teardown();
}

TestSuite(seen, .init = setup, .fini = teardown);

/* As suggest.c does it. `ret` NULL: it is ended here. */
static void judge(const char *text, const char *policy, AgainVerdict *ret) {
    TrailRecord record = kit_record(text);
    AgainVerdict verdict;
    Again again;

    again_read(kit_arena, &record, &again);
    again_judge(&again, kit_config, policy_set_get(kit_config->policies, span_from(policy)), kit_arena,
                &verdict);
    if (ret) {
        *ret = verdict;
        return;
    }
    seen_take(seen, &record, &verdict.run, kit_arena);
    dry_run_done(&verdict.run);
}

static void take(const char *text) {
    judge(text, "all", NULL);
}

/* "a:1 b:2": what is on a list, and how often. */
static void expect_tally(const Tally *tally, const char *wanted, unsigned line) {
    char text[1024] = "";

    for (size_t i = 0; i < tally->n; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s:%llu", i > 0 ? " " : "",
                 tally->items[i].text, (unsigned long long) tally->items[i].n);
    cr_expect_str_eq(text, wanted, "line %u: %s", line, text);
}

#define LIST(list, wanted) expect_tally(&seen->lists[list], wanted, __LINE__)
#define FACT(field, value) ",{\"field\":\"HostConfig." field "\",\"value\":\"" value "\"}"

Test(seen, a_container) {
    take(KIT_CREATE("name=a", FACT("Binds[0]", "/srv/a/:/x") FACT("Binds[1]", "/srv/b:/y:z,ro")
                                  FACT("Binds[2]", "data:/z") FACT("CapAdd[0]", "net_admin")
                                      FACT("NetworkMode", "app") FACT("PidMode", "container:x")
                                          FACT("Runtime", "runc") FACT("LogConfig.Type", "local")
                                              FACT("SecurityOpt[0]", "seccomp:unconfined")));
    LIST(SEEN_BIND_MOUNTS, "/srv/a:1");
    LIST(SEEN_BIND_MOUNTS_READONLY, "/srv/b:1");
    LIST(SEEN_VOLUME_NAMES, "data:1");
    LIST(SEEN_CAPABILITIES, "NET_ADMIN:1");
    LIST(SEEN_NETWORKS, "app:1");
    LIST(SEEN_PID, "container:*:1");
    LIST(SEEN_IPC, "private:1");
    LIST(SEEN_RUNTIMES, "runc:1");
    LIST(SEEN_LOG_DRIVERS, "local:1");
    LIST(SEEN_SECURITY_OPTS, "seccomp=unconfined:1");
    LIST(SEEN_IMAGES, "docker.io/library/alpine:latest:1");
    expect_tally(&seen->operations, "ContainerCreate:1", __LINE__);
    cr_expect(seen->keys & RULES_BIT(RULES_IMAGES));
    cr_expect_eq(seen->n, 1);
    cr_expect_eq(seen->limits.n_made, 1);
    expect_tally(&seen->scope.names, "a:1 x:1", __LINE__); /* and whose processes it sees */
}

Test(seen, mounts_ports_and_flags) {
    take(KIT_CREATE(
        "",
        FACT("Mounts[0].Type", "bind") FACT(
            "Mounts[0].Source",
            "/srv/m") ",{\"field\":\"HostConfig.Mounts[0].ReadOnly\",\"value\":true}" FACT("Mounts[1].Type",
                                                                                           "volume")
            FACT("Mounts[1].Source", "cache") ",{\"field\":\"HostConfig.Privileged\",\"value\":true}" FACT(
                "PortBindings[\\\"80/tcp\\\"][0].HostIp", "127.0.0.1")
                FACT("PortBindings[\\\"80/tcp\\\"][0].HostPort",
                     "80") ",{\"field\":\"HostConfig.PublishAllPorts\",\"value\":true}"));
    LIST(SEEN_BIND_MOUNTS_READONLY, "/srv/m:1");
    LIST(SEEN_VOLUME_NAMES, "cache:1");
    LIST(SEEN_PORT_IPS, "127.0.0.1:1");
    LIST(SEEN_PORTS, "80:1");
    LIST(SEEN_NETWORKS, "bridge:1");
    cr_expect_eq(seen->flags[SEEN_PRIVILEGED], 1);
    cr_expect_eq(seen->flags[SEEN_PUBLISH_ALL], 1);
}

Test(seen, volumes_execs_builds_and_images) {
    take(KIT_RECORD("POST", "/v1.44/volumes/create", "", "\"VolumeCreate\"", "observe",
                    ",\"facts\":[{\"field\":\"Name\",\"value\":\"v\"},{\"field\":\"DriverOpts[\\\"type\\\"]"
                    "\",\"value\":\"nfs\"},{\"field\":"
                    "\"DriverOpts[\\\"o\\\"]\",\"withheld\":\"string\"}]"));
    LIST(SEEN_VOLUME_NAMES, "v:1");
    LIST(SEEN_VOLUME_OPTIONS, "o:1 type=nfs:1");
    take(KIT_RECORD("POST", "/v1.44/containers/a/exec", "", "\"ContainerExec\"", "observe",
                    ",\"facts\":[{\"field\":\"User\",\"value\":\"postgres\"},{\"field\":\"Privileged\","
                    "\"value\":true}]"));
    LIST(SEEN_EXEC_USERS, "postgres:1");
    cr_expect_eq(seen->flags[SEEN_EXEC_PRIVILEGED], 1);
    take(KIT_RECORD("POST", "/v1.44/build", "networkmode=host&remote=http://x&t=a", "\"ImageBuild\"",
                    "observe", ""));
    LIST(SEEN_BUILD_NETWORKS, "host:1");
    cr_expect_eq(seen->flags[SEEN_REMOTE], 1);
    take(KIT_RECORD("POST", "/v1.44/images/create", "fromImage=registry.example.com/x/y", "\"ImageCreate\"",
                    "observe", ""));
    LIST(SEEN_IMAGES, "registry.example.com/x/y:1 sha256:a:1"); /* all tags of it; `a` could be an ID */
}

Test(seen, what_is_no_operation_and_conditions) {
    take(KIT_RECORD("GET", "/libpod/_ping", "", "null", "observe", ""));
    expect_tally(&seen->patterns, "GET /libpod/_ping:1", __LINE__);
    take(KIT_RECORD("GET", "/v1.44/containers/a/logs", "follow=1&follow=0", "\"ContainerLogs\"", "observe",
                    ""));
    take(KIT_RECORD("GET", "/v1.44/containers/a/logs", "", "\"ContainerLogs\"", "observe", ""));
    cr_assert_eq(seen->n_queries, 1);
    cr_expect_str_eq(seen->queries[0].key, "follow");
    expect_tally(&seen->queries[0].values, ":1 0:1 1:1", __LINE__);
    seen_forget(seen);
    cr_expect(seen->n == 0 && seen->patterns.n == 0 && seen->queries[0].values.n == 0 && !seen->first);
    cr_expect_eq(seen->n_queries, 1);
}

Test(seen, from_when_to_when) {
    take("{\"event\":\"decision\",\"time\":\"b\",\"request\":{\"method\":\"GET\",\"path\":\"/"
         "_ping\",\"query\":\"\"}}");
    take("{\"event\":\"decision\",\"time\":\"c\",\"request\":{\"method\":\"GET\",\"path\":\"/"
         "_ping\",\"query\":\"\"}}");
    take("{\"event\":\"decision\",\"time\":\"a\",\"request\":{\"method\":\"GET\",\"path\":\"/"
         "_ping\",\"query\":\"\"}}");
    cr_expect_str_eq(seen->first, "a");
    cr_expect_str_eq(seen->last, "c");
}

Test(seen, dropped_from_all_lists) {
    take(KIT_CREATE("", FACT("Binds[0]", "/srv/a:/x") FACT("Runtime", "odd")));
    cr_expect(seen_drop(seen, SPAN("odd")));
    cr_expect_not(seen_drop(seen, SPAN("odd")));
    LIST(SEEN_RUNTIMES, "");
    LIST(SEEN_BIND_MOUNTS, "/srv/a:1");
}

static bool widen(const char *rule, const char *field, Effect effect) {
    DryRun run = {.verdict = {.effect = effect, .rule = rule, .field = field}};

    return seen_widen(seen, &run);
}

/* Each once: then it was no help. */
Test(seen, what_can_be_opened) {
    static const char *const rules[] = {"containers.images", "containers.labels", "containers.limits",
                                        "scope", "containers.unknown_fields"};

    for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
        cr_expect_not(widen(rules[i], NULL, EFFECT_INVALID), "%s", rules[i]);
        cr_expect(widen(rules[i], NULL, EFFECT_DENY), "%s", rules[i]);
        cr_expect_not(widen(rules[i], NULL, EFFECT_DENY), "%s", rules[i]);
    }
    cr_expect_not(widen("containers.privileged", "HostConfig.Privileged", EFFECT_DENY));
    cr_expect(seen->scope.open && seen->unknown_fields && (seen->open & RULES_BIT(RULES_LIMITS)));
}

/* A condition that is missing is one that must be there. */
Test(seen, a_query_that_is_denied) {
    AgainVerdict verdict;

    judge(KIT_RECORD("GET", "/v1.44/containers/a/top", "ps_args=x", "\"ContainerTop\"", "observe", ""),
          "monitoring", &verdict);
    cr_assert_eq(verdict.run.verdict.effect, EFFECT_DENY);
    cr_expect(seen_widen(seen, &verdict.run));
    cr_assert_eq(seen->n_queries, 1);
    cr_expect(seen->queries[0].must);
    cr_expect_not(seen_widen(seen, &verdict.run));
    dry_run_done(&verdict.run);
}

/* At the bound, and one past it. */
Test(seen, as_many_conditions_as_may_be) {
    static const Operation *top;
    char field[32];

    top = routes_find(SPAN("ContainerTop"));
    for (unsigned i = 0; i <= SEEN_QUERIES_MAX; i++) {
        DryRun run = {.verdict = {.rule = "query.unknown", .field = field}, .request = {.operation = top}};

        snprintf(field, sizeof(field), "query.k%u", i);
        cr_expect_eq(seen_widen(seen, &run), i < SEEN_QUERIES_MAX, "%u", i);
    }
}
