// SPDX-License-Identifier: Apache-2.0
#include "policy/routes.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* The row that a target gets; *ret_object is copied so that the caller may forget the arena. */
static const Operation *match(Method method, const char *raw, char ret_object[static 128]) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    const char *detail = NULL;
    const Operation *operation;
    Target target;
    Span object = {0};

    ret_object[0] = '\0';
    cr_assert_eq(target_parse(arena, span_from(raw), &target, &detail), REASON_OK, "%s: %s", raw, detail);
    operation = routes_match(method, &target, &object);
    if (operation)
        snprintf(ret_object, 128, "%.*s", SPAN_FMT(object));
    return operation;
}

Test(routes, each_described_operation_has_its_row) {
    static const struct {
        const char *id;
        Method method;
        const char *path;
        unsigned first, last;
    } described[] = {
#define OPERATION(id, method, path, first, last) {#id, METHOD_##method, path, first, last},
#include "tests/api/operations.def"
#undef OPERATION
    };

    for (size_t i = 0; i < ARRAY_SIZE(described); i++) {
        const Operation *operation = routes_find(span_from(described[i].id));
        unsigned since = described[i].first == 25 ? 24 : described[i].first;

        cr_assert_not_null(operation, "%s", described[i].id);
        cr_expect_eq(operation->method, described[i].method, "%s", described[i].id);
        cr_expect_eq(operation->since_minor, since, "%s", described[i].id);
        cr_expect_eq(operation->until_minor, described[i].last == 56 ? 0 : described[i].last, "%s",
                     described[i].id);
    }
}

Test(routes, each_described_path_leads_to_its_row) {
    static const struct {
        const char *id;
        Method method;
        const char *path;
    } described[] = {
#define OPERATION(id, method, path, first, last) {#id, METHOD_##method, path},
#include "tests/api/operations.def"
#undef OPERATION
    };

    for (size_t i = 0; i < ARRAY_SIZE(described); i++) {
        char raw[256], object[128];
        const char *open = strchr(described[i].path, '{');
        const Operation *operation;

        if (open)
            snprintf(raw, sizeof(raw), "/v1.41%.*sx-1%s", (int) (open - described[i].path), described[i].path,
                     strchr(open, '}') + 1);
        else
            snprintf(raw, sizeof(raw), "/v1.41%s", described[i].path);
        operation = match(described[i].method, raw, object);
        cr_assert_not_null(operation, "%s", raw);
        cr_expect_str_eq(operation->id, described[i].id);
        cr_expect_str_eq(object, open ? "x-1" : "");
    }
}

Test(routes, each_template_that_moby_registers_has_its_row) {
    static const struct {
        const char *method;
        const char *mux;
    } registered[] = {
#define MUX(method, mux, in) {#method, mux},
#include "moby_routes.def"
#undef MUX
    };
    /* What routes.def says isn't there. */
    static const char *const absent[] = {"OPTIONS /{anyroute:.*}", "POST /containers/{name:.*}/copy",
                                         "GET /networks/", "GET /debug/pprof/"};
    static const struct {
        Method method;
        const char *mux;
    } rows[] = {
#define ROUTE(id, method, path, mux, since, until, body, reply, risk, summary) {METHOD_##method, mux},
#include "policy/routes.def"
#undef ROUTE
    };
    size_t n_found = 0;

    for (size_t i = 0; i < ARRAY_SIZE(registered); i++) {
        char line[128];
        bool found = false, gone = false;

        snprintf(line, sizeof(line), "%s %s", registered[i].method, registered[i].mux);
        for (size_t a = 0; a < ARRAY_SIZE(absent); a++)
            gone = gone || strcmp(absent[a], line) == 0;
        for (size_t k = 0; k < ARRAY_SIZE(rows); k++)
            found = found || (strcmp(rows[k].mux, registered[i].mux) == 0 &&
                              strcmp(method_name(rows[k].method), registered[i].method) == 0);
        cr_expect_neq(found, gone, "%s", line);
        n_found += found;
    }
    cr_expect_eq(n_found, ARRAY_SIZE(rows), "a row of ours that moby doesn't register");
}

