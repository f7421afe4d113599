// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/suggestion.h"

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

TestSuite(suggestion, .init = setup, .fini = teardown);

static void take(const char *text) {
    TrailRecord record = kit_record(text);
    AgainVerdict verdict;
    Again again;

    again_read(kit_arena, &record, &again);
    again_judge(&again, kit_config, policy_set_get(kit_config->policies, SPAN("all")), kit_arena, &verdict);
    seen_take(seen, &record, &verdict.run, kit_arena);
    dry_run_done(&verdict.run);
}

/* As it is printed: with its comments. */
static char *suggested(void) {
    YamlOut *out = yaml_out_new();
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    yaml_out_map(out);
    suggestion_write(out, "s", seen, kit_arena);
    yaml_out_map_end(out);
    cr_assert_not_null(yaml_out_finish(out).data);
    yaml_out_print(out, file);
    fclose(file);
    yaml_out_free(out);
    return text;
}

/* Without indentation, which is libyaml's. */
static char *flat(const char *text) {
    char *copy = malloc(strlen(text) + 1), *to = copy;
    bool begins = true;

    for (; *text; text++) {
        if (!begins || *text != ' ')
            *to++ = *text;
        begins = *text == '\n' || (begins && *text == ' ');
    }
    *to = '\0';
    return copy;
}

static bool says(const char *part) {
    char *text = suggested(), *got = flat(text), *wanted = flat(part);
    bool has = strstr(got, wanted) != NULL;

    free(text);
    free(got);
    free(wanted);
    return has;
}

static void expect(const char *wanted, unsigned line) {
    char *text = suggested(), *got = flat(text), *flatly = flat(wanted);

    cr_expect_str_eq(got, flatly, "line %u:\n%s", line, text);
    free(text);
    free(got);
    free(flatly);
}

#define EXPECT(wanted) expect(wanted, __LINE__)

#define FACT(field, value) ",{\"field\":\"HostConfig." field "\",\"value\":" value "}"

Test(suggestion, of_nothing) {
    EXPECT("s:\n  allow: []\n");
}

Test(suggestion, operations_and_conditions) {
    take(KIT_RECORD("GET", "/v1.44/info", "", "\"SystemInfo\"", "observe", ""));
    take(KIT_RECORD("GET", "/v1.44/info", "", "\"SystemInfo\"", "observe", ""));
    take(KIT_RECORD("GET", "/v1.44/containers/0123456789ab/logs", "follow=false", "\"ContainerLogs\"",
                    "observe", ""));
    take(KIT_RECORD("POST", "/v1.44/containers/0123456789ab/kill", "signal=HUP", "\"ContainerKill\"",
                    "observe", ""));
    take(KIT_RECORD("GET", "/libpod/_ping", "", "null", "observe", ""));
    EXPECT("s:\n"
           "  allow:\n"
           "    - operation: ContainerKill  # 1\n"
           "      query:\n"
           "        signal:\n"
           "          - HUP  # 1\n"
           "    - operation: ContainerLogs  # 1\n"
           "      query:\n"
           "        follow:\n"
           "          - \"\"\n"
           "          - \"0\"\n"
           "          - \"false\"\n"
           "    - SystemInfo  # 2\n"
           "    - request: \"GET /libpod/_ping\"  # 1\n");
    /* A flag that was set once needs no condition. */
    take(KIT_RECORD("GET", "/v1.44/containers/0123456789ab/logs", "follow=1", "\"ContainerLogs\"", "observe",
                    ""));
    cr_expect(says("    - ContainerLogs  # 2\n"));
}

