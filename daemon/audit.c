// SPDX-License-Identifier: Apache-2.0
/*
 * The end of a turn: queueing the first record activates an event of the loop's one priority, which libevent
 * runs behind all callbacks that are active already, and that costs no system call. Its callback writes all
 * that is pending, then tells the waiters, whose requests go to the engine in the same turn. A waiter whose
 * record no sink has taken by then (fsync: always) is told when one does, or when none will.
 */
#include "audit.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#include "checkpoint.h"
#include "clock.h"
#include "denials.h"
#include "log.h"
#include "outlet.h"
#include "repeats.h"
#include "taken.h"

typedef struct AuditQueue {
    AuditWaiter *first;
    AuditWaiter **last;
} AuditQueue;

struct Audit {
    struct event_base *base;
    struct event *turn_end;
    Outlet **outlets;
    size_t n_outlets;
    uint32_t slots; /* theirs */
    AuditFailure on_failure;
    Buffer pending;
    uint64_t pending_from; /* number of the first record in there */
    Buffer spare;          /* in its place when there is no memory for an outcome */
    Taken taken;
    AuditQueue told; /* status known, not told yet */
    Chain chain;
    bool chained;
    Repeats *repeats;
    struct event *sweep;         /* pending while there are repeats that weren't told */
    bool deduplicate;            /* for files too */
    Checkpoint *checkpoint;      /* NULL: none are made */
    uint64_t n_since_checkpoint; /* records */
    uint64_t seq;
    uint64_t n_lost;
    int lost_error;
    uint64_t n_written;
    uint64_t written_usec;
    Denials denials;
    bool losing; /* logged */
};

/* --- waiters */

static void audit_queue_init(AuditQueue *queue) {
    queue->first = NULL;
    queue->last = &queue->first;
}

static void audit_queue_push(AuditQueue *queue, AuditWaiter *waiter) {
    waiter->next = NULL;
    *queue->last = waiter;
    queue->last = &waiter->next;
}

static AuditWaiter *audit_queue_pop(AuditQueue *queue) {
    AuditWaiter *waiter = queue->first;

    if (waiter) {
        queue->first = waiter->next;
        if (!queue->first)
            queue->last = &queue->first;
    }
    return waiter;
}

static bool audit_queue_remove(AuditQueue *queue, const AuditWaiter *waiter) {
    for (AuditWaiter **at = &queue->first; *at; at = &(*at)->next)
        if (*at == waiter) {
            *at = waiter->next;
            if (!*at)
                queue->last = at;
            return true;
        }
    return false;
}

void audit_cancel(Audit *audit, AuditWaiter *waiter) {
    if (waiter->queued && !audit_queue_remove(&audit->told, waiter))
        taken_forget(&audit->taken, waiter);
    waiter->queued = false;
}

/* --- what became of records */

static void audit_note_lost(Audit *audit, int error) {
    audit->lost_error = error;
    if (error < 0)
        audit->n_lost++;
    else {
        audit->n_written++;
        audit->written_usec = clock_coarse_usec();
    }
    if (error < 0 && !audit->losing)
        log_error("audit: records are lost: %s; %s", strerror(-error),
                  audit->on_failure == AUDIT_FAILURE_DENY ? "requests are refused until they can be written"
                                                          : "requests go on without (on_failure: continue)");
    else if (error == 0 && audit->losing)
        log_notice("audit: records are written again, %llu were lost so far",
                   (unsigned long long) audit->n_lost);
    audit->losing = error < 0;
}

/* A record is there, or no sink has it. Who waits is told from the loop. */
static void audit_on_settled(void *ctx, uint64_t number UNUSED, void *arg, int status) {
    Audit *audit = ctx;
    AuditWaiter *waiter = arg;

    audit_note_lost(audit, status);
    if (!waiter)
        return;
    waiter->status = audit->on_failure == AUDIT_FAILURE_CONTINUE ? 0 : status;
    audit_queue_push(&audit->told, waiter);
    event_active(audit->turn_end, EV_TIMEOUT, 0);
}

static void audit_on_outlet(void *ctx, Outlet *outlet, uint64_t from, uint64_t to, int status) {
    Audit *audit = ctx;

    taken_resolve(&audit->taken, outlet_slot(outlet), from, to, status);
}

/* Several lines of its own: what a sink has missed, said where it can be read again. */
static void audit_record_losses(Audit *audit) {
    OutletLoss loss;
    char message[512];

    for (size_t i = 0; i < audit->n_outlets; i++)
        if (outlet_take_loss(audit->outlets[i], &loss)) {
            snprintf(message, sizeof(message), "%.200s has missed %llu records, seq %llu to %llu: %s",
                     outlet_name(audit->outlets[i]), (unsigned long long) loss.n,
                     (unsigned long long) loss.first, (unsigned long long) loss.last, strerror(-loss.error));
            audit_record_action(audit, "drop", message);
        }
}

