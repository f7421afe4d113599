// SPDX-License-Identifier: Apache-2.0
#include "policy/compile.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/presets.h"
#include "policy/routes.h"

static Arena *arena;
static DocErrors errors;

static void setup(void) {
    arena = arena_new(256u << 20);
    errors = (DocErrors){.arena = arena, .file = "test.yaml"};
}

static void teardown(void) {
    arena = arena_free(arena);
}

TestSuite(compile, .init = setup, .fini = teardown);

static PolicySet *compile(Span yaml) {
    ApiVersions versions = api_versions_default();
    const DocNode *root = doc_parse(arena, yaml, &errors);

    return root ? policy_set_compile(doc_get(root, "policies"), &versions, &errors) : NULL;
}

static char *print_policy(const PolicySet *set, const char *name) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    fputs("policies:\n", out);
    cr_expect_eq(policy_print(policy_set_get(set, span_from(name)), out), 0);
    fclose(out);
    return text;
}

Test(compile, presets_alone) {
    CLEANUP(policy_set_free_p) PolicySet *set = compile(SPAN("a: 1\n"));
    size_t n, n_names;
    const char *const *presets = preset_names(&n), *const * names;

    cr_assert_not_null(set, "%s", errors.n > 0 ? errors.items[0].message : "");
    names = policy_set_names(set, &n_names);
    cr_assert_eq(n_names, n);
    for (size_t i = 0; i < n; i++) {
        const Policy *policy = policy_set_get(set, span_from(presets[i]));

        cr_expect_str_eq(names[i], presets[i]);
        cr_assert_not_null(policy);
        cr_expect_str_eq(policy_name(policy), presets[i]);
        cr_expect_not(policy_observes(policy));
        cr_expect_not_null(preset_yaml(span_from(presets[i])));
    }
    cr_expect_null(preset_yaml(SPAN("nun")));
    cr_expect_null(policy_set_get(set, SPAN("nun")));
}

/* As a list item, so that ImageGet isn't found in ImageGetAll. */
static bool preset_lists(const char *preset, const char *operation) {
    CLEANUP(arena_free_p) Arena *scratch = arena_new(1u << 16);
    const char *text = preset_yaml(span_from(preset));

    return strstr(text, arena_printf(scratch, "- %s\n", operation)) ||
           strstr(text, arena_printf(scratch, "- operation: %s\n", operation));
}

Test(compile, presets_and_the_catalogue) {
    /* Of what only tells: files, secrets, and what makes the engine call other hosts (T-094). */
    static const char *const left_out[] = {"ImageGet",           "ImageGetAll", "SecretList",
                                           "SecretInspect",      "ImageSearch", "DistributionInspect",
                                           "GetPluginPrivileges"};
    size_t n;
    const Operation *all = routes_all(&n);

    cr_assert_gt(n, 100);
    for (size_t i = 0; i < n; i++) {
        bool expected = all[i].risk == RISK_READ;

        for (size_t j = 0; j < ARRAY_SIZE(left_out); j++)
            expected = expected && strcmp(all[i].id, left_out[j]) != 0;
        cr_expect(preset_lists("all", all[i].id), "all lacks %s", all[i].id);
        cr_expect_not(preset_lists("none", all[i].id), "none has %s", all[i].id);
        cr_expect_eq(preset_lists("read-only", all[i].id), expected, "read-only and %s", all[i].id);
        if (preset_lists("monitoring", all[i].id))
            cr_expect_eq(all[i].risk, RISK_READ, "monitoring has %s", all[i].id);
    }
}

