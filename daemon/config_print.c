// SPDX-License-Identifier: Apache-2.0
/* The effective config as YAML: every default written out, so that it loads to the same one anywhere. */
#include "config.h"

#include <errno.h>

#include "config_value.h"
#include "policy/text.h"

/* Double-quoted: the one form of YAML that can hold every text. */
static void config_print_text(FILE *out, const char *text) {
    size_t size = strlen(text);

    fputc('"', out);
    for (size_t i = 0; i < size;) {
        uint32_t rune = 0;
        size_t n = text_take_rune(text + i, size - i, &rune); /* never 0: the file was UTF-8 (doc_parse) */

        if (n == 0)
            break;
        if (rune == '"' || rune == '\\')
            fprintf(out, "\\%c", (int) rune);
        else if (rune > 0xFFFF)
            fprintf(out, "\\U%08X", rune);
        else if (rune < 0x20 || rune > 0x7E)
            fprintf(out, "\\u%04X", rune);
        else
            fputc((int) rune, out);
        i += n;
    }
    fputc('"', out);
}

static void config_print_ids(FILE *out, const char *key, const uint32_t *ids, size_t n) {
    fprintf(out, "    %s: [", key);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%s%u", i > 0 ? ", " : "", ids[i]);
    fputs("]\n", out);
}

static void config_print_places(FILE *out, const char *key, const ConfigPlaces *places) {
    if (!places->given)
        return;
    fprintf(out, "    %s: [", key);
    for (size_t i = 0; i < places->n; i++) {
        fputs(i > 0 ? ", " : "", out);
        config_print_text(out, places->items[i].text);
    }
    fputs("]\n", out);
}

/* Who may connect. */
static void config_print_who(FILE *out, const ConfigListener *listener) {
    if (listener->address.kind == ADDRESS_UNIX)
        fprintf(out, "    mode: \"%04o\"\n", listener->mode);
    if (listener->owner != (uid_t) -1)
        fprintf(out, "    owner: %u\n", listener->owner);
    if (listener->group != (gid_t) -1)
        fprintf(out, "    group: %u\n", listener->group);
    if (listener->has_allow_uids)
        config_print_ids(out, "allow_uids", listener->allow_uids, listener->n_allow_uids);
    if (listener->has_allow_gids)
        config_print_ids(out, "allow_gids", listener->allow_gids, listener->n_allow_gids);
    config_print_places(out, "allow_containers", &listener->allow_containers);
    config_print_places(out, "allow_units", &listener->allow_units);
    if (listener->n_allow_from == 0)
        return;
    fputs("    allow_from: [", out);
    for (size_t i = 0; i < listener->n_allow_from; i++) {
        fputs(i > 0 ? ", " : "", out);
        config_print_text(out, listener->allow_from[i].text);
    }
    fputs("]\n", out);
}

static void config_print_listener(FILE *out, const ConfigListener *listener) {
    fputs("  - address: ", out);
    config_print_text(out, listener->address.text);
    fprintf(out, "\n    policy: %s\n", policy_name(listener->policy));
    if (listener->observe)
        fputs("    observe: true\n", out);
    config_print_who(out, listener);
}

static void config_print_metrics(FILE *out, const ConfigListener *metrics) {
    fputs("metrics:\n    address: ", out);
    config_print_text(out, metrics->address.text);
    fputc('\n', out);
    config_print_who(out, metrics);
}

static void config_print_key_time(FILE *out, const char *key, uint64_t usec) {
    fprintf(out, "  %s: ", key);
    config_value_print_time(out, usec);
    fputc('\n', out);
}

static void config_print_key_size(FILE *out, const char *key, uint64_t bytes) {
    fprintf(out, "  %s: ", key);
    config_value_print_size(out, bytes);
    fputc('\n', out);
}

/* Presets are everywhere the same: only the file's own policies are written. */
static int config_print_policies(const Config *config, FILE *out) {
    const Policy *policy;
    bool any = false;

    for (size_t i = 0; (policy = policy_set_at(config->policies, i)); i++) {
        int r;

        if (policy_is_preset(policy))
            continue;
        if (!any)
            fputs("policies:\n", out);
        any = true;
        r = policy_print(policy, out);
        if (r < 0)
            return r;
    }
    return 0;
}

static void config_print_durability(FILE *out, const ConfigSink *sink) {
    static const char *const syncs[] = {
        [SINK_SYNC_INTERVAL] = "interval", [SINK_SYNC_NEVER] = "never", [SINK_SYNC_ALWAYS] = "always"};

    fprintf(out, "      chain: %s\n      fsync: %s\n", sink->chain == SINK_CHAIN_NONE ? "none" : "sha256",
            syncs[sink->sync]);
    if (sink->sync != SINK_SYNC_INTERVAL)
        return;
    fputs("      fsync_interval: ", out);
    config_value_print_time(out, sink->sync_interval_usec);
    fputc('\n', out);
}

