// SPDX-License-Identifier: Apache-2.0
#include "rules_print.h"

#include "print.h"
#include "signals.h"

#define NANO 1000000000

/* `["a", "b"]` and a line's end. */
static void print_patterns(FILE *out, const char *key, const PatternList *list) {
    if (!list->given)
        return;
    fprintf(out, "%s: [", key);
    for (size_t i = 0; i < list->n; i++) {
        fputs(i > 0 ? ", " : "", out);
        print_text(out, list->items[i].text);
    }
    fputs("]\n", out);
}

static void print_binds(FILE *out, const Rules *rules) {
    fputs(rules->n_bind_mounts > 0 ? "      bind_mounts:\n" : "      bind_mounts: []\n", out);
    for (size_t i = 0; i < rules->n_bind_mounts; i++) {
        fputs("        - {path: ", out);
        print_text(out, rules->bind_mounts[i].text);
        fprintf(out, ", readonly: %s}\n", rules->bind_mounts[i].readonly ? "true" : "false");
    }
}

static void print_volumes(FILE *out, const Rules *rules) {
    bool empty = !rules->volume_names.given && !rules->volume_drivers.given && !rules->volume_options.given;

    fputs(empty ? "      volumes: {}\n" : "      volumes:\n", out);
    print_patterns(out, "        names", &rules->volume_names);
    print_patterns(out, "        drivers", &rules->volume_drivers);
    print_patterns(out, "        driver_opts", &rules->volume_options);
}

static void print_capabilities(FILE *out, const Rules *rules) {
    const char *separator = "", *name;

    fputs("      capabilities: [", out);
    if (rules->capabilities & RULES_CAPABILITY_ALL) {
        fputs("ALL", out);
        separator = ", ";
    }
    for (unsigned bit = 0; (name = rules_capability_name(bit)) != NULL; bit++)
        if (rules->capabilities & (UINT64_C(1) << bit)) {
            fprintf(out, "%s%s", separator, name);
            separator = ", ";
        }
    fputs("]\n", out);
}

static void print_signals(FILE *out, const Rules *rules) {
    const char *separator = "";

    fputs("      signals: [", out);
    for (unsigned number = 1; number <= SIGNAL_MAX; number++) {
        const char *name = signal_name(number);

        if ((rules->signals & signal_bit(number)) == 0)
            continue;
        if (name)
            fprintf(out, "%s%s", separator, name);
        else
            fprintf(out, "%s\"%u\"", separator, number);
        separator = ", ";
    }
    fputs("]\n", out);
}

static void print_namespaces(FILE *out, const Rules *rules) {
    const char *outer = "";

    fputs("      namespaces: {", out);
    for (unsigned which = 0; which < RULES_NAMESPACE_MAX_; which++) {
        const char *inner = "";

        if (rules->namespaces[which] == 0)
            continue;
        fprintf(out, "%s%s: [", outer, rules_namespace_name((RulesNamespace) which));
        outer = ", ";
        for (unsigned bit = 0; bit < RULES_NAMESPACE_MODES; bit++)
            if (rules->namespaces[which] & (1u << bit)) {
                fprintf(out, "%s\"%s\"", inner, rules_namespace_word(bit));
                inner = ", ";
            }
        fputc(']', out);
    }
    fputs("}\n", out);
}

static void print_ports(FILE *out, const Rules *rules) {
    fputs("      ports:\n", out);
    print_patterns(out, "        host_ips", &rules->port_ips);
    if (rules->has_ports) {
        fputs("        host_ports: [", out);
        for (size_t i = 0; i < rules->n_ports; i++) {
            const PortRange *range = &rules->ports[i];

            fprintf(out, range->first == range->last ? "%s\"%u\"" : "%s\"%u-%u\"", i > 0 ? ", " : "",
                    range->first, range->last);
        }
        fputs("]\n", out);
    }
    fprintf(out, "        publish_all: %s\n", rules->publish_all ? "true" : "false");
}

static void print_cpus(FILE *out, int64_t nano) {
    fprintf(out, "%lld.%09lld", (long long) (nano / NANO), (long long) (nano % NANO));
}

static void print_limits(FILE *out, const Rules *rules) {
    const char *separator = "";

    fputs("      limits: {", out);
    if (rules->memory > 0) {
        fprintf(out, "memory: %lld", (long long) rules->memory);
        separator = ", ";
    }
    if (rules->nano_cpus > 0) {
        fprintf(out, "%scpus: ", separator);
        print_cpus(out, rules->nano_cpus);
        separator = ", ";
    }
    if (rules->pids > 0)
        fprintf(out, "%spids: %lld", separator, (long long) rules->pids);
    fputs("}\n", out);
}

