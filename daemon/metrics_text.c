// SPDX-License-Identifier: Apache-2.0
#include "metrics_text.h"

#include <inttypes.h>
#include <math.h>

/* The first failure stays, and nothing is written behind it. */
typedef struct Text {
    Buffer *out;
    int r;
} Text;

#define text_print(t, ...)                                                                                   \
    do {                                                                                                     \
        if ((t)->r == 0)                                                                                     \
            (t)->r = buffer_printf((t)->out, __VA_ARGS__);                                                   \
    } while (false)

static void text_family(Text *t, const char *name, const char *type, const char *help) {
    text_print(t, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void text_span(Text *t, Span span) {
    if (t->r == 0)
        t->r = buffer_append(t->out, span);
}

/* A label's value may hold everything, with three escapes. */
static void text_label(Text *t, const char *name, const char *value) {
    text_print(t, "%s=\"", name);
    for (const char *c = value; *c; c++)
        if (*c == '\n')
            text_span(t, SPAN("\\n"));
        else if (*c == '"' || *c == '\\')
            text_print(t, "\\%c", *c);
        else
            text_span(t, (Span){c, 1});
    text_span(t, SPAN("\""));
}

static void text_place(Text *t, const char *name, const MetricsPlace *place) {
    text_print(t, "%s{", name);
    text_label(t, "listener", place->listener);
    text_span(t, SPAN(","));
    text_label(t, "policy", place->policy);
}

static void text_seconds(Text *t, uint64_t usec) {
    text_print(t, "%" PRIu64 ".%06" PRIu64 "\n", usec / 1000000, usec % 1000000);
}

/* --- by place */

static void text_requests(Text *t, const Metrics *m) {
    static const char name[] = "quaygate_requests_total";

    text_family(t, name, "counter", "Requests, by what was decided of them.");
    for (size_t p = 0; p < m->n_places; p++)
        for (size_t i = 0; i < metrics_n_operations() * METRICS_EFFECTS; i++) {
            uint64_t n = m->places[p]->requests[i];

            if (n == 0)
                continue;
            text_place(t, name, m->places[p]);
            text_print(t, ",operation=\"%s\",verdict=\"%s\"} %" PRIu64 "\n",
                       metrics_operation_name(i / METRICS_EFFECTS),
                       effect_name((Effect) (i % METRICS_EFFECTS)), n);
        }
}

static void text_refusals(Text *t, const Metrics *m, const char *name, const char *help, unsigned effects) {
    text_family(t, name, "counter", help);
    for (size_t p = 0; p < m->n_places; p++)
        for (size_t i = 0; i < metrics_n_rules() * METRICS_EFFECTS; i++) {
            uint64_t n = m->places[p]->refusals[i];

            if (n == 0 || !(effects & 1u << i % METRICS_EFFECTS))
                continue;
            text_place(t, name, m->places[p]);
            text_print(t, ",verdict=\"%s\",rule=\"%s\"} %" PRIu64 "\n",
                       effect_name((Effect) (i % METRICS_EFFECTS)), metrics_rule_name(i / METRICS_EFFECTS),
                       n);
        }
}

static void text_bytes(Text *t, const Metrics *m) {
    static const char *const directions[METRICS_DIRECTION_MAX_] = {"up", "down"};
    static const char name[] = "quaygate_body_bytes_total";

    text_family(t, name, "counter",
                "Bytes of bodies, streams and tunnels: up to the engine, and down to the clients.");
    for (size_t p = 0; p < m->n_places; p++)
        for (size_t i = 0; i < METRICS_DIRECTION_MAX_; i++) {
            text_place(t, name, m->places[p]);
            text_print(t, ",direction=\"%s\"} %" PRIu64 "\n", directions[i],
                       m->places[p]->bytes[i] + m->places[p]->open_bytes[i]);
        }
}

static void text_open(Text *t, const Metrics *m) {
    static const struct {
        const char *name, *help;
    } rows[METRICS_OPEN_MAX_] = {
        [METRICS_CONNECTIONS] = {"quaygate_open_connections", "Clients that are connected."},
        [METRICS_REQUESTS] = {"quaygate_open_requests", "Requests under way, without streams and tunnels."},
        [METRICS_STREAMS] = {"quaygate_open_streams", "Answers under way that may go on for days."},
        [METRICS_TUNNELS] = {"quaygate_open_tunnels", "Hijacked connections: attach, exec, sessions."},
    };

    text_family(t, "quaygate_connections_total", "counter", "Connections that were accepted.");
    for (size_t p = 0; p < m->n_places; p++) {
        text_place(t, "quaygate_connections_total", m->places[p]);
        text_print(t, "} %" PRIu64 "\n", m->places[p]->accepted);
    }
    for (size_t i = 0; i < METRICS_OPEN_MAX_; i++) {
        text_family(t, rows[i].name, "gauge", rows[i].help);
        for (size_t p = 0; p < m->n_places; p++) {
            text_place(t, rows[i].name, m->places[p]);
            text_print(t, "} %" PRIu64 "\n", m->places[p]->open[i]);
        }
    }
}

/* --- histograms */

/* `place`: NULL where the whole gate has but one. Its buckets are Prometheus': each has those before it. */
static void text_histogram(Text *t, const char *name, const MetricsPlace *place, const Histogram *histogram) {
    char part[64];
    uint64_t n = 0;
    double bound;

    (void) snprintf(part, sizeof(part), "%s_bucket", name);
    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        bound = i < HISTOGRAM_BOUNDS ? histogram_bounds_usec[i] / 1e6 : INFINITY;
        n += histogram->counts[i];
        if (place)
            text_place(t, part, place);
        else
            text_print(t, "%s{", part);
        text_print(t, i < HISTOGRAM_BOUNDS ? "%sle=\"%g\"} " : "%sle=\"+Inf\"} ", place ? "," : "", bound);
        text_print(t, "%" PRIu64 "\n", n);
    }
    for (size_t i = 0; i < 2; i++) {
        (void) snprintf(part, sizeof(part), "%s_%s", name, i == 0 ? "sum" : "count");
        if (place) {
            text_place(t, part, place);
            text_span(t, SPAN("} "));
        } else
            text_print(t, "%s ", part);
        if (i == 0)
            text_seconds(t, histogram->sum_usec);
        else
            text_print(t, "%" PRIu64 "\n", n);
    }
}

static void text_durations(Text *t, const Metrics *m) {
    static const char total[] = "quaygate_request_duration_seconds";
    static const char decision[] = "quaygate_decision_duration_seconds";
    static const char engine[] = "quaygate_engine_duration_seconds";

    text_family(t, total, "histogram",
                "From a request's first byte to the end of its answer; of what was let through, without "
                "streams.");
    for (size_t p = 0; p < m->n_places; p++)
        text_histogram(t, total, m->places[p], &m->places[p]->total);
    text_family(t, decision, "histogram",
                "The gate's own share: from the whole request to its decision on record, without what the "
                "engine was asked for.");
    for (size_t p = 0; p < m->n_places; p++)
        text_histogram(t, decision, m->places[p], &m->places[p]->decision);
    text_family(t, engine, "histogram",
                "From a request sent to the engine to the head of its answer, without streams.");
    text_histogram(t, engine, NULL, &m->engine);
}

/* --- of the whole gate */

static void text_number(Text *t, const char *name, const char *type, const char *help, uint64_t value) {
    text_family(t, name, type, help);
    text_print(t, "%s %" PRIu64 "\n", name, value);
}

static void text_time(Text *t, const char *name, const char *type, const char *help, uint64_t usec) {
    text_family(t, name, type, help);
    text_print(t, "%s ", name);
    text_seconds(t, usec);
}

static void text_audit(Text *t, const MetricsNow *now) {
    text_number(t, "quaygate_audit_records_written_total", "counter",
                "Records of the audit trail that some sink has taken.", now->audit_written);
    text_number(t, "quaygate_audit_records_dropped_total", "counter",
                "Records of the audit trail that no sink has taken.", now->audit_lost);
    text_number(t, "quaygate_audit_writable", "gauge", "Whether a sink took the last record.",
                now->audit_writable);
    if (now->audit_has_record)
        text_time(t, "quaygate_audit_last_record_age_seconds", "gauge", "Since the last record was written.",
                  now->audit_age_usec);
}

static void text_config(Text *t, const Metrics *m) {
    text_family(t, "quaygate_config_reloads_total", "counter", "Reloads of the config.");
    text_print(t,
               "quaygate_config_reloads_total{result=\"ok\"} %" PRIu64
               "\nquaygate_config_reloads_total{result=\"failed\"} %" PRIu64 "\n",
               m->reloads_ok, m->reloads_failed);
    text_number(t, "quaygate_config_last_reload_successful", "gauge",
                "Whether the config that is in the file is the one that runs, as of the last reload.",
                m->last_reload_ok);
    text_time(t, "quaygate_config_last_load_timestamp_seconds", "gauge", "When the running config took over.",
              m->loaded_usec);
    text_family(t, "quaygate_config_info", "gauge",
                "The running config: the hash that its decisions have in the audit trail.");
    text_print(t, "quaygate_config_info{hash=\"%s\"} 1\n", m->config_hash);
}

static void text_process(Text *t, const Metrics *m, const ProcessUse *use) {
    text_time(t, "process_cpu_seconds_total", "counter", "User and system CPU time.", use->cpu_usec);
    text_number(t, "process_resident_memory_bytes", "gauge", "Resident memory.", use->resident_bytes);
    text_number(t, "process_virtual_memory_bytes", "gauge", "Virtual memory.", use->virtual_bytes);
    text_number(t, "process_open_fds", "gauge", "Open file descriptors.", use->open_fds);
    text_number(t, "process_max_fds", "gauge", "File descriptors that may be open.", use->max_fds);
    text_time(t, "process_start_time_seconds", "gauge", "Start time, since 1970.", m->started_usec);
}

int metrics_text(Buffer *out, const Metrics *m, const MetricsNow *now) {
    Text t = {.out = out};

    text_family(&t, "quaygate_build_info", "gauge", "Which release this is.");
    text_print(&t, "quaygate_build_info{version=\"%s\"} 1\n", QUAYGATE_VERSION);
    text_requests(&t, m);
    text_refusals(&t, m, "quaygate_denials_total",
                  "Requests that the policy denied, or with verdict observe would have, by its rule.",
                  1u << EFFECT_DENY | 1u << EFFECT_OBSERVE);
    text_refusals(&t, m, "quaygate_errors_total",
                  "Requests that failed: invalid ones, and errors of the engine or the gate, by the reason.",
                  1u << EFFECT_INVALID | 1u << EFFECT_ERROR);
    text_durations(&t, m);
    text_bytes(&t, m);
    text_open(&t, m);
    text_number(&t, "quaygate_connections_limit", "gauge", "Clients that may be connected at once.",
                now->connections_limit);
    text_number(&t, "quaygate_engine_up", "gauge", "Whether the engine answers.", now->engine_up);
    text_audit(&t, now);
    text_config(&t, m);
    text_process(&t, m, &now->process);
    return t.r;
}
