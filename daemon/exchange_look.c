// SPDX-License-Identifier: Apache-2.0
#include "exchange_impl.h"

/* All looks of a request together, so that a client can't make us wait for each. */
static uint64_t exchange_look_usec(const Exchange *x) {
    uint64_t response = x->config->response_timeout_usec, look = TIME_LOOK_SECONDS * 1000000ull;

    return response > 0 && response < look ? response : look;
}

/* Most requests have nothing to look at. */
static bool exchange_keep_looks(Exchange *x, const Looks *looks) {
    if (looks->needs.n == 0)
        return true;
    x->looks = arena_alloc(x->arena, sizeof(*x->looks));
    if (x->looks)
        *x->looks = *looks;
    return x->looks != NULL;
}

bool exchange_must_look(Exchange *x) {
    const char *target;
    Looks looks;

    if (!needs_concern(x->listener->policy, &x->request))
        return false;
    looks_begin(&looks, x->listener->policy, &x->request, x->body, x->arena, &x->verdict);
    target = looks_target(&looks);
    if (!exchange_keep_looks(x, &looks)) {
        exchange_refuse(x, REASON_NO_MEMORY, NULL);
        return true;
    }
    if (!target) {
        if (verdict_forwards(&x->verdict))
            return false;
        exchange_answer(x);
        return true;
    }
    exchange_set_state(x, EXCHANGE_LOOK);
    exchange_set_timeout(x, exchange_look_usec(x));
    return true;
}

/* The connection stays the client's, whatever becomes of its request. */
static void exchange_end_looks(Exchange *x) {
    Engine *engine = x->lookup ? lookup_take_engine(x->lookup) : NULL;

    x->lookup = lookup_free(x->lookup);
    if (engine)
        *x->host.engine = engine;
}

/* Nothing more to look at: the verdict is final. */
static bool exchange_looked(Exchange *x) {
    exchange_end_looks(x);
    if (verdict_forwards(&x->verdict))
        return exchange_go_to_admit(x);
    exchange_answer(x);
    return true;
}

/* True where what is to be looked at next was told before, and can't have changed: that is its answer. */
static bool exchange_look_known(Exchange *x) {
    Span id = looks_known(x->looks);
    const KeptItem *item = NULL;

    if (id.data && x->host.env->facts->of == x->config)
        item = kept_find(x->host.env->known, "", looks_kind(x->looks), id, clock_monotonic_usec());
    if (item)
        decide_look(x->looks, &x->config->host, 200, item->came);
    return item != NULL;
}

/* A reload clears what is kept, for the engine may be another: what the old one says is not for the new. */
static void exchange_look_keep(Exchange *x, Span answer) {
    KeptItem item = {.policy = "", .came = answer};

    item.kind = looks_keeps(x->looks, &item.name);
    item.id = item.name;
    if (item.kind != NEED_NONE && x->host.env->facts->of == x->config)
        kept_add(x->host.env->known, &item, clock_monotonic_usec());
}

/* The next look is on its way; false: there is none. */
static bool exchange_look_next(Exchange *x) {
    const char *target = looks_target(x->looks);

    while (target && exchange_look_known(x))
        target = looks_target(x->looks);
    if (!target)
        return false;
    if (!x->lookup) {
        exchange_take_engine(x, false);
        x->lookup =
            lookup_new(x->host.env, &x->config->upstream, TAKE_PTR(x->engine), x->host.wake, x->host.arg);
    }
    if (!x->lookup) {
        looks_fail(x->looks, REASON_NO_MEMORY);
        return false;
    }
    lookup_start(x->lookup, target);
    return true;
}

void exchange_look_timeout(Exchange *x) {
    looks_fail(x->looks, REASON_LOOK_TIMEOUT);
    (void) exchange_looked(x);
}

bool exchange_look(Exchange *x) {
    if (conn_hung_up(x->host.conn)) { /* nobody waits for what would be found */
        exchange_abort(x, END_CLIENT_CLOSED);
        return true;
    }
    if (!x->lookup && !exchange_look_next(x))
        return exchange_looked(x);
    for (;;) {
        switch (lookup_run(x->lookup)) {
        case LOOKUP_RUNNING:
            return false;
        case LOOKUP_FAILED:
            looks_fail(x->looks, lookup_reason(x->lookup));
            break;
        case LOOKUP_DONE:
            decide_look(x->looks, &x->config->host, lookup_status(x->lookup), lookup_body(x->lookup));
            exchange_look_keep(x, lookup_body(x->lookup));
            break;
        }
        if (!exchange_look_next(x))
            return exchange_looked(x);
    }
}
