// SPDX-License-Identifier: Apache-2.0
/*
 * The config file as one immutable value: listeners with their policies, the upstream, limits, audit.
 * Read whole before it takes over; refcounted, because running exchanges keep the one that admitted them.
 */
#pragma once

#include <stdio.h>
#include <sys/types.h>

#include "address.h"
#include "chain.h"
#include "hostfs.h"
#include "policy/compile.h"
#include "policy/glob.h"

/* One entry of `allow_containers` or `allow_units`. */
typedef struct ConfigPlace {
    const char *text;
    const Glob *glob;
    bool is_id; /* of a container: all of its ID, or its beginning with a `*`. Else a name */
} ConfigPlace;

typedef struct ConfigPlaces {
    bool given; /* absent = from anywhere */
    const ConfigPlace *items;
    size_t n;
} ConfigPlaces;

typedef struct ConfigListener {
    Address address;
    Policy *policy; /* its twin that observes, where `observe` is set */
    bool observe;
    unsigned mode; /* unix: permission bits; default 0660 */
    uid_t owner;   /* (uid_t) −1: leave */
    gid_t group;   /* (gid_t) −1: leave */
    const uid_t *allow_uids;
    size_t n_allow_uids;
    bool has_allow_uids; /* absent = whoever may open the socket */
    const gid_t *allow_gids;
    size_t n_allow_gids;
    bool has_allow_gids;
    ConfigPlaces allow_containers, allow_units;
    const Network *allow_from;
    size_t n_allow_from;
    DocMark mark; /* where it stands in the file */
    Span told;    /* itself, its policy and the config's hash, as records have them: `,"listener":…` */
} ConfigListener;

typedef enum AuditFailure {
    AUDIT_FAILURE_DENY = 0,
    AUDIT_FAILURE_CONTINUE,
} AuditFailure;

typedef enum SinkKind {
    SINK_FILE,
    SINK_STDOUT,
    SINK_JOURNALD,
    SINK_SYSLOG,
} SinkKind;

typedef enum SinkChain {
    SINK_CHAIN_SHA256 = 0,
    SINK_CHAIN_NONE,
} SinkChain;

/* When what was written is brought to the disk. */
typedef enum SinkSync {
    SINK_SYNC_INTERVAL = 0, /* so long after it was written */
    SINK_SYNC_NEVER,        /* when the kernel does */
    SINK_SYNC_ALWAYS,       /* before a decision's request goes on */
} SinkSync;

typedef struct ConfigSink {
    SinkKind kind;
    const char *path; /* SINK_FILE; of the socket: SINK_JOURNALD, SINK_SYSLOG */
    unsigned mode;    /* SINK_FILE: default 0640 */
    SinkChain chain;  /* SINK_FILE, and the two below */
    SinkSync sync;
    uint64_t sync_interval_usec; /* SINK_SYNC_INTERVAL; 0: at the end of each turn */
    unsigned facility;           /* SINK_SYSLOG: as LOG_FAC() has it */
} ConfigSink;

/* `audit: {checkpoints: …}`: one of the two names, or neither. */
typedef struct ConfigCheckpoints {
    const char *key;        /* a file */
    const char *credential; /* of systemd's, by name */
    uint64_t every;         /* records */
} ConfigCheckpoints;

#define CONFIG_FACILITIES 24u
extern const char *const config_facilities[CONFIG_FACILITIES];

typedef struct ConfigLimits {
    unsigned connections;
    unsigned connections_per_client;
    size_t header_bytes;
    uint64_t header_timeout_usec;
    size_t body_bytes;
    uint64_t body_timeout_usec;
    uint64_t idle_timeout_usec;
    uint64_t shutdown_grace_usec;
} ConfigLimits;

typedef struct Config {
    unsigned n_refs;
    Arena *arena;               /* owns every string and array here */
    const char *file;           /* NULL: built in, or from the command line */
    char hash[CHAIN_HASH_SIZE]; /* of the file's bytes; without a file, of what config_print() writes */
    Address upstream;
    HostView host;
    const char *const *protect; /* more host paths that no pattern of a policy may allow */
    size_t n_protect;
    uint64_t connect_timeout_usec;
    uint64_t response_timeout_usec;
    ApiVersions versions;
    DocMark min_judged_mark; /* where it stands in the file; all zero: it doesn't */
    const ConfigListener *listeners;
    size_t n_listeners;
    bool has_metrics; /* listeners[n_listeners] is where metrics are served, without a policy */
    PolicySet *policies;
    const char *answers_key_file; /* NULL: a random key for each start */
    AuditFailure on_failure;
    ConfigCheckpoints checkpoints;
    bool audit_deduplicate; /* a denial that repeats is a count in files too */
    bool audit_facts;       /* records tell the facts of bodies, whatever the policy's mode */
    const ConfigSink *sinks;
    size_t n_sinks;
    ConfigLimits limits;
} Config;

/* Which of the built-in policies a config has. */
typedef enum ConfigPresets {
    CONFIG_PRESETS_NAMED, /* those that its listeners and policies name, for who only serves it */
    CONFIG_PRESETS_ALL,   /* for who may be asked about any */
} ConfigPresets;

/*
 * Reads `path`. On mistakes returns −EINVAL and prints each as FILE:LINE:COLUMN: message to `messages`;
 * −errno when the file can't be read (printed too).
 */
int config_load(const char *path, ConfigPresets presets, FILE *messages, Config **ret);

/*
 * Whether there is no such file, so that the built-in config may serve. What only can't be read is there, and
 * an error of config_load; so is a link that leads nowhere.
 */
bool config_is_absent(const char *path);

/* The same from memory, with all presets; `file` is only a name. */
int config_parse(Span bytes, const char *file, FILE *messages, Config **ret);

/*
 * One ad-hoc listener without a file; each of `listen`, `upstream`, `policy` may be NULL for the built-in:
 * policy monitoring on unix:///run/quaygate/docker.sock before unix:///var/run/docker.sock.
 */
int config_builtin(const char *listen, const char *upstream, const char *policy, ConfigPresets presets,
                   FILE *messages, Config **ret);

Config *config_ref(Config *config);
Config *config_unref(Config *config); /* accepts NULL, returns NULL */

/* Where somebody may connect: the listeners, and behind them the one of the metrics. */
static inline size_t config_n_sockets(const Config *config) {
    return config->n_listeners + config->has_metrics;
}

/* The effective config, defaults filled in and presets resolved: YAML that loads to the same policy. */
int config_print(const Config *config, FILE *out);

/* A line a mistake, in the order of the file: FILE:LINE:COLUMN: message. */
void config_print_errors(DocErrors *errors, FILE *messages);

/*
 * Where the key for checkpoints is. False: there are none; or there is no such place, and *ret_why says so.
 */
bool config_checkpoint_path(const Config *config, char *ret, size_t size, const char **ret_why);

static inline void config_unref_p(Config **config) {
    *config = config_unref(*config);
}
