// SPDX-License-Identifier: Apache-2.0
#include "policy/scope_keep.h"

#include <criterion/criterion.h>
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

TestSuite(scope_keep, .init = setup, .fini = teardown);

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static bool hash(void *ctx UNUSED, Span value UNUSED, unsigned char ret[static PLACEHOLDER_HASH_BYTES]) {
    memset(ret, 0, PLACEHOLDER_HASH_BYTES);
    return true;
}

static bool put(void *ctx, Span bytes) {
    return fwrite(bytes.data, 1, bytes.size, ctx) == bytes.size;
}

typedef struct Case {
    const char *policy; /* of POLICIES */
    Method method;
    unsigned status;
    const char *target;
    const char *text;
    const char *expected; /* NULL: `reason` */
    Reason reason;
} Case;

static const char POLICIES[] = "policies:\n"
                               "  team: {scope: {labels: {team: ci}}}\n"
                               "  named: {scope: {names: ['ci-*', 'reg.x:5000/app']}}\n"
                               "  both: {scope: {labels: {team: ci}, names: ['ci-*']}}\n"
                               "  watched: {scope: {own: true}, mode: observe}\n"
                               "  open: {}\n";

static void compile(void) {
    ApiVersions versions = api_versions_default();
    DocErrors errors = {.arena = arena, .file = "f"};
    const DocNode *root = doc_parse(arena, span_from(POLICIES), &errors);

    set = root ? policy_set_compile(doc_get(root, "policies"), &versions, &errors) : NULL;
    cr_assert_not_null(set, "%s", errors.n ? errors.items[0].message : "");
}

/* False: the answer isn't looked at. */
static bool run(const Case *c, const Looks *looks, char **ret, Reason *ret_reason) {
    Policy *policy = policy_set_get(set, span_from(c->policy));
    Request request = {.method = c->method};
    size_t size;
    ScopeKeep keep;
    const char *detail;
    View view;
    bool chosen;
    FILE *out;

    cr_assert_eq(target_parse(arena, span_from(c->target), &request.target, &detail), REASON_OK);
    request.operation = routes_match(c->method, &request.target, &request.object);
    chosen = c->status < 300 ? view_choose(policy, &request, &view)
                             : view_choose_failure(policy, &request, c->status, false, &view);
    if (!chosen)
        return false;
    scope_keep_begin(&keep, policy, &request, looks, arena, &view);
    out = open_memstream(ret, &size);
    *ret_reason = view_run(&view, hash, NULL, span_from(c->text), &(ViewSink){.put = put, .ctx = out});
    fclose(out);
    return true;
}

#define GET METHOD_GET, 200
#define V "/v1.41"
#define MINE "\"Labels\":{\"team\":\"ci\"}"
#define THEIRS "\"Labels\":{\"team\":\"x\"}"
#define HIDDEN "quaygate:redacted:00000000"
#define EVENT(type, id, attributes)                                                                          \
    "{\"Type\":\"" type "\",\"Actor\":{\"ID\":\"" id "\",\"Attributes\":{" attributes "}}}"