/* The order is what decides between two templates, so it is compared, not believed. */
Test(routes, rows_stand_in_mobys_order) {
    static const char *const registered[] = {
#define MUX(method, mux, in) #method " " mux,
#include "moby_routes.def"
#undef MUX
    };
    static const char *const rows[] = {
#define ROUTE(id, method, path, mux, since, until, body, reply, risk, summary) #method " " mux,
#include "policy/routes.def"
#undef ROUTE
    };
    size_t last = 0;

    for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
        size_t i = 0;

        while (i < ARRAY_SIZE(registered) && strcmp(registered[i], rows[k]) != 0)
            i++;
        cr_assert_lt(i, ARRAY_SIZE(registered), "%s", rows[k]);
        if (strcmp(rows[k], "GET /images/{name:.*}/attestations") == 0 ||
            strcmp(rows[k], "PUT /volumes/{name:.*}") == 0) /* newer than that list */
            continue;
        if (strncmp(rows[k], "GET /debug/", 11) == 0) /* from the other list */
            continue;
        cr_expect_geq(i, last, "%s", rows[k]);
        last = i;
    }
}

Test(routes, ids_are_unique_and_rows_complete) {
    size_t n;
    const Operation *all = routes_all(&n);

    for (size_t i = 0; i < n; i++) {
        cr_expect_eq(routes_find(span_from(all[i].id)), &all[i], "%s", all[i].id);
        cr_expect(all[i].summary && *all[i].summary, "%s", all[i].id);
        cr_expect_not_null(method_name(all[i].method), "%s", all[i].id);
        cr_expect_geq(all[i].since_minor, 24, "%s", all[i].id);
        if (all[i].method == METHOD_GET || all[i].method == METHOD_HEAD || all[i].method == METHOD_DELETE)
            cr_expect_eq(all[i].body, BODY_NONE, "%s", all[i].id); /* T-029 */
    }
    cr_expect_null(routes_find(SPAN("containercreate")));
    cr_expect_null(routes_find(SPAN("ContainerCreat")));
    cr_expect_null(routes_find(SPAN("")));
}

