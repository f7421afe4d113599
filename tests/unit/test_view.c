// SPDX-License-Identifier: Apache-2.0
#include "policy/view.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/compile.h"

static Arena *arena;
static PolicySet *set;

static void setup(void) {
    arena = arena_new(64u << 20);
}

static void teardown(void) {
    set = policy_set_free(set);
    arena = arena_free(arena);
}

TestSuite(view, .init = setup, .fini = teardown);

/* The hash shows the value's size, so that a test sees what was hidden. */
static bool show_size(void *ctx, Span value, unsigned char ret[static PLACEHOLDER_HASH_BYTES]) {
    bool *fails = ctx;

    for (size_t i = 0; i < PLACEHOLDER_HASH_BYTES; i++)
        ret[i] = (unsigned char) (value.size >> (8 * (PLACEHOLDER_HASH_BYTES - 1 - i)));
    return !fails || !*fails;
}

static bool put(void *ctx, Span bytes) {
    return fwrite(bytes.data, 1, bytes.size, ctx) == bytes.size;
}

static bool choose(const char *answers, Method method, const char *target, View *ret) {
    ApiVersions versions = api_versions_default();
    DocErrors errors = {.arena = arena, .file = "f"};
    const char *yaml = arena_printf(arena, "policies: {p: {answers: {%s}}}\n", answers), *detail;
    const DocNode *root = doc_parse(arena, span_from(yaml), &errors);
    Request request = {.method = method};

    set = policy_set_free(set);
    set = root ? policy_set_compile(doc_get(root, "policies"), &versions, &errors) : NULL;
    cr_assert_not_null(set, "%s: %s", answers, errors.n ? errors.items[0].message : "");
    cr_assert_eq(target_parse(arena, span_from(target), &request.target, &detail), REASON_OK);
    request.operation = routes_match(method, &request.target, &request.object);
    return view_choose(policy_set_get(set, SPAN("p")), &request, ret);
}

/* What comes out, in memory of exactly the text's size; to be freed. */
static Reason run(const View *view, Span text, char **ret) {
    size_t size;
    FILE *out = open_memstream(ret, &size);
    ViewSink sink = {.put = put, .ctx = out};
    char *copy = malloc(text.size ? text.size : 1);
    Reason reason;

    memcpy(copy, text.data, text.size);
    reason = view_run(view, show_size, NULL, (Span){copy, text.size}, &sink);
    fclose(out);
    free(copy);
    return reason;
}

static void expect(const char *answers, const char *target, const char *text, const char *expected) {
    View view;
    char *out = NULL;
    Method method = target[1] == 'v' && strstr(target, "/create") ? METHOD_POST : METHOD_GET;

    cr_assert(choose(answers, method, target, &view), "%s: %s is looked at", answers, target);
    cr_expect_eq(run(&view, span_from(text), &out), REASON_OK, "%s: %s", answers, text);
    cr_expect_str_eq(out, expected);
    free(out);
}

/* %XX stands for a placeholder of a value of that many bytes. */
static const char *fill(const char *text) {
    const char *percent = strchr(text, '%');

    if (!percent)
        return text;
    return arena_printf(arena, "%.*squaygate:redacted:000000%.2s%s", (int) (percent - text), text,
                        percent + 1, fill(percent + 3));
}

#define INSPECT "/v1.41/containers/c/json"
#define EVERYTHING                                                                                           \
    "redact_env: deny-all, redact_labels: deny-all, redact_attributes: deny-all, redact_commands: true, "    \
    "redact_host_paths: true, redact_options: true, redact_health: true, redact_build_args: true, "          \
    "redact_info: true, redact_configs: true"

Test(view, nothing_hidden_is_untouched) {
    static const char *const targets[] = {INSPECT, "/v1.41/info", "/v1.41/events", "/libpod/x"};
    View view;

    for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
        cr_expect_not(choose("", METHOD_GET, targets[i], &view));
    /* what can't be in it isn't looked for */
    cr_expect_not(choose("redact_env: deny-all", METHOD_GET, "/v1.41/containers/json", &view));
    cr_expect_not(choose("redact_env: deny-all", METHOD_GET, "/v1.41/events", &view));
    cr_expect_not(choose("redact_env: deny-all", METHOD_GET, "/v1.41/containers/c/top?ps_args=aux", &view));
    cr_expect_not(choose(EVERYTHING, METHOD_GET, "/v1.41/containers/c/logs", &view));
    cr_expect_not(choose(EVERYTHING, METHOD_GET, "/v1.41/containers/c/stats", &view));
    cr_expect_not(choose(EVERYTHING, METHOD_GET, "/v1.41/images/a/get", &view));
}

