// SPDX-License-Identifier: Apache-2.0
/* `audit:` of the config. */
#include "config_read.h"
#include "config_value.h"
#include "policy/hostpath.h"
#include "policy/keys.h"
#include "policy/text.h"

#include <stdio.h>
#include <stdlib.h>

#define FILE_MODE 0640u
#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define SYSLOG_SOCKET "/dev/log"

/* By number, as RFC 5424 has them in table 1; those of the kernel and of clocks are theirs. */
const char *const config_facilities[CONFIG_FACILITIES] = {
    "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock",
    "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};

typedef struct SinkReader {
    ConfigReader *reader;
    ConfigSink *sink;
} SinkReader;

static void config_audit_read_file(void *ctx, const DocNode *node) {
    SinkReader *s = ctx;
    DocErrors *errors = s->reader->errors;
    Span path;

    if (!keys_read_text(errors, node, "file", &path))
        return;
    if (path.size < 2 || !hostpath_is_sound(path))
        return doc_error(errors, node->mark, "file must be an absolute path without '..'");
    s->sink->path = arena_copy(s->reader->config->arena, path);
    if (!s->sink->path)
        doc_error(errors, node->mark, "out of memory");
}

static void config_audit_read_mode(void *ctx, const DocNode *node) {
    SinkReader *s = ctx;

    (void) config_value_mode(s->reader->errors, node, "mode", &s->sink->mode);
}

static void config_audit_read_chain(void *ctx, const DocNode *node) {
    static const char *const words[] = {[SINK_CHAIN_SHA256] = "sha256", [SINK_CHAIN_NONE] = "none"};
    SinkReader *s = ctx;
    size_t i;

    if (keys_read_word(s->reader->errors, node, "chain", words, ARRAY_SIZE(words), &i))
        s->sink->chain = (SinkChain) i;
}

static void config_audit_read_fsync(void *ctx, const DocNode *node) {
    static const char *const words[] = {
        [SINK_SYNC_INTERVAL] = "interval", [SINK_SYNC_NEVER] = "never", [SINK_SYNC_ALWAYS] = "always"};
    SinkReader *s = ctx;
    size_t i;

    if (keys_read_word(s->reader->errors, node, "fsync", words, ARRAY_SIZE(words), &i))
        s->sink->sync = (SinkSync) i;
}

static void config_audit_read_fsync_interval(void *ctx, const DocNode *node) {
    SinkReader *s = ctx;

    (void) config_value_time(s->reader->errors, node, "fsync_interval", &s->sink->sync_interval_usec);
}

static void config_audit_read_syslog(void *ctx, const DocNode *node) {
    SinkReader *s = ctx;
    size_t i;

    if (keys_read_word(s->reader->errors, node, "syslog", config_facilities, CONFIG_FACILITIES, &i))
        s->sink->facility = (unsigned) i;
}

/* A bound that isn't kept would be believed. */
static void config_audit_check_interval(ConfigReader *reader, const DocNode *node, const ConfigSink *sink) {
    const DocNode *interval = doc_get(node, "fsync_interval");

    if (interval && sink->sync != SINK_SYNC_INTERVAL)
        doc_error(reader->errors, interval->mark, "fsync_interval needs fsync: interval");
}

static void config_audit_read_sink(ConfigReader *reader, const DocNode *node, ConfigSink *sink) {
    static const KeyRow keys[] = {
        {"file", config_audit_read_file},
        {"mode", config_audit_read_mode},
        {"chain", config_audit_read_chain},
        {"fsync", config_audit_read_fsync},
        {"fsync_interval", config_audit_read_fsync_interval},
    };
    static const KeyRow syslog_keys[] = {
        {"syslog", config_audit_read_syslog},
    };
    static const char *const words[] = {"stdout", "journald"};
    SinkReader s = {.reader = reader, .sink = sink};
    size_t word;

    *sink = (ConfigSink){
        .kind = SINK_FILE, .mode = FILE_MODE, .sync_interval_usec = TIME_AUDIT_SYNC_MSEC * UINT64_C(1000)};
    if (node->type == DOC_MAPPING && doc_get(node, "syslog")) {
        *sink = (ConfigSink){.kind = SINK_SYSLOG, .path = SYSLOG_SOCKET};
        (void) keys_read(reader->errors, node, "audit.sinks.", syslog_keys, ARRAY_SIZE(syslog_keys), &s);
    } else if (node->type == DOC_MAPPING) {
        (void) keys_read(reader->errors, node, "audit.sinks.", keys, ARRAY_SIZE(keys), &s);
        config_audit_check_interval(reader, node, sink);
        if (!doc_get(node, "file"))
            doc_error(reader->errors, node->mark,
                      "a sink is {file: PATH}, {syslog: FACILITY}, journald or stdout");
    } else if (keys_read_word(reader->errors, node, "sink", words, ARRAY_SIZE(words), &word)) {
        *sink = word == 1 ? (ConfigSink){.kind = SINK_JOURNALD, .path = JOURNAL_SOCKET} : config_default_sink;
    }
}

/* The same place twice would tell each event twice, and cut one record by the other's failure. */
static bool config_audit_is_same(const ConfigSink *a, const ConfigSink *b) {
    if (a->kind != b->kind)
        return false;
    return a->kind != SINK_FILE || (a->path && b->path && strcmp(a->path, b->path) == 0);
}

static void config_audit_read_sinks(void *ctx, const DocNode *node) {
    ConfigReader *reader = ctx;
    ConfigSink *sinks;

    if (!keys_is_sequence(reader->errors, node, "sinks"))
        return;
    if (node->n == 0 || node->n > LIMIT_AUDIT_SINKS)
        return doc_error(reader->errors, node->mark, "sinks must have from 1 to %u entries",
                         LIMIT_AUDIT_SINKS);
    sinks = arena_alloc_array(reader->config->arena, node->n, sizeof(*sinks));
    if (!sinks)
        return doc_error(reader->errors, node->mark, "out of memory");
    for (size_t i = 0; i < node->n; i++) {
        config_audit_read_sink(reader, node->items[i], &sinks[i]);
        for (size_t j = 0; j < i; j++)
            if (config_audit_is_same(&sinks[i], &sinks[j]))
                doc_error(reader->errors, node->items[i]->mark,
                          "this sink stands here twice, first in line %u", node->items[j]->mark.line);
    }
    reader->config->sinks = sinks;
    reader->config->n_sinks = node->n;
}

static void config_audit_read_on_failure(void *ctx, const DocNode *node) {
    static const char *const words[] = {[AUDIT_FAILURE_DENY] = "deny", [AUDIT_FAILURE_CONTINUE] = "continue"};
    ConfigReader *reader = ctx;
    size_t i;

    if (keys_read_word(reader->errors, node, "on_failure", words, ARRAY_SIZE(words), &i))
        reader->config->on_failure = (AuditFailure) i;
}

static void config_audit_read_facts(void *ctx, const DocNode *node) {
    ConfigReader *reader = ctx;

    (void) keys_read_bool(reader->errors, node, "facts", &reader->config->audit_facts);
}

static void config_audit_read_deduplicate(void *ctx, const DocNode *node) {
    ConfigReader *reader = ctx;

    (void) keys_read_bool(reader->errors, node, "deduplicate", &reader->config->audit_deduplicate);
}

/* A credential is a file's name in one folder, and nothing that leads out of it. */
static bool config_audit_is_credential(Span name) {
    for (size_t i = 0; i < name.size; i++) {
        char c = ascii_lower(name.data[i]);

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && (i == 0 || c == '\0' || !strchr("._-", c)))
            return false;
    }
    return name.size > 0 && name.size <= LIMIT_LOOK_NAME_BYTES;
}

