// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit_impl.h"
#include "log.h"

/* --- where the trail goes on */

static void audit_say_found(Audit *audit, const Outlet *outlet, const Tail *tail, const char *torn_name) {
    char message[1024];
    int n = 0;

    if (tail->found)
        n = snprintf(message, sizeof(message), "%.200s ends with seq %llu%s%.200s%s%s", outlet_name(outlet),
                     (unsigned long long) tail->seq, tail->from ? ", in the rotated " : "",
                     tail->from ? tail->from : "",
                     !tail->hash[0]  ? ", which has no hash"
                     : !tail->intact ? ", whose hash is not that of its line"
                                     : "",
                     tail->stopped ? ", a clean stop" : ", without a stop before it");
    else
        n = snprintf(message, sizeof(message), "%.200s has no record to go on from", outlet_name(outlet));
    if (tail->n_foreign > 0)
        n += snprintf(message + n, sizeof(message) - (size_t) n, "; %zu lines behind it are no records",
                      tail->n_foreign);
    if (tail->torn > 0)
        n += snprintf(message + n, sizeof(message) - (size_t) n, "; a torn last line of %zu bytes %s%.200s",
                      tail->torn, torn_name ? "is kept in " : "stays there", torn_name ? torn_name : "");
    if (tail->unreadable)
        snprintf(message + n, sizeof(message) - (size_t) n, "; a newer rotated file can't be read");
    audit_record_action(audit, "recover", message);
}

/* The last of what any of these files has; then what each of them had, on record. */
static void audit_go_on(Audit *audit, Outlet *const *outlets, size_t n, bool adopt) {
    const char *torn_name;
    const Tail *last = NULL;

    for (size_t i = 0; adopt && i < n; i++) {
        const Tail *tail = outlet_tail(outlets[i], &torn_name);

        if (tail && tail->found && tail->seq > (last ? last->seq : audit->seq))
            last = tail;
    }
    if (last) {
        audit->seq = last->seq;
        memcpy(audit->chain.hash, last->hash, sizeof(last->hash));
    }
    for (size_t i = 0; i < n; i++) {
        const Tail *tail = outlet_tail(outlets[i], &torn_name);

        if (tail && (tail->found || tail->torn > 0 || tail->n_foreign > 0 || tail->unreadable))
            audit_say_found(audit, outlets[i], tail, torn_name);
    }
}

/* --- life cycle */

static const char *audit_sink_name(const ConfigSink *sink) {
    static const char *const names[] = {
        [SINK_STDOUT] = "stdout", [SINK_JOURNALD] = "journald", [SINK_SYSLOG] = "syslog"};

    return sink->kind == SINK_FILE ? sink->path : names[sink->kind];
}

_Static_assert(2 * LIMIT_AUDIT_SINKS <= TAKEN_SLOTS, "one is free while a config takes the other's place");

static int audit_open_outlet(Audit *audit, const ConfigSink *sink, uint32_t slots, Outlet **ret) {
    OutletOwner owner = {.base = audit->base, .settled = audit_on_outlet, .ctx = audit};
    int r = outlet_new(sink, &owner, (unsigned) __builtin_ctz(~slots), ret);

    if (r == -EBUSY)
        log_error("audit: cannot use %s: another process writes to it, a second quaygated perhaps",
                  audit_sink_name(sink));
    else if (r < 0)
        log_error("audit: cannot open %s: %s", audit_sink_name(sink), strerror(-r));
    return r;
}

/* Those that stay, and those that are opened, in the order of the config. */
typedef struct AuditChange {
    Outlet *all[LIMIT_AUDIT_SINKS];
    Outlet *opened[LIMIT_AUDIT_SINKS];
    size_t n_opened;
    uint32_t kept; /* slots */
} AuditChange;

static Outlet *audit_find(const Audit *audit, const ConfigSink *sink) {
    for (size_t i = 0; i < audit->n_outlets; i++)
        if (outlet_is(audit->outlets[i], sink))
            return audit->outlets[i];
    return NULL;
}

/* All or none. */
static int audit_open_outlets(Audit *audit, const Config *config, AuditChange *change) {
    uint32_t slots = audit->slots;

    for (size_t i = 0; i < config->n_sinks; i++) {
        Outlet *outlet = audit_find(audit, &config->sinks[i]);
        int r = 0;

        if (outlet)
            change->kept |= UINT32_C(1) << outlet_slot(outlet);
        else
            r = audit_open_outlet(audit, &config->sinks[i], slots, &outlet);
        if (r < 0) {
            while (change->n_opened > 0)
                (void) outlet_free(change->opened[--change->n_opened]);
            return r;
        }
        change->all[i] = outlet;
        if (!(slots & UINT32_C(1) << outlet_slot(outlet)))
            change->opened[change->n_opened++] = outlet;
        slots |= UINT32_C(1) << outlet_slot(outlet);
    }
    return 0;
}