static const Case cases[] = {
    /* lists, whatever the engine's filters did */
    {"team", GET, V "/containers/json", "[{\"Id\":\"1\"," MINE "},{\"Id\":\"2\"," THEIRS "},{\"Id\":\"3\"}]",
     "[{\"Id\":\"1\"," MINE "}]", 0},
    {"team", GET, V "/containers/json", "[{\"Names\":[\"/web\",\"/other/alias\"]," MINE "}]",
     "[{\"Names\":[\"/web\"]," MINE "}]", 0},
    {"named", GET, V "/containers/json",
     "[{\"Names\":[\"/ci-1\"]},{\"Names\":[\"/web\",\"/ci-1/x\"]},{\"Names\":[]},{}]",
     "[{\"Names\":[\"/ci-1\"]}]", 0},
    {"named", GET, V "/containers/json", "[{\"Names\":[\"/web/ci-1\"]}]", "[]", 0},
    {"both", GET, V "/containers/json",
     "[{\"Names\":[\"/ci-1\"]},{\"Names\":[\"/web\"]," MINE "},{\"Names\":[\"/ci-1\"]," MINE "}]",
     "[{\"Names\":[\"/ci-1\"]," MINE "}]", 0},
    {"named", GET, V "/images/json",
     "[{\"RepoTags\":[\"ci-a:1\",\"other:1\"],\"RepoDigests\":[\"ci-a@sha256:1\",\"other@sha256:1\"]},"
     "{\"RepoTags\":[\"other:1\"]},{\"RepoTags\":null},{\"RepoTags\":[\"reg.x:5000/app:1\"]}]",
     "[{\"RepoTags\":[\"ci-a:1\"],\"RepoDigests\":[\"ci-a@sha256:1\"]},{\"RepoTags\":[\"reg.x:5000/"
     "app:1\"]}]",
     0},
    /* from v1.47 on, who runs a platform of an image: IDs of containers, whosever they are */
    {"team", GET, V "/images/json?manifests=1",
     "[{" MINE ",\"Containers\":-1,\"Manifests\":[{\"ImageData\":{\"Containers\":[\"" ID_A "\"]}}]}]",
     "[{" MINE ",\"Containers\":-1,\"Manifests\":[{\"ImageData\":{\"Containers\":[]}}]}]", 0},
    {"team", GET, V "/images/i/json?manifests=1",
     "{\"Id\":\"sha256:1\",\"Manifests\":[{\"ImageData\":{\"Containers\":[\"" ID_A "\",\"" ID_B "\"]}}]}",
     "{\"Id\":\"sha256:1\",\"Manifests\":[{\"ImageData\":{\"Containers\":[]}}]}", 0},
    {"named", GET, V "/networks", "[{\"Name\":\"ci-n\"},{\"Name\":\"bridge\"}]", "[{\"Name\":\"ci-n\"}]", 0},
    {"team", GET, V "/networks",
     "[{" MINE ",\"Containers\":{\"" ID_B "\":{\"Name\":\"x\"}},\"Services\":{\"s\":{}}}]",
     "[{" MINE ",\"Containers\":{},\"Services\":{}}]", 0},
    {"named", GET, V "/volumes", "{\"Volumes\":[{\"Name\":\"ci-v\"},{\"Name\":\"v\"}],\"Warnings\":null}",
     "{\"Volumes\":[{\"Name\":\"ci-v\"}],\"Warnings\":null}", 0},
    {"named", GET, V "/services", "[{\"Spec\":{\"Name\":\"ci-s\"}},{\"Spec\":{\"Name\":\"s\"}},{}]",
     "[{\"Spec\":{\"Name\":\"ci-s\"}}]", 0},
    {"team", GET, V "/services", "[{\"Spec\":{" MINE "}},{\"Spec\":{" THEIRS "}},{" MINE "}]",
     "[{\"Spec\":{" MINE "}}]", 0},
    {"team", GET, V "/secrets", "[{\"Spec\":{" MINE "}},{\"Spec\":{" THEIRS "}}]", "[{\"Spec\":{" MINE "}}]",
     0},
    {"named", GET, V "/configs", "[{\"Spec\":{\"Name\":\"x\"}},{\"Spec\":{\"Name\":\"ci-x\"}}]",
     "[{\"Spec\":{\"Name\":\"ci-x\"}}]", 0},
    {"team", GET, V "/tasks",
     "[{\"ID\":\"1\",\"ServiceID\":\"" ID_A "\"},{\"ID\":\"2\",\"ServiceID\":\"x\"},{\"ID\":\"3\"}]",
     "[{\"ID\":\"1\",\"ServiceID\":\"" ID_A "\"}]", 0},
    {"team", GET, V "/containers/json", "[{\"Labels\":{\"team\":\"ci\",\"team\":\"x\"}}]", NULL,
     REASON_ANSWER_UNREADABLE},
    {"team", GET, V "/containers/json", "[[{" THEIRS "}]]", "[[{" THEIRS "}]]", 0}, /* of no engine */
    {"team", GET, V "/containers/json",
     "[{" MINE ",\"HostConfig\":{\"NetworkMode\":\"container:" ID_B "\"}}]",
     "[{" MINE ",\"HostConfig\":{\"NetworkMode\":\"container:" HIDDEN "\"}}]", 0},

    /* events, line by line */
    {"named", GET, V "/events", EVENT("container", "1", "\"name\":\"ci-1\""),
     EVENT("container", "1", "\"name\":\"ci-1\""), 0},
    {"named", GET, V "/events", EVENT("container", "1", "\"name\":\"web\""), "", 0},
    {"named", GET, V "/events", EVENT("container", "ci-1", ""), "", 0},
    {"named", GET, V "/events", EVENT("volume", "ci-v", "\"container\":\"" ID_B "\""),
     EVENT("volume", "ci-v", "\"container\":\"" HIDDEN "\""), 0},
    {"named", GET, V "/events", EVENT("volume", "v", "\"name\":\"ci-v\""), "", 0},
    {"named", GET, V "/events", EVENT("image", "ci-a:1", "\"name\":\"ci-a\""),
     EVENT("image", "ci-a:1", "\"name\":\"ci-a\""), 0},
    {"named", GET, V "/events", EVENT("image", "sha256:1", "\"name\":\"other:1\""), "", 0},
    {"named", GET, V "/events", EVENT("daemon", "ci-1", "\"name\":\"ci-1\""), "", 0},
    {"named", GET, V "/events", EVENT("builder", "", ""), "", 0},
    {"named", GET, V "/events", "{\"status\":\"start\",\"id\":\"1\",\"from\":\"a\"}", "", 0},
    {"team", GET, V "/events", EVENT("container", "1", "\"team\":\"ci\""),
     EVENT("container", "1", "\"team\":\"ci\""), 0},
    {"team", GET, V "/events", EVENT("container", "1", "\"team\":\"x\""), "", 0},
    {"team", GET, V "/events", EVENT("network", "1", "\"name\":\"n\""), "", 0},
    {"team", GET, V "/events", "{\"Type\":", NULL, REASON_ANSWER_UNREADABLE},

    /* what an inspect tells of others */
    {"team", GET, V "/networks/n",
     "{\"Containers\":{\"" ID_A "\":{\"Name\":\"a\"},\"" ID_B
     "\":{\"Name\":\"b\"},\"lb-n\":{\"Name\":\"l\"}}}",
     "{\"Containers\":{\"" ID_A "\":{\"Name\":\"a\"}}}", 0},
    {"team", GET, V "/containers/c/json",
     "{\"HostConfig\":{\"NetworkMode\":\"container:" ID_A "\",\"PidMode\":\"container:" ID_B "\",\"IpcMode\":"
     "\"private\",\"Links\":[\"/mine:/c/x\",\"/theirs:/c/y\"],\"VolumesFrom\":[\"mine\",\"theirs:ro\"]}}",
     "{\"HostConfig\":{\"NetworkMode\":\"container:" ID_A "\",\"PidMode\":\"container:" HIDDEN
     "\",\"IpcMode\":"
     "\"private\",\"Links\":[\"/mine:/c/x\",\"" HIDDEN ":/c/y\"],\"VolumesFrom\":[\"mine\",\"" HIDDEN
     ":ro\"]}}",
     0},
    {"team", GET, V "/containers/c/json", /* Podman's */
     "{\"HostConfig\":{\"UTSMode\":\"container:" ID_B "\",\"UsernsMode\":\"container:" ID_A
     "\",\"CgroupnsMode\":\"\"}}",
     "{\"HostConfig\":{\"UTSMode\":\"container:" HIDDEN "\",\"UsernsMode\":\"container:" ID_A
     "\",\"CgroupnsMode\":\"\"}}",
     0},
    {"named", GET, V "/images/ci-a/json",
     "{\"RepoTags\":[\"ci-a:1\",\"b:1\"],\"Container\":\"" ID_B
     "\",\"ContainerConfig\":{\"Hostname\":\"bbb\"}}",
     "{\"RepoTags\":[\"ci-a:1\"],\"Container\":\"\",\"ContainerConfig\":{\"Hostname\":\"\"}}", 0},
    {"named", GET, V "/images/ci-a/history", "[{\"Tags\":[\"b:1\"]},{\"Tags\":[\"ci-a:1\"]},{\"Tags\":null}]",
     "[{\"Tags\":[]},{\"Tags\":[\"ci-a:1\"]},{\"Tags\":null}]", 0},
    {"team", GET, V "/volumes/v", "{\"Name\":\"v\"," MINE "}", "{\"Name\":\"v\"," MINE "}", 0},
    {"team", GET, V "/volumes/v", "{\"Name\":\"v\"," THEIRS "}", NULL, REASON_ANSWER_OTHERS},
    {"team", METHOD_POST, 201, V "/volumes/create", "{\"Name\":\"v\",\"Labels\":null}", NULL,
     REASON_ANSWER_OTHERS},

    /* counts and sums */
    {"team", GET, V "/info",
     "{\"Containers\":3,\"ContainersRunning\":2,\"ContainersPaused\":0,\"ContainersStopped\":1,\"Images\":12,"
     "\"NCPU\":2}",
     "{\"Containers\":0,\"ContainersRunning\":0,\"ContainersPaused\":0,\"ContainersStopped\":0,\"Images\":0,"
     "\"NCPU\":2}",
     0},
    {"team", GET, V "/system/df",
     "{\"LayersSize\":1092588,\"Images\":[{\"Containers\":1," MINE "},{" THEIRS
     "}],\"Containers\":[{}],\"Volumes\":[{" MINE "}],\"BuildCache\":[{\"ID\":\"x\"," MINE
     "}],\"BuilderSize\":12}",
     "{\"LayersSize\":0,\"Images\":[{\"Containers\":1," MINE "}],\"Containers\":[],\"Volumes\":[{" MINE
     "}],\"BuildCache\":[],\"BuilderSize\":0}",
     0},
    {"named", GET, "/v1.52/system/df",
     "{\"ImageUsage\":{\"ActiveCount\":1,\"TotalCount\":4,\"Reclaimable\":-1,\"TotalSize\":9,\"Items\":[{"
     "\"RepoTags\":["
     "\"ci-a:1\"]},{\"RepoTags\":[\"b:1\"]}]},\"VolumeUsage\":{\"Items\":[{\"Name\":\"ci-v\",\"Mountpoint\":"
     "\"/\"},"
     "{\"Name\":\"v\",\"Mountpoint\":\"/\"}]},\"ContainerUsage\":{\"Items\":[{\"Names\":[\"/"
     "ci-1\"]},{\"Names\":[\"/x\"]"
     "}]},\"BuildCacheUsage\":{\"Items\":[{\"ID\":\"ci-1\"}]}}",
     "{\"ImageUsage\":{\"ActiveCount\":0,\"TotalCount\":0,\"Reclaimable\":0,\"TotalSize\":0,\"Items\":[{"
     "\"RepoTags\":["
     "\"ci-a:1\"]}]},\"VolumeUsage\":{\"Items\":[{\"Name\":\"ci-v\",\"Mountpoint\":\"/"
     "\"}]},\"ContainerUsage\":{\"Items\":"
     "[{\"Names\":[\"/ci-1\"]}]},\"BuildCacheUsage\":{\"Items\":[]}}",
     0},

    /* failures */
    {"team", METHOD_POST, 409, V "/containers/create?name=x",
     "{\"message\":\"Conflict. The container name \\\"/x\\\" is already in use by container \\\"" ID_B
     "\\\".\"}",
     "{\"message\":\"Conflict. The container name \\\"/x\\\" is already in use by container "
     "\\\"(hidden)\\\".\"}",
     0},
    {"team", METHOD_DELETE, 409, V "/volumes/v",
     "{\"message\":\"remove v: volume is in use - [" ID_A ", " ID_B "]\"}",
     "{\"message\":\"remove v: volume is in use - [" ID_A ", (hidden)]\"}", 0},
    {"team", METHOD_DELETE, 403, V "/networks/n",
     "{\"message\":\"network n id " ID_A " has active endpoints (name:\\\"b\\\" id:\\\"bbbbbbbbbbbb\\\")\"}",
     "{\"message\":\"network n id " ID_A " has active endpoints (hidden)\"}", 0},
    {"team", METHOD_DELETE, 409, V "/images/i",
     "{\"message\":\"conflict: unable to delete i (must force) - image is being used by stopped container "
     "bbbbbbbbbbbb\"}",
     "{\"message\":\"conflict: unable to delete i (must force) - image is being used by stopped container "
     "(hidden)\"}",
     0},
    {"team", METHOD_GET, 404, V "/containers/cafecafecafe/json",
     "{\"message\":\"No such container: cafecafecafe\"}", "{\"message\":\"No such container: cafecafecafe\"}",
     0},
    {"team", METHOD_POST, 404, V "/services/create",
     "{\"message\":\"network 4xk2m0d9fh3v8q1w7e5r6t9y2 not found\"}",
     "{\"message\":\"network (hidden) not found\"}", 0},
    {"team", METHOD_POST, 500, V "/containers/c/start", "{\"message\": ", NULL, REASON_ANSWER_UNREADABLE},
    {"team", METHOD_GET, 400, V "/containers/c/attach/ws", "not " ID_B ", " ID_A "\n",
     "not (hidden), " ID_A "\n", 0},
    {"team", METHOD_GET, 400, V "/containers/c/attach/ws", "bbbbbbbbbbbb", "(hidden)", 0},
};

