// SPDX-License-Identifier: Apache-2.0
#include "config_read.h"

#include "config_value.h"
#include "policy/hostpath.h"
#include "policy/keys.h"
#include "policy/text.h"
#include "zones.h"

#define SECOND UINT64_C(1000000)
#define DEFAULT_UPSTREAM "unix:///var/run/docker.sock"

const ConfigSink config_default_sink = {.kind = SINK_STDOUT};

void config_set_defaults(Config *config) {
    const char *why;

    (void) address_parse(SPAN(DEFAULT_UPSTREAM), &config->upstream, &why);
    config->connect_timeout_usec = TIME_CONNECT_SECONDS * SECOND;
    config->response_timeout_usec = TIME_RESPONSE_SECONDS * SECOND;
    config->host = hostfs_guess();
    config->versions = api_versions_default();
    config->sinks = &config_default_sink;
    config->n_sinks = 1;
    config->limits = (ConfigLimits){
        .connections = LIMIT_CONNECTIONS_DEFAULT,
        .connections_per_client = LIMIT_CONNECTIONS_PER_CLIENT_DEFAULT,
        .header_bytes = LIMIT_HEADER_BYTES_DEFAULT,
        .header_timeout_usec = TIME_HEADER_SECONDS * SECOND,
        .body_bytes = LIMIT_BODY_BYTES_DEFAULT,
        .body_timeout_usec = TIME_BODY_SECONDS * SECOND,
        .idle_timeout_usec = TIME_IDLE_SECONDS * SECOND,
        .shutdown_grace_usec = TIME_SHUTDOWN_GRACE_SECONDS * SECOND,
    };
}

/* --- limits: */

static void config_read_connections(void *ctx, const DocNode *node) {
    ConfigReader *reader = ctx;
    uint64_t n;

    if (config_value_number(reader->errors, node, "connections", 1, LIMIT_CONNECTIONS_MAX, &n))
        reader->config->limits.connections = (unsigned) n;
}

static void config_read_connections_per_client(void *ctx, const DocNode *node) {
    ConfigReader *reader = ctx;
    uint64_t n;

    if (config_value_number(reader->errors, node, "connections_per_client", 1, LIMIT_CONNECTIONS_MAX, &n))
        reader->config->limits.connections_per_client = (unsigned) n;
}

static void config_read_header_bytes(void *ctx, const DocNode *node) {
    ConfigReader *reader = ctx;
    uint64_t n;

    if (config_value_size(reader->errors, node, "header_bytes", LIMIT_HEADER_BYTES_MIN,
                          LIMIT_HEADER_BYTES_MAX, &n))
        reader->config->limits.header_bytes = n;
}

static void config_read_body_bytes(void *ctx, const DocNode *node) {
    ConfigReader *reader = ctx;
    uint64_t n;

    if (config_value_size(reader->errors, node, "body_bytes", LIMIT_BODY_BYTES_MIN, LIMIT_BODY_BYTES_MAX, &n))
        reader->config->limits.body_bytes = n;
}

static void config_read_header_timeout(void *ctx, const DocNode *node) {
    ConfigReader *reader = ctx;

    (void) config_value_time(reader->errors, node, "header_timeout",
                             &reader->config->limits.header_timeout_usec);
}

static void config_read_body_timeout(void *ctx, const DocNode *node) {
    ConfigReader *reader = ctx;

    (void) config_value_time(reader->errors, node, "body_timeout", &reader->config->limits.body_timeout_usec);
}

static void config_read_idle_timeout(void *ctx, const DocNode *node) {
    ConfigReader *reader = ctx;

    (void) config_value_time(reader->errors, node, "idle_timeout", &reader->config->limits.idle_timeout_usec);
}

static void config_read_shutdown_grace(void *ctx, const DocNode *node) {
    ConfigReader *reader = ctx;

    (void) config_value_time(reader->errors, node, "shutdown_grace",
                             &reader->config->limits.shutdown_grace_usec);
}

static void config_read_limits(void *ctx, const DocNode *node) {
    static const KeyRow keys[] = {
        {"connections", config_read_connections},
        {"connections_per_client", config_read_connections_per_client},
        {"header_bytes", config_read_header_bytes},
        {"header_timeout", config_read_header_timeout},
        {"body_bytes", config_read_body_bytes},
        {"body_timeout", config_read_body_timeout},
        {"idle_timeout", config_read_idle_timeout},
        {"shutdown_grace", config_read_shutdown_grace},
    };
    ConfigReader *reader = ctx;

    (void) keys_read(reader->errors, node, "limits.", keys, ARRAY_SIZE(keys), reader);
}

/* --- upstream: */

static void config_read_upstream_address(void *ctx, const DocNode *node) {
    ConfigReader *reader = ctx;
    Address address;

    if (!config_value_address(reader->errors, node, &address))
        return;
    if (address.kind == ADDRESS_FD)
        doc_error(reader->errors, node->mark, "the upstream can't be a passed socket: it is connected to");
    else
        reader->config->upstream = address;
}