Test(routes, names) {
    static const struct {
        Method method;
        const char *raw;
        const char *id; /* NULL: no row */
        const char *object;
    } cases[] = {
        {METHOD_GET, "/containers/json", "ContainerList", ""},
        {METHOD_GET, "/containers/json/json", "ContainerInspect", "json"}, /* T-011 */
        {METHOD_POST, "/containers/create/start", "ContainerStart", "create"},
        {METHOD_POST, "/containers/prune/stop", "ContainerStop", "prune"},
        {METHOD_DELETE, "/containers/prune", "ContainerDelete", "prune"},
        {METHOD_GET, "/v1.41/exec/json/json", "ExecInspect", "json"},
        {METHOD_GET, "/containers/A_b.c-1/logs", "ContainerLogs", "A_b.c-1"},
        {METHOD_POST, "/containers/a/exec/start", NULL, ""}, /* T-010 */
        {METHOD_POST, "/containers/a/b/start", NULL, ""},
        {METHOD_GET, "/containers/a/b/json", NULL, ""},
        {METHOD_GET, "/containers/a/checkpoints/json", NULL, ""},
        {METHOD_GET, "/containers/_a/json", NULL, ""},
        {METHOD_GET, "/containers/-a/json", NULL, ""},
        {METHOD_GET, "/containers/.a/json", NULL, ""},
        {METHOD_GET, "/containers/a:b/json", NULL, ""},
        {METHOD_GET, "/containers/a@b/json", NULL, ""},
        {METHOD_GET, "/containers/a+b/json", NULL, ""},
        {METHOD_GET, "/containers/a~b/json", NULL, ""},
        {METHOD_GET, "/containers/a", NULL, ""},
        {METHOD_GET, "/containers", NULL, ""},
        {METHOD_GET, "/containersjson", NULL, ""},
        {METHOD_GET, "/CONTAINERS/json", NULL, ""},
        {METHOD_GET, "/V1.41/containers/json", NULL, ""},
        {METHOD_GET, "/containers/json2", NULL, ""},
        {METHOD_POST, "/containers/a/copy", NULL, ""},
        {METHOD_DELETE, "/containers/a/checkpoints/b", "CheckpointDelete", "a"},
        {METHOD_DELETE, "/containers/a/b", NULL, ""},
        {METHOD_GET, "/containers/a/attach/ws", "ContainerAttachWebsocket", "a"},
        {METHOD_GET, "/images/json", "ImageList", ""},
        {METHOD_GET, "/images/search/json", "ImageInspect", "search"},
        {METHOD_GET, "/images/get/get", "ImageGet", "get"},
        {METHOD_GET, "/images/a/get/json", "ImageInspect", "a/get"},
        {METHOD_GET, "/images/a/json/get", "ImageGet", "a/json"},
        {METHOD_GET, "/images/json/json/json", "ImageInspect", "json/json"},
        {METHOD_GET, "/images/r.example.com:5000/a/b@sha256:ff/json", "ImageInspect",
         "r.example.com:5000/a/b@sha256:ff"},
        {METHOD_POST, "/images/a/b:c/tag", "ImageTag", "a/b:c"},
        {METHOD_POST, "/images/create", "ImageCreate", ""},
        {METHOD_POST, "/images/create/push", "ImagePush", "create"},
        {METHOD_DELETE, "/images/a/b", "ImageDelete", "a/b"},
        {METHOD_GET, "/images/@/json", NULL, ""},
        {METHOD_GET, "/images/a/b", NULL, ""},
        {METHOD_GET, "/images", NULL, ""},
        {METHOD_GET, "/networks/a", "NetworkInspect", "a"},
        {METHOD_GET, "/networks/a/b", NULL, ""},
        {METHOD_POST, "/networks/create/connect", "NetworkConnect", "create"},
        {METHOD_GET, "/volumes/create", "VolumeInspect", "create"},
        {METHOD_GET, "/volumes/a/b", NULL, ""},
        {METHOD_GET, "/plugins/a/b:latest/json", "PluginInspect", "a/b:latest"},
        {METHOD_GET, "/plugins/privileges", "GetPluginPrivileges", ""},
        {METHOD_GET, "/services/a/logs", "ServiceLogs", "a"},
        {METHOD_GET, "/services/a/b/logs", NULL, ""},
        {METHOD_GET, "/distribution/a/b/json", "DistributionInspect", "a/b"},
        {METHOD_HEAD, "/_ping", "SystemPingHead", ""},
        {METHOD_HEAD, "/containers/json", NULL, ""}, /* T-013 */
        {METHOD_HEAD, "/containers/a/archive", "ContainerArchiveInfo", "a"},
        {METHOD_PUT, "/containers/a/archive", "PutContainerArchive", "a"},
        {METHOD_POST, "/_ping", NULL, ""},
        {METHOD_NONE, "/_ping", NULL, ""},
        {METHOD_GET, "/", NULL, ""},
        {METHOD_GET, "/libpod/_ping", NULL, ""},
        {METHOD_GET, "/debug/vars", "DebugVars", ""},
        {METHOD_GET, "/debug/pprof/heap", "DebugDump", "heap"},
        {METHOD_GET, "/debug/pprof/trace", "DebugTrace", ""},
        {METHOD_GET, "/v1.41/debug/vars", "DebugVars", ""}, /* T-015: so from 28 on, below any version */
        {METHOD_GET, "/v1.48/debug/pprof/heap", "DebugDump", "heap"},
        {METHOD_POST, "/debug/vars", NULL, ""},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char object[128];
        const Operation *operation = match(cases[i].method, cases[i].raw, object);

        cr_expect_str_eq(operation ? operation->id : "none", cases[i].id ? cases[i].id : "none", "%s",
                         cases[i].raw);
        cr_expect_str_eq(object, cases[i].object, "%s", cases[i].raw);
    }
}