Test(compile, mistakes) {
    static const struct {
        Span yaml; /* of policy p, which begins in line 3 */
        unsigned line, column;
        const char *message;
    } cases[] = {
        {SPAN("    alow: []\n"), 3, 5, "unknown key 'alow'; did you mean 'allow'?"},
        {SPAN("    zzz: 1\n"), 3, 5, "unknown key 'zzz'"},
        {SPAN("    allow:\n"), 3, 11, "allow must be a list"},
        {SPAN("    allow: ContainerList\n"), 3, 12, "allow must be a list"},
        {SPAN("    deny: {a: b}\n"), 3, 11, "deny must be a list"},
        {SPAN("    allow: [ContainerLst]\n"), 3, 13,
         "unknown operation 'ContainerLst'; did you mean 'ContainerList'?"},
        {SPAN("    allow: [containerlist]\n"), 3, 13,
         "unknown operation 'containerlist'; did you mean 'ContainerList'?"},
        {SPAN("    deny: [ContainerKil]\n"), 3, 12,
         "unknown operation 'ContainerKil'; did you mean 'ContainerKill'?"},
        {SPAN("    allow: [~]\n"), 3, 13, "an operation must be a text, and here is none"},
        {SPAN("    allow: [[ContainerList]]\n"), 3, 13, "an operation must be a text"},
        {SPAN("    allow: [GET /info]\n"), 3, 13,
         "an operation has no space in its name; for a method and path write {request: METHOD /path}"},
        {SPAN("    allow: [{}]\n"), 3, 13, "an entry has either 'operation' or 'request'"},
        {SPAN("    allow: [{query: {a: [b]}}]\n"), 3, 13, "an entry has either 'operation' or 'request'"},
        {SPAN("    allow: [{operation: SystemInfo, request: GET /x}]\n"), 3, 13,
         "an entry has either 'operation' or 'request'"},
        {SPAN("    allow: [{request: GET /x, query: {a: [b]}}]\n"), 3, 13,
         "'query' goes with 'operation', not with 'request'"},
        {SPAN("    allow: [{operation: SystemInfo, qery: {}}]\n"), 3, 37,
         "unknown key 'qery'; did you mean 'query'?"},
        {SPAN("    allow: [{operation: SystemInfo, until: x}]\n"), 3, 44,
         "until must be a time with its zone, like 2026-12-01T18:00:00Z or 2026-12-01T18:00:00+01:00"},
        {SPAN("    allow: [{operation: SystemInfo, until: 2026-12-01T18:00:00}]\n"), 3, 44,
         "until has no zone: write Z for UTC behind it, or +01:00"},
        {SPAN("    allow: [{operation: SystemInfo, until: 2026-12-01}]\n"), 3, 44, "until must be a time"},
        {SPAN("    allow: [{operation: SystemInfo, until: [2026-12-01T18:00:00Z]}]\n"), 3, 44,
         "until must be a text"},
        {SPAN("    allow: [{operation: SystemInfo, when: x, zone: UTC}]\n"), 3, 43,
         "when is written like Mon-Fri 08:00-18:00: days, hours, or both"},
        {SPAN("    allow: [{operation: SystemInfo, when: Mon-Fri}]\n"), 3, 43,
         "'when' goes with a zone: Europe/Berlin, UTC or the like, or local for the host's"},
        {SPAN("    allow: [{operation: SystemInfo, zone: UTC}]\n"), 3, 43,
         "'zone' goes with 'when': a time of 'until' has its own"},
        {SPAN("    allow: [{operation: SystemInfo, until: 2026-12-01T18:00:00Z, zone: UTC}]\n"), 3, 72,
         "'zone' goes with 'when': a time of 'until' has its own"},
        {SPAN("    allow: [{operation: SystemInfo, when: [], zone: UTC}]\n"), 3, 43,
         "when has 1 to 14 windows"},
        {SPAN("    allow: [{operation: SystemInfo, when: [Mon, [Tue]], zone: UTC}]\n"), 3, 49,
         "when must be a text"},
        {SPAN("    allow: [{operation: SystemInfo, when: Mon, zone: ../etc}]\n"), 3, 54,
         "'../etc' is no name of a time zone"},
        {SPAN("    allow: [{operation: SystemInfo, when: Mon, zone: CET DST}]\n"), 3, 54,
         "'CET DST' is no name of a time zone"},
        {SPAN("    allow: [{operation: SystemInfo, when: Mon, zone: ''}]\n"), 3, 54,
         "'' is no name of a time zone"},
        {SPAN("    allow: [{operation: SystemInfo, when: Mon, zone: [UTC]}]\n"), 3, 54,
         "zone must be a text"},
        {SPAN("    allow: [{until: 2026-12-01T18:00:00Z}]\n"), 3, 13,
         "an entry has either 'operation' or 'request'"},
        {SPAN("    deny: [{operation: SystemInfo, until: 2026-12-01T18:00:00Z}]\n"), 3, 12,
         "deny takes no time: put it where it is allowed"},
        {SPAN("    deny: [{request: GET /x, when: Mon, zone: UTC}]\n"), 3, 12,
         "deny takes no time: put it where it is allowed"},
        {SPAN("    allow: [{operation: SystemInfo, query: {}}]\n"), 3, 44,
         "query must be a mapping of query keys to lists of values"},
        {SPAN("    allow: [{operation: SystemInfo, query: {a: b}}]\n"), 3, 48,
         "the values of a query key must be a list"},
        {SPAN("    allow: [{operation: SystemInfo, query: {a: []}}]\n"), 3, 48,
         "an empty list of values would allow no request"},
        {SPAN("    allow: [{operation: SystemInfo, query: {a: [~]}}]\n"), 3, 49,
         "write \"\" for an empty or absent value, or quote the word"},
        {SPAN("    allow: [{operation: SystemInfo, query: {a: [[b]]}}]\n"), 3, 49,
         "a query value must be a text"},
        {SPAN("    deny: [{operation: SystemInfo, query: {a: [b]}}]\n"), 3, 43,
         "deny takes no conditions: put them where it is allowed"},
        {SPAN("    allow: [{request: GET}]\n"), 3, 23,
         "request must be METHOD /path, with one of GET, HEAD, POST, PUT, DELETE or * as the method"},
        {SPAN("    allow: [{request: get /x}]\n"), 3, 23,
         "request must be METHOD /path, with one of GET, HEAD, POST, PUT, DELETE or * as the method"},
        {SPAN("    allow: [{request: GET x}]\n"), 3, 23,
         "request must be METHOD /path, with one of GET, HEAD, POST, PUT, DELETE or * as the method"},
        {SPAN("    allow: [{request: GET /x y}]\n"), 3, 23,
         "request must be METHOD /path, with one of GET, HEAD, POST, PUT, DELETE or * as the method"},
        {SPAN("    allow: [{request: GET /v1.41/info}]\n"), 3, 23,
         "leave the API version out: a pattern holds for all of them"},
        {SPAN("    allow: [{request: POST /build}]\n"), 3, 23,
         "POST /build is ImageBuild, which leads to the host: allow it by that name"},
        {SPAN("    allow: [{request: \"* /containers/x/exec\"}]\n"), 3, 23,
         "POST /containers/x/exec is ContainerExec, which leads to the host: allow it by that name"},
        {SPAN("    allow: [{request: GET /a//b}]\n"), 3, 23, "no request can have this path"},
        {SPAN("    allow: [{request: \"GET /a[x=1\"}]\n"), 3, 23, "no request can have this path"},
        {SPAN("    mode: observ\n"), 3, 11, "unknown mode 'observ'; did you mean 'observe'?"},
        {SPAN("    mode: [observe]\n"), 3, 11, "mode must be a text"},
        {SPAN("    include: monitoring\n"), 3, 14, "include must be a list"},
        {SPAN("    include: [monitorin]\n"), 3, 15, "unknown policy 'monitorin'; did you mean 'monitoring'?"},
        {SPAN("    include: [none, none]\n"), 3, 21, "'none' is included twice"},
        {SPAN("    include: [p]\n"), 3, 15, "'p' includes itself"},
        {SPAN("    scope: []\n"), 3, 12, "must be a mapping of keys to values"},
        {SPAN("    scope: {}\n"), 3, 12, "scope must have labels, names, compose_project or own: true"},
        {SPAN("    scope: {own: false}\n"), 3, 12,
         "scope must have labels, names, compose_project or own: true"},
        {SPAN("    scope: {own: 1}\n"), 3, 18, "scope.own must be true or false"},
        {SPAN("    scope: {labels: [a]}\n"), 3, 21,
         "scope.labels must be a mapping of labels to their values"},
        {SPAN("    scope: {labels: {}}\n"), 3, 21,
         "scope.labels must be a mapping of labels to their values"},
        {SPAN("    scope: {labels: {a: \"\"}}\n"), 3, 25, "a label's value is empty"},
        {SPAN("    scope: {labels: {\"a=b\": c}}\n"), 3, 22, "a label's name has no '='"},
        {SPAN("    scope: {labels: {io.quaygate.policy: x}, own: true}\n"), 3, 12,
         "scope.labels has io.quaygate.policy, which another key of scope says"},
        {SPAN("    scope: {labels: {name: web}}\n"), 3, 22,
         "'name' is what the engine's events have themselves: take another label"},
        {SPAN("    scope: {names: web}\n"), 3, 20, "names must be a list"},
        {SPAN("    scope: {compose_project: \"\"}\n"), 3, 30, "scope.compose_project is empty"},
        {SPAN("    scope: {label: {a: b}}\n"), 3, 13, "unknown key 'label'; did you mean 'labels'?"},
        {SPAN("    answers: {restore: 1}\n"), 3, 24, "restore must be true or false"},
        {SPAN("    answers: {redact_envs: []}\n"), 3, 15,
         "unknown key 'redact_envs'; did you mean 'redact_env'?"},
        {SPAN("    answers: [redact_env]\n"), 3, 14, "must be a mapping of keys to values"},
        {SPAN("    answers: {redact_env: \"*\"}\n"), 3, 27, "redact_env must be a list"},
        {SPAN("    answers: {redact_labels: [[a]]}\n"), 3, 31, "redact_labels must be a text"},
        {SPAN("    answers: {redact_attributes: [\"\"]}\n"), 3, 35, "a pattern has 1 to 1024 bytes"},
        {SPAN("    answers: {redact_info: deny-all}\n"), 3, 28, "redact_info"},
        {SPAN("    exec: []\n"), 3, 11, "must be a mapping of keys to values"},
        {SPAN("    exec: {user: any}\n"), 3, 12, "unknown key 'user'; did you mean 'users'?"},
        {SPAN("    exec: {users: root}\n"), 3, 19, "users must be a list, or the word any"},
        {SPAN("    exec: {users: [\"\"]}\n"), 3, 20, "a pattern has 1 to 1024 bytes"},
        {SPAN("    exec: {commands: {a: b}}\n"), 3, 22, "commands must be a list, or the word any"},
        {SPAN("    exec: {commands: [[id]]}\n"), 3, 23, "commands must be a text"},
        {SPAN("    exec: {privileged: 1}\n"), 3, 24, "privileged must be true or false"},
        {SPAN("    build: [a]\n"), 3, 12, "must be a mapping of keys to values"},
        {SPAN("    build: {network: []}\n"), 3, 13, "unknown key 'network'; did you mean 'networks'?"},
        {SPAN("    attach: outputs\n"), 3, 13, "unknown attach 'outputs'; did you mean 'output'?"},
        {SPAN("    attach: [output]\n"), 3, 13, "attach must be a text"},
        {SPAN("    build: {networks: none}\n"), 3, 23, "networks must be a list, or the word any"},
        {SPAN("    build: {remote: https://a}\n"), 3, 21, "remote must be true or false"},
        {SPAN("    set: {}\n"), 3, 5, "'set' is not served by this release yet"},
        {SPAN("    containers: []\n"), 3, 17, "must be a mapping of keys to values"},
        {SPAN("    containers:\n"), 3, 16, "must be a mapping of keys to values"},
        {SPAN("    containers: {set: []}\n"), 3, 23, "must be a mapping of keys to values"},
        {SPAN("    containers: {set: {usr: x}}\n"), 3, 24, "unknown key 'usr'; did you mean 'user'?"},
        {SPAN("    containers: {set: {user: \"\"}}\n"), 3, 30, "set.user must not be empty"},
        {SPAN("    containers: {set: {user: [a]}}\n"), 3, 30, "set.user must be a text"},
        {SPAN("    containers: {set: {memory: 0}}\n"), 3, 32,
         "set.memory must be a size like 512MiB, more than 0"},
        {SPAN("    containers: {set: {cpus: x}}\n"), 3, 30,
         "set.cpus must be a number like 2 or 1.5, from 0.01 to 8192"},
        {SPAN("    containers: {set: {pids: 4194305}}\n"), 3, 30,
         "set.pids must be a number from 1 to 4194304"},
        {SPAN("    containers: {set: {security_opts: {a: b}}}\n"), 3, 39, "set.security_opts must be a text"},
        {SPAN("    containers: {set: {security_opts: [\"\"]}}\n"), 3, 40,
         "set.security_opts must not be empty"},
        {SPAN("    containers: {set: {labels: [a]}}\n"), 3, 32,
         "set.labels must be a mapping of names to values"},
        {SPAN("    containers: {set: {labels: {a: ~}}}\n"), 3, 36,
         "set.labels must be a text, and here is none"},
        {SPAN("    containers: {set: {labels: {\"\": a}}}\n"), 3, 33, "set.labels must not be empty"},
        {SPAN("    containers: {set: {log_opts: {a: b}}}\n"), 3, 23,
         "set.log_opts needs set.log_driver: options are a driver's own"},
        {SPAN("    containers: {limits: {memory: 1g}, set: {memory: 1025m}}\n"), 3, 45,
         "set.memory is more than limits.memory"},
        {SPAN("    containers: {set: {cpus: 2.5}, limits: {cpus: 2}}\n"), 3, 23,
         "set.cpus is more than limits.cpus"},
        {SPAN("    containers: {set: {pids: 257}, limits: {pids: 256}}\n"), 3, 23,
         "set.pids is more than limits.pids"},
        {SPAN("    containers: {volumes: []}\n"), 3, 27, "must be a mapping of keys to values"},
        {SPAN("    containers: {volumes: {name: []}}\n"), 3, 28, "unknown key 'name'; did you mean 'names'?"},
        {SPAN("    containers: {volumes: {names: x}}\n"), 3, 35, "volumes.names must be a list"},
        {SPAN("    containers: {volumes: {names: [\"\"]}}\n"), 3, 36, "a pattern has 1 to 1024 bytes"},
        {SPAN("    containers: {capabilities: NET_ADMIN}\n"), 3, 32, "capabilities must be a list"},
        {SPAN("    containers: {capabilities: [NET_ADMN]}\n"), 3, 33,
         "unknown capability 'NET_ADMN'; did you mean 'NET_ADMIN'?"},
        {SPAN("    containers: {capabilities: [CAP_ALL]}\n"), 3, 33, "unknown capability 'CAP_ALL'"},
        {SPAN("    containers: {devices: [/dev/../etc]}\n"), 3, 28,
         "'/dev/../etc' must be a path below /dev/, without '.' and '..'"},
        {SPAN("    containers: {devices: [/srv/disk]}\n"), 3, 28,
         "'/srv/disk' must be a path below /dev/, without '.' and '..'"},
        {SPAN("    containers: {devices: [/dev]}\n"), 3, 28,
         "'/dev' must be a path below /dev/, without '.' and '..'"},
        {SPAN("    containers: {networks: [default]}\n"), 3, 29,
         "write 'bridge': that is what 'default' means"},
        {SPAN("    containers: {namespaces: {pid: []}}\n"), 3, 36,
         "an empty list would allow no container: write [private]"},
        {SPAN("    containers: {namespaces: {pid: [privat]}}\n"), 3, 37,
         "unknown kind of namespace 'privat'; did you mean 'private'?"},
        {SPAN("    containers: {namespaces: {net: [host]}}\n"), 3, 31, "unknown key 'net'"},
        {SPAN("    containers: {images: [alpine]}\n"), 3, 27,
         "an image begins with its registry: write 'docker.io/library/alpine'"},
        {SPAN("    containers: {images: [team/app]}\n"), 3, 27,
         "an image begins with its registry: write 'docker.io/team/app'"},
        {SPAN("    containers: {require_digest: 1}\n"), 3, 34, "require_digest must be true or false"},
        {SPAN("    containers: {user: root}\n"), 3, 24, "unknown value of user 'root'"},
        {SPAN("    containers: {ports: {host_ips: [localhost]}}\n"), 3, 37,
         "a host IP is an address like 127.0.0.1 or ::1, in lower case"},
        {SPAN("    containers: {ports: {host_ports: [65536]}}\n"), 3, 39,
         "a host port is a number like 8080, a range like 8000-8999, or 0 for one of the engine's choice"},
        {SPAN("    containers: {ports: {host_ports: [0100]}}\n"), 3, 39,
         "a host port is a number like 8080, a range like 8000-8999, or 0 for one of the engine's choice"},
        {SPAN("    containers: {ports: {host_ports: [9-8]}}\n"), 3, 39,
         "a host port is a number like 8080, a range like 8000-8999, or 0 for one of the engine's choice"},
        {SPAN("    containers: {ports: {host_ports: [0-8]}}\n"), 3, 39,
         "a host port is a number like 8080, a range like 8000-8999, or 0 for one of the engine's choice"},
        {SPAN("    containers: {limits: {memory: 0}}\n"), 3, 35,
         "limits.memory must be a size like 512MiB, more than 0"},
        {SPAN("    containers: {limits: {memory: 9000000000g}}\n"), 3, 35,
         "limits.memory must be a size like 512MiB, more than 0"},
        {SPAN("    containers: {limits: {cpus: 0.0}}\n"), 3, 33,
         "limits.cpus must be a number like 2 or 1.5, from 0.01 to 8192"},
        {SPAN("    containers: {limits: {cpus: 0.009999999}}\n"), 3, 33,
         "limits.cpus must be a number like 2 or 1.5, from 0.01 to 8192"},
        {SPAN("    containers: {limits: {cpus: 8193}}\n"), 3, 33,
         "limits.cpus must be a number like 2 or 1.5, from 0.01 to 8192"},
        {SPAN("    containers: {limits: {cpus: 0.0000000001}}\n"), 3, 33,
         "limits.cpus must be a number like 2 or 1.5, from 0.01 to 8192"},
        {SPAN("    containers: {limits: {pids: -1}}\n"), 3, 33,
         "limits.pids must be a number from 1 to 4194304"},
        {SPAN("    containers: {limits: {pids: 4194305}}\n"), 3, 33,
         "limits.pids must be a number from 1 to 4194304"},
        {SPAN("    containers: {labels: {require: [a]}}\n"), 3, 36,
         "labels.require must be a mapping of labels to values"},
        {SPAN("    containers: {runtimes: runc}\n"), 3, 28, "runtimes must be a list"},
        {SPAN("    containers: {profile: base}\n"), 3, 27, "unknown profile 'base'"},
        {SPAN("    containers: {privileged: yes}\n"), 3, 30, "privileged must be true or false"},
        {SPAN("    containers: {privileged: \"true\"}\n"), 3, 30, "privileged must be true or false"},
        {SPAN("    containers: {unknown_fields: alow}\n"), 3, 34,
         "unknown value of unknown_fields 'alow'; did you mean 'allow'?"},
        {SPAN("    containers: {bind_mount: []}\n"), 3, 18,
         "unknown key 'bind_mount'; did you mean 'bind_mounts'?"},
        {SPAN("    containers: {bind_mounts: /srv}\n"), 3, 31, "bind_mounts must be a list"},
        {SPAN("    containers: {bind_mounts: [srv]}\n"), 3, 32,
         "'srv' must be an absolute path without '..'"},
        {SPAN("    containers: {bind_mounts: [/srv/../etc]}\n"), 3, 32,
         "'/srv/../etc' must be an absolute path without '..'"},
        {SPAN("    containers: {bind_mounts: [/srv/]}\n"), 3, 32, "write the path as '/srv'"},
        {SPAN("    containers: {bind_mounts: [~]}\n"), 3, 32, "a path of bind_mounts must be a text"},
        {SPAN("    containers: {bind_mounts: [{readonly: true}]}\n"), 3, 32, "'path' is missing"},
        {SPAN("    containers: {bind_mounts: [{path: /a, readonly: 1}]}\n"), 3, 53,
         "readonly must be true or false"},
        {SPAN("    containers: {bind_mounts: [{path: /a, ro: true}]}\n"), 3, 43, "unknown key 'ro'"},
        {SPAN("    [a]\n"), 3, 5, "must be a mapping of keys to values"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *yaml = arena_printf(arena, "policies:\n  p:\n%s", cases[i].yaml.data);

        errors.n = 0;
        cr_expect_null(compile(span_from(yaml)), "%s", cases[i].yaml.data);
        cr_assert_geq(errors.n, 1, "%s", cases[i].yaml.data);
        cr_expect(strncmp(errors.items[0].message, cases[i].message, strlen(cases[i].message)) == 0,
                  "%sgot: %s\nwanted: %s", cases[i].yaml.data, errors.items[0].message, cases[i].message);
        cr_expect_eq(errors.items[0].mark.line, cases[i].line, "%sline %u", cases[i].yaml.data,
                     errors.items[0].mark.line);
        cr_expect_eq(errors.items[0].mark.column, cases[i].column, "%scolumn %u", cases[i].yaml.data,
                     errors.items[0].mark.column);
    }
}

Test(compile, all_mistakes_are_told) {
    cr_expect_null(compile(SPAN("policies:\n"
                                "  monitoring: {}\n"
                                "  'a b': {}\n"
                                "  p:\n"
                                "    alow: []\n"
                                "    allow: [Foo, {request: x}]\n"
                                "    include: [q, r]\n"
                                "  q: 1\n")));
    cr_assert_eq(errors.n, 7, "%zu", errors.n);
    cr_expect_str_eq(errors.items[0].message, "'monitoring' is a preset's name: choose another");
    cr_expect_eq(errors.items[0].mark.line, 2);
    cr_expect_eq(errors.items[1].mark.line, 3);
}

/* A release that brings a preset must not break a config. */
Test(compile, an_own_policy_takes_a_presets_place) {
    PolicySet *set =
        compile(SPAN("policies: {traefik: {allow: [ContainerKill]}, p: {include: [traefik]}}\n"));
    char *text;

    cr_assert_not_null(set);
    text = print_policy(set, "p");
    cr_expect(strstr(text, "ContainerKill"), "%s", text);
    cr_expect_not(strstr(text, "ContainerList"), "%s", text);
    free(text);
    cr_expect_not(policy_is_preset(policy_set_get(set, SPAN("traefik"))));
    cr_expect(policy_is_preset(policy_set_get(set, SPAN("portainer"))));
    cr_expect(preset_is_reserved(SPAN("all")));
    cr_expect_not(preset_is_reserved(SPAN("traefik")));
    policy_set_free(set);
}

Test(compile, names) {
    char name[LIMIT_POLICY_NAME_BYTES + 2] = {0};
    static const char *const bad[] = {"'-a'", "'a b'", "'a/b'", "'ä'", "''", "\"a\\nb\""};

    memset(name, 'n', LIMIT_POLICY_NAME_BYTES);
    for (size_t extra = 0; extra < 2; extra++) {
        CLEANUP(policy_set_free_p) PolicySet *set = NULL;

        memset(name, 'n', LIMIT_POLICY_NAME_BYTES + extra);
        errors.n = 0;
        set = compile(span_from(arena_printf(arena, "policies:\n  %s: {}\n", name)));
        cr_expect_eq(set != NULL, extra == 0, "%zu past the limit", extra);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        errors.n = 0;
        cr_expect_null(compile(span_from(arena_printf(arena, "policies:\n  %s: {}\n", bad[i]))), "%s",
                       bad[i]);
    }
}

Test(compile, policies_limit) {
    for (size_t extra = 0; extra < 2; extra++) {
        CLEANUP(policy_set_free_p) PolicySet *set = NULL;
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        fputs("policies:\n", out);
        for (size_t i = 0; i < LIMIT_POLICIES + extra; i++)
            fprintf(out, "  p%zu: {include: [monitoring]}\n", i);
        fclose(out);
        errors.n = 0;
        set = compile((Span){text, size});
        cr_expect_eq(set != NULL, extra == 0, "%zu past the limit", extra);
        free(text);
    }
}

/* A list of query values is what takes most memory for the bytes it has in the file. */
static PolicySet *compile_values(size_t n) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    PolicySet *set;

    fputs("policies: {p: {allow: [{operation: SystemInfo, query: {a: [a", out);
    for (size_t i = 1; i < n; i++)
        fputs(",a", out);
    fputs("]}}]}}\n", out);
    fclose(out);
    errors.n = 0;
    set = compile((Span){text, size});
    free(text);
    return set;
}

