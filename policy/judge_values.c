// SPDX-License-Identifier: Apache-2.0
/*
 * Judges of single values and of single map entries; most are lists. What is in no list is refused, so
 * a spelling that we don't think of is too.
 */
#include "bytes.h"
#include "judge.h"
#include "judgement.h"
#include "limits.h"
#include "text.h"

#define LIST_MAX 20u

/* Kubernetes' baseline: what the engine gives to every container anyway. NET_RAW isn't in it. */
static const char *const judge_capabilities_baseline[] = {
    "AUDIT_WRITE",      "CHOWN",   "DAC_OVERRIDE", "FOWNER",  "FSETID", "KILL",       "MKNOD",
    "NET_BIND_SERVICE", "SETFCAP", "SETGID",       "SETPCAP", "SETUID", "SYS_CHROOT",
};

bool judge_allows_capability(const Rules *rules, Span name) {
    uint64_t bit = rules_capability(name);

    if (rules_given(rules, RULES_CAPABILITIES))
        return (rules->capabilities & (bit | RULES_CAPABILITY_ALL)) != 0;
    if (rules->profile == PROFILE_PRIVILEGED)
        return true;
    if (rules->profile == PROFILE_RESTRICTED)
        return bit != 0 && bit == rules_capability(SPAN("NET_BIND_SERVICE"));
    for (size_t i = 0; i < ARRAY_SIZE(judge_capabilities_baseline); i++)
        if (bit != 0 && bit == rules_capability(span_from(judge_capabilities_baseline[i])))
            return true;
    return false;
}

static void judge_capability(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    Span name = body_string(value);

    if (!judge_allows_capability(j->rules, name))
        judgement_refuse_hinted(j, place, field->rule, value,
                                rules_capability(name) != 0 ? judgement_hint(j, "capabilities: [", name, "]")
                                                            : NULL);
}

/* dockerd takes a name's upper case, by Unicode: nice with a dotless i is NICE (seen on 20.10 and 28.5). */
static bool judge_has_beyond_ascii(Span name) {
    for (size_t i = 0; i < name.size; i++)
        if ((unsigned char) name.data[i] >= 0x80)
            return true;
    return false;
}

bool judge_allows_ulimit(const Rules *rules, const BodyNode *ulimit) {
    static const Span prefix = SPAN("rlimit_"); /* to Podman part of the name */
    Span name = judgement_text_of(ulimit, "Name");

    if (name.size > prefix.size && span_is_nocase((Span){name.data, prefix.size}, "rlimit_"))
        name = (Span){name.data + prefix.size, name.size - prefix.size};
    if (!span_is_nocase(name, "rtprio") && !span_is_nocase(name, "nice") && !judge_has_beyond_ascii(name))
        return true;
    if (judgement_integer_of(ulimit, "Soft") == 0 && judgement_integer_of(ulimit, "Hard") == 0)
        return true;
    return judge_allows_capability(rules, SPAN("SYS_NICE"));
}

static void judge_ulimit(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    const char *shown;

    if (judge_allows_ulimit(j->rules, value))
        return;
    shown = text_show(j->arena, judgement_text_of(value, "Name"), LIMIT_VALUE_SHOWN);
    judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, field->rule,
                     "containers: {capabilities: [SYS_NICE]}", ": %s gives what the capability SYS_NICE does",
                     shown ? shown : "…");
}

static bool judge_network_matches(const Pattern *pattern, Span name) {
    static const Span peer = SPAN("container:");
    Span text = span_from(pattern->text);

    if (glob_is_literal(pattern->glob))
        return span_equals(text, name);
    if (span_starts_with(name, peer))
        return span_starts_with(text, peer) && glob_match(pattern->glob, name) &&
               (!bytes_are_hex((Span){name.data + peer.size, name.size - peer.size}) ||
                span_is(text, "container:*") || span_is(text, "container:**"));
    if (!bytes_are_name(name) || span_is_nocase(name, "host"))
        return false;
    if (bytes_are_hex(name) && !span_is(text, "*") && !span_is(text, "**"))
        return false;
    return glob_match(pattern->glob, name);
}