static void config_print_checkpoints(const ConfigCheckpoints *checkpoints, FILE *out) {
    if (!checkpoints->key && !checkpoints->credential)
        return;
    fputs("  checkpoints:\n    key: ", out);
    if (checkpoints->credential)
        fprintf(out, "\"credential:%s\"", checkpoints->credential);
    else
        config_print_text(out, checkpoints->key);
    fprintf(out, "\n    every: %llu\n", (unsigned long long) checkpoints->every);
}

static void config_print_audit(const Config *config, FILE *out) {
    fprintf(out, "audit:\n  on_failure: %s\n  facts: %s\n  deduplicate: %s\n",
            config->on_failure == AUDIT_FAILURE_CONTINUE ? "continue" : "deny",
            config->audit_facts ? "true" : "false", config->audit_deduplicate ? "true" : "false");
    config_print_checkpoints(&config->checkpoints, out);
    fputs("  sinks:\n", out);
    for (size_t i = 0; i < config->n_sinks; i++) {
        if (config->sinks[i].kind == SINK_SYSLOG)
            fprintf(out, "    - {syslog: %s}\n", config_facilities[config->sinks[i].facility]);
        else if (config->sinks[i].kind != SINK_FILE)
            fprintf(out, "    - %s\n", config->sinks[i].kind == SINK_JOURNALD ? "journald" : "stdout");
        if (config->sinks[i].kind != SINK_FILE)
            continue;
        fputs("    - file: ", out);
        config_print_text(out, config->sinks[i].path);
        fprintf(out, "\n      mode: \"%04o\"\n", config->sinks[i].mode);
        config_print_durability(out, &config->sinks[i]);
    }
}

static void config_print_limits(const ConfigLimits *limits, FILE *out) {
    fprintf(out, "limits:\n  connections: %u\n  connections_per_client: %u\n", limits->connections,
            limits->connections_per_client);
    config_print_key_size(out, "header_bytes", limits->header_bytes);
    config_print_key_time(out, "header_timeout", limits->header_timeout_usec);
    config_print_key_size(out, "body_bytes", limits->body_bytes);
    config_print_key_time(out, "body_timeout", limits->body_timeout_usec);
    config_print_key_time(out, "idle_timeout", limits->idle_timeout_usec);
    config_print_key_time(out, "shutdown_grace", limits->shutdown_grace_usec);
}

static void config_print_protect(const Config *config, FILE *out) {
    if (config->n_protect == 0)
        return;
    fputs("protect: [", out);
    for (size_t i = 0; i < config->n_protect; i++) {
        fputs(i > 0 ? ", " : "", out);
        config_print_text(out, config->protect[i]);
    }
    fputs("]\n", out);
}

static void config_print_versions(const ApiVersions *versions, FILE *out) {
    fprintf(out, "api_versions:\n  min: 1.%u\n", versions->min_minor);
    /* Above `max` it can only be the default, and written out it would be a mistake. */
    if (versions->min_judged_minor <= versions->max_minor)
        fprintf(out, "  min_judged: 1.%u\n", versions->min_judged_minor);
    fprintf(out, "  max: 1.%u\n  outside: %s\n", versions->max_minor, versions->clamp ? "clamp" : "deny");
}

int config_print(const Config *config, FILE *out) {
    int r;

    fputs("version: 1\nupstream:\n  address: ", out);
    config_print_text(out, config->upstream.text);
    fputc('\n', out);
    config_print_key_time(out, "connect_timeout", config->connect_timeout_usec);
    config_print_key_time(out, "response_timeout", config->response_timeout_usec);
    fputs("host_root: ", out);
    if (config->host.root && !config->host.guessed)
        config_print_text(out, config->host.root);
    else
        fputs(config->host.root ? "auto" : "none", out);
    fputc('\n', out);
    config_print_protect(config, out);
    config_print_versions(&config->versions, out);
    fputs("listeners:\n", out);
    for (size_t i = 0; i < config->n_listeners; i++)
        config_print_listener(out, &config->listeners[i]);
    r = config_print_policies(config, out);
    if (r < 0)
        return r;
    if (config->answers_key_file) {
        fputs("answers: {key_file: ", out);
        config_print_text(out, config->answers_key_file);
        fputs("}\n", out);
    }
    config_print_audit(config, out);
    config_print_limits(&config->limits, out);
    if (config->has_metrics)
        config_print_metrics(out, &config->listeners[config->n_listeners]);
    return fflush(out) == EOF || ferror(out) ? -EIO : 0;
}