Test(compile, memory_limit) {
    CLEANUP(policy_set_free_p) PolicySet *set = compile_values(LIMIT_POLICY_BYTES / 256);

    cr_expect_not_null(set);
    cr_expect_null(compile_values(LIMIT_POLICY_BYTES / 64));
    cr_expect_str_eq(errors.items[0].message, "out of memory");
}

/* p0 includes p1 includes p2 … : `depth` includes on the way down. */
static PolicySet *compile_nested(size_t depth) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    PolicySet *set;

    fputs("policies:\n", out);
    for (size_t i = 0; i < depth; i++)
        fprintf(out, "  p%zu: {include: [p%zu]}\n", i, i + 1);
    fprintf(out, "  p%zu: {allow: [SystemInfo]}\n", depth);
    fclose(out);
    errors.n = 0;
    set = compile((Span){text, size});
    free(text);
    return set;
}

Test(compile, include_depth_limit) {
    CLEANUP(policy_set_free_p) PolicySet *set = compile_nested(LIMIT_INCLUDE_DEPTH);
    char *text;

    cr_assert_not_null(set);
    text = print_policy(set, "p0");
    cr_expect(strstr(text, "- SystemInfo\n"));
    free(text);
    cr_expect_null(compile_nested(LIMIT_INCLUDE_DEPTH + 1));
    cr_expect_str_eq(errors.items[0].message, "includes are nested more than 16 deep");
}