Test(view, env) {
    expect(
        "redact_env: deny-all", INSPECT,
        "{\"Id\":\"x\",\"Config\":{\"Env\":[\"A=secret\",\"B=\",\"C\",\"\",\"D=a=b\"],\"Cmd\":[\"sh\"]}}\n",
        fill("{\"Id\":\"x\",\"Config\":{\"Env\":[\"A=%06\",\"B=\",\"%01\",\"\",\"D=%03\"],\"Cmd\":[\"sh\"]}}"
             "\n"));
    expect("redact_env: ['*_PASSWORD', '*TOKEN*']", INSPECT,
           "{\"Config\":{\"Env\":[\"A=1\",\"DB_PASSWORD=abc\",\"x_token_y=1\",\"TOKENS\", \"a\\\\b=1\"]}}",
           fill("{\"Config\":{\"Env\":[\"A=1\",\"DB_PASSWORD=%03\",\"x_token_y=%01\",\"%06\", \"%06\"]}}"));
    /* anywhere, in any case, in shapes it isn't known in */
    expect("redact_env: deny-all", INSPECT,
           "{\"env\":\"A=1\",\"New\":[{\"ENV\":{\"A\":\"12\",\"B\":[\"3\",4]}}],\"E\\u006ev\":[\"Q=1\"],"
           "\"\\u00c9nv\":[\"Q=1\"]}",
           fill("{\"env\":\"A=%01\",\"New\":[{\"ENV\":{\"A\":\"%02\",\"B\":[\"%01\",4]}}],\"E\\u006ev\":[\"Q="
                "%01\"],"
                "\"\\u00c9nv\":[\"Q=1\"]}"));
    expect("redact_env: deny-all", INSPECT, "{\"Env\":null,\"a\":{\"Env\":[]}}",
           "{\"Env\":null,\"a\":{\"Env\":[]}}");
    /* a plugin's: which variable it is may come after its value */
    expect("redact_env: [nothing]", "/v1.41/plugins/p/json",
           "{\"Config\":{\"Env\":[{\"Description\":\"d\",\"Name\":\"N\",\"Settable\":[\"value\"],\"Value\":"
           "\"1\"}]},"
           "\"Settings\":{\"Env\":[\"N=1\"]}}",
           fill("{\"Config\":{\"Env\":[{\"Description\":\"d\",\"Name\":\"N\",\"Settable\":[\"value\"],"
                "\"Value\":\"%01\"}]},"
                "\"Settings\":{\"Env\":[\"N=1\"]}}"));
    /* an image's last instruction, and its history */
    expect("redact_env: deny-all", "/v1.41/images/a/json",
           "{\"ContainerConfig\":{\"Cmd\":[\"sh\",\"-c\",\"#(nop) ENV "
           "A=1\"]},\"Config\":{\"Cmd\":[\"x\"],\"OnBuild\":[\"ENV B=2\"]}}",
           "{\"ContainerConfig\":{\"Cmd\":[\"quaygate:redacted:00000002\",\"quaygate:redacted:00000002\","
           "\"quaygate:redacted:0000000e\"]},\"Config\":{\"Cmd\":[\"x\"],\"OnBuild\":[\"quaygate:redacted:"
           "00000007\"]}}");
    expect("redact_env: deny-all", "/v1.41/images/a/history",
           "[{\"CreatedBy\":\"ENV A=1\",\"Comment\":\"\"}]",
           fill("[{\"CreatedBy\":\"%07\",\"Comment\":\"\"}]"));
    /* numbers that no int64 holds stay as they are */
    expect("redact_env: deny-all", INSPECT, "{\"a\":18446744073709551615,\"b\":1.50e+300}",
           "{\"a\":18446744073709551615,\"b\":1.50e+300}");
}

Test(view, services_and_tasks) {
    expect("redact_env: deny-all", "/v1.41/services",
           "[{\"Spec\":{\"TaskTemplate\":{\"ContainerSpec\":{\"Env\":[\"A=1\"]}}},"
           "\"PreviousSpec\":{\"TaskTemplate\":{\"ContainerSpec\":{\"Env\":[\"A=2\"]}}}}]",
           fill("[{\"Spec\":{\"TaskTemplate\":{\"ContainerSpec\":{\"Env\":[\"A=%01\"]}}},"
                "\"PreviousSpec\":{\"TaskTemplate\":{\"ContainerSpec\":{\"Env\":[\"A=%01\"]}}}}]"));
    expect("redact_commands: true, redact_host_paths: true", "/v1.41/tasks/t",
           "{\"Spec\":{\"ContainerSpec\":{\"Command\":[\"a\"],\"Args\":[\"b\"],\"Mounts\":[{\"Source\":\"/"
           "h\",\"Target\":\"/t\"}],"
           "\"Healthcheck\":{\"Test\":[\"CMD\"]}}},\"Status\":{\"Timestamp\":\"2026-01-01T00:00:00Z\","
           "\"Err\":\"abc\",\"State\":\"x\"}}",
           fill("{\"Spec\":{\"ContainerSpec\":{\"Command\":[\"%01\"],\"Args\":[\"%01\"],\"Mounts\":[{"
                "\"Source\":\"%02\",\"Target\":\"/t\"}],"
                "\"Healthcheck\":{\"Test\":[\"%03\"]}}},\"Status\":{\"Timestamp\":\"2026-01-01T00:00:00Z\","
                "\"Err\":\"%03\",\"State\":\"x\"}}"));
}