static void print_labels(FILE *out, const Rules *rules) {
    fputs("      labels:\n        require: {", out);
    for (size_t i = 0; i < rules->n_labels; i++) {
        fputs(i > 0 ? ", " : "", out);
        print_text(out, rules->labels[i].key);
        fputs(": ", out);
        print_text(out, rules->labels[i].value.text);
    }
    fputs("}\n", out);
    print_patterns(out, "        deny", &rules->labels_denied);
}

/* `, KEY: ` of a mapping in braces. */
static void print_set_key(FILE *out, const char **separator, const char *key) {
    fprintf(out, "%s%s: ", *separator, key);
    *separator = ", ";
}

static void print_set_text(FILE *out, const char **separator, const char *key, const char *text) {
    if (!text)
        return;
    print_set_key(out, separator, key);
    print_text(out, text);
}

static void print_set_named(FILE *out, const char **separator, const char *key, const NamedText *items,
                            size_t n) {
    if (n == 0)
        return;
    print_set_key(out, separator, key);
    for (size_t i = 0; i < n; i++) {
        fputs(i > 0 ? ", " : "{", out);
        print_text(out, items[i].name);
        fputs(": ", out);
        print_text(out, items[i].value);
    }
    fputc('}', out);
}

static void print_set_options(FILE *out, const char **separator, const RulesSet *set) {
    if (set->n_security_opts == 0)
        return;
    print_set_key(out, separator, "security_opts");
    for (size_t i = 0; i < set->n_security_opts; i++) {
        fputs(i > 0 ? ", " : "[", out);
        print_text(out, set->security_opts[i]);
    }
    fputc(']', out);
}

static void print_set(FILE *out, const RulesSet *set) {
    const char *separator = "      set: {";

    if (!set->given)
        return;
    print_set_text(out, &separator, "user", set->user);
    if (set->memory > 0) {
        print_set_key(out, &separator, "memory");
        fprintf(out, "%lld", (long long) set->memory);
    }
    if (set->nano_cpus > 0) {
        print_set_key(out, &separator, "cpus");
        print_cpus(out, set->nano_cpus);
    }
    if (set->pids > 0) {
        print_set_key(out, &separator, "pids");
        fprintf(out, "%lld", (long long) set->pids);
    }
    if (set->private_cgroup) {
        print_set_key(out, &separator, "cgroup_namespace");
        fputs("private", out);
    }
    print_set_options(out, &separator, set);
    print_set_named(out, &separator, "labels", set->labels, set->n_labels);
    print_set_text(out, &separator, "log_driver", set->log_driver);
    print_set_named(out, &separator, "log_opts", set->log_opts, set->n_log_opts);
    fputs(separator[0] == ',' ? "}\n" : "      set: {}\n", out);
}

void rules_print(FILE *out, const Rules *rules) {
    static const struct {
        RulesKey key;
        void (*print)(FILE *out, const Rules *rules);
    } rows[] = {
        {RULES_BIND_MOUNTS, print_binds},
        {RULES_VOLUMES, print_volumes},
        {RULES_CAPABILITIES, print_capabilities},
        {RULES_NAMESPACES, print_namespaces},
        {RULES_PORTS, print_ports},
        {RULES_LIMITS, print_limits},
        {RULES_LABELS, print_labels},
        {RULES_SIGNALS, print_signals},
    };

    fprintf(out, "    containers:\n      profile: %s\n", profile_name(rules->profile));
    if (rules_given(rules, RULES_PRIVILEGED))
        fprintf(out, "      privileged: %s\n", rules->privileged ? "true" : "false");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rules_given(rules, rows[i].key))
            rows[i].print(out, rules);
    print_patterns(out, "      devices", &rules->devices);
    print_patterns(out, "      networks", &rules->networks);
    print_patterns(out, "      images", &rules->images);
    print_patterns(out, "      security_opts", &rules->security_opts);
    print_patterns(out, "      sysctls", &rules->sysctls);
    print_patterns(out, "      runtimes", &rules->runtimes);
    print_patterns(out, "      log_drivers", &rules->log_drivers);
    print_patterns(out, "      secrets", &rules->secrets);
    print_patterns(out, "      configs", &rules->configs);
    print_patterns(out, "      extra_hosts", &rules->extra_hosts);
    if (rules->require_digest)
        fputs("      require_digest: true\n", out);
    if (rules_given(rules, RULES_USER))
        fprintf(out, "      user: %s\n", rules->user_any ? "any" : "non-root");
    fprintf(out, "      unknown_fields: %s\n", rules->unknown_fields_allowed ? "allow" : "deny");
    print_set(out, &rules->set);
}