/* --- writing */

/* Offers all that is pending to all sinks. 0, or −errno when a record that was settled by it is lost. */
static int audit_write(Audit *audit) {
    Span lines = buffer_span(&audit->pending);
    uint64_t n_lost = audit->n_lost;

    if (lines.size == 0)
        return 0;
    for (size_t i = 0; i < audit->n_outlets; i++)
        outlet_flush(audit->outlets[i], lines, audit->pending_from, audit->seq + 1);
    buffer_clear(&audit->pending);
    if (audit->pending.capacity > LIMIT_AUDIT_PENDING_BYTES)
        buffer_release(&audit->pending);
    return audit->n_lost > n_lost ? audit->lost_error : 0;
}

/* A waiter that is told may queue another record or cancel any waiter: so one at a time from the front. */
static void audit_on_turn_end(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    Audit *audit = arg;
    AuditWaiter *waiter;

    (void) audit_write(audit);
    while ((waiter = audit_queue_pop(&audit->told))) {
        waiter->queued = false;
        waiter->done(waiter->arg, waiter->status);
    }
    audit_record_losses(audit);
}

int audit_flush(Audit *audit) {
    return audit_write(audit);
}

/* --- queueing */

static int audit_append_line(Audit *audit, const Record *record) {
    size_t before = buffer_size(&audit->pending);
    int r = record_append(&audit->pending, record, audit->seq + 1,
                          audit->chained ? chain_prev(&audit->chain) : NULL);

    if (r == 0 && audit->chained) {
        r = chain_seal(&audit->chain, &audit->pending, before);
        if (r < 0)
            audit->pending.end = audit->pending.begin + before;
    }
    return r;
}

static int audit_append(Audit *audit, const Record *record) {
    int r = taken_reserve(&audit->taken, audit->seq + 1);

    return r < 0 ? r : audit_append_line(audit, record);
}

static void audit_sweep_later(Audit *audit) {
    static const struct timeval minute = {.tv_sec = 60};

    if (!event_pending(audit->sweep, EV_TIMEOUT, NULL))
        (void) event_add(audit->sweep, &minute); /* failing: told with the next of its kind */
}

static bool audit_has_messages(const Audit *audit) {
    for (size_t i = 0; i < audit->n_outlets; i++)
        if (outlet_is_told_once(audit->outlets[i]))
            return true;
    return false;
}

/* Whether it is to be told where repeats are a count; *ret_count: of how many. */
static bool audit_note_repeat(Audit *audit, const Record *record, uint64_t *ret_count) {
    bool told;

    *ret_count = 0;
    if (!audit->deduplicate && !audit_has_messages(audit))
        return true;
    told = repeats_note(audit->repeats, record, &audit->seq, clock_monotonic_usec(), ret_count);
    if (!told)
        audit_sweep_later(audit);
    return told;
}

static void audit_offer(Audit *audit, const Record *record, size_t begin, bool told) {
    Span line = buffer_span(&audit->pending);

    line.data += begin;
    line.size -= begin;
    for (size_t i = 0; i < audit->n_outlets; i++)
        outlet_offer(audit->outlets[i], record, audit->seq, line, told);
}

static int audit_queue_line(Audit *audit, const Record *record, AuditWaiter *waiter);

/* Signs the record that comes next; whatever fails there is left to the next one. */
static void audit_record_checkpoint(Audit *audit, const char *when) {
    char signature[CHECKPOINT_SIGNATURE_SIZE], message[64];
    Record record = {.event = RECORD_LIFECYCLE,
                     .time_usec = clock_realtime_usec(),
                     .action = "checkpoint",
                     .message = message,
                     .signature = signature};

    if (!audit->checkpoint || !audit->chained)
        return;
    snprintf(message, sizeof(message), "%sall before seq %llu is signed", when,
             (unsigned long long) audit->seq + 1);
    audit->n_since_checkpoint = 0;
    if (checkpoint_sign(audit->checkpoint, audit->seq + 1, chain_prev(&audit->chain), signature) < 0 ||
        audit_queue_line(audit, &record, NULL) < 0)
        audit->n_since_checkpoint = checkpoint_every(audit->checkpoint);
}

static void audit_swap_spare(Audit *audit) {
    Buffer pending = audit->pending;

    audit->pending = audit->spare;
    audit->spare = pending;
}