Test(view, labels) {
    expect("redact_labels: ['*secret*']", "/v1.41/containers/json",
           "[{\"Labels\":{\"a\":\"1\",\"My.Secret\":\"12\",\"\\u003csecret\":\"1\",\"b\\u003c\":\"1\"},"
           "\"Status\":\"Up: 1\"}]",
           fill("[{\"Labels\":{\"a\":\"1\",\"My.Secret\":\"%02\",\"\\u003csecret\":\"%01\",\"b\\u003c\":\"%"
                "01\"},\"Status\":\"Up: 1\"}]"));
    expect("redact_labels: deny-all", "/v1.41/info", "{\"Labels\":[\"a=1\",\"b\",\"c=\"],\"Name\":\"n\"}",
           fill("{\"Labels\":[\"a=%01\",\"%01\",\"c=\"],\"Name\":\"n\"}"));
    expect("redact_labels: deny-all", "/v1.41/nodes",
           "[{\"Description\":{\"Engine\":{\"Labels\":{\"a\":\"1\"}}}}]",
           fill("[{\"Description\":{\"Engine\":{\"Labels\":{\"a\":\"%01\"}}}}]"));
    /* a label's name is no field's: not Env's, not Cmd's */
    expect("redact_env: deny-all, redact_commands: true", INSPECT,
           "{\"Labels\":{\"Env\":\"1\",\"Cmd\":\"2\",\"x\":{\"Env\":[\"A=1\"]}}}",
           fill("{\"Labels\":{\"Env\":\"1\",\"Cmd\":\"2\",\"x\":{\"Env\":[\"A=%01\"]}}}"));
    /* of another type than a text, under a hidden name */
    expect("redact_labels: deny-all", INSPECT, "{\"Labels\":{\"a\":[\"1\",{\"b\":\"12\"}],\"c\":1}}",
           fill("{\"Labels\":{\"a\":[\"%01\",{\"b\":\"%02\"}],\"c\":1}}"));
}

Test(view, events) {
    expect("redact_commands: true", "/v1.41/events",
           "{\"status\":\"exec_create: sh -c x\",\"id\":\"i\",\"Action\":\"exec_create: sh -c "
           "x\",\"Actor\":{\"ID\":\"i\","
           "\"Attributes\":{\"Cmd\":\"x\",\"execID\":\"e\"}},\"time\":1}",
           fill("{\"status\":\"exec_create: %07\",\"id\":\"i\",\"Action\":\"exec_create: "
                "%07\",\"Actor\":{\"ID\":\"i\","
                "\"Attributes\":{\"Cmd\":\"x\",\"execID\":\"e\"}},\"time\":1}"));
    expect("redact_commands: true", "/v1.41/events",
           "{\"Action\":\"health_status: healthy\",\"status\":\"start\"}",
           "{\"Action\":\"health_status: healthy\",\"status\":\"start\"}");
    expect("redact_commands: true", "/v1.41/events", "{\"Action\":\"a:b\",\"status\":\"a:\"}",
           fill("{\"Action\":\"a:%01\",\"status\":\"a:\"}"));
    expect("redact_attributes: [name], redact_labels: [l]", "/v1.41/events",
           "\x1e{\"Actor\":{\"Attributes\":{\"name\":\"12\",\"l\":\"1\",\"image\":\"a\"}}}",
           fill("\x1e{\"Actor\":{\"Attributes\":{\"name\":\"%02\",\"l\":\"%01\",\"image\":\"a\"}}}"));
    expect("redact_labels: [l]", "/v1.41/events",
           "{\"Actor\":{\"Attributes\":{\"name\":\"12\",\"L\":\"1\"}}}",
           fill("{\"Actor\":{\"Attributes\":{\"name\":\"12\",\"L\":\"%01\"}}}"));
}

Test(view, commands) {
    expect("redact_commands: true", INSPECT,
           "{\"Path\":\"sh\",\"Args\":[\"-c\"],\"State\":{\"Error\":\"abc\",\"Status\":\"running\"},"
           "\"Config\":{\"Cmd\":null,\"Entrypoint\":[\"e\"],\"Shell\":[\"s\"],"
           "\"Healthcheck\":{\"Test\":[\"CMD\",\"x\"]}},\"HostConfig\":{\"BlkioWeightDevice\":[{\"Path\":\"/"
           "dev/a\"}]}}",
           fill("{\"Path\":\"%02\",\"Args\":[\"%02\"],\"State\":{\"Error\":\"%03\",\"Status\":\"running\"},"
                "\"Config\":{\"Cmd\":null,\"Entrypoint\":[\"%01\"],\"Shell\":[\"%01\"],"
                "\"Healthcheck\":{\"Test\":[\"%03\",\"%01\"]}},\"HostConfig\":{\"BlkioWeightDevice\":[{"
                "\"Path\":\"/dev/a\"}]}}"));
    expect("redact_commands: true", "/v1.41/exec/e/json",
           "{\"ProcessConfig\":{\"tty\":false,\"entrypoint\":\"sh\",\"arguments\":[\"-c\",\"\"],\"user\":"
           "\"root\"}}",
           fill("{\"ProcessConfig\":{\"tty\":false,\"entrypoint\":\"%02\",\"arguments\":[\"%02\",\"\"],"
                "\"user\":\"root\"}}"));
    expect("redact_commands: true", "/v1.41/containers/json",
           "[{\"Command\":\"sh\",\"Status\":\"Up: 5\"},{\"Command\":\"\"}]",
           fill("[{\"Command\":\"%02\",\"Status\":\"Up: 5\"},{\"Command\":\"\"}]"));
}

