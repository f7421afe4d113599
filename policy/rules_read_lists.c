// SPDX-License-Identifier: Apache-2.0
/*
 * The keys of `containers:` that are lists of names and patterns. Each is brought into the form in which
 * a client's value is held against it, so that a pattern which could never match is a mistake here.
 */
#include "hostpath.h"
#include "imageref.h"
#include "rule_read.h"
#include "rules_reader.h"
#include "signals.h"
#include "text.h"

static const char *reader_show(RulesReader *reader, const DocNode *node) {
    const char *shown = text_show(reader->errors->arena, node->scalar, LIMIT_VALUE_SHOWN);

    return shown ? shown : "…";
}

static const char *reader_check_memory(RulesReader *reader, const DocNode *node, const char *text) {
    if (!text)
        doc_error(reader->errors, node->mark, "out of memory");
    return text;
}

/* --- volumes -------------------------------------------------------------------------------------- */

static void volumes_read_names(void *ctx, const DocNode *list) {
    RulesReader *reader = ctx;

    rules_read_patterns(reader, list, "volumes.names", rules_write_plain, &reader->rules->volume_names);
}

static void volumes_read_drivers(void *ctx, const DocNode *list) {
    RulesReader *reader = ctx;

    rules_read_patterns(reader, list, "volumes.drivers", rules_write_plain, &reader->rules->volume_drivers);
}

static void volumes_read_driver_opts(void *ctx, const DocNode *list) {
    RulesReader *reader = ctx;

    rules_read_patterns(reader, list, "volumes.driver_opts", rules_write_plain,
                        &reader->rules->volume_options);
}

void rules_read_volumes(void *ctx, const DocNode *node) {
    static const KeyRow keys[] = {
        {"names", volumes_read_names},
        {"drivers", volumes_read_drivers},
        {"driver_opts", volumes_read_driver_opts},
    };
    RulesReader *reader = ctx;

    if (keys_read(reader->errors, node, "containers.volumes.", keys, ARRAY_SIZE(keys), reader))
        rules_mark(reader, RULES_VOLUMES);
}

/* --- capabilities --------------------------------------------------------------------------------- */

static void capability_report_unknown(RulesReader *reader, const DocNode *node) {
    const char *names[64];
    size_t n = 0;

    for (const char *name; n < ARRAY_SIZE(names) && (name = rules_capability_name((unsigned) n)) != NULL;)
        names[n++] = name;
    keys_report_unknown(reader->errors, node, "capability", names, n);
}

void rules_read_capabilities(void *ctx, const DocNode *list) {
    RulesReader *reader = ctx;

    if (!keys_is_sequence(reader->errors, list, "capabilities"))
        return;
    for (size_t i = 0; i < list->n; i++) {
        Span name;
        uint64_t bit;

        if (!keys_read_text(reader->errors, list->items[i], "a capability", &name))
            continue;
        bit = rules_capability(name);
        if (bit == 0)
            capability_report_unknown(reader, list->items[i]);
        reader->rules->capabilities |= bit;
    }
    rules_mark(reader, RULES_CAPABILITIES);
}

/* --- devices -------------------------------------------------------------------------------------- */

/* dockerd follows links (T-081), and below /dev only root makes them. */
static const char *device_write(RulesReader *reader, const DocNode *node) {
    const char *clean = hostpath_clean(reader->errors->arena, node->scalar);

    if (clean && span_is(node->scalar, clean) && span_starts_with(node->scalar, SPAN("/dev/")))
        return clean;
    doc_error(reader->errors, node->mark, "'%s' must be a path below /dev/, without '.' and '..'",
              reader_show(reader, node));
    return NULL;
}

void rules_read_devices(void *ctx, const DocNode *list) {
    RulesReader *reader = ctx;

    rules_read_patterns(reader, list, "devices", device_write, &reader->rules->devices);
    rules_mark(reader, RULES_DEVICES);
}

/* --- networks, namespaces ------------------------------------------------------------------------- */

/* `default` is what a client says for bridge, and is judged as such. */
static const char *network_write(RulesReader *reader, const DocNode *node) {
    if (!span_is(node->scalar, "default"))
        return node->scalar.data;
    doc_error(reader->errors, node->mark, "write 'bridge': that is what 'default' means");
    return NULL;
}

void rules_read_networks(void *ctx, const DocNode *list) {
    RulesReader *reader = ctx;

    rules_read_patterns(reader, list, "networks", network_write, &reader->rules->networks);
    rules_mark(reader, RULES_NETWORKS);
}

