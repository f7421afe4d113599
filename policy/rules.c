// SPDX-License-Identifier: Apache-2.0
/*
 * The words of `containers:` and how a client may spell what they name.
 */
#include "rules.h"

#include "hostpath.h"

const char *profile_name(Profile profile) {
    static const char *const names[] = {
        [PROFILE_BASELINE] = "baseline",
        [PROFILE_PRIVILEGED] = "privileged",
        [PROFILE_RESTRICTED] = "restricted",
    };

    return (size_t) profile < ARRAY_SIZE(names) ? names[profile] : "unknown";
}

/* "bind_mounts", as it stands under `containers:`. */
static const char *rules_key_name(RulesKey key) {
    static const char *const names[] = {
        [RULES_PRIVILEGED] = "privileged",
        [RULES_BIND_MOUNTS] = "bind_mounts",
        [RULES_VOLUMES] = "volumes",
        [RULES_CAPABILITIES] = "capabilities",
        [RULES_DEVICES] = "devices",
        [RULES_NETWORKS] = "networks",
        [RULES_NAMESPACES] = "namespaces",
        [RULES_IMAGES] = "images",
        [RULES_REQUIRE_DIGEST] = "require_digest",
        [RULES_USER] = "user",
        [RULES_PORTS] = "ports",
        [RULES_LIMITS] = "limits",
        [RULES_SECURITY_OPTS] = "security_opts",
        [RULES_SYSCTLS] = "sysctls",
        [RULES_RUNTIMES] = "runtimes",
        [RULES_LOG_DRIVERS] = "log_drivers",
        [RULES_LABELS] = "labels",
        [RULES_EXTRA_HOSTS] = "extra_hosts",
        [RULES_SECRETS] = "secrets",
        [RULES_CONFIGS] = "configs",
        [RULES_SIGNALS] = "signals",
    };

    return (size_t) key < ARRAY_SIZE(names) ? names[key] : "unknown";
}

uint32_t rules_keys_of(const char *rule) {
    static const char prefix[] = "containers.";

    if (!rule)
        return 0;
    if (strcmp(rule, "exec.privileged") == 0)
        return RULES_BIT(RULES_PRIVILEGED);
    if (strncmp(rule, prefix, sizeof(prefix) - 1) != 0)
        return 0;
    for (unsigned key = 0; key < RULES_KEY_MAX_; key++)
        if (strcmp(rule + sizeof(prefix) - 1, rules_key_name(key)) == 0)
            return RULES_BIT(key);
    return 0;
}

bool rules_is_protected(const Rules *rules, Span path) {
    for (size_t i = 0; i < rules->n_protected_paths; i++) {
        Span tree = span_from(rules->protected_paths[i]);

        if (tree.size > 0 && tree.data[tree.size - 1] == '*') {
            tree.size--;
            if (span_starts_with(path, tree))
                return true;
        }
        if (hostpath_is_in(path, tree) || hostpath_is_in(tree, path))
            return true;
    }
    return hostpath_is_protected(path);
}

const char *rules_namespace_name(RulesNamespace which) {
    static const char *const names[] = {
        [RULES_NAMESPACE_PID] = "pid",   [RULES_NAMESPACE_IPC] = "ipc",       [RULES_NAMESPACE_UTS] = "uts",
        [RULES_NAMESPACE_USER] = "user", [RULES_NAMESPACE_CGROUP] = "cgroup",
    };

    return (size_t) which < ARRAY_SIZE(names) ? names[which] : "unknown";
}

const char *rules_namespace_word(unsigned bit) {
    static const char *const words[RULES_NAMESPACE_MODES] = {"private", "host", "none", "shareable",
                                                             "container:*"};

    return bit < ARRAY_SIZE(words) ? words[bit] : NULL;
}

/* capabilities(7), by their numbers. */
static const char *const rules_capabilities[] = {
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
};

const char *rules_capability_name(unsigned bit) {
    return bit < ARRAY_SIZE(rules_capabilities) ? rules_capabilities[bit] : NULL;
}

uint64_t rules_capability(Span name) {
    if (span_is_nocase(name, "ALL")) /* CAP_ALL is none (T-078) */
        return RULES_CAPABILITY_ALL;
    if (name.size > 4 && span_is_nocase((Span){.data = name.data, .size = 4}, "CAP_"))
        name = (Span){.data = name.data + 4, .size = name.size - 4};
    for (unsigned bit = 0; bit < ARRAY_SIZE(rules_capabilities); bit++)
        if (span_is_nocase(name, rules_capabilities[bit]))
            return UINT64_C(1) << bit;
    return 0;
}

const char *rules_security_opt(Arena *arena, Span option) {
    char *text = arena_copy(arena, option), *separator;

    if (!text)
        return NULL;
    separator = memchr(text, '=', option.size);
    if (!separator)
        separator = memchr(text, ':', option.size);
    if (separator)
        *separator = '=';
    if (span_is((Span){text, option.size}, "no-new-privileges=true"))
        text[sizeof("no-new-privileges") - 1] = '\0';
    return text;
}

bool rules_sets_no_new_privileges(const RulesSet *set) {
    static const char *const spellings[] = {"no-new-privileges", "no-new-privileges=true",
                                            "no-new-privileges:true"};

    for (size_t i = 0; i < set->n_security_opts; i++)
        for (size_t k = 0; k < ARRAY_SIZE(spellings); k++)
            if (strcmp(set->security_opts[i], spellings[k]) == 0)
                return true;
    return false;
}

#define NANO 1000000000
#define CPU_PERIOD_DEFAULT 100000 /* microseconds, the kernel's */

/* quota/period <= nano/NANO without leaving 64 bits. */
bool rules_quota_fits(int64_t quota, int64_t period, int64_t nano_cpus) {
    return (__int128) quota * NANO <= (__int128) (period == 0 ? CPU_PERIOD_DEFAULT : period) * nano_cpus;
}

bool rules_host_has_address(Span host) {
    const char *colon = memchr(host.data, ':', host.size);
    size_t n = colon ? (size_t) (colon - host.data) + 1 : 0;

    for (size_t i = n; i < host.size; i++) {
        char c = ascii_lower(host.data[i]);

        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f') && c != '.' && c != ':' && c != '[' &&
            c != ']')
            return false;
    }
    return n > 1 && n < host.size;
}

const char *rules_sysctl(Arena *arena, Span name) {
    char *text = arena_copy(arena, name);

    for (size_t i = 0; text && i < name.size; i++)
        if (text[i] == '/')
            text[i] = '.';
    return text;
}

bool pattern_list_has(const PatternList *list, Span text) {
    for (size_t i = 0; i < list->n; i++)
        if (glob_match(list->items[i].glob, text))
            return true;
    return false;
}
