// SPDX-License-Identifier: Apache-2.0
#include "metrics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define OTHER "other"

/* --- operations and rules as indices */

size_t metrics_n_operations(void) {
    size_t n;

    (void) routes_all(&n);
    return n + 1;
}

size_t metrics_operation(const Operation *operation) {
    size_t n;
    const Operation *all = routes_all(&n);

    return operation && operation >= all && operation < all + n ? (size_t) (operation - all) : n;
}

const char *metrics_operation_name(size_t i) {
    size_t n;
    const Operation *all = routes_all(&n);

    return i < n ? all[i].id : OTHER;
}

static const char *const metrics_rules[] = {
#define RULE(name) name,
#include "metrics_rules.def"
#undef RULE
};

#define N_RULES ARRAY_SIZE(metrics_rules)

size_t metrics_n_rules(void) {
    return N_RULES + REASON_MAX_ + 1;
}

const char *metrics_rule_name(size_t i) {
    if (i < N_RULES)
        return metrics_rules[i];
    return i - N_RULES < REASON_MAX_ ? reason_label((Reason) (i - N_RULES)) : OTHER;
}

static int metrics_compare_rules(const void *a, const void *b) {
    return strcmp(a, *(const char *const *) b);
}

/* "ServiceCreate.body" and its like, one for each operation whose bodies have no table (judge.c). */
static bool metrics_is_body_rule(const char *rule) {
    const char *dot = strrchr(rule, '.');

    return dot && strcmp(dot, ".body") == 0;
}

size_t metrics_rule(const Verdict *verdict) {
    const char *rule = verdict->rule;
    const char *const *found;
    unsigned reason = (unsigned) verdict->reason;

    if (!rule)
        return N_RULES + (reason < REASON_MAX_ ? reason : REASON_UNDECIDED);
    if (metrics_is_body_rule(rule))
        rule = "body";
    found = bsearch(rule, metrics_rules, N_RULES, sizeof(metrics_rules[0]), metrics_compare_rules);
    return found ? (size_t) (found - metrics_rules) : N_RULES + REASON_MAX_;
}

/* --- places */

static MetricsPlace *metrics_place_free(MetricsPlace *place) {
    if (place) {
        free(place->requests);
        free(place->refusals);
        free(place);
    }
    return NULL;
}

static MetricsPlace *metrics_place_new(const char *listener, const char *policy) {
    MetricsPlace *place = calloc(1, sizeof(*place));

    if (!place)
        return NULL;
    place->requests = calloc(metrics_n_operations() * METRICS_EFFECTS, sizeof(uint64_t));
    place->refusals = calloc(metrics_n_rules() * METRICS_EFFECTS, sizeof(uint64_t));
    if (!place->requests || !place->refusals)
        return metrics_place_free(place);
    (void) snprintf(place->listener, sizeof(place->listener), "%s", listener);
    (void) snprintf(place->policy, sizeof(place->policy), "%s", policy);
    return place;
}

Metrics *metrics_new(uint64_t now_usec) {
    Metrics *metrics = calloc(1, sizeof(*metrics));

    if (metrics)
        *metrics = (Metrics){.started_usec = now_usec, .loaded_usec = now_usec, .last_reload_ok = true};
    return metrics;
}

Metrics *metrics_free(Metrics *metrics) {
    if (!metrics)
        return NULL;
    for (size_t i = 0; i < metrics->n_places; i++)
        metrics_place_free(metrics->places[i]);
    free(metrics);
    return NULL;
}

static MetricsPlace *metrics_find(const Metrics *metrics, const char *listener, const char *policy) {
    for (size_t i = 0; i < metrics->n_places; i++) {
        MetricsPlace *place = metrics->places[i];

        if (strcmp(place->listener, listener) == 0 && strcmp(place->policy, policy) == 0)
            return place;
    }
    return NULL;
}

static int metrics_add(Metrics *metrics, const char *listener, const char *policy) {
    bool full = metrics->n_places >= LIMIT_METRICS_PLACES;
    MetricsPlace *place;

    if (metrics_find(metrics, listener, policy) || metrics->n_places > LIMIT_METRICS_PLACES)
        return 0;
    place = full ? metrics_place_new(OTHER, OTHER) : metrics_place_new(listener, policy);
    if (!place)
        return -ENOMEM;
    metrics->places[metrics->n_places++] = place;
    return 0;
}

int metrics_prepare(Metrics *metrics, const Config *config) {
    int r = 0;

    metrics->generation++;
    for (size_t i = 0; r == 0 && i < config->n_listeners; i++)
        r = metrics_add(metrics, config->listeners[i].address.text, policy_name(config->listeners[i].policy));
    return r;
}

MetricsPlace *metrics_place(const Metrics *metrics, const ConfigListener *listener) {
    MetricsPlace *place;

    if (!metrics || !listener->policy)
        return NULL;
    place = metrics_find(metrics, listener->address.text, policy_name(listener->policy));
    if (!place && metrics->n_places > LIMIT_METRICS_PLACES)
        return metrics->places[LIMIT_METRICS_PLACES];
    return place;
}

/* --- counting */

void metrics_count_reload(Metrics *metrics, bool ok, uint64_t now_usec) {
    if (!metrics)
        return;
    metrics->last_reload_ok = ok;
    if (ok) {
        metrics->reloads_ok++;
        metrics->loaded_usec = now_usec;
    } else
        metrics->reloads_failed++;
}

void metrics_count_verdict(MetricsPlace *place, const Operation *operation, const Verdict *verdict) {
    if (!place || (unsigned) verdict->effect >= METRICS_EFFECTS)
        return;
    ++*metrics_request(place, metrics_operation(operation), verdict->effect);
    if (verdict->effect != EFFECT_ALLOW)
        ++*metrics_refusal(place, metrics_rule(verdict), verdict->effect);
}

void metrics_count_failure(MetricsPlace *place, const Verdict *verdict) {
    if (place && (verdict->effect == EFFECT_ERROR || verdict->effect == EFFECT_INVALID))
        ++*metrics_refusal(place, metrics_rule(verdict), verdict->effect);
}

/* An address without its port: each connection has another. */
static void metrics_name_address(const char *address, char ret[static HEAVY_NAME_BYTES]) {
    const char *colon = strrchr(address, ':');

    (void) snprintf(ret, HEAVY_NAME_BYTES, "%.*s", colon ? (int) (colon - address) : (int) strlen(address),
                    address);
}

void metrics_name_client(const Subject *subject, char ret[static HEAVY_NAME_BYTES]) {
    if (subject->origin.container[0])
        (void) snprintf(ret, HEAVY_NAME_BYTES, "container %s", subject->origin.container);
    else if (subject->origin.unit)
        (void) snprintf(ret, HEAVY_NAME_BYTES, "unit %s", subject->origin.unit);
    else if (subject->has_creds)
        (void) snprintf(ret, HEAVY_NAME_BYTES, "uid %u %s", subject->uid, subject->exe ? subject->exe : "");
    else
        metrics_name_address(subject->address, ret);
}

void metrics_count_denied(Metrics *metrics, const Subject *subject) {
    char name[HEAVY_NAME_BYTES];

    metrics_name_client(subject, name);
    heavy_count(&metrics->denied, name);
}
