// SPDX-License-Identifier: Apache-2.0
/*
 * The compiled `containers:` part of a policy: what a created or updated container, volume or service
 * may ask for. An open struct whose all-zero value is the baseline profile with no key given: nothing
 * that leads to the host. What each profile means for each field is told in quaygate.yaml(5).
 */
#pragma once

#include "base.h"
#include "glob.h"

typedef enum Profile {
    PROFILE_BASELINE = 0, /* nothing that leads to the host but what a key below opens */
    PROFILE_PRIVILEGED,   /* everything; each key given below still holds */
    PROFILE_RESTRICTED,   /* baseline, and what hardens a container must be asked for */
    PROFILE_MAX_
} Profile;

/* The keys that, when given, replace what the profile says. Bits of Rules.given. */
typedef enum RulesKey {
    RULES_PRIVILEGED,
    RULES_BIND_MOUNTS,
    RULES_VOLUMES,
    RULES_CAPABILITIES,
    RULES_DEVICES,
    RULES_NETWORKS,
    RULES_NAMESPACES,
    RULES_IMAGES,
    RULES_REQUIRE_DIGEST,
    RULES_USER,
    RULES_PORTS,
    RULES_LIMITS,
    RULES_SECURITY_OPTS,
    RULES_SYSCTLS,
    RULES_RUNTIMES,
    RULES_LOG_DRIVERS,
    RULES_LABELS,
    RULES_EXTRA_HOSTS,
    RULES_SECRETS,
    RULES_CONFIGS,
    RULES_SIGNALS,
    RULES_KEY_MAX_
} RulesKey;

#define RULES_BIT(key) (1u << (key))

typedef struct BindRule {
    const Glob *pattern; /* of a cleaned host path */
    const char *text;    /* as written */
    bool readonly;       /* only a read-only mount */
    const Glob *led;     /* the same where its own links led, of a resolved path; NULL: to itself */
} BindRule;

typedef struct Pattern {
    const Glob *glob;
    const char *text; /* as written */
} Pattern;

typedef struct PatternList {
    bool given; /* a list that is given and empty matches nothing */
    const Pattern *items;
    size_t n;
} PatternList;

typedef enum RulesNamespace {
    RULES_NAMESPACE_PID,
    RULES_NAMESPACE_IPC,
    RULES_NAMESPACE_UTS,
    RULES_NAMESPACE_USER,
    RULES_NAMESPACE_CGROUP,
    RULES_NAMESPACE_MAX_
} RulesNamespace;

/* Bits of Rules.namespaces[]; in the order of rules_namespace_word(). */
typedef enum NamespaceMode {
    NAMESPACE_PRIVATE = 1u << 0, /* and what is not set */
    NAMESPACE_HOST = 1u << 1,
    NAMESPACE_NONE = 1u << 2,
    NAMESPACE_SHAREABLE = 1u << 3,
    NAMESPACE_CONTAINER = 1u << 4, /* of any other container */
} NamespaceMode;
#define RULES_NAMESPACE_MODES 5u

typedef struct PortRange {
    unsigned first, last; /* 0-0: a port of the engine's choice */
} PortRange;

typedef struct LabelRule {
    const char *key;
    Pattern value;
} LabelRule;

typedef struct NamedText {
    const char *name;
    const char *value;
} NamedText;

/* `containers.set`: what is put in where a client left it out; see edit.h. */
typedef struct RulesSet {
    bool given;
    const char *user; /* NULL: not given, as log_driver */
    int64_t memory;   /* bytes; 0: not given, as the next two */
    int64_t nano_cpus;
    int64_t pids;
    bool private_cgroup;              /* CgroupnsMode */
    const char *const *security_opts; /* as written */
    size_t n_security_opts;
    const NamedText *labels;
    size_t n_labels;
    const char *log_driver;
    const NamedText *log_opts; /* of log_driver */
    size_t n_log_opts;
} RulesSet;