static bool audit_has_messages(Outlet *const *outlets, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (outlet_is_told_once(outlets[i]))
            return true;
    return false;
}

static bool audit_has_chain(Outlet *const *outlets, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (outlet_is_chained(outlets[i]))
            return true;
    return false;
}

/* Those of the old config go, with what they still have to do; the new ones take their places. */
static void audit_swap(Audit *audit, const Config *config, const AuditChange *change) {
    for (size_t i = 0; i < audit->n_outlets; i++)
        if (!(change->kept & UINT32_C(1) << outlet_slot(audit->outlets[i])))
            (void) outlet_free(audit->outlets[i]);
    audit->slots = 0;
    for (size_t i = 0; i < config->n_sinks; i++) {
        audit->outlets[i] = change->all[i];
        audit->slots |= UINT32_C(1) << outlet_slot(change->all[i]);
        outlet_configure(change->all[i], &config->sinks[i]);
    }
    audit->n_outlets = config->n_sinks;
    audit->on_failure = config->on_failure;
    audit->deduplicate = config->audit_deduplicate;
    audit->has_messages = audit_has_messages(audit->outlets, audit->n_outlets);
    audit->chained = audit_has_chain(audit->outlets, audit->n_outlets);
}

int audit_reconfigure(Audit *audit, const Config *config) {
    AuditChange change = {0};
    bool was_chained = audit->chained;
    Checkpoint *checkpoint = NULL;
    int r = checkpoint_new(config, &checkpoint);

    if (r == 0)
        r = audit_open_outlets(audit, config, &change);
    if (r < 0) {
        (void) checkpoint_free(checkpoint);
        return r;
    }
    audit_record_checkpoint(audit, ""); /* by the old key, for what it saw */
    (void) audit_flush(audit);
    (void) checkpoint_free(audit->checkpoint);
    audit->checkpoint = checkpoint;
    audit_swap(audit, config, &change);
    audit_go_on(audit, change.opened, change.n_opened, !was_chained);
    return 0;
}

int audit_new(struct event_base *base, const Config *config, Audit **ret) {
    Audit *audit = calloc(1, sizeof(*audit));
    int r;

    if (!audit)
        return -ENOMEM;
    audit->base = base;
    audit->taken = (Taken){.settled = audit_on_settled, .ctx = audit};
    audit_queue_init(&audit->told);
    audit->turn_end = event_new(base, -1, 0, audit_on_turn_end, audit);
    audit->outlets = calloc(LIMIT_AUDIT_SINKS, sizeof(audit->outlets[0]));
    audit->sweep = evtimer_new(base, audit_on_sweep, audit);
    audit->repeats = repeats_new(audit_on_untold, audit);
    r = audit->turn_end && audit->outlets && audit->sweep && audit->repeats &&
                buffer_reserve(&audit->spare, LIMIT_AUDIT_OUTCOME_BYTES)
            ? 0
            : -ENOMEM;
    if (r == 0)
        r = audit_reconfigure(audit, config);
    if (r < 0) {
        (void) audit_free(audit);
        return r;
    }
    *ret = audit;
    return 0;
}

Audit *audit_free(Audit *audit) {
    if (!audit)
        return NULL;
    audit->repeats = repeats_free(audit->repeats);
    (void) audit_flush(audit);
    for (size_t i = 0; i < audit->n_outlets; i++)
        (void) outlet_free(audit->outlets[i]);
    free(audit->outlets);
    if (audit->sweep)
        event_free(audit->sweep);
    if (audit->turn_end)
        event_free(audit->turn_end);
    (void) checkpoint_free(audit->checkpoint);
    taken_done(&audit->taken);
    buffer_done(&audit->pending);
    buffer_done(&audit->spare);
    free(audit);
    return NULL;
}

void audit_reopen(Audit *audit) {
    audit_record_checkpoint(audit, "");
    (void) audit_flush(audit);
    for (size_t i = 0; i < audit->n_outlets; i++) {
        Outlet *outlet = audit->outlets[i];
        const char *torn_name;
        const Tail *tail;
        int r = outlet_reopen(outlet);

        if (r == -EBUSY)
            log_error("audit: cannot reopen %s: another process writes to it; going on with the old one",
                      outlet_name(outlet));
        else if (r < 0)
            log_error("audit: cannot reopen %s: %s; going on with the old one", outlet_name(outlet),
                      strerror(-r));
        tail = r == 1 ? outlet_tail(outlet, &torn_name) : NULL;
        if (tail && tail->torn > 0)
            audit_say_found(audit, outlet, tail, torn_name);
    }
}