Test(suggestion, limits_that_all_asked_for) {
    take(KIT_CREATE("", FACT("Memory", "536870912") FACT("NanoCpus", "1500000000")));
    take(KIT_CREATE("", FACT("Memory", "268435456") FACT("NanoCpus", "500000000") FACT("PidsLimit", "9")));
    cr_expect(says("    limits:\n"
                   "      memory: \"512MiB\"  # the most that was asked for, and each of the 2 did\n"
                   "      cpus: \"1.5\"  # the most that was asked for, and each of the 2 did\n"));
    cr_expect_not(says("pids"));
    seen->open |= RULES_BIT(RULES_LIMITS);
    cr_expect_not(says("limits"));
    seen->open = 0;
    take(KIT_CREATE("", ""));
    cr_expect_not(says("limits"));
}

Test(suggestion, a_scope_that_all_names_are_in) {
    take(KIT_CREATE("name=ci-a", FACT("Binds[0]", "\"ci-data:/x\"")));
    take(KIT_RECORD("POST", "/v1.44/containers/ci-b/start", "", "\"ContainerStart\"", "observe", ""));
    cr_expect(says(
        "  scope:\n    names:\n      - \"ci-*\"  # all that was named is; lists will show nothing else\n"));
    seen->scope.open = true;
    cr_expect_not(says("scope"));
    seen->scope.open = false;
    take(KIT_CREATE("name=ci-a", FACT("Binds[0]", "\"data:/x\"")));
    cr_expect_not(says("scope"));
}

Test(suggestion, lists_of_containers) {
    take(KIT_CREATE("", FACT("Binds[0]", "\"/srv/a/x:/x\"") FACT("Binds[1]", "\"/srv/a/y:/y\"")
                            FACT("Binds[2]", "\"/etc/z:/z:ro\"") FACT("CapAdd[0]", "\"CHOWN\"")
                                FACT("IpcMode", "\"host\"") FACT("Privileged", "true")
                                    FACT("PortBindings[\\\"80/tcp\\\"][0].HostPort", "\"80\"")));
    cr_expect(says("    bind_mounts:  # 2 of them are in /srv/a: /srv/a/** would allow these, and all else "
                   "that is there\n"
                   "      - /srv/a/x  # 1\n"
                   "      - /srv/a/y  # 1\n"
                   "      - path: /etc/z  # 1\n"
                   "        readonly: true\n"));
    cr_expect(says("    volumes:\n      names: []\n"));
    cr_expect(says("    capabilities:\n      - CHOWN  # 1\n"));
    cr_expect(says("    namespaces:\n      ipc:\n        - host  # 1\n"));
    cr_expect(says("    ports:\n      host_ips:\n        - \"0.0.0.0\"  # 1\n      host_ports:\n        - "
                   "\"80\"  # 1\n"));
    cr_expect(says("    privileged: true  # 1\n"));
    cr_expect_not(says("runtimes"));
    cr_expect_not(says("unknown_fields"));
    seen->unknown_fields = true;
    seen->open |= RULES_BIT(RULES_LABELS);
    cr_expect(says("    unknown_fields: allow  # fields were seen that this release doesn't know\n"));
    cr_expect(says("    labels:\n      deny: []  # labels were seen that well-known controllers obey\n"));
}

Test(suggestion, exec_and_build) {
    take(KIT_RECORD("POST", "/v1.44/containers/a/exec", "", "\"ContainerExec\"", "observe",
                    ",\"facts\":[{\"field\":\"User\",\"value\":\"app\"}]"));
    take(KIT_RECORD("POST", "/v1.44/build", "networkmode=host&remote=http://x", "\"ImageBuild\"", "observe",
                    ""));
    cr_expect(says("  exec:\n    users:\n      - app  # 1\n"));
    cr_expect(says("  build:\n    networks:\n      - host  # 1\n    remote: true  # 1\n"));
}

/* A text that means more than itself is said to; and none steers the terminal. */
Test(suggestion, texts_of_clients) {
    take(KIT_CREATE("", FACT("Binds[0]", "\"/srv/*\\u001b:/x\"")));
    cr_expect(says("\"/srv/*\\e\"  # 1, its * or ? stands for more than itself here\n") ||
              says("its * or ? stands for more than itself here"));
    cr_expect_not(says("\x1b"));
}