Test(compile, circles) {
    cr_expect_null(compile(SPAN("policies:\n"
                                "  a: {include: [b]}\n"
                                "  b: {include: [c]}\n"
                                "  c: {include: [a]}\n"
                                "  d: {include: [a]}\n")));
    cr_assert_eq(errors.n, 3, "one for each in the circle, none for d: %zu", errors.n);
    cr_expect_str_eq(errors.items[0].message, "'a' includes itself by way of c");
    cr_expect_eq(errors.items[0].mark.line, 2);
}

Test(compile, include_joins_allow_and_answers) {
    CLEANUP(policy_set_free_p)
    PolicySet *set =
        compile(SPAN("policies:\n"
                     "  a:\n"
                     "    include: [b]\n"
                     "    allow: [ContainerStart]\n"
                     "    answers: {redact_env: [own], redact_attributes: [], redact_info: false}\n"
                     "  b:\n"
                     "    mode: observe\n"
                     "    answers:\n"
                     "      redact_env: ['*_Passw\u00e9', a]\n"
                     "      redact_labels: deny-all\n"
                     "      redact_attributes: [x, deny-all, \"y\\\"\"]\n"
                     "      redact_commands: true\n"
                     "      redact_health: true\n"
                     "      redact_info: false\n"
                     "    allow: [ContainerStop]\n"
                     "    deny: [ContainerStart]\n"
                     "    containers: {profile: privileged}\n"));
    char *text;

    cr_assert_not_null(set, "%s", errors.n > 0 ? errors.items[0].message : "");
    text = print_policy(set, "a");
    cr_expect_str_eq(text, "policies:\n"
                           "  a:\n"
                           "    mode: enforce\n"
                           "    allow:\n"
                           "      - ContainerStop\n"
                           "      - ContainerStart\n"
                           "    deny: []\n"
                           "    containers:\n"
                           "      profile: baseline\n"
                           "      unknown_fields: deny\n"
                           "    exec:\n"
                           "      commands: any\n"
                           "    build:\n"
                           "      networks: [\"none\", \"default\"]\n"
                           "      remote: false\n"
                           "    attach: any\n"
                           "    answers:\n"
                           "      redact_env: [\"*_Passw\\u00E9\", \"a\", \"own\"]\n"
                           "      redact_labels: [deny-all]\n"
                           "      redact_attributes: [deny-all, \"x\", \"y\\\"\"]\n"
                           "      redact_commands: true\n"
                           "      redact_host_paths: false\n"
                           "      redact_options: false\n"
                           "      redact_health: true\n"
                           "      redact_build_args: false\n"
                           "      redact_info: false\n"
                           "      redact_configs: false\n"
                           "      restore: false\n");
    free(text);
}