/*
 * Without `networks`: none, bridge, default and the users' own. `host` only where it is listed by its
 * name, and nothing with a colon (container:ID, ns:PATH) but what is listed so (T-077).
 */
bool judge_network_is_allowed(const Judgement *j, Span name) {
    const PatternList *list = &j->rules->networks;

    if (!list->given)
        return bytes_are_name(name) && !span_is_nocase(name, "host");
    if (span_is(name, "default"))
        name = SPAN("bridge");
    for (size_t i = 0; i < list->n; i++)
        if (judge_network_matches(&list->items[i], name))
            return true;
    return false;
}

static void judge_network(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    Span name = body_string(value);

    if (!judge_network_is_allowed(j, name))
        judgement_refuse_hinted(j, place, field->rule, value, judgement_hint(j, "networks: [", name, "]"));
}

static void judge_network_key(Judgement *j, const Place *place, const Field *field,
                              UNUSED const BodyNode *value) {
    if (!judge_network_is_allowed(j, place->key))
        judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, field->rule,
                         judgement_hint(j, "networks: [", place->key, "]"), " is not an allowed network");
}

/* The beginning of any network's ID: 64 of hexadecimal digits, or a swarm's 25 of [0-9a-z]. */
static bool judge_may_be_id(Span name) {
    for (size_t i = 0; i < name.size; i++)
        if (!(name.data[i] >= '0' && name.data[i] <= '9') && !(name.data[i] >= 'a' && name.data[i] <= 'z'))
            return false;
    return true;
}

/*
 * A container that names the host's network by its ID gets none of it (T-077), but a service does. So what
 * could be an ID passes only where a pattern is that very text, or where `host` is allowed as well (T-092).
 */
static void judge_service_network(Judgement *j, const Place *place, const Field *field,
                                  const BodyNode *value) {
    Span name = body_string(value);

    judge_network(j, place, field, value);
    if (!judge_network_is_allowed(j, name) || !judge_may_be_id(name) ||
        judge_network_is_allowed(j, SPAN("host")))
        return;
    for (size_t i = 0; i < j->rules->networks.n; i++)
        if (span_is(name, j->rules->networks.items[i].text))
            return;
    judgement_refuse_hinted(j, place, field->rule, value,
                            "this could be the ID of the host's network: name the network, and under "
                            "containers.networks list it by that name");
}

/* "172.16.0.0/12" as numbers; false for whatever else Go may take for one. */
static bool subnet_parse_ipv4(Span text, unsigned ret[static 5]) {
    static const char separators[] = ".../";
    size_t at = 0;

    for (size_t part = 0; part < 5; part++) {
        size_t begin = at;

        for (ret[part] = 0; at < text.size && text.data[at] >= '0' && text.data[at] <= '9'; at++)
            if (at - begin == 3 || (at > begin && ret[part] == 0)) /* no leading zero */
                return false;
            else
                ret[part] = ret[part] * 10 + (unsigned) (text.data[at] - '0');
        if (at == begin || ret[part] > (part < 4 ? 255u : 32u))
            return false;
        if (part < 4 && (at == text.size || text.data[at++] != separators[part]))
            return false;
    }
    return at == text.size;
}

/* RFC 1918. */
static bool subnet_is_private_ipv4(Span text) {
    unsigned parts[5];

    if (!subnet_parse_ipv4(text, parts))
        return false;
    return (parts[0] == 10 && parts[4] >= 8) || (parts[0] == 172 && parts[1] / 16 == 1 && parts[4] >= 12) ||
           (parts[0] == 192 && parts[1] == 168 && parts[4] >= 16);
}

/* RFC 4193: fc00::/7, by its first group, and no shorter a prefix than /10. */
static bool subnet_is_local_ipv6(Span text) {
    const char *slash = text.size > 5 ? memchr(text.data, '/', text.size) : NULL;
    Span bits = slash ? (Span){slash + 1, text.size - (size_t) (slash + 1 - text.data)} : (Span){0};

    return (bits.size == 2 || bits.size == 3) && bits.data[0] >= '1' && bits.data[0] <= '9' &&
           ascii_lower(text.data[0]) == 'f' &&
           (ascii_lower(text.data[1]) == 'c' || ascii_lower(text.data[1]) == 'd') &&
           bytes_are_hex((Span){text.data + 2, 2}) && text.data[4] == ':';
}