Test(view, host_paths_options_health) {
    expect("redact_host_paths: true", INSPECT,
           "{\"Path\":\"sh\",\"LogPath\":\"/l\",\"HostConfig\":{\"Binds\":[\"/a:/"
           "b\"],\"LogConfig\":{\"Config\":{\"t\":\"1\"}},"
           "\"Devices\":[{\"PathOnHost\":\"/d\",\"PathInContainer\":\"/"
           "e\"}],\"BlkioWeightDevice\":[{\"Path\":\"/x\"}]},"
           "\"GraphDriver\":{\"Data\":{\"UpperDir\":\"/"
           "u\"},\"Name\":\"overlay2\"},\"Mounts\":[{\"Source\":\"/s\",\"Destination\":\"/t\"}]}",
           fill("{\"Path\":\"sh\",\"LogPath\":\"%02\",\"HostConfig\":{\"Binds\":[\"%05\"],\"LogConfig\":{"
                "\"Config\":{\"t\":\"1\"}},"
                "\"Devices\":[{\"PathOnHost\":\"%02\",\"PathInContainer\":\"/"
                "e\"}],\"BlkioWeightDevice\":[{\"Path\":\"%02\"}]},"
                "\"GraphDriver\":{\"Data\":{\"UpperDir\":\"%02\"},\"Name\":\"overlay2\"},\"Mounts\":[{"
                "\"Source\":\"%02\",\"Destination\":\"/t\"}]}"));
    expect("redact_options: true", INSPECT,
           "{\"Config\":{\"Cmd\":[\"x\"]},\"HostConfig\":{\"LogConfig\":{\"Type\":\"splunk\",\"Config\":{"
           "\"splunk-token\":\"1\"}}}}",
           fill("{\"Config\":{\"Cmd\":[\"x\"]},\"HostConfig\":{\"LogConfig\":{\"Type\":\"splunk\",\"Config\":"
                "{\"splunk-token\":\"%01\"}}}}"));
    expect("redact_options: true", "/v1.41/volumes",
           "{\"Volumes\":[{\"Mountpoint\":\"/"
           "m\",\"Options\":{\"o\":\"password=x\"},\"Status\":{\"k\":\"v\"}}],\"Warnings\":null}",
           "{\"Volumes\":[{\"Mountpoint\":\"/"
           "m\",\"Options\":{\"o\":\"quaygate:redacted:0000000a\"},\"Status\":{\"k\":\"quaygate:redacted:"
           "00000001\"}}],\"Warnings\":null}");
    expect("redact_options: true", "/v1.41/containers/json", "[{\"Status\":\"Up\"}]",
           "[{\"Status\":\"Up\"}]");
    expect(
        "redact_health: true", INSPECT,
        "{\"State\":{\"Health\":{\"Status\":\"healthy\",\"Log\":[{\"ExitCode\":0,\"Output\":\"ok\\n\"}]}}}",
        fill("{\"State\":{\"Health\":{\"Status\":\"healthy\",\"Log\":[{\"ExitCode\":0,\"Output\":\"%04\"}]}}"
             "}"));
}