Test(scope_keep, cases) {
    const char *ids[] = {ID_A, "mine"};
    Need needs[] = {{.kind = NEED_CONTAINER, .name = SPAN("c"), .id = ID_A}};
    Looks looks = {.members = {.ids = ids, .n = 2, .room = 2},
                   .needs = {.items = needs, .n = ARRAY_SIZE(needs)}};

    compile();
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const Case *c = &cases[i];
        Reason reason = REASON_UNDECIDED;
        char *out = NULL;

        cr_assert(run(c, &looks, &out, &reason), "%s: %s isn't looked at", c->target, c->text);
        cr_expect_eq(reason, c->expected ? REASON_OK : c->reason, "%s: %s: %s", c->target, c->text,
                     reason_label(reason));
        if (c->expected && reason == REASON_OK)
            cr_expect_str_eq(out, c->expected);
        free(out);
    }
}

/* Without looks nobody is known. */
Test(scope_keep, nothing_known) {
    Case c = {"team", GET, V "/networks/n", "{\"Containers\":{\"" ID_A "\":{}}}", NULL, 0};
    Reason reason;
    char *out;

    compile();
    cr_assert(run(&c, NULL, &out, &reason));
    cr_expect_str_eq(out, "{\"Containers\":{}}");
    free(out);
}