/*
 * The route to a bridge is the host's too, so a subnet of other people's addresses takes the host's own
 * traffic to them. These are for everybody's use; that another machine near the host has one stays possible.
 */
static void judge_subnet(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    Span text = body_string(value);

    if (!subnet_is_private_ipv4(text) && !subnet_is_local_ipv6(text))
        judgement_refuse_hinted(
            j, place, field->rule, value,
            "take a subnet of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or fc00::/7, or none");
}

void judge_connect(Arena *arena, const Rules *rules, Span network, Findings *ret) {
    Judgement j = {.arena = arena, .rules = rules, .findings = ret};
    Place place = {.kind = PLACE_MEMBER, .key = SPAN("path")};

    if ((rules->profile == PROFILE_PRIVILEGED && !rules_given(rules, RULES_NETWORKS)) ||
        judge_network_is_allowed(&j, network))
        return;
    judgement_object(&j, &place, REASON_FIELD_NOT_ALLOWED, "containers.networks",
                     judgement_hint(&j, "networks: [", network, "]"), "=%.*s", SPAN_FMT(network));
}

/* --- Namespaces ----------------------------------------------------------------------------------- */

unsigned judge_namespace_modes(const Judgement *j, RulesNamespace which) {
    if (j->rules->namespaces[which] != 0)
        return j->rules->namespaces[which];
    if (judgement_is_privileged(j)) /* this one isn't spoken of */
        return ~0u;
    return which == RULES_NAMESPACE_IPC ? NAMESPACE_PRIVATE | NAMESPACE_NONE : NAMESPACE_PRIVATE;
}

/* T-077: exact words; 20.10 takes what it doesn't know for private, later engines refuse it. */
static unsigned judge_namespace_mode(Span value) {
    for (unsigned bit = 0; bit < RULES_NAMESPACE_MODES; bit++)
        if (1u << bit != NAMESPACE_CONTAINER && span_is(value, rules_namespace_word(bit)))
            return 1u << bit;
    return span_starts_with(value, SPAN("container:")) ? NAMESPACE_CONTAINER : 0;
}

static void judge_namespace(Judgement *j, const Place *place, const Field *field, const BodyNode *value,
                            RulesNamespace which) {
    unsigned modes = judge_namespace_modes(j, which), mode = judge_namespace_mode(body_string(value));
    const char *hint = NULL;

    if (modes == ~0u || (modes & mode) != 0)
        return;
    for (unsigned bit = 0; bit < RULES_NAMESPACE_MODES; bit++)
        if (mode == 1u << bit)
            hint = arena_printf(j->arena, "containers: {namespaces: {%s: [\"%s\"]}}",
                                rules_namespace_name(which), rules_namespace_word(bit));
    judgement_refuse_hinted(j, place, field->rule, value, hint);
}

#define NAMESPACE_JUDGE(name, which)                                                                         \
    static void judge_namespace_##name(Judgement *j, const Place *place, const Field *field,                 \
                                       const BodyNode *value) {                                              \
        judge_namespace(j, place, field, value, which);                                                      \
    }
NAMESPACE_JUDGE(pid, RULES_NAMESPACE_PID)
NAMESPACE_JUDGE(ipc, RULES_NAMESPACE_IPC)
NAMESPACE_JUDGE(uts, RULES_NAMESPACE_UTS)
NAMESPACE_JUDGE(user, RULES_NAMESPACE_USER)
NAMESPACE_JUDGE(cgroup, RULES_NAMESPACE_CGROUP)

/* --- Security options, sysctls, runtimes, labels --------------------------------------------------- */

bool judge_is_listed(const PatternList *list, const char *const *profile, const char *text) {
    if (!text)
        return false;
    if (list->given)
        return pattern_list_has(list, span_from(text));
    for (; *profile; profile++)
        if (strcmp(text, *profile) == 0)
            return true;
    return false;
}