Test(view, info_configs_build_args) {
    expect("redact_info: true", "/v1.41/info",
           "{\"RegistryConfig\":{\"Mirrors\":[\"m\"]},\"IndexServerAddress\":\"i\",\"HttpProxy\":\"u:p\","
           "\"Swarm\":{\"NodeID\":\"n\","
           "\"LocalNodeState\":\"active\",\"ControlAvailable\":true,\"Nodes\":3,\"RemoteManagers\":[{"
           "\"Addr\":\"a\"}],"
           "\"Cluster\":{\"CreatedAt\":\"2026\",\"Spec\":{\"Labels\":{}}}}}",
           fill("{\"RegistryConfig\":{},\"IndexServerAddress\":\"\",\"HttpProxy\":\"%03\",\"Swarm\":{"
                "\"NodeID\":\"\","
                "\"LocalNodeState\":\"active\",\"ControlAvailable\":true,\"Nodes\":3,\"RemoteManagers\":[],"
                "\"Cluster\":{}}}"));
    expect("redact_info: true", "/v1.41/swarm",
           "{\"JoinTokens\":{\"Worker\":\"w\"},\"Spec\":{\"CAConfig\":{\"x\":\"y\"}},\"CreatedAt\":\"2026\"}",
           fill("{\"JoinTokens\":{\"Worker\":\"%01\"},\"Spec\":{\"CAConfig\":{}},\"CreatedAt\":\"2026\"}"));
    expect("redact_configs: true", "/v1.41/configs",
           "[{\"Spec\":{\"Name\":\"n\",\"Data\":\"QUJD\"}},{\"Spec\":{\"Data\":\"\"}}]",
           "[{\"Spec\":{\"Name\":\"n\",\"Data\":\"cXVheWdhdGU6cmVkYWN0ZWQ6MDAwMDAwMDQ=\"}},{\"Spec\":{"
           "\"Data\":\"\"}}]");
    expect("redact_build_args: true", "/v1.41/system/df",
           "{\"BuildCache\":[{\"Description\":\"RUN\"}],\"Volumes\":[{\"Labels\":{\"Env\":\"1\"}}],"
           "\"Description\":\"x\"}",
           fill("{\"BuildCache\":[{\"Description\":\"%03\"}],\"Volumes\":[{\"Labels\":{\"Env\":\"1\"}}],"
                "\"Description\":\"x\"}"));
    expect("redact_build_args: true", "/v1.56/images/a/attestations",
           "[{\"PredicateType\":\"p\",\"Statement\":{\"a\":[1,{}]}},{\"Statement\":{}}]",
           "[{\"PredicateType\":\"p\",\"Statement\":{}},{\"Statement\":{}}]");
}

#define TOP "/v1.41/containers/c/top"

Test(view, processes) {
    static const char plain[] = "{\"Processes\":[[\"root\",\"1\",\"sh -c "
                                "x\"],[\"root\",\"2\",\"ab\"]],\"Titles\":[\"UID\",\"PID\",\"CMD\"]}";

    expect("redact_commands: true", TOP, plain,
           fill("{\"Processes\":[[\"root\",\"1\",\"%07\"],[\"root\",\"2\",\"%02\"]],\"Titles\":[\"UID\","
                "\"PID\",\"CMD\"]}"));
    expect("redact_commands: true", TOP,
           "{\"Titles\":[\"UID\",\"PID\",\"CMD\"],\"Processes\":[[\"root\",\"1\",\"ab\"]]}",
           fill("{\"Titles\":[\"UID\",\"PID\",\"CMD\"],\"Processes\":[[\"root\",\"1\",\"%02\"]]}"));
    /* what is to the right of a command may be a part of it */
    expect("redact_commands: true", TOP "?ps_args=-o%20pid,args,user",
           "{\"Processes\":[[\"1\",\"sh\",\"-c x root\"]],\"Titles\":[\"PID\",\"COMMAND\",\"USER\"]}",
           fill("{\"Processes\":[[\"1\",\"%02\",\"%09\"]],\"Titles\":[\"PID\",\"COMMAND\",\"USER\"]}"));
    /* a column that is called otherwise, a line without a heading, titles twice, none, shapes */
    expect("redact_commands: true", TOP "?ps_args=-o%20pid,args%3DTIME",
           "{\"Processes\":[[\"1\",\"sh\"]],\"Titles\":[\"PID\",\"TIME\"]}",
           fill("{\"Processes\":[[\"%01\",\"%02\"]],\"Titles\":[\"PID\",\"TIME\"]}"));
    expect("redact_commands: true", TOP "?ps_args=h",
           "{\"Processes\":[[\"1\",\"sh\"]],\"Titles\":[\"PID\",\"secret\"]}",
           fill("{\"Processes\":[[\"1\",\"%02\"]],\"Titles\":[\"PID\",\"%06\"]}"));
    expect("redact_commands: true", TOP,
           "{\"Titles\":[\"PID\"],\"Processes\":[[\"1\",\"a\"]],\"titles\":[\"CMD\"]}",
           fill("{\"Titles\":[\"PID\"],\"Processes\":[[\"%01\",\"%01\"]],\"titles\":[\"CMD\"]}"));
    expect("redact_commands: true", TOP, "{\"Processes\":[[\"1\"],\"2\",{\"a\":\"3\"}]}",
           fill("{\"Processes\":[[\"%01\"],\"%01\",{\"a\":\"%01\"}]}"));
    expect("redact_commands: true", TOP, "{\"Titles\":[\"PID\",\"PID\"],\"Processes\":[[\"1\",\"2\",\"3\"]]}",
           fill("{\"Titles\":[\"PID\",\"PID\"],\"Processes\":[[\"1\",\"2\",\"%01\"]]}"));
    expect("redact_commands: true", TOP, "{\"Titles\":[],\"Processes\":null}",
           "{\"Titles\":[],\"Processes\":null}");
    /* `e` shows environments among the commands */
    expect("redact_env: deny-all", TOP "?ps_args=auxe", plain,
           fill("{\"Processes\":[[\"root\",\"1\",\"%07\"],[\"root\",\"2\",\"%02\"]],\"Titles\":[\"UID\","
                "\"PID\",\"CMD\"]}"));
}