static void config_audit_read_key(void *ctx, const DocNode *node) {
    static const Span credential = SPAN_INIT("credential:");
    ConfigReader *reader = ctx;
    ConfigCheckpoints *checkpoints = &reader->config->checkpoints;
    Span text, name;

    if (!keys_read_text(reader->errors, node, "key", &text))
        return;
    name = (Span){.data = text.data + credential.size, .size = text.size - credential.size};
    if (span_starts_with(text, credential) && config_audit_is_credential(name))
        checkpoints->credential = arena_copy(reader->config->arena, name);
    else if (text.size >= 2 && hostpath_is_sound(text))
        checkpoints->key = arena_copy(reader->config->arena, text);
    else
        return doc_error(reader->errors, node->mark,
                         "key must be an absolute path without '..', or credential:NAME (LoadCredential=)");
    if (!checkpoints->key && !checkpoints->credential)
        doc_error(reader->errors, node->mark, "out of memory");
}

static void config_audit_read_every(void *ctx, const DocNode *node) {
    ConfigReader *reader = ctx;

    (void) config_value_number(reader->errors, node, "every", 1, LIMIT_CHECKPOINT_RECORDS_MAX,
                               &reader->config->checkpoints.every);
}

static void config_audit_read_checkpoints(void *ctx, const DocNode *node) {
    static const KeyRow checkpoint_keys[] = {
        {"key", config_audit_read_key},
        {"every", config_audit_read_every},
    };
    ConfigReader *reader = ctx;

    reader->config->checkpoints.every = LIMIT_CHECKPOINT_RECORDS;
    if (keys_read(reader->errors, node, "audit.checkpoints.", checkpoint_keys, ARRAY_SIZE(checkpoint_keys),
                  reader) &&
        !doc_get(node, "key"))
        doc_error(reader->errors, node->mark, "checkpoints need a key");
}

/* What is signed is a hash. */
static void config_audit_check_chain(ConfigReader *reader, const DocNode *checkpoints) {
    for (size_t i = 0; i < reader->config->n_sinks; i++)
        if (reader->config->sinks[i].kind == SINK_FILE && reader->config->sinks[i].chain == SINK_CHAIN_SHA256)
            return;
    doc_error(reader->errors, checkpoints->mark, "checkpoints need a file among the sinks that has a chain");
}

bool config_checkpoint_path(const Config *config, char *ret, size_t size, const char **ret_why) {
    const ConfigCheckpoints *checkpoints = &config->checkpoints;
    const char *folder = checkpoints->credential ? getenv("CREDENTIALS_DIRECTORY") : NULL;
    int n;

    *ret_why = NULL;
    if (!checkpoints->key && !checkpoints->credential)
        return false;
    if (checkpoints->credential && !folder) {
        *ret_why = "there are no credentials; LoadCredential= of the unit brings them";
        return false;
    }
    n = checkpoints->key ? snprintf(ret, size, "%s", checkpoints->key)
                         : snprintf(ret, size, "%s/%s", folder, checkpoints->credential);
    if (n >= 0 && (size_t) n < size)
        return true;
    *ret_why = "its path is too long";
    return false;
}

void config_read_audit(ConfigReader *reader, const DocNode *node) {
    static const KeyRow keys[] = {
        {"on_failure", config_audit_read_on_failure},
        {"facts", config_audit_read_facts},
        {"deduplicate", config_audit_read_deduplicate},
        {"checkpoints", config_audit_read_checkpoints},
        {"sinks", config_audit_read_sinks},
    };

    if (keys_read(reader->errors, node, "audit.", keys, ARRAY_SIZE(keys), reader) &&
        doc_get(node, "checkpoints"))
        config_audit_check_chain(reader, doc_get(node, "checkpoints"));
}
