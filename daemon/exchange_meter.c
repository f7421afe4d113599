// SPDX-License-Identifier: Apache-2.0
/*
 * What of an exchange is counted. Times are told apart by who is waited for: the client until the request is
 * whole, the engine in the states that ask it. The rest up to the verdict is the gate's own.
 */
#include "exchange_impl.h"

/* What goes on for as long as somebody likes would only blur the times of the rest. */
static bool exchange_meter_is_plain(const Exchange *x) {
    return !x->request.operation || x->request.operation->reply == REPLY_PLAIN;
}

/* One look at the clock for all that is counted in a wake. */
static uint64_t exchange_meter_now(Exchange *x) {
    if (x->now_usec == 0)
        x->now_usec = clock_monotonic_usec();
    return x->now_usec;
}

void exchange_meter_whole(Exchange *x) {
    if (!x->host.place)
        return;
    x->whole_usec = exchange_meter_now(x);
    x->asked_usec = 0;
}

void exchange_meter_state(Exchange *x, ExchangeState next) {
    static const unsigned waits = 1u << EXCHANGE_PROBE | 1u << EXCHANGE_LOOK | 1u << EXCHANGE_WAIT_HEAD;
    bool waited = waits & (1u << x->state), will_wait = waits & (1u << next);
    uint64_t now, took;

    if (!x->host.place || (!waited && !will_wait))
        return;
    now = exchange_meter_now(x);
    took = now - x->state_usec;
    x->state_usec = now;
    if (!waited)
        return;
    if (x->state != EXCHANGE_WAIT_HEAD)
        x->asked_usec += took;
    else if (next != EXCHANGE_CONNECT && next != EXCHANGE_DONE && exchange_meter_is_plain(x))
        histogram_add(&x->host.env->metrics->engine, took);
}

/* Of the client's body. */
static uint64_t exchange_meter_up(const Exchange *x) {
    uint64_t read = reader_body_bytes(x->up_reader);

    return x->up.bytes > read ? x->up.bytes : read;
}

void exchange_meter_verdict(Exchange *x) {
    MetricsPlace *place = x->host.place;
    uint64_t now;

    if (!place)
        return;
    metrics_count_verdict(place, x->request.operation, &x->verdict);
    now = exchange_meter_now(x);
    if (x->state == EXCHANGE_PROBE || x->state == EXCHANGE_LOOK) { /* refused for what the engine told */
        x->asked_usec += now - x->state_usec;
        x->state_usec = now;
    }
    if (x->whole_usec)
        histogram_add(&place->decision, now - x->whole_usec - x->asked_usec);
    if (x->verdict.effect == EFFECT_DENY)
        metrics_count_denied(x->host.env->metrics, x->host.subject);
    if (!x->admitted) {
        place->bytes[METRICS_UP] += exchange_meter_up(x);
        place->bytes[METRICS_DOWN] += x->answer_bytes;
    }
}

void exchange_meter_end(Exchange *x, const AdmitOutcome *outcome) {
    MetricsPlace *place = x->host.place;

    if (!place)
        return;
    metrics_count_failure(place, &x->verdict);
    if (exchange_meter_is_plain(x))
        histogram_add(&place->total, exchange_meter_now(x) - x->began_usec);
    place->bytes[METRICS_UP] += exchange_meter_up(x);
    place->bytes[METRICS_DOWN] += outcome->response_bytes;
}

static MetricsOpen exchange_meter_kind(const Exchange *x) {
    if (x->state == EXCHANGE_TUNNEL)
        return METRICS_TUNNELS;
    if (x->state == EXCHANGE_LINGER || x->state == EXCHANGE_DONE)
        return METRICS_CONNECTIONS;
    return x->state == EXCHANGE_RELAY && !exchange_meter_is_plain(x) ? METRICS_STREAMS : METRICS_REQUESTS;
}

ExchangeView exchange_view(const Exchange *x) {
    ExchangeView view = {
        .kind = exchange_meter_kind(x),
        .id = x->id,
        .operation = metrics_operation_name(metrics_operation(x->request.operation)),
        .began_usec = x->began_usec,
    };

    if (x->admitted) {
        view.bytes[METRICS_UP] = exchange_meter_up(x);
        view.bytes[METRICS_DOWN] = x->answer_bytes ? x->answer_bytes : x->down.bytes;
    }
    return view;
}