static void namespace_read(RulesReader *reader, RulesNamespace which, const DocNode *list) {
    const char *words[RULES_NAMESPACE_MODES];
    size_t bit;

    if (!keys_is_sequence(reader->errors, list, rules_namespace_name(which)))
        return;
    if (list->n == 0)
        doc_error(reader->errors, list->mark, "an empty list would allow no container: write [private]");
    for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
        words[i] = rules_namespace_word(i);
    for (size_t i = 0; i < list->n; i++)
        if (keys_read_word(reader->errors, list->items[i], "kind of namespace", words, ARRAY_SIZE(words),
                           &bit))
            reader->rules->namespaces[which] |= 1u << bit;
}

#define NAMESPACE_READER(name, which)                                                                        \
    static void namespaces_read_##name(void *ctx, const DocNode *list) {                                     \
        namespace_read(ctx, which, list);                                                                    \
    }
NAMESPACE_READER(pid, RULES_NAMESPACE_PID)
NAMESPACE_READER(ipc, RULES_NAMESPACE_IPC)
NAMESPACE_READER(uts, RULES_NAMESPACE_UTS)
NAMESPACE_READER(user, RULES_NAMESPACE_USER)
NAMESPACE_READER(cgroup, RULES_NAMESPACE_CGROUP)

void rules_read_namespaces(void *ctx, const DocNode *node) {
    static const KeyRow keys[] = {
        {"pid", namespaces_read_pid},   {"ipc", namespaces_read_ipc},       {"uts", namespaces_read_uts},
        {"user", namespaces_read_user}, {"cgroup", namespaces_read_cgroup},
    };
    RulesReader *reader = ctx;

    if (keys_read(reader->errors, node, "containers.namespaces.", keys, ARRAY_SIZE(keys), reader))
        rules_mark(reader, RULES_NAMESPACES);
}

/* --- images --------------------------------------------------------------------------------------- */

/*
 * Held against "docker.io/library/alpine:latest", so a pattern begins with a registry; a wildcard may
 * stand for it.
 */
static const char *image_write(RulesReader *reader, const DocNode *node) {
    Span text = node->scalar;
    const char *slash = memchr(text.data, '/', text.size);
    Span first = {text.data, slash ? (size_t) (slash - text.data) : text.size};
    bool wild = memchr(first.data, '*', first.size) != NULL || memchr(first.data, '?', first.size) != NULL;

    if (span_starts_with(text, SPAN("sha256:")) || span_is(text, "**") ||
        (slash && (wild || imageref_has_registry(text))))
        return text.data;
    doc_error(reader->errors, node->mark, "an image begins with its registry: write 'docker.io/%s%s'",
              slash ? "" : "library/", reader_show(reader, node));
    return NULL;
}

void rules_read_images(void *ctx, const DocNode *list) {
    RulesReader *reader = ctx;

    rules_read_patterns(reader, list, "images", image_write, &reader->rules->images);
    rules_mark(reader, RULES_IMAGES);
}

/* --- security options, sysctls, runtimes, log drivers --------------------------------------------- */

static const char *security_opt_write(RulesReader *reader, const DocNode *node) {
    return reader_check_memory(reader, node, rules_security_opt(reader->errors->arena, node->scalar));
}

void rules_read_security_opts(void *ctx, const DocNode *list) {
    RulesReader *reader = ctx;

    rules_read_patterns(reader, list, "security_opts", security_opt_write, &reader->rules->security_opts);
    rules_mark(reader, RULES_SECURITY_OPTS);
}

static const char *sysctl_write(RulesReader *reader, const DocNode *node) {
    return reader_check_memory(reader, node, rules_sysctl(reader->errors->arena, node->scalar));
}

void rules_read_sysctls(void *ctx, const DocNode *list) {
    RulesReader *reader = ctx;

    rules_read_patterns(reader, list, "sysctls", sysctl_write, &reader->rules->sysctls);
    rules_mark(reader, RULES_SYSCTLS);
}

void rules_read_runtimes(void *ctx, const DocNode *list) {
    RulesReader *reader = ctx;

    rules_read_patterns(reader, list, "runtimes", rules_write_plain, &reader->rules->runtimes);
    rules_mark(reader, RULES_RUNTIMES);
}

void rules_read_log_drivers(void *ctx, const DocNode *list) {
    RulesReader *reader = ctx;

    rules_read_patterns(reader, list, "log_drivers", rules_write_plain, &reader->rules->log_drivers);
    rules_mark(reader, RULES_LOG_DRIVERS);
}