/* dockerd quotes the word that isn't a process ID. */
Test(view, failures) {
    static const char message[] = "{\"message\":\"Unexpected pid 'secret'\"}\n";
    Request request = {.method = METHOD_GET};
    const Policy *policy;
    const char *detail;
    View view;
    char *out;

    (void) choose("redact_commands: true", METHOD_GET, TOP, &view);
    policy = policy_set_get(set, SPAN("p"));
    cr_assert_eq(target_parse(arena, SPAN(TOP "?ps_args=-o%20args,pid"), &request.target, &detail),
                 REASON_OK);
    request.operation = routes_match(METHOD_GET, &request.target, &request.object);
    cr_expect_not(view_choose_failure(policy, &request, 404, false, &view));
    cr_expect_not(view_choose_failure(policy, &request, 409, false, &view));
    cr_assert(view_choose_failure(policy, &request, 500, false, &view));
    cr_expect_eq(run(&view, span_from(message), &out), REASON_OK);
    cr_expect_str_eq(out, "{\"message\":\"quaygate:redacted:00000017\"}\n");
    free(out);

    cr_assert_eq(target_parse(arena, SPAN(INSPECT), &request.target, &detail), REASON_OK);
    request.operation = routes_match(METHOD_GET, &request.target, &request.object);
    cr_expect_not(view_choose_failure(policy, &request, 500, false, &view),
                  "an inspect's quotes the request");
}

Test(view, what_no_operation_has_is_looked_at_for_all) {
    View view;
    char *out;

    expect(EVERYTHING, "/libpod/x", "{\"Env\":[\"A=1\"],\"Output\":\"x\"}\n{\"Labels\":{\"a\":\"1\"}}\n",
           fill("{\"Env\":[\"A=%01\"],\"Output\":\"%01\"}\n{\"Labels\":{\"a\":\"%01\"}}\n"));
    cr_assert(choose("redact_env: deny-all", METHOD_GET, "/libpod/_ping", &view));
    cr_expect_eq(run(&view, SPAN("OK"), &out), REASON_ANSWER_UNREADABLE);
    free(out);
}

Test(view, no_json_text) {
    static const Span bad[] = {
        SPAN(""),
        SPAN(" "),
        SPAN("{"),
        SPAN("["),
        SPAN("[1,]"),
        SPAN("{\"a\":1,}"),
        SPAN("{\"a\"}"),
        SPAN("{\"a\":}"),
        SPAN("{a:1}"),
        SPAN("[1 2]"),
        SPAN("[1]]"),
        SPAN("{}{}"),
        SPAN("[}"),
        SPAN("{]"),
        SPAN("nul"),
        SPAN("\xEF\xBB\xBF{}"),
        SPAN("{\"a\":\"\n\"}"),
        SPAN("{\"Env\":[\"A=1\"}"),
        SPAN("{\"Env\":[\"A=1\""),
        SPAN("{,}"),
        SPAN("[,1]"),
        SPAN("{\"a\":1 \"b\":2}"),
        SPAN("[1]\0"),
        SPAN("\x1e{}"),
    };
    View view;

    cr_assert(choose(EVERYTHING, METHOD_GET, INSPECT, &view));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        char *out;

        cr_expect_eq(run(&view, bad[i], &out), REASON_ANSWER_UNREADABLE, "%s", bad[i].data);
        free(out);
    }
}

Test(view, depth) {
    char text[2 * LIMIT_JSON_DEPTH + 2];
    View view;
    char *out;

    cr_assert(choose(EVERYTHING, METHOD_GET, INSPECT, &view));
    for (size_t depth = LIMIT_JSON_DEPTH; depth <= LIMIT_JSON_DEPTH + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        cr_expect_eq(run(&view, (Span){text, 2 * depth}, &out),
                     depth <= LIMIT_JSON_DEPTH ? REASON_OK : REASON_ANSWER_TOO_LARGE);
        free(out);
    }
}

static bool put_nothing(void *ctx UNUSED, Span bytes UNUSED) {
    return false;
}

Test(view, no_memory) {
    ViewSink nowhere = {.put = put_nothing};
    bool fails = true;
    View view;

    cr_assert(choose("redact_env: deny-all", METHOD_GET, INSPECT, &view));
    cr_expect_eq(view_run(&view, show_size, NULL, SPAN("{}"), &nowhere), REASON_NO_MEMORY);
    cr_expect_eq(view_run(&view, show_size, &fails, SPAN("{\"Env\":[\"A=1\"]}"), &nowhere), REASON_NO_MEMORY);
}

/* --- objects cut out */