static void config_read_connect_timeout(void *ctx, const DocNode *node) {
    ConfigReader *reader = ctx;

    (void) config_value_time(reader->errors, node, "connect_timeout", &reader->config->connect_timeout_usec);
}

static void config_read_response_timeout(void *ctx, const DocNode *node) {
    ConfigReader *reader = ctx;

    (void) config_value_time(reader->errors, node, "response_timeout",
                             &reader->config->response_timeout_usec);
}

static void config_read_upstream(void *ctx, const DocNode *node) {
    static const KeyRow keys[] = {
        {"address", config_read_upstream_address},
        {"connect_timeout", config_read_connect_timeout},
        {"response_timeout", config_read_response_timeout},
    };
    ConfigReader *reader = ctx;

    if (node->type == DOC_MAPPING)
        (void) keys_read(reader->errors, node, "upstream.", keys, ARRAY_SIZE(keys), reader);
    else
        config_read_upstream_address(reader, node);
}

/* --- api_versions: */

/* `1.NN` within what the catalogue knows: below and above it nothing could be judged. */
static bool config_read_api_version(ConfigReader *reader, const DocNode *node, const char *what,
                                    unsigned *ret) {
    ApiVersions known = api_versions_default();
    unsigned minor = 0;
    Span text;
    bool good;

    if (!keys_read_text(reader->errors, node, what, &text))
        return false;
    good = text.size == 4 && span_starts_with(text, SPAN("1."));
    for (size_t i = 2; good && i < text.size; i++) {
        good = text.data[i] >= '0' && text.data[i] <= '9';
        minor = minor * 10 + (unsigned) (text.data[i] - '0');
    }
    if (!good || minor < known.min_minor || minor > known.max_minor) {
        doc_error(reader->errors, node->mark, "%s must be a version of the API from 1.%u to 1.%u", what,
                  known.min_minor, known.max_minor);
        return false;
    }
    *ret = minor;
    return true;
}

static void config_read_api_min(void *ctx, const DocNode *node) {
    ConfigReader *reader = ctx;

    (void) config_read_api_version(reader, node, "min", &reader->config->versions.min_minor);
}

static void config_read_api_min_judged(void *ctx, const DocNode *node) {
    ConfigReader *reader = ctx;

    if (config_read_api_version(reader, node, "min_judged", &reader->config->versions.min_judged_minor))
        reader->config->min_judged_mark = node->mark;
}

static void config_read_api_max(void *ctx, const DocNode *node) {
    ConfigReader *reader = ctx;

    if (node->type == DOC_SCALAR && span_is(node->scalar, "known"))
        return; /* the default */
    (void) config_read_api_version(reader, node, "max", &reader->config->versions.max_minor);
}

static void config_read_api_outside(void *ctx, const DocNode *node) {
    static const char *const words[] = {"deny", "clamp"};
    ConfigReader *reader = ctx;
    size_t i;

    if (keys_read_word(reader->errors, node, "outside", words, ARRAY_SIZE(words), &i))
        reader->config->versions.clamp = i == 1;
}

static void config_read_api_versions(void *ctx, const DocNode *node) {
    static const KeyRow keys[] = {
        {"min", config_read_api_min},
        {"min_judged", config_read_api_min_judged},
        {"max", config_read_api_max},
        {"outside", config_read_api_outside},
    };
    ConfigReader *reader = ctx;
    const ApiVersions *versions = &reader->config->versions;
    DocMark judged;

    if (!keys_read(reader->errors, node, "api_versions.", keys, ARRAY_SIZE(keys), reader))
        return;
    judged = reader->config->min_judged_mark;
    if (versions->min_minor > versions->max_minor)
        doc_error(reader->errors, node->mark, "min (1.%u) is above max (1.%u): no request would pass",
                  versions->min_minor, versions->max_minor);
    /*
     * The default above a `max` that closes all bodies is a choice: `max: 1.39` for clients that only read.
     */
    else if (judged.line != 0 && versions->min_judged_minor > versions->max_minor)
        doc_error(reader->errors, judged, "min_judged (1.%u) is above max (1.%u): no body would pass",
                  versions->min_judged_minor, versions->max_minor);
}

/* --- answers: */

static void config_read_key_file(void *ctx, const DocNode *node) {
    ConfigReader *reader = ctx;
    Span text;

    if (!keys_read_text(reader->errors, node, "key_file", &text))
        return;
    if (!hostpath_is_sound(text))
        return doc_error(reader->errors, node->mark, "key_file must be an absolute path without '..'");
    reader->config->answers_key_file = arena_copy(reader->config->arena, text);
    if (!reader->config->answers_key_file)
        doc_error(reader->errors, node->mark, "out of memory");
}

static void config_read_answers(void *ctx, const DocNode *node) {
    static const KeyRow keys[] = {{"key_file", config_read_key_file}};
    ConfigReader *reader = ctx;

    (void) keys_read(reader->errors, node, "answers.", keys, ARRAY_SIZE(keys), reader);
}

/* --- the top */

void config_settle_host(Config *config) {
    if (config->host.guessed && config->upstream.kind != ADDRESS_UNIX)
        config->host = (HostView){0};
}