Test(compile, print_loads_to_the_same) {
    CLEANUP(policy_set_free_p)
    PolicySet *first = compile(SPAN(
        "policies:\n"
        "  p:\n"
        "    include: [monitoring, q]\n"
        "    mode: observe\n"
        "    answers: {redact_env: ['*_X', b], redact_labels: ['a \\\" b'], redact_options: true, "
        "redact_configs: true}\n"
        "    allow:\n"
        "      - operation: ContainerLogs\n"
        "        query: {follow: ['0', \"\"], \"k\\\"\\\\é\\u2028\": [\"*\", 'a: b # c', "
        "\"\\t\\x7f\\U0001F433\"]}\n"
        "      - request: GET /libpod/**\n"
        "      - request: '* /x/?'\n"
        "      - {operation: ContainerTop, query: {ps_args: [aux]}, until: 2026-12-01t18:00:00.5+01:00}\n"
        "      - {operation: ContainerExec, when: mon-Fri 08:00-18:00, zone: Europe/Berlin}\n"
        "      - {request: GET /a, when: [Sat, '22:00-06:00'], zone: local, until: 2026-12-01T18:00:00Z}\n"
        "    deny:\n"
        "      - ContainerKill\n"
        "      - {request: \"POST /containers/*/kill\"}\n"
        "    containers:\n"
        "      profile: privileged\n"
        "      privileged: false\n"
        "      bind_mounts: [/srv/ci/**, {path: '/etc/a \"b', readonly: true}, /]\n"
        "      volumes: {names: ['ci-*'], drivers: [], driver_opts: ['type=tmpfs', device]}\n"
        "      capabilities: [cap_net_admin, ALL]\n"
        "      devices: [/dev/dri/*]\n"
        "      networks: [bridge, 'ci-*', 'container:*']\n"
        "      namespaces: {pid: [private, host], ipc: [none, shareable], cgroup: ['container:*']}\n"
        "      images: ['docker.io/library/alpine:*', '**', 'sha256:*']\n"
        "      require_digest: true\n"
        "      user: non-root\n"
        "      ports: {host_ips: ['127.0.0.1', '::1'], host_ports: [0, 80, 8000-8999]}\n"
        "      limits: {memory: 512MiB, cpus: 1.5, pids: 256}\n"
        "      security_opts: ['apparmor:x', no-new-privileges:true]\n"
        "      sysctls: [net/ipv4/*]\n"
        "      runtimes: []\n"
        "      log_drivers: [syslog]\n"
        "      secrets: ['ci-*']\n"
        "      configs: []\n"
        "      extra_hosts: ['*:host-gateway', '**']\n"
        "      signals: [SIGTERM, hup, 32, 9, RTMIN+1]\n"
        "      labels: {require: {team: ci}, deny: ['Traefik.*', '**.x']}\n"
        "      unknown_fields: allow\n"
        "      set: {user: '1000', memory: 256m, cpus: 0.5, pids: 64, cgroup_namespace: private, "
        "security_opts: no-new-privileges,\n"
        "        labels: {'a: b': 'c \"', d: ''}, log_driver: local, log_opts: {max-size: 1m}}\n"
        "    exec: {users: [app, \"1*\"], commands: ['id', '/check \"*'], privileged: true}\n"
        "    build: {networks: [ci-*, host], remote: true}\n"
        "    attach: output\n"
        "  q: {containers: {bind_mounts: []}, exec: {users: [], privileged: false}, build: {networks: []}}\n"
        "  r: {containers: {profile: privileged, set: {}, signals: []}}\n"
        "  s: {containers: {set: {labels: {}, security_opts: [a, b]}}, exec: {users: any}}\n"));
    CLEANUP(policy_set_free_p) PolicySet *second = NULL;
    char *text, *again;

    cr_assert_not_null(first, "%s", errors.n > 0 ? errors.items[0].message : "");
    text = print_policy(first, "p");
    cr_expect(strstr(text, "          \"k\\\"\\\\\\u00E9\\u2028\": [\"*\", \"a: b # c\", "
                           "\"\\u0009\\u007F\\U0001F433\"]\n"),
              "%s", text);
    cr_expect(strstr(text, "      - operation: \"ContainerTop\"\n") == NULL, "%s", text);
    cr_expect(strstr(text, "        until: \"2026-12-01t18:00:00.5+01:00\"\n"), "%s", text);
    cr_expect(strstr(text, "      - operation: ContainerExec\n"
                           "        when: [\"mon-Fri 08:00-18:00\"]\n"
                           "        zone: \"Europe/Berlin\"\n"
                           "      - request: \"GET /a\"\n"
                           "        until: \"2026-12-01T18:00:00Z\"\n"
                           "        when: [\"Sat\", \"22:00-06:00\"]\n"
                           "        zone: \"local\"\n"),
              "%s", text);
    cr_expect(strstr(text, "      capabilities: [ALL, NET_ADMIN]\n"), "%s", text);
    cr_expect(strstr(text, "        host_ports: [\"0\", \"80\", \"8000-8999\"]\n"), "%s", text);
    cr_expect(strstr(text, "      limits: {memory: 536870912, cpus: 1.500000000, pids: 256}\n"), "%s", text);
    cr_expect(strstr(text, "      set: {user: \"1000\", memory: 268435456, cpus: 0.500000000, pids: 64, "
                           "cgroup_namespace: private, security_opts: [\"no-new-privileges\"], labels: {\"a: "
                           "b\": \"c \\\"\", \"d\": \"\"}, "
                           "log_driver: \"local\", log_opts: {\"max-size\": \"1m\"}}\n"),
              "%s", text);
    cr_expect(strstr(text, "      runtimes: []\n"), "%s", text);
    cr_expect(strstr(text, "      signals: [HUP, KILL, TERM, \"32\", RTMIN+1]\n"), "%s", text);
    second = compile(span_from(text));
    cr_assert_not_null(second, "%s\n%s", text, errors.n > 0 ? errors.items[0].message : "");
    again = print_policy(second, "p");
    cr_expect_str_eq(again, text);
    cr_expect(strstr(text, "    exec:\n"
                           "      users: [\"app\", \"1*\"]\n"
                           "      commands: [\"id\", \"/check \\\"*\"]\n"
                           "      privileged: true\n"
                           "    build:\n"
                           "      networks: [\"ci-*\", \"host\"]\n"
                           "      remote: true\n"
                           "    attach: output\n"),
              "%s", text);
    free(text);
    free(again);
    text = print_policy(first, "s");
    cr_expect(strstr(text, "      set: {security_opts: [\"a\", \"b\"]}\n"), "%s", text);
    cr_expect(strstr(text, "    exec:\n      users: any\n      commands: any\n"), "%s", text);
    free(text);
    text = print_policy(first, "r");
    cr_expect(strstr(text, "      set: {}\n"), "%s", text);
    cr_expect(strstr(text, "    exec:\n      commands: any\n"
                           "    build:\n      networks: any\n      remote: true\n"),
              "%s", text);
    free(text);
    text = print_policy(first, "q");
    cr_expect(strstr(text, "      users: []\n      commands: any\n      privileged: false\n"
                           "    build:\n      networks: []\n"),
              "%s", text);
    cr_expect(strstr(text, "      bind_mounts: []\n"), "given and empty is not absent");
    free(text);
}

