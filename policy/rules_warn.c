// SPDX-License-Identifier: Apache-2.0
#include "rules_warn.h"

#include "hostpath.h"

typedef struct Warner {
    const Rules *rules;
    Arena *arena;
    const char **ret;
    size_t n;
} Warner;

static void warn(Warner *warner, const char *text) {
    if (text && warner->n < RULES_WARNINGS_MAX)
        warner->ret[warner->n++] = text;
}

/* Below a tree that no pattern opens, so that nothing it could match is allowed by it. */
static bool warn_is_idle_pattern(const Rules *rules, const char *pattern) {
    const char *wildcard = strpbrk(pattern, "*?"), *end = wildcard;
    Span folder;

    while (end && end > pattern && *end != '/')
        end--;
    folder = (Span){pattern, end ? (size_t) (end - pattern) : 0};
    for (size_t i = 0; i < rules->n_protected_paths; i++)
        if (folder.size > 0 && hostpath_is_in(folder, span_from(rules->protected_paths[i])))
            return true;
    return folder.size > 0 && hostpath_is_below_protected(folder);
}

/* The whole host's, or what every program reads. */
static bool warn_is_system(Span path) {
    static const char *const trees[] = {"/etc", "/usr",  "/boot", "/root",      "/lib",
                                        "/bin", "/sbin", "/opt",  "/var/spool", "/home"};

    for (size_t i = 0; i < ARRAY_SIZE(trees); i++)
        if (hostpath_is_in(path, span_from(trees[i])))
            return true;
    return false;
}

/* A single file has nothing mounted below it; what else an exact path is can't be told here. */
static void warn_readonly(Warner *warner, const BindRule *bind) {
    if (bind->readonly)
        warn(warner, arena_printf(warner->arena,
                                  "containers.bind_mounts: %s is read-only without what is mounted below it, "
                                  "but for clients of API v1.44 and newer",
                                  bind->text));
}

static void warn_bind(Warner *warner, const BindRule *bind) {
    Span path = span_from(bind->text);

    if (!glob_is_literal(bind->pattern) && warn_is_idle_pattern(warner->rules, bind->text)) {
        warn(warner,
             arena_printf(warner->arena,
                          "containers.bind_mounts: %s can never match: what is there is allowed by its "
                          "exact path only",
                          bind->text));
    } else if (!glob_is_literal(bind->pattern)) {
        warn(warner,
             arena_printf(warner->arena,
                          "containers.bind_mounts: %s is a pattern: a symbolic link anywhere below it "
                          "leads to any place of the host, so let no client write there",
                          bind->text));
        warn_readonly(warner, bind);
        if (!bind->readonly && warn_is_system(path))
            warn(warner, arena_printf(warner->arena,
                                      "containers.bind_mounts: %s lets a container write what the host's own "
                                      "programs run or read: root on the host",
                                      bind->text));
    } else if (rules_is_protected(warner->rules, path)) {
        warn(warner,
             arena_printf(warner->arena, "containers.bind_mounts: %s gives the host away%s: root on the host",
                          bind->text, bind->readonly ? ", read-only too" : ""));
    } else if (!bind->readonly && warn_is_system(path)) {
        warn(warner, arena_printf(warner->arena,
                                  "containers.bind_mounts: %s may be written, by root: put readonly: true "
                                  "beside it unless that is meant",
                                  bind->text));
    }
}

static void warn_capabilities(Warner *warner) {
    static const struct {
        const char *name, *how;
    } rows[] = {
        {"SYS_ADMIN", "mounts the host's disks and file systems"},
        {"SYS_MODULE", "loads a module into the kernel"},
        {"SYS_RAWIO", "reads and writes the machine's memory and ports"},
        {"SYS_PTRACE", "takes over processes of the host where it shares their PID namespace"},
        {"DAC_READ_SEARCH", "opens any file of the host by its handle"},
        {"SYS_BOOT", "restarts the machine into another kernel"},
        {"NET_ADMIN", "changes the host's network where it shares it"},
        {"NET_RAW", "answers for its neighbours on the bridge"},
        {"BPF", "reads the kernel's memory"},
        {"PERFMON", "reads the kernel's memory"},
        {"MAC_ADMIN", "changes the host's security modules"},
        {"SYS_TIME", "sets the host's clock"},
        {"SYSLOG", "reads the kernel's log and addresses"},
    };

    if (warner->rules->capabilities & RULES_CAPABILITY_ALL)
        warn(warner, "containers.capabilities: ALL is root on the host: SYS_ADMIN mounts its disks, "
                     "SYS_MODULE loads a module into the kernel");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (warner->rules->capabilities & rules_capability(span_from(rows[i].name)))
            warn(warner,
                 arena_printf(warner->arena, "containers.capabilities: %s %s", rows[i].name, rows[i].how));
}