/* Drops what has "drop" in it, is unsure of "unsure", and notes what it was asked of. */
static ViewChoice ask(void *ctx, const ViewObject *object) {
    char *text = arena_copy(arena, object->bytes);

    if (ctx)
        fprintf(ctx, "%.*s/%.*s ", SPAN_FMT(object->list), SPAN_FMT(object->name));
    return strstr(text, "unsure") ? VIEW_UNSURE : strstr(text, "drop") ? VIEW_DROP : VIEW_KEEP;
}

#define SCOPED "}, scope: {own: true"

static void expect_kept(const char *target, const char *text, const char *expected, const char *asked) {
    char *out, *notes;
    size_t size;
    FILE *file = open_memstream(&notes, &size);
    View view;
    Reason reason;

    (void) choose(SCOPED, METHOD_GET, target, &view);
    view.keep = (ViewKeep){.ask = ask, .ctx = file};
    reason = run(&view, span_from(text), &out);
    fclose(file);
    cr_expect_eq(reason, expected ? REASON_OK : REASON_ANSWER_UNREADABLE, "%s", text);
    if (expected)
        cr_expect_str_eq(out, expected);
    if (asked)
        cr_expect_str_eq(notes, asked);
    free(out);
    free(notes);
}

Test(view, keep) {
    static const char list[] = "/v1.41/containers/json";

    expect_kept(list, "[{\"a\":1},{\"b\":2}]\n", "[{\"a\":1},{\"b\":2}]\n", "/ / ");
    expect_kept(list, "[{\"drop\":1},{\"b\":2}]", "[{\"b\":2}]", NULL);
    expect_kept(list, "[{\"a\":1} , {\"drop\":2}]", "[{\"a\":1}]", NULL);
    expect_kept(list,
                "[{\"drop\":1}, {\"drop\":1},{\"b\":2}, {\"drop\":1},{\"drop\":1},{\"c\":3},{\"drop\":1}]",
                "[{\"b\":2},{\"c\":3}]", NULL);
    expect_kept(list, "[ {\"drop\":1} ]", "[  ]", NULL);
    expect_kept(list, "[{\"drop\":1},{\"drop\":1}]", "[]", NULL);
    expect_kept(list, "[{\"drop\":1},3,{\"drop\":1},\"x\"]", "[3,\"x\"]", NULL);
    expect_kept(list, "[{\"a\":[{\"x\":{}}]}]", "[{\"a\":[{\"x\":{}}]}]", "/ ");
    expect_kept(list, "[{\"a\":1},{\"unsure\":2}]", NULL, NULL);
    expect_kept(list, "[{\"a\":1},{\"drop\":2]", NULL, NULL);
    expect_kept("/v1.41/volumes", "{\"Volumes\":[{\"drop\":1},{\"b\":2}],\"Warnings\":[{\"drop\":1}]}",
                "{\"Volumes\":[{\"b\":2}],\"Warnings\":[{\"drop\":1}]}", "Volumes/ Volumes/ ");
    expect_kept(
        "/v1.41/networks/n",
        "{\"Containers\":{\"1\":{\"drop\":1},\"2\":{},\"3\":{\"drop\":1}},\"Options\":{\"x\":{\"drop\":1}}}",
        "{\"Containers\":{\"2\":{}},\"Options\":{\"x\":{\"drop\":1}}}",
        "Containers/1 Containers/2 Containers/3 ");
    expect_kept("/v1.41/networks/n", "{\"Containers\":{\"1\":{\"drop\":1}}}", "{\"Containers\":{}}", NULL);
    expect_kept("/v1.41/events", "{\"drop\":1}", "", "/ ");
    expect_kept("/v1.41/events", "{\"a\":1}", "{\"a\":1}", "/ ");
    expect_kept("/v1.41/events", "{\"unsure\":1}", NULL, NULL);
    expect_kept("/v1.41/events", "{\"drop\":1", NULL, NULL);
}

Test(view, keep_and_edits) {
    View view;
    char *out;

    cr_assert(choose("redact_commands: true" SCOPED, METHOD_GET, "/v1.41/containers/json", &view));
    view.keep = (ViewKeep){.ask = ask};
    cr_expect_eq(run(&view, SPAN("[{\"Command\":\"a\"},{\"Command\":\"drop\"},{\"Command\":\"b\"}]"), &out),
                 REASON_OK);
    cr_expect_str_eq(out, fill("[{\"Command\":\"%01\"},{\"Command\":\"%01\"}]"));
    free(out);
}

/* --- against jansson */

/* What ours takes and jansson doesn't, on purpose: engines send such numbers; keys twice are edited twice. */
static bool differs_on_purpose(const json_error_t *error) {
    enum json_error_code code = json_error_code(error);

    return code == json_error_numeric_overflow || code == json_error_duplicate_key ||
           code == json_error_null_character || code == json_error_null_byte_in_key ||
           strstr(error->text, "Unicode");
}

static uint64_t random_state = 88172645463325252u;

static unsigned random_below(unsigned n) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned) (random_state % n);
}

/*
 * Texts with a few bytes changed: taken by both or by none, and what has no hidden part comes out as it was.
 */