/*
 * Zones are told of once each, in the order of the file; what can't be found is a mistake where it is named.
 */
static const char *look_zone(void *ctx, Arena *to, const char *name, const ZoneSpan **ret, size_t *ret_n) {
    static const ZoneSpan span = {.since = TIME_CLOCK_FIRST, .ahead = 3600};
    char *seen = ctx;

    cr_expect_not_null(to);
    strcat(strcat(seen, name), " ");
    *ret = &span;
    *ret_n = 1;
    return strcmp(name, "Bad") == 0 ? "nowhere" : NULL;
}

Test(compile, zones) {
    CLEANUP(policy_set_free_p)
    PolicySet *set = compile(SPAN("policies:\n"
                                  "  p:\n"
                                  "    allow:\n"
                                  "      - {operation: SystemInfo, when: Mon, zone: CET}\n"
                                  "      - {operation: SystemInfo, when: Tue, zone: Bad}\n"
                                  "      - {operation: SystemInfo, when: Wed, zone: CET}\n"));
    char seen[64] = "";

    cr_assert_not_null(set);
    policy_set_zones(set, look_zone, seen, &errors);
    cr_expect_str_eq(seen, "CET Bad ");
    cr_assert_eq(errors.n, 1);
    cr_expect_str_eq(errors.items[0].message, "zone Bad: nowhere");
    cr_expect_eq(errors.items[0].mark.line, 5);
    cr_expect_eq(errors.items[0].mark.column, 50);
}