static void warn_namespaces(Warner *warner) {
    static const char *const host[RULES_NAMESPACE_MAX_] = {
        [RULES_NAMESPACE_PID] = "sees and, as root, traces the host's processes",
        [RULES_NAMESPACE_IPC] = "reads the host's shared memory",
        [RULES_NAMESPACE_UTS] = "may rename the host",
        [RULES_NAMESPACE_USER] = "is not remapped: its root is the host's",
        [RULES_NAMESPACE_CGROUP] = "sees the host's control groups",
    };

    for (unsigned which = 0; which < RULES_NAMESPACE_MAX_; which++) {
        const char *name = rules_namespace_name((RulesNamespace) which);

        if (warner->rules->namespaces[which] & NAMESPACE_HOST)
            warn(warner, arena_printf(warner->arena, "containers.namespaces: a container with %s: host %s",
                                      name, host[which]));
        if (warner->rules->namespaces[which] & NAMESPACE_CONTAINER)
            warn(warner,
                 arena_printf(warner->arena,
                              "containers.namespaces: with %s: container:* it joins any container, of "
                              "other policies too",
                              name));
    }
}

static void warn_networks(Warner *warner) {
    const PatternList *list = &warner->rules->networks;

    if (pattern_list_has(list, SPAN("host")))
        for (size_t i = 0; i < list->n; i++)
            if (strcmp(list->items[i].text, "host") == 0)
                warn(warner, "containers.networks: a container on the host's network reaches what listens on "
                             "its loopback and its abstract sockets");
    for (size_t i = 0; i < list->n; i++)
        if (strncmp(list->items[i].text, "container:", sizeof("container:") - 1) == 0)
            warn(warner,
                 arena_printf(warner->arena,
                              "containers.networks: %s joins another container's network, by its name "
                              "or the beginning of its ID",
                              list->items[i].text));
}

static void warn_security(Warner *warner) {
    static const struct {
        const char *option, *what;
    } rows[] = {
        {"seccomp=unconfined", "all system calls"},
        {"apparmor=unconfined", "no AppArmor profile"},
        {"label=disable", "no SELinux label"},
        {"systempaths=unconfined", "/proc and /sys unmasked"},
        {"no-new-privileges=false", "setuid programs again, whatever else asks for"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (pattern_list_has(&warner->rules->security_opts, span_from(rows[i].option)))
            warn(warner, arena_printf(warner->arena, "containers.security_opts: %s is allowed: %s",
                                      rows[i].option, rows[i].what));
}

static void warn_volumes(Warner *warner) {
    const PatternList *options = &warner->rules->volume_options;

    if (pattern_list_has(options, SPAN("device")) || pattern_list_has(options, SPAN("device=/dev/sda")))
        warn(warner,
             "containers.volumes.driver_opts: with any device, a local volume mounts the host's disks "
             "as root: root on the host");
    else if (pattern_list_has(options, SPAN("o")))
        warn(warner,
             "containers.volumes.driver_opts: o takes every mount option, lowerdir of an overlay too");
}

static void warn_profile(Warner *warner) {
    const Rules *rules = warner->rules;

    if (rules->profile == PROFILE_PRIVILEGED)
        warn(warner, "containers.profile: privileged lets a container be root on the host, but for the keys "
                     "given beside it");
    if (rules_given(rules, RULES_PRIVILEGED) && rules->privileged)
        warn(warner, "containers.privileged: a privileged container is root on the host");
    if (rules->unknown_fields_allowed)
        warn(warner, "containers.unknown_fields: what a newer engine's fields do is judged by nobody");
}

static void warn_lists(Warner *warner) {
    const Rules *rules = warner->rules;

    for (size_t i = 0; i < rules->devices.n; i++)
        warn(warner,
             arena_printf(warner->arena,
                          "containers.devices: %s is handed out as it is; a disk or memory is root on "
                          "the host",
                          rules->devices.items[i].text));
    for (size_t i = 0; i < rules->runtimes.n; i++)
        if (strcmp(rules->runtimes.items[i].text, "runc") != 0)
            warn(warner, arena_printf(warner->arena,
                                      "containers.runtimes: %s is a program that runs as root on the host",
                                      rules->runtimes.items[i].text));
    if (pattern_list_has(&rules->extra_hosts, SPAN("a:host-gateway")) ||
        pattern_list_has(&rules->extra_hosts, SPAN("host.docker.internal:host-gateway")))
        warn(warner, "containers.extra_hosts: host-gateway leads a container to what the host serves on its "
                     "bridge's address");
    if (rules->publish_all && rules->port_ips.given)
        warn(warner,
             "containers.ports: publish_all publishes on all addresses of the host, whatever host_ips "
             "says");
    for (size_t i = 0; i < rules->images.n; i++)
        if (strncmp(rules->images.items[i].text, "sha256:", sizeof("sha256:") - 1) == 0)
            warn(warner, arena_printf(warner->arena,
                                      "containers.images: %s allows images by their ID, whatever their name",
                                      rules->images.items[i].text));
}

size_t rules_warnings(const Rules *rules, Arena *arena, const char *ret[static RULES_WARNINGS_MAX]) {
    Warner warner = {.rules = rules, .arena = arena, .ret = ret};

    warn_profile(&warner);
    for (size_t i = 0; i < rules->n_bind_mounts; i++)
        warn_bind(&warner, &rules->bind_mounts[i]);
    warn_capabilities(&warner);
    warn_namespaces(&warner);
    warn_networks(&warner);
    warn_security(&warner);
    warn_volumes(&warner);
    warn_lists(&warner);
    return warner.n;
}
