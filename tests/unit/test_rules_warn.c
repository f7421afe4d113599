// SPDX-License-Identifier: Apache-2.0
#include "policy/rules_warn.h"

#include <criterion/criterion.h>

#include "policy/compile.h"

static size_t warnings_of(Arena *arena, const char *containers, const char *ret[static RULES_WARNINGS_MAX]) {
    DocErrors errors = {.arena = arena, .file = "test.yaml"};
    ApiVersions versions = api_versions_default();
    CLEANUP(policy_set_free_p) PolicySet *set = NULL;
    const DocNode *root;

    root = doc_parse(arena, span_from(arena_printf(arena, "policies: {p: {containers: {%s}}}\n", containers)),
                     &errors);
    cr_assert_not_null(root);
    set = policy_set_compile(doc_get(root, "policies"), &versions, &errors);
    cr_assert_not_null(set, "%s: %s", containers, errors.n > 0 ? errors.items[0].message : "");
    return rules_warnings(policy_rules(policy_set_get(set, SPAN("p"))), arena, ret);
}

/* Each way to the host is named by its key; what leads nowhere is not. */
Test(rules_warn, rows) {
    static const struct {
        const char *containers;
        size_t n;
        const char *first; /* how the first sentence begins; NULL: there is none */
    } rows[] = {
        {"", 0, NULL},
        {"profile: restricted", 0, NULL},
        {"profile: privileged", 1, "containers.profile: "},
        {"privileged: true", 1, "containers.privileged: "},
        {"privileged: false", 0, NULL},
        {"unknown_fields: allow", 1, "containers.unknown_fields: "},
        {"bind_mounts: [/srv/x]", 0, NULL},
        {"bind_mounts: [{path: /srv/**, readonly: true}]", 2, "containers.bind_mounts: /srv/** is a pattern"},
        {"bind_mounts: [/srv/**]", 1, "containers.bind_mounts: /srv/** is a pattern"},
        {"bind_mounts: [/run/x/**]", 1, "containers.bind_mounts: /run/x/** can never match"},
        {"bind_mounts: ['/dev/sd*']", 1, "containers.bind_mounts: /dev/sd* can never match"},
        {"bind_mounts: ['/run*/x']", 1, "containers.bind_mounts: /run*/x is a pattern"},
        {"bind_mounts: [/**]", 1, "containers.bind_mounts: /** is a pattern"},
        {"bind_mounts: [/etc/**]", 2, "containers.bind_mounts: /etc/** is a pattern"},
        {"bind_mounts: [{path: /etc/localtime, readonly: true}]", 0, NULL},
        {"bind_mounts: [/etc/passwd]", 1, "containers.bind_mounts: /etc/passwd may be written"},
        {"bind_mounts: [/]", 1, "containers.bind_mounts: / gives the host away: "},
        {"bind_mounts: [{path: /var/run/docker.sock, readonly: true}]", 1,
         "containers.bind_mounts: /var/run/docker.sock gives the host away, read-only too"},
        {"capabilities: [CHOWN, NET_BIND_SERVICE]", 0, NULL},
        {"capabilities: [sys_admin, NET_RAW]", 2, "containers.capabilities: SYS_ADMIN mounts"},
        {"capabilities: [ALL]", 1, "containers.capabilities: ALL is root"},
        {"namespaces: {pid: [private, host]}", 1, "containers.namespaces: a container with pid: host "},
        {"namespaces: {ipc: ['container:*']}", 1, "containers.namespaces: with ipc: container:* "},
        {"networks: [bridge, 'ci-*', '*']", 0, NULL},
        {"networks: [host, 'container:x']", 2, "containers.networks: a container on the host's network"},
        {"security_opts: [no-new-privileges]", 0, NULL},
        {"security_opts: ['seccomp:unconfined']", 1, "containers.security_opts: seccomp=unconfined"},
        {"security_opts: ['**']", 5, "containers.security_opts: "},
        {"volumes: {driver_opts: [size]}", 0, NULL},
        {"volumes: {driver_opts: [device, o]}", 1, "containers.volumes.driver_opts: with any device"},
        {"volumes: {driver_opts: [o, 'device=tmpfs']}", 1, "containers.volumes.driver_opts: o takes"},
        {"devices: [/dev/fuse]", 1, "containers.devices: /dev/fuse"},
        {"runtimes: [runc]", 0, NULL},
        {"runtimes: [evil]", 1, "containers.runtimes: evil"},
        {"ports: {publish_all: true}", 0, NULL},
        {"ports: {publish_all: true, host_ips: [127.0.0.1]}", 1, "containers.ports: publish_all"},
        {"extra_hosts: ['a:10.*']", 0, NULL},
        {"extra_hosts: ['*:host-gateway']", 1, "containers.extra_hosts: host-gateway"},
        {"images: ['docker.io/**']", 0, NULL},
        /* as much as a limit or a port may be; test_compile.c goes one past it */
        {"limits: {cpus: 8192, pids: 4194304, memory: 1}, ports: {host_ports: [65535, 1-65535]}", 0, NULL},
        {"images: ['sha256:*']", 1, "containers.images: sha256:* "},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 20);
        const char *warnings[RULES_WARNINGS_MAX];
        size_t n = warnings_of(arena, rows[i].containers, warnings);

        cr_expect_eq(n, rows[i].n, "%s: %zu warnings", rows[i].containers, n);
        if (n > 0 && rows[i].first)
            cr_expect_eq(strncmp(warnings[0], rows[i].first, strlen(rows[i].first)), 0, "%s: %s",
                         rows[i].containers, warnings[0]);
    }
}

Test(rules_warn, bound) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 20);
    const char *warnings[RULES_WARNINGS_MAX + 1] = {0};
    char list[4096] = "devices: [/dev/x";

    for (unsigned i = 1; i < RULES_WARNINGS_MAX; i++)
        strcat(list, ", /dev/x");
    cr_expect_eq(warnings_of(arena, arena_printf(arena, "%s]", list), warnings), RULES_WARNINGS_MAX);
    cr_expect_eq(warnings_of(arena, arena_printf(arena, "%s, /dev/y]", list), warnings), RULES_WARNINGS_MAX);
    cr_expect_null(warnings[RULES_WARNINGS_MAX]);
}