/*
 * What was let through gets its outcome whatever happens: where there is no memory for it, it goes in room
 * that was kept, by itself, behind all that waits. Its reason is left out if that is what takes the memory.
 */
static int audit_write_spare(Audit *audit, const Record *record) {
    Record shorter = *record;
    bool followed;
    int r;

    (void) audit_write(audit);
    audit_swap_spare(audit);
    followed = taken_reserve(&audit->taken, audit->seq + 1) == 0;
    r = audit_append_line(audit, record);
    shorter.end_reason = NULL;
    if (r < 0)
        r = audit_append_line(audit, &shorter);
    audit->pending_from = ++audit->seq;
    if (r == 0) {
        if (followed)
            taken_push(&audit->taken, audit->seq, NULL, audit->slots);
        else /* nobody hears what becomes of it: it counts as there */
            audit_note_lost(audit, 0);
        audit_offer(audit, record, 0, true);
        audit->n_since_checkpoint++; /* the next record looks */
        (void) audit_write(audit);
    }
    audit_swap_spare(audit);
    return r;
}

/* seq counts what was tried: a gap in the trail is a record that was lost. */
static int audit_queue_line(Audit *audit, const Record *record, AuditWaiter *waiter) {
    Record counted = *record;
    size_t begin;
    bool told;
    int r;

    if (record->event == RECORD_DECISION && record->verdict && record->verdict->effect == EFFECT_DENY)
        denials_add(&audit->denials, clock_monotonic_usec());
    told = audit_note_repeat(audit, record, &counted.repeats);
    if (!told && audit->deduplicate && !waiter)
        return 0;
    begin = buffer_size(&audit->pending);
    r = audit_append(audit, audit->deduplicate ? &counted : record);
    if (r < 0 && record->event == RECORD_OUTCOME)
        return audit_write_spare(audit, record);
    audit->seq++;
    if (r < 0)
        return r;
    if (begin == 0) {
        audit->pending_from = audit->seq;
        event_active(audit->turn_end, EV_TIMEOUT, 0);
    }
    taken_push(&audit->taken, audit->seq, waiter, audit->slots);
    audit_offer(audit, &counted, begin, told);
    if (!record->signature && audit->checkpoint &&
        ++audit->n_since_checkpoint >= checkpoint_every(audit->checkpoint))
        audit_record_checkpoint(audit, "");
    return 0;
}

/* More than a turn should bring: not kept until its end. Whoever waits is still told from the loop. */
static void audit_bound_pending(Audit *audit) {
    if (buffer_size(&audit->pending) > LIMIT_AUDIT_PENDING_BYTES)
        (void) audit_write(audit);
}

int audit_decision(Audit *audit, const Record *record, AuditWaiter *waiter) {
    int r;

    waiter->queued = true;
    r = audit_queue_line(audit, record, waiter);
    if (r < 0)
        waiter->queued = false;
    else
        audit_bound_pending(audit);
    return r;
}

int audit_record(Audit *audit, const Record *record) {
    int r = audit_queue_line(audit, record, NULL);

    if (r < 0)
        audit->n_lost++;
    else
        audit_bound_pending(audit);
    return r;
}

void audit_record_action(Audit *audit, const char *action, const char *message) {
    Record record = {
        .event = RECORD_LIFECYCLE, .time_usec = clock_realtime_usec(), .action = action, .message = message};

    (void) audit_record(audit, &record); /* counted there if it is lost */
}

static void audit_on_untold(void *ctx, uint64_t seq, uint64_t n) {
    char message[128];

    snprintf(message, sizeof(message), "%llu more denials like that of seq %llu", (unsigned long long) n,
             (unsigned long long) seq);
    audit_record_action(ctx, "repeat", message);
}

void audit_record_stop(Audit *audit, const char *message) {
    repeats_tell_all(audit->repeats);
    audit_record_action(audit, "stop", message);
    audit_record_checkpoint(audit, CHECKPOINT_AT_STOP);
}

static void audit_on_sweep(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    Audit *audit = arg;

    if (repeats_sweep(audit->repeats, clock_monotonic_usec()))
        audit_sweep_later(audit);
}

uint64_t audit_denials(Audit *audit) {
    return denials_count(&audit->denials, clock_monotonic_usec());
}

AuditStats audit_stats(const Audit *audit) {
    return (AuditStats){audit->n_written, audit->n_lost, audit->written_usec, audit->losing};
}

uint64_t audit_lost(const Audit *audit) {
    return audit->n_lost;
}

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
    (void) audit_write(audit);
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
    (void) audit_write(audit);
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
    (void) audit_write(audit);
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