Test(view, agrees_with_jansson) {
    static const char seed[] = "{\"Id\":\"a\\u00e9\\n\xC3\xA9\",\"n\":[-1.5e3,0,12,true,false,null],\"o\":{"
                               "\"x\":{},\"y\":[]},\"s\":\"\\\\\\\"\"}";
    static const char bytes[] = "{}[]\",:\\u019eE+-.tfn \n\x01\xC3\xA9z";
    unsigned n_good = 0, n_bad = 0;
    View view;

    cr_assert(choose("redact_health: true", METHOD_GET, INSPECT, &view));
    for (unsigned round = 0; round < 200000; round++) {
        char text[sizeof(seed)], *out;
        size_t size = sizeof(seed) - 1 - (random_below(4) == 0 ? random_below(8) : 0);
        json_error_t error = {0};
        json_t *tree;
        Reason reason;

        memcpy(text, seed, sizeof(seed));
        for (unsigned k = random_below(3); k > 0; k--)
            text[random_below((unsigned) size)] = bytes[random_below(sizeof(bytes) - 1)];
        tree = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
        reason = run(&view, (Span){text, size}, &out);
        cr_assert(tree ? reason == REASON_OK
                       : reason == REASON_ANSWER_UNREADABLE || differs_on_purpose(&error),
                  "jansson: %s; ours: %s: %.*s", tree ? "good" : error.text, reason_label(reason), (int) size,
                  text);
        if (reason == REASON_OK)
            cr_assert(strlen(out) == size && memcmp(out, text, size) == 0, "as it was: %s", out);
        n_good += tree != NULL;
        n_bad += tree == NULL;
        json_decref(tree);
        free(out);
    }
    cr_expect(n_good > 1000 && n_bad > 1000, "%u good, %u bad", n_good, n_bad);
}

/* Of Podman's own top all that runs is hidden, whatever its columns are called. */
Test(view, libpod_top) {
    static const char text[] = "{\"Processes\":[[\"1\",\"sh x\"]],\"Titles\":[\"PID\",\"COMMAND\",\"own\"]}";
    View view;

    expect("redact_commands: true", "/v1.41/libpod/containers/a/top", text,
           "{\"Processes\":[[\"quaygate:redacted:00000001\",\"quaygate:redacted:00000004\"]],\"Titles\":["
           "\"PID\","
           "\"COMMAND\",\"quaygate:redacted:00000003\"]}");
    expect("redact_env: deny-all", "/v1.41/libpod/containers/a/top?ps_args=e", text,
           "{\"Processes\":[[\"quaygate:redacted:00000001\",\"quaygate:redacted:00000004\"]],\"Titles\":["
           "\"PID\","
           "\"COMMAND\",\"quaygate:redacted:00000003\"]}");
    expect("redact_env: deny-all", "/v1.41/libpod/containers/a/top", text, text);
    /* And of whatever follows it. */
    expect("redact_commands: true", "/libpod/x",
           "{\"Titles\":[\"PID\",\"PID\"]}{\"Processes\":[[\"1\",\"sh\"]]}",
           "{\"Titles\":[\"PID\",\"PID\"]}{\"Processes\":[[\"quaygate:redacted:00000001\",\"quaygate:"
           "redacted:00000002\"]]}");
    cr_expect_not(choose("redact_labels: [a]", METHOD_GET, "/v1.41/containers/a/top", &view));
}

/* Podman's own events never end, so they can't be waited for; what else isn't known is a document. */
Test(view, libpod_events_are_lines) {
    static const char *const lines[] = {"/libpod/events", "/v1.41/libpod/events?stream=true"};
    static const char *const documents[] = {"/libpod/events/x", "/x/libpod/events", "/libpod/event",
                                            "/libpod/x/events"};
    View view;

    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        cr_expect(choose("redact_env: deny-all", METHOD_GET, lines[i], &view));
        cr_expect_eq(view.kind, ANSWER_LINES, "%s", lines[i]);
        cr_expect(choose("redact_env: deny-all", METHOD_POST, lines[i], &view));
        cr_expect_eq(view.kind, ANSWER_DOCUMENT, "%s", lines[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(documents); i++) {
        cr_expect(choose("redact_env: deny-all", METHOD_GET, documents[i], &view));
        cr_expect_eq(view.kind, ANSWER_DOCUMENT, "%s", documents[i]);
    }
    expect("redact_labels: [a], redact_commands: true", "/v1.41/libpod/events",
           "{\"status\":\"exec: b\",\"Action\":\"exec: "
           "b\",\"Actor\":{\"Attributes\":{\"a\":\"x\",\"c\":\"x\"}}}",
           "{\"status\":\"exec: quaygate:redacted:00000001\",\"Action\":\"exec: "
           "quaygate:redacted:00000001\",\"Actor\":{"
           "\"Attributes\":{\"a\":\"quaygate:redacted:00000001\",\"c\":\"x\"}}}");
}