Test(routes, kinds) {
    static const struct {
        const char *id;
        BodyKind body;
        ReplyKind reply;
        Risk risk;
    } cases[] = {
        {"ContainerCreate", BODY_JSON, REPLY_PLAIN, RISK_HOST},
        {"ContainerStart", BODY_NONE, REPLY_PLAIN, RISK_WRITE}, /* T-070 */
        {"ContainerList", BODY_NONE, REPLY_PLAIN, RISK_READ},
        {"ContainerLogs", BODY_NONE, REPLY_STREAM, RISK_READ},
        {"ContainerAttach", BODY_NONE, REPLY_HIJACK, RISK_HOST},
        {"ExecStart", BODY_JSON, REPLY_HIJACK, RISK_HOST},
        {"ContainerAttachWebsocket", BODY_NONE, REPLY_UPGRADE, RISK_HOST},
        {"Session", BODY_NONE, REPLY_UPGRADE, RISK_HOST},
        {"GrpcUpgrade", BODY_NONE, REPLY_UPGRADE, RISK_HOST},
        {"ImageCommit", BODY_JSON_OPTIONAL, REPLY_PLAIN, RISK_HOST},
        {"ImageBuild", BODY_STREAM, REPLY_STREAM, RISK_HOST},
        {"ImageLoad", BODY_STREAM, REPLY_STREAM, RISK_HOST},
        {"ImageCreate", BODY_STREAM, REPLY_STREAM, RISK_HOST},
        {"PutContainerArchive", BODY_STREAM, REPLY_STREAM, RISK_HOST},
        {"PluginCreate", BODY_STREAM, REPLY_STREAM, RISK_HOST},
        {"ServiceUpdate", BODY_JSON, REPLY_PLAIN, RISK_HOST},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const Operation *operation = routes_find(span_from(cases[i].id));

        cr_assert_not_null(operation, "%s", cases[i].id);
        cr_expect_eq(operation->body, cases[i].body, "%s", cases[i].id);
        cr_expect_eq(operation->reply, cases[i].reply, "%s", cases[i].id);
        cr_expect_eq(operation->risk, cases[i].risk, "%s", cases[i].id);
    }
}

Test(routes, words) {
    static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE"};
    static const char *const others[] = {"", "get", "OPTIONS", "CONNECT", "PATCH", "GETS", "GE", "PRI"};

    for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
        cr_expect_str_eq(method_name(method_parse(span_from(methods[i]))), methods[i]);
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        cr_expect_eq(method_parse(span_from(others[i])), METHOD_NONE, "%s", others[i]);
    cr_expect_null(method_name(METHOD_NONE));
    cr_expect_null(method_name((Method) 77));
    cr_expect_str_eq(risk_name(RISK_READ), "read");
    cr_expect_str_eq(risk_name(RISK_WRITE), "write");
    cr_expect_str_eq(risk_name(RISK_HOST), "host");
    cr_expect_str_eq(risk_name((Risk) 77), "host");
}

/* What dockerd's router takes, though no row of ours does. */
Test(routes, taken) {
    static const struct {
        Method method;
        const char *raw;
        bool taken;
    } cases[] = {
        {METHOD_GET, "/containers/json", true},
        {METHOD_GET, "/containers/web/alias/export", true},
        {METHOD_POST, "/v1.41/containers/web/alias/kill", true},
        {METHOD_POST, "/containers/a/exec/start", true},
        {METHOD_GET, "/v1.41/networks/_a", true},
        {METHOD_DELETE, "/volumes/-a", true},
        {METHOD_POST, "/containers/json", false},
        {METHOD_HEAD, "/containers/web/alias/export", false},
        {METHOD_GET, "/containers/web", false},
        {METHOD_GET, "/libpod/containers/a/json", false},
        {METHOD_GET, "/v1.41/debug/vars", true},
        {METHOD_GET, "/debug/vars", true},
        {METHOD_POST, "/debug/vars", true}, /* to 27 with any method */
        {METHOD_DELETE, "/v1.41/debug/pprof/heap", true},
        {METHOD_GET, "/debugger", false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
        const char *detail = NULL;
        Target target;

        cr_assert_eq(target_parse(arena, span_from(cases[i].raw), &target, &detail), REASON_OK, "%s",
                     cases[i].raw);
        cr_expect_eq(routes_is_taken(cases[i].method, &target), cases[i].taken, "%s", cases[i].raw);
    }
}
