// SPDX-License-Identifier: Apache-2.0
/*
 * What the gate counts: plain numbers, updated by the exchanges from the loop, without a lock, an allocation
 * or a system call. Where they are counted is a place, a listener with its policy; places come with configs,
 * operations from the catalogue, rules from a table: nothing that a client sends makes a series.
 *
 * Counters live as long as the daemon: a place that a reload takes away keeps its counts, and goes on with
 * them when it comes back.
 */
#pragma once

#include "config.h"
#include "heavy.h"
#include "histogram.h"
#include "identity.h"
#include "policy/verdict.h"

#define METRICS_EFFECTS (EFFECT_ERROR + 1u)

typedef enum MetricsDirection {
    METRICS_UP = 0, /* client to engine */
    METRICS_DOWN,
    METRICS_DIRECTION_MAX_,
} MetricsDirection;

/* What goes on now, by the last look at the clients. */
typedef enum MetricsOpen {
    METRICS_CONNECTIONS = 0, /* all of them */
    METRICS_REQUESTS,        /* with one, that is none of the next two */
    METRICS_STREAMS,         /* an answer that may go on for days */
    METRICS_TUNNELS,         /* raw bytes both ways */
    METRICS_OPEN_MAX_,
} MetricsOpen;

typedef struct MetricsPlace {
    char listener[sizeof(((Address *) 0)->text)];
    char policy[LIMIT_POLICY_NAME_BYTES + 1];
    uint64_t accepted;  /* connections */
    uint64_t *requests; /* by metrics_operation() and Effect, METRICS_EFFECTS to an operation */
    uint64_t *refusals; /* by metrics_rule() and Effect, as above; EFFECT_ALLOW stays 0 */
    Histogram total;    /* from the first byte of a request to the end of its answer; no streams */
    Histogram decision; /* what the gate itself takes, from the whole request to its verdict on record */
    uint64_t bytes[METRICS_DIRECTION_MAX_]; /* of bodies, streams and tunnels that have ended */
    uint64_t open[METRICS_OPEN_MAX_];
    uint64_t open_bytes[METRICS_DIRECTION_MAX_]; /* of what goes on now, so far */
} MetricsPlace;

typedef struct Metrics {
    MetricsPlace *places[LIMIT_METRICS_PLACES + 1]; /* the last one: whatever came when they were full */
    size_t n_places;
    unsigned generation; /* another with each config: then a place has to be asked for again */
    Histogram engine;    /* from the request's last byte to the head of the answer; no streams */
    Heavy denied;        /* clients */
    char config_hash[CHAIN_HASH_SIZE]; /* of the running config: Config's `hash` */
    uint64_t reloads_ok, reloads_failed;
    uint64_t started_usec; /* CLOCK_REALTIME */
    uint64_t loaded_usec;  /* CLOCK_REALTIME: when the running config took over */
    bool last_reload_ok;
} Metrics;

Metrics *metrics_new(uint64_t now_usec); /* CLOCK_REALTIME. NULL: out of memory */
Metrics *metrics_free(Metrics *metrics); /* accepts NULL, returns NULL */

/* Makes the places of a config that is about to be in force. −ENOMEM. */
int metrics_prepare(Metrics *metrics, const Config *config);

/* A reload has worked, or has changed nothing. Accepts NULL. */
void metrics_count_reload(Metrics *metrics, bool ok, uint64_t now_usec);

/* NULL where `metrics` is, and then nothing below counts anything. Lives as long as `metrics`. */
MetricsPlace *metrics_place(const Metrics *metrics, const ConfigListener *listener);

/* Once for each request, when its verdict is on record or its answer is written. */
void metrics_count_verdict(MetricsPlace *place, const Operation *operation, const Verdict *verdict);

/* The same a second time, where the engine failed after the verdict: as an error, not as a request. */
void metrics_count_failure(MetricsPlace *place, const Verdict *verdict);

/* Whoever was denied, for metrics->denied: his container, unit, program or address. */
void metrics_count_denied(Metrics *metrics, const Subject *subject);
void metrics_name_client(const Subject *subject, char ret[static HEAVY_NAME_BYTES]);

/* Indices and back. Never out of range: what isn't known is the last one, "other". */
size_t metrics_n_operations(void);
size_t metrics_operation(const Operation *operation);
const char *metrics_operation_name(size_t i);
size_t metrics_n_rules(void);
size_t metrics_rule(const Verdict *verdict);
const char *metrics_rule_name(size_t i);

static inline uint64_t *metrics_request(const MetricsPlace *place, size_t operation, Effect effect) {
    return &place->requests[operation * METRICS_EFFECTS + (size_t) effect];
}

static inline uint64_t *metrics_refusal(const MetricsPlace *place, size_t rule, Effect effect) {
    return &place->refusals[rule * METRICS_EFFECTS + (size_t) effect];
}
