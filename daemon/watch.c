// SPDX-License-Identifier: Apache-2.0
#include "watch.h"

#include <inttypes.h>

#include "clock.h"
#include "json_text.h"

void watch_count(Metrics *metrics, const Client *clients) {
    for (size_t i = 0; i < metrics->n_places; i++) {
        memset(metrics->places[i]->open, 0, sizeof(metrics->places[i]->open));
        memset(metrics->places[i]->open_bytes, 0, sizeof(metrics->places[i]->open_bytes));
    }
    for (const Client *client = clients; client; client = client_next(client)) {
        MetricsPlace *place = client_place(client);
        ExchangeView view = client_view(client);

        if (!place)
            continue;
        place->open[METRICS_CONNECTIONS]++;
        if (view.kind != METRICS_CONNECTIONS)
            place->open[view.kind]++;
        for (size_t i = 0; i < METRICS_DIRECTION_MAX_; i++)
            place->open_bytes[i] += view.bytes[i];
    }
}

/* --- JSON: the first failure stays */

typedef struct Json {
    Buffer *out;
    int r;
} Json;

static void json_raw(Json *json, const char *text) {
    if (json->r == 0)
        json->r = buffer_append(json->out, span_from(text));
}

static void json_key(Json *json, const char *key) {
    if (json->r == 0)
        json->r = buffer_printf(json->out, "\"%s\":", key);
}

static void json_text(Json *json, const char *key, const char *value) {
    json_key(json, key);
    if (json->r == 0)
        json->r = json_text_append_cstr(json->out, value);
}

static void json_number(Json *json, const char *key, uint64_t value) {
    json_key(json, key);
    if (json->r == 0)
        json->r = json_text_append_number(json->out, value);
}

/* --- totals */

static uint64_t watch_sum_requests(const Metrics *m, Effect effect) {
    uint64_t n = 0;

    for (size_t p = 0; p < m->n_places; p++)
        for (size_t i = 0; i < metrics_n_operations(); i++)
            n += *metrics_request(m->places[p], i, effect);
    return n;
}

static void watch_write_requests(Json *json, const Metrics *m) {
    json_raw(json, "\"requests\":{");
    for (Effect effect = EFFECT_DENY; effect <= EFFECT_ERROR; effect++) {
        json_number(json, effect_name(effect), watch_sum_requests(m, effect));
        json_raw(json, effect < EFFECT_ERROR ? "," : "},");
    }
}

static void watch_write_open(Json *json, const Metrics *m) {
    static const char *const names[METRICS_OPEN_MAX_] = {"connections", "requests", "streams", "tunnels"};

    json_raw(json, "\"open\":{");
    for (size_t i = 0; i < METRICS_OPEN_MAX_; i++) {
        uint64_t n = 0;

        for (size_t p = 0; p < m->n_places; p++)
            n += m->places[p]->open[i];
        json_number(json, names[i], n);
        json_raw(json, i + 1 < METRICS_OPEN_MAX_ ? "," : "},");
    }
}

static void watch_write_bytes(Json *json, const Metrics *m) {
    uint64_t bytes[METRICS_DIRECTION_MAX_] = {0};

    for (size_t p = 0; p < m->n_places; p++)
        for (size_t i = 0; i < METRICS_DIRECTION_MAX_; i++)
            bytes[i] += m->places[p]->bytes[i] + m->places[p]->open_bytes[i];
    json_number(json, "bytes_up", bytes[METRICS_UP]);
    json_raw(json, ",");
    json_number(json, "bytes_down", bytes[METRICS_DOWN]);
    json_raw(json, ",");
}

static void watch_write_rules(Json *json, const Metrics *m) {
    bool any = false;

    json_raw(json, "\"rules\":[");
    for (size_t i = 0; i < metrics_n_rules(); i++) {
        uint64_t n = 0;

        for (size_t p = 0; p < m->n_places; p++)
            n += *metrics_refusal(m->places[p], i, EFFECT_DENY) +
                 *metrics_refusal(m->places[p], i, EFFECT_OBSERVE);
        if (n == 0)
            continue;
        json_raw(json, any ? ",{" : "{");
        any = true;
        json_text(json, "rule", metrics_rule_name(i));
        json_raw(json, ",");
        json_number(json, "count", n);
        json_raw(json, "}");
    }
    json_raw(json, "],");
}