static void config_read_host_root(void *ctx, const DocNode *node) {
    ConfigReader *reader = ctx;
    Span text;

    if (!keys_read_text(reader->errors, node, "host_root", &text) || span_is(text, "auto"))
        return;
    reader->config->host = (HostView){0};
    if (span_is(text, "none"))
        return;
    if (text.size == 0 || text.data[0] != '/') {
        doc_error(reader->errors, node->mark,
                  "host_root must be an absolute path: / on the host, or where the host's / is mounted; or "
                  "auto, or none");
        return;
    }
    reader->config->host.root = arena_copy(reader->config->arena, text);
    if (!reader->config->host.root)
        doc_error(reader->errors, node->mark, "out of memory");
}

static void config_read_protect(void *ctx, const DocNode *list) {
    ConfigReader *reader = ctx;
    const char **paths;
    Span text;

    if (!keys_is_sequence(reader->errors, list, "protect"))
        return;
    if (list->n > LIMIT_PROTECT_PATHS)
        return doc_error(reader->errors, list->mark, "more than %u paths", LIMIT_PROTECT_PATHS);
    paths = arena_alloc_array(reader->config->arena, list->n + 1, sizeof(*paths));
    if (!paths)
        return doc_error(reader->errors, list->mark, "out of memory");
    reader->config->protect = paths;
    for (size_t i = 0; i < list->n; i++) {
        if (!keys_read_text(reader->errors, list->items[i], "a path of protect", &text))
            continue;
        if (!hostpath_is_sound(text)) {
            doc_error(reader->errors, list->items[i]->mark, "protect holds absolute paths without '..'");
            continue;
        }
        paths[reader->config->n_protect] = arena_copy(reader->config->arena, text);
        if (!paths[reader->config->n_protect])
            return doc_error(reader->errors, list->mark, "out of memory");
        reader->config->n_protect++;
    }
}

static void config_read_version(void *ctx, const DocNode *node) {
    ConfigReader *reader = ctx;
    Span text;

    if (keys_read_text(reader->errors, node, "version", &text) && !span_is(text, "1"))
        doc_error(reader->errors, node->mark,
                  "version must be 1: this release knows no other form of the file");
}

static void config_keep_listeners(void *ctx, const DocNode *node) {
    ((ConfigReader *) ctx)->listeners = node;
}

static void config_keep_policies(void *ctx, const DocNode *node) {
    ((ConfigReader *) ctx)->policies = node;
}

static void config_keep_metrics(void *ctx, const DocNode *node) {
    ((ConfigReader *) ctx)->metrics = node;
}

static void config_read_audit_key(void *ctx, const DocNode *node) {
    config_read_audit(ctx, node);
}

/* What the listeners name; what isn't well-formed there is told when they are read. */
static PolicySet *config_compile_named(ConfigReader *reader) {
    const DocNode *list = reader->listeners;
    size_t n = 0, n_items = list && list->type == DOC_SEQUENCE ? list->n : 0;
    Span *names = arena_alloc_array(reader->errors->arena, n_items + 1, sizeof(*names));

    if (!names)
        return NULL;
    for (size_t i = 0; i < n_items; i++) {
        const DocNode *item = list->items[i];
        const DocNode *policy = item->type == DOC_MAPPING ? doc_get(item, "policy") : NULL;

        if (policy && policy->type == DOC_SCALAR)
            names[n++] = policy->scalar;
    }
    return policy_set_compile_with(reader->policies, names, n, &reader->config->versions, reader->errors);
}

static void config_read_policies(ConfigReader *reader) {
    size_t n_before = reader->errors->n;

    reader->config->policies =
        reader->presets == CONFIG_PRESETS_ALL
            ? policy_set_compile(reader->policies, &reader->config->versions, reader->errors)
            : config_compile_named(reader);
    if (!reader->config->policies && reader->errors->n == n_before)
        doc_error(reader->errors, reader->root->mark, "out of memory");
    if (reader->config->policies)
        zones_settle(reader->config->policies, reader->errors);
}

void config_read(ConfigReader *reader) {
    static const KeyRow keys[] = {
        {"version", config_read_version},           {"upstream", config_read_upstream},
        {"host_root", config_read_host_root},       {"protect", config_read_protect},
        {"api_versions", config_read_api_versions}, {"listeners", config_keep_listeners},
        {"policies", config_keep_policies},         {"audit", config_read_audit_key},
        {"answers", config_read_answers},           {"limits", config_read_limits},
        {"metrics", config_keep_metrics},
    };

    if (!keys_read(reader->errors, reader->root, "", keys, ARRAY_SIZE(keys), reader))
        return;
    if (!doc_get(reader->root, "version"))
        doc_error(reader->errors, reader->root->mark,
                  "'version' is missing; this form of the file is version: 1");
    config_settle_host(reader->config);
    config_read_policies(reader);
    if (reader->listeners)
        config_read_listeners(reader);
    else
        doc_error(reader->errors, reader->root->mark, "'listeners' is missing: nobody could connect");
    if (reader->metrics)
        config_read_metrics(reader);
}