/* T-079: whatever else there is takes the confinement off, or may in a later engine. */
static void judge_security_opt(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    static const char *const profile[] = {"no-new-privileges", NULL};
    Span option = body_string(value);

    if (!judge_is_listed(&j->rules->security_opts, profile, rules_security_opt(j->arena, option)))
        judgement_refuse_hinted(j, place, field->rule, value,
                                judgement_hint(j, "security_opts: [", option, "]"));
}

/*
 * Kubernetes' safe sysctls: each in a namespace of its own container or pod. The key says all; its value
 * is left out.
 */
static void judge_sysctl(Judgement *j, const Place *place, const Field *field, UNUSED const BodyNode *value) {
    static const char *const profile[] = {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_wmem",
        NULL,
    };

    if (!judge_is_listed(&j->rules->sysctls, profile, rules_sysctl(j->arena, place->key)))
        judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, field->rule,
                         judgement_hint(j, "sysctls: [", place->key, "]"), " is set");
}

static void judge_runtime(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    static const char *const profile[] = {"runc", NULL};
    Span name = body_string(value);

    if (!judge_is_listed(&j->rules->runtimes, profile, arena_copy(j->arena, name)))
        judgement_refuse_hinted(j, place, field->rule, value, judgement_hint(j, "runtimes: [", name, "]"));
}

/*
 * T-084: the labels of controllers that run commands, hand out routes, read files, dial addresses or replace
 * containers, as root or close to it. `labels.deny` replaces them.
 */
static const char *const judge_controllers[] = {
    "ofelia.",
    "chadburn.",
    "deck-chores.",
    "swarm.cronjob.",
    "docker-volume-backup.",
    "com.centurylinklabs.watchtower",
    "traefik.",
    "tsdproxy.",
    "dockflare.",
    "cloudflare.tunnel.",
    "sablier.",
    "caddy",
    "com.github.nginx-proxy.",
    "autoheal",
    "io.containers.autoupdate",
    "homepage.",
    "wud.",
    "com.docker.swarm.",
    "io.kubernetes.",      /* the kubelet takes such a container for a pod's */
    "io.rancher.",         /* io.rancher.container.agent.role: keys of the environment */
    "io.balena.features.", /* the supervisor gives its socket, and privileges */
    "com.datadoghq.",      /* the agent's checks, and for JMX the program that it runs */
    "co.elastic.",         /* what Filebeat reads, and Metricbeat dials */
    "kuma.",
};

static bool judge_label_is_denied(const Judgement *j, Span key) {
    if (j->rules->labels_denied.given || judgement_is_privileged(j))
        return pattern_list_has(&j->rules->labels_denied, key);
    for (size_t i = 0; i < ARRAY_SIZE(judge_controllers); i++)
        if (span_starts_with(key, span_from(judge_controllers[i])))
            return true;
    return false;
}

/*
 * They are read without regard to case. Podman writes KEY=VALUE and parts it at the first `=`: one in the key
 * would make another label of it.
 */
static void judge_label(Judgement *j, const Place *place, const Field *field, UNUSED const BodyNode *value) {
    char *key = arena_copy(j->arena, place->key);

    for (size_t i = 0; key && i < place->key.size; i++)
        key[i] = ascii_lower(key[i]);
    if (memchr(place->key.data, '=', place->key.size))
        return judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, field->rule, NULL,
                                " has '=' in its name, where Podman takes the name to end");
    if (!key || judge_label_is_denied(j, (Span){key, place->key.size}))
        judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, field->rule,
                         j->rules->labels_denied.given
                             ? "containers.labels.deny names it"
                             : "another controller obeys it; containers: {labels: {deny: []}} allows it",
                         " is set");
}

/*
 * A name without `=` takes a variable of the image away. To Podman one that ends in `*` is a pattern over the
 * engine's own environment, which it copies (its pkg/env, ParseSlice). Never quoted: it may be a secret's.
 */
bool judge_env_is_pattern(Span entry) {
    return entry.size > 0 && entry.data[entry.size - 1] == '*' && !memchr(entry.data, '=', entry.size);
}