/* So many windows and zones, and names so long; and one more. */
static bool compile_times(size_t n_windows, size_t n_zones, size_t name) {
    char *yaml = NULL;
    size_t size;
    FILE *out = open_memstream(&yaml, &size);
    PolicySet *set;

    fputs("policies:\n  p:\n    allow:\n", out);
    for (size_t i = 0; i < n_zones; i++)
        fprintf(out, "      - {operation: SystemInfo, when: Mon, zone: Z%zu}\n", i);
    fputs("      - {operation: SystemInfo, zone: Z", out);
    for (size_t i = 1; i < name; i++)
        fputc('0', out);
    fputs(", when: [Mon", out);
    for (size_t i = 1; i < n_windows; i++)
        fputs(", Tue", out);
    fputs("]}\n", out);
    fclose(out);
    errors.n = 0;
    set = compile(span_from(yaml));
    free(yaml);
    policy_set_free(set);
    return set != NULL;
}

Test(compile, limits_of_times) {
    cr_expect(compile_times(LIMIT_WHEN_WINDOWS, 1, 2));
    cr_expect_not(compile_times(LIMIT_WHEN_WINDOWS + 1, 1, 2));
    cr_expect_str_eq(errors.items[0].message, "when has 1 to 14 windows");
    cr_expect(compile_times(1, LIMIT_ZONES, 2), "Z0 is known already");
    cr_expect_not(compile_times(1, LIMIT_ZONES + 1, 2));
    cr_expect_str_eq(errors.items[0].message, "more than 64 time zones");
    cr_expect(compile_times(1, 1, LIMIT_ZONE_NAME_BYTES));
    cr_expect_not(compile_times(1, 1, LIMIT_ZONE_NAME_BYTES + 1));
}

/* No memory for the errors' arena: an error is told all the same, and nothing half-compiled comes out. */
Test(compile, no_memory) {
    ApiVersions versions = api_versions_default();

    for (size_t limit = 0; limit < 8192; limit += 512) {
        CLEANUP(arena_free_p) Arena *small = arena_new(limit);
        DocErrors told = {.arena = small, .file = "x"};

        cr_expect_null(policy_set_compile(NULL, &versions, &told), "%zu", limit);
        cr_expect_geq(told.n, 1, "%zu", limit);
    }
}