/* --- extra hosts ---------------------------------------------------------------------------------- */

static const char *extra_host_write(RulesReader *reader, const DocNode *node) {
    Span text = node->scalar;

    if (memchr(text.data, ':', text.size) || memchr(text.data, '*', text.size))
        return text.data;
    doc_error(reader->errors, node->mark, "a host is NAME:ADDRESS, like 'host.docker.internal:host-gateway'");
    return NULL;
}

void rules_read_extra_hosts(void *ctx, const DocNode *list) {
    RulesReader *reader = ctx;

    rules_read_patterns(reader, list, "extra_hosts", extra_host_write, &reader->rules->extra_hosts);
    rules_mark(reader, RULES_EXTRA_HOSTS);
}

/* --- secrets and configs of services -------------------------------------------------------------- */

void rules_read_secrets(void *ctx, const DocNode *list) {
    RulesReader *reader = ctx;

    rules_read_patterns(reader, list, "secrets", rules_write_plain, &reader->rules->secrets);
    rules_mark(reader, RULES_SECRETS);
}

void rules_read_configs(void *ctx, const DocNode *list) {
    RulesReader *reader = ctx;

    rules_read_patterns(reader, list, "configs", rules_write_plain, &reader->rules->configs);
    rules_mark(reader, RULES_CONFIGS);
}

/* --- signals -------------------------------------------------------------------------------------- */

static void signal_report_unknown(RulesReader *reader, const DocNode *node) {
    const char *names[SIGNAL_MAX], *name;
    size_t n = 0;

    for (unsigned number = 1; number <= SIGNAL_MAX; number++)
        if ((name = signal_name(number)) != NULL)
            names[n++] = name;
    keys_report_unknown(reader->errors, node, "signal", names, n);
}

void rules_read_signals(void *ctx, const DocNode *list) {
    RulesReader *reader = ctx;

    if (!keys_is_sequence(reader->errors, list, "signals"))
        return;
    for (size_t i = 0; i < list->n; i++) {
        unsigned number;
        Span text;

        if (!keys_read_text(reader->errors, list->items[i], "a signal", &text))
            continue;
        number = signal_parse(text);
        if (number == 0)
            signal_report_unknown(reader, list->items[i]);
        reader->rules->signals |= signal_bit(number);
    }
    rules_mark(reader, RULES_SIGNALS);
}

/* --- labels --------------------------------------------------------------------------------------- */

/*
 * Controllers read labels without regard to case (T-084), and `/` is a letter like another: a `*` of
 * labels.deny goes over it.
 */
static const char *label_key_write(RulesReader *reader, const DocNode *node) {
    char *text = arena_alloc(reader->errors->arena, node->scalar.size * 2 + 1);
    size_t n = 0;

    for (size_t i = 0; text && i < node->scalar.size; i++) {
        char c = ascii_lower(node->scalar.data[i]);

        if (c == '*' && n > 0 && text[n - 1] == '*')
            continue; /* all of the run is there */
        text[n++] = c;
        if (c == '*')
            text[n++] = c;
    }
    return reader_check_memory(reader, node, text);
}

static void labels_read_deny(void *ctx, const DocNode *list) {
    RulesReader *reader = ctx;

    rules_read_patterns(reader, list, "labels.deny", label_key_write, &reader->rules->labels_denied);
}

static void labels_read_require(void *ctx, const DocNode *mapping) {
    RulesReader *reader = ctx;
    LabelRule *labels;

    if (mapping->type != DOC_MAPPING) {
        doc_error(reader->errors, mapping->mark, "labels.require must be a mapping of labels to values");
        return;
    }
    labels = rules_alloc(reader, mapping, sizeof(*labels));
    if (!labels)
        return;
    for (size_t i = 0; i < mapping->n; i++) {
        const DocPair *pair = &mapping->pairs[i];

        labels[i].key = rule_copy_text(reader->arena, reader->errors, &pair->key);
        (void) rules_read_pattern(reader, pair->value, "the value of a label", rules_write_plain,
                                  &labels[i].value);
    }
    reader->rules->labels = labels;
    reader->rules->n_labels = mapping->n;
}

void rules_read_labels(void *ctx, const DocNode *node) {
    static const KeyRow keys[] = {
        {"require", labels_read_require},
        {"deny", labels_read_deny},
    };
    RulesReader *reader = ctx;

    if (keys_read(reader->errors, node, "containers.labels.", keys, ARRAY_SIZE(keys), reader))
        rules_mark(reader, RULES_LABELS);
}