static void judge_env(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    if (judge_env_is_pattern(body_string(value)))
        judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, field->rule, NULL,
                         " is a pattern, by which Podman gives its own environment");
}

/* Below zero the host's own processes go before the container's. */
static void judge_not_negative(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    if (body_integer(value) < 0)
        judgement_refuse(j, place, field->rule, value);
}

/* Only under the restricted profile: what comes back by itself outlives its maker. */
static void judge_restart_policy(Judgement *j, const Place *place, const Field *field,
                                 const BodyNode *value) {
    if (!span_is(body_string(value), "no"))
        judgement_refuse_hinted(j, place, field->rule, value, "containers: {profile: baseline} allows it");
}

/* The empty string is "not set" in all of these. */
static const struct {
    FieldJudge judge;
    bool keys; /* of a map's keys, not of values */
    const char *list[LIST_MAX];
} judge_lists[] = {
    {JUDGE_SERVICE_RUNTIME, false, {"container"}},
    {JUDGE_NETWORK_DRIVER, false, {"bridge"}},
    {JUDGE_NETWORK_SCOPE, false, {"local"}},
    {JUDGE_DEFAULT, false, {"default"}},
    {JUDGE_CONSISTENCY, false, {"default", "consistent", "cached", "delegated"}},
    {JUDGE_STORAGE_OPTION, true, {"size"}},
    /* T-091: not bridge.name, host_binding_ipv4, parent, trusted_host_interfaces, gateway_mode. */
    {JUDGE_NETWORK_OPTION,
     true,
     {"com.docker.network.bridge.enable_icc", "com.docker.network.bridge.enable_ip_masquerade",
      "com.docker.network.driver.mtu"}},
};

static bool judge_list_has(FieldJudge judge, Span text) {
    for (size_t i = 0; i < ARRAY_SIZE(judge_lists); i++)
        if (judge_lists[i].judge == judge)
            for (size_t k = 0; k < LIST_MAX && judge_lists[i].list[k]; k++)
                if (span_is(text, judge_lists[i].list[k]))
                    return true;
    return false;
}

static void judge_listed_value(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    if (!judge_list_has(field->judge, body_string(value)))
        judgement_refuse(j, place, field->rule, value);
}

/* The key is at fault; the value may be a token (splunk-token), and stays out. */
static void judge_listed_key(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    if (!judge_list_has(field->judge, place->key))
        judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, field->rule, NULL, " is set");
}

JudgeFunction judge_values_find(FieldJudge judge) {
    static const struct {
        FieldJudge judge;
        JudgeFunction function;
    } rows[] = {
        {JUDGE_CAPABILITY, judge_capability},
        {JUDGE_NETWORK, judge_network},
        {JUDGE_NETWORK_KEY, judge_network_key},
        {JUDGE_SERVICE_NETWORK, judge_service_network},
        {JUDGE_SUBNET, judge_subnet},
        {JUDGE_ENV, judge_env},
        {JUDGE_NOT_NEGATIVE, judge_not_negative},
        {JUDGE_ULIMIT, judge_ulimit},
        {JUDGE_PID_NAMESPACE, judge_namespace_pid},
        {JUDGE_IPC_NAMESPACE, judge_namespace_ipc},
        {JUDGE_UTS_NAMESPACE, judge_namespace_uts},
        {JUDGE_USER_NAMESPACE, judge_namespace_user},
        {JUDGE_CGROUP_NAMESPACE, judge_namespace_cgroup},
        {JUDGE_SECURITY_OPT, judge_security_opt},
        {JUDGE_SYSCTL, judge_sysctl},
        {JUDGE_RUNTIME, judge_runtime},
        {JUDGE_LABEL, judge_label},
        {JUDGE_RESTART_POLICY, judge_restart_policy},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].judge == judge)
            return rows[i].function;
    for (size_t i = 0; i < ARRAY_SIZE(judge_lists); i++)
        if (judge_lists[i].judge == judge)
            return judge_lists[i].keys ? judge_listed_key : judge_listed_value;
    return NULL;
}