/* A list's answer is not to be looked at by mistake: one that nobody was set up for fails. */
Test(scope_keep, without_anybody_to_ask) {
    Request request = {.method = METHOD_GET};
    ViewSink sink = {.put = put, .ctx = stderr};
    const char *detail;
    View view;

    compile();
    cr_assert_eq(target_parse(arena, SPAN(V "/containers/json"), &request.target, &detail), REASON_OK);
    request.operation = routes_match(METHOD_GET, &request.target, &request.object);
    cr_assert(view_choose(policy_set_get(set, SPAN("team")), &request, &view));
    cr_expect_eq(view_run(&view, hash, NULL, SPAN("[{}]"), &sink), REASON_ANSWER_UNREADABLE);
    cr_expect_eq(view_run(&view, hash, NULL, SPAN("[]"), &sink), REASON_OK);
}

Test(scope_keep, not_looked_at) {
    static const Case none[] = {
        {"open", GET, V "/containers/json", "[]", NULL, 0},
        {"open", METHOD_POST, 409, V "/containers/create", "{}", NULL, 0},
        {"watched", GET, V "/containers/json", "[]", NULL, 0},
        {"watched", METHOD_POST, 409, V "/containers/create", "{}", NULL, 0},
        {"team", GET, V "/containers/c/logs", "x", NULL, 0},
        {"team", GET, V "/containers/c/stats", "{}", NULL, 0},
    };

    compile();
    for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
        Reason reason;
        char *out = NULL;

        cr_expect_not(run(&none[i], NULL, &out, &reason), "%s", none[i].target);
        free(out);
    }
}