static void watch_write_clients(Json *json, const Metrics *m) {
    const HeavyEntry *entries[HEAVY_ENTRIES];
    size_t n = heavy_sorted(&m->denied, entries);

    json_raw(json, "\"clients\":[");
    for (size_t i = 0; i < n; i++) {
        json_raw(json, i > 0 ? ",{" : "{");
        json_text(json, "client", entries[i]->name);
        json_raw(json, ",");
        json_number(json, "count", entries[i]->count);
        json_raw(json, ",");
        json_number(json, "error", entries[i]->error);
        json_raw(json, "}");
    }
    json_raw(json, "],");
}

/* --- streams */

typedef struct WatchStream {
    const Client *client;
    ExchangeView view;
} WatchStream;

/* The oldest first; how many, at most LIMIT_CONTROL_STREAMS. */
static size_t watch_find_streams(const Client *clients, WatchStream ret[static LIMIT_CONTROL_STREAMS]) {
    size_t n = 0;

    for (const Client *client = clients; client; client = client_next(client)) {
        WatchStream stream = {client, client_view(client)};
        size_t at;

        if (stream.view.kind != METRICS_STREAMS && stream.view.kind != METRICS_TUNNELS)
            continue;
        if (n == LIMIT_CONTROL_STREAMS) {
            if (ret[n - 1].view.began_usec <= stream.view.began_usec)
                continue;
            n--;
        }
        for (at = n++; at > 0 && ret[at - 1].view.began_usec > stream.view.began_usec; at--)
            ret[at] = ret[at - 1];
        ret[at] = stream;
    }
    return n;
}

static void watch_write_stream(Json *json, const WatchStream *stream, uint64_t now_usec) {
    const MetricsPlace *place = client_place(stream->client);
    char name[HEAVY_NAME_BYTES];

    metrics_name_client(client_subject(stream->client), name);
    json_text(json, "id", stream->view.id);
    json_raw(json, stream->view.kind == METRICS_TUNNELS ? ",\"kind\":\"tunnel\"," : ",\"kind\":\"stream\",");
    json_text(json, "operation", stream->view.operation);
    json_raw(json, ",");
    json_text(json, "client", name);
    json_raw(json, ",");
    json_text(json, "listener", place ? place->listener : NULL);
    json_raw(json, ",");
    json_text(json, "policy", place ? place->policy : NULL);
    json_raw(json, ",");
    json_number(json, "age_seconds", (now_usec - stream->view.began_usec) / 1000000);
    json_raw(json, ",");
    json_number(json, "bytes_up", stream->view.bytes[METRICS_UP]);
    json_raw(json, ",");
    json_number(json, "bytes_down", stream->view.bytes[METRICS_DOWN]);
}

static void watch_write_streams(Json *json, const Client *clients) {
    WatchStream streams[LIMIT_CONTROL_STREAMS];
    size_t n = watch_find_streams(clients, streams);
    uint64_t now = clock_monotonic_usec();

    json_raw(json, "\"streams\":[");
    for (size_t i = 0; i < n; i++) {
        json_raw(json, i > 0 ? ",{" : "{");
        watch_write_stream(json, &streams[i], now);
        json_raw(json, "}");
    }
    json_raw(json, "]}\n");
}

int watch_write(Buffer *out, const Metrics *m, const MetricsNow *now, const Client *clients) {
    Json json = {.out = out};

    json_raw(&json, "{");
    json_text(&json, "version", QUAYGATE_VERSION);
    json_raw(&json, ",");
    json_number(&json, "uptime_seconds", (clock_realtime_usec() - m->started_usec) / 1000000);
    json_raw(&json, ",\"engine_up\":");
    json_raw(&json, now->engine_up ? "true" : "false");
    json_raw(&json, ",\"audit_writable\":");
    json_raw(&json, now->audit_writable ? "true," : "false,");
    json_number(&json, "audit_lost", now->audit_lost);
    json_raw(&json, ",");
    watch_write_requests(&json, m);
    watch_write_bytes(&json, m);
    watch_write_open(&json, m);
    watch_write_rules(&json, m);
    watch_write_clients(&json, m);
    watch_write_streams(&json, clients);
    return json.r;
}