typedef struct Rules {
    Profile profile;
    uint32_t given; /* RULES_BIT()s */
    bool unknown_fields_allowed;
    bool privileged;
    const BindRule *bind_mounts;
    size_t n_bind_mounts;
    /*
     * Cleaned paths that this installation adds to hostpath_is_protected(): the upstream's socket, the
     * config, the logs and the listeners' sockets where they are not in the usual places (T-096). A `*` at
     * the end stands for all names that begin so: what rotation makes of a log.
     */
    const char *const *protected_paths;
    size_t n_protected_paths;

    PatternList volume_names, volume_drivers;
    PatternList volume_options;                /* of KEY=VALUE, or of KEY: any value */
    uint64_t capabilities;                     /* bits by rules_capability() */
    PatternList devices;                       /* of cleaned paths below /dev */
    PatternList networks;                      /* `host` and container:… only where they stand as such */
    unsigned namespaces[RULES_NAMESPACE_MAX_]; /* NamespaceModes; 0: not given */
    PatternList images;                        /* of normalised references, or of sha256:… for IDs */
    bool require_digest;
    bool user_any;        /* false under a given RULES_USER: non-root */
    PatternList port_ips; /* literal */
    const PortRange *ports;
    size_t n_ports;
    bool has_ports; /* host_ports was given */
    bool publish_all;
    int64_t memory; /* bytes; 0: not given, as the next two */
    int64_t nano_cpus;
    int64_t pids;
    PatternList security_opts; /* of KEY=VALUE as rules_security_opt() writes it */
    PatternList sysctls;       /* with `.` */
    PatternList runtimes, log_drivers;
    PatternList secrets, configs; /* of a service, by name */
    PatternList extra_hosts;      /* of NAME:ADDRESS */
    uint64_t signals;             /* bits by signal_bit(), under a given RULES_SIGNALS */
    const LabelRule *labels;      /* that must be there */
    size_t n_labels;
    PatternList labels_denied; /* of keys in lower case */
    RulesSet set;
} Rules;

static inline bool rules_given(const Rules *rules, RulesKey key) {
    return (rules->given & RULES_BIT(key)) != 0;
}

const char *profile_name(Profile profile); /* "baseline" */

/* The keys by which a row of fields_*.def is judged: "containers.volumes". 0: by the profile alone. */
uint32_t rules_keys_of(const char *rule);

/* Whether only the exact path may allow it: hostpath_is_protected(), and protected_paths. */
bool rules_is_protected(const Rules *rules, Span path);

/* "pid", and "host" or "container:*" for a bit of NamespaceMode, by its number. */
const char *rules_namespace_name(RulesNamespace which);
const char *rules_namespace_word(unsigned bit);

/*
 * One bit for a capability in any spelling that dockerd takes (T-078): upper or lower case, CAP_ in front
 * or not. ALL has a bit of its own. 0: no such capability.
 */
uint64_t rules_capability(Span name);
const char *rules_capability_name(unsigned bit); /* NULL past the last */
#define RULES_CAPABILITY_ALL (UINT64_C(1) << 63)

/*
 * T-079: KEY=VALUE, cut at the first `=`, or at the first `:` where there is none. What switches
 * no-new-privileges on becomes "no-new-privileges" in all its spellings. In `arena`; NULL: no memory.
 */
const char *rules_security_opt(Arena *arena, Span option);

/* Whether a quota in a period (0: the kernel's own) is no more than so many billionths of a CPU. */
bool rules_quota_fits(int64_t quota, int64_t period, int64_t nano_cpus);

/* Whether one of the set's security options switches no-new-privileges on: the one that a service has. */
bool rules_sets_no_new_privileges(const RulesSet *set);

/* NAME:ADDRESS with an IP address, not the word host-gateway, which is whatever the host is to containers. */
bool rules_host_has_address(Span host);

/* T-082: `/` and `.` are one separator. */
const char *rules_sysctl(Arena *arena, Span name);

/* True when one of the patterns matches. */
bool pattern_list_has(const PatternList *list, Span text);
