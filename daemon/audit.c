// SPDX-License-Identifier: Apache-2.0
/*
 * The end of a turn: queueing the first record activates an event of the loop's one priority, which libevent
 * runs behind all callbacks that are active already, and that costs no system call. Its callback writes all
 * that is pending, then tells the waiters, whose requests go to the engine in the same turn. A waiter whose
 * record no sink has taken by then (fsync: always) is told when one does, or when none will.
 *
 * What became of a request turns out behind all of that, when its answer has gone out (outbox), and nothing
 * hangs on its record: it waits for what the next turn brings, which comes without a pause.
 */
#include "audit_impl.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "log.h"

/* --- waiters */

void audit_queue_init(AuditQueue *queue) {
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

/* When it was written is the caller's to say: one look at the clock for all that are settled at once. */
static void audit_note_lost(Audit *audit, int error) {
    audit->lost_error = error;
    if (error < 0)
        audit->n_lost++;
    else
        audit->n_written++;
    if (error < 0 && !audit->losing)
        log_error("audit: records are lost: %s; %s", strerror(-error),
                  audit->on_failure == AUDIT_FAILURE_DENY ? "requests are refused until they can be written"
                                                          : "requests go on without (on_failure: continue)");
    else if (error == 0 && audit->losing)
        log_notice("audit: records are written again, %llu were lost so far",
                   (unsigned long long) audit->n_lost);
    audit->losing = error < 0;
}

/* The end of this turn, behind all callbacks that are active by now. */
static void audit_call_turn_end(Audit *audit) {
    if (!audit->turn_ended)
        event_active(audit->turn_end, EV_TIMEOUT, 0);
    audit->turn_ended = true;
}

/* A record is there, or no sink has it. Who waits is told from the loop. */
void audit_on_settled(void *ctx, uint64_t number UNUSED, void *arg, int status) {
    Audit *audit = ctx;
    AuditWaiter *waiter = arg;

    audit_note_lost(audit, status);
    if (!waiter)
        return;
    waiter->status = audit->on_failure == AUDIT_FAILURE_CONTINUE ? 0 : status;
    audit_queue_push(&audit->told, waiter);
    audit_call_turn_end(audit);
}

void audit_on_outlet(void *ctx, Outlet *outlet, uint64_t from, uint64_t to, int status) {
    Audit *audit = ctx;
    uint64_t n_written = audit->n_written;

    taken_resolve(&audit->taken, outlet_slot(outlet), from, to, status);
    if (audit->n_written > n_written)
        audit->written_usec = clock_coarse_usec();
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

int audit_flush(Audit *audit) {
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
void audit_on_turn_end(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    Audit *audit = arg;
    AuditWaiter *waiter;

    audit->turn_ended = true; /* who is settled by what is written now is told below */
    (void) audit_flush(audit);
    audit->turn_ended = false;
    while ((waiter = audit_queue_pop(&audit->told))) {
        waiter->queued = false;
        waiter->done(waiter->arg, waiter->status);
    }
    audit_record_losses(audit);
}

bool audit_lets_send(void *arg, bool must) {
    Audit *audit = arg;

    if (must)
        (void) audit_flush(audit);
    return buffer_size(&audit->pending) == 0;
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

/*
 * Where there is no memory for one more, what waits is written now, and makes room. *ret_begin: where its
 * line begins.
 */
static int audit_append_or_make_room(Audit *audit, const Record *record, size_t *ret_begin) {
    int r;

    *ret_begin = buffer_size(&audit->pending);
    r = audit_append(audit, record);
    if (r == 0 || *ret_begin == 0)
        return r;
    (void) audit_flush(audit);
    *ret_begin = 0;
    return audit_append(audit, record);
}

static void audit_sweep_later(Audit *audit) {
    static const struct timeval minute = {.tv_sec = 60};

    if (!event_pending(audit->sweep, EV_TIMEOUT, NULL))
        (void) event_add(audit->sweep, &minute); /* failing: told with the next of its kind */
}

/* Whether it is to be told; *ret_count: of how many. */
static bool audit_note_repeat(Audit *audit, const Record *record, uint64_t *ret_count) {
    bool told = repeats_note(audit->repeats, record, &audit->seq, clock_monotonic_usec(), ret_count);

    if (!told)
        audit_sweep_later(audit);
    return told;
}

static void audit_offer(Audit *audit, const Record *record, size_t begin, bool told) {
    Span line = buffer_span(&audit->pending);

    if (!audit->has_messages)
        return;
    line.data += begin;
    line.size -= begin;
    for (size_t i = 0; i < audit->n_outlets; i++)
        outlet_offer(audit->outlets[i], record, audit->seq, line, told);
}

static int audit_queue_line(Audit *audit, const Record *record, AuditWaiter *waiter);

void audit_record_checkpoint(Audit *audit, const char *when) {
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

    (void) audit_flush(audit);
    audit_swap_spare(audit);
    followed = taken_reserve(&audit->taken, audit->seq + 1) == 0;
    r = audit_append_line(audit, record);
    shorter.end_reason = NULL;
    if (r < 0)
        r = audit_append_line(audit, &shorter);
    audit->pending_from = ++audit->seq;
    if (r == 0) {
        if (followed) {
            taken_push(&audit->taken, audit->seq, NULL, audit->slots);
        } else { /* nobody hears what becomes of it: it counts as there */
            audit_note_lost(audit, 0);
            audit->written_usec = clock_coarse_usec();
        }
        audit_offer(audit, record, 0, true);
        audit->n_since_checkpoint++; /* the next record looks */
        (void) audit_flush(audit);
    }
    audit_swap_spare(audit);
    return r;
}

/*
 * `first`: nothing is pending yet. By a timer that has run off, the end of the next turn. Not where this
 * one's is on its way: libevent takes an event that is active back, and who is to be told would be put off.
 */
static void audit_end_turn(Audit *audit, const Record *record, bool first) {
    static const struct timeval next_turn = {0};

    if (record->event == RECORD_OUTCOME &&
        (!first || audit->turn_ended || event_add(audit->turn_end, &next_turn) == 0))
        return;
    audit_call_turn_end(audit);
}

/*
 * As a line, and as a message, which isn't told if it repeats others. seq counts what was tried: a gap in the
 * trail is a record that was lost.
 */
static int audit_queue_as(Audit *audit, const Record *record, const Record *message, bool told,
                          AuditWaiter *waiter) {
    size_t begin;
    int r = audit_append_or_make_room(audit, record, &begin);

    if (r < 0 && record->event == RECORD_OUTCOME)
        return audit_write_spare(audit, record);
    audit->seq++;
    if (r < 0)
        return r;
    if (begin == 0)
        audit->pending_from = audit->seq;
    audit_end_turn(audit, record, begin == 0);
    taken_push(&audit->taken, audit->seq, waiter, audit->slots);
    audit_offer(audit, message, begin, told);
    if (!record->signature && audit->checkpoint &&
        ++audit->n_since_checkpoint >= checkpoint_every(audit->checkpoint))
        audit_record_checkpoint(audit, "");
    return 0;
}

/* Where repeats are a count. */
static int audit_queue_counted(Audit *audit, const Record *record, AuditWaiter *waiter) {
    Record counted = *record;
    bool told = audit_note_repeat(audit, record, &counted.repeats);

    if (!told && audit->deduplicate && !waiter)
        return 0;
    return audit_queue_as(audit, audit->deduplicate ? &counted : record, &counted, told, waiter);
}

static int audit_queue_line(Audit *audit, const Record *record, AuditWaiter *waiter) {
    if (record->event == RECORD_DECISION && record->verdict && record->verdict->effect == EFFECT_DENY)
        denials_add(&audit->denials, clock_coarse_usec());
    if (audit->deduplicate || audit->has_messages)
        return audit_queue_counted(audit, record, waiter);
    return audit_queue_as(audit, record, record, true, waiter);
}

/* More than a turn should bring: not kept until its end. Whoever waits is still told from the loop. */
static void audit_bound_pending(Audit *audit) {
    if (buffer_size(&audit->pending) > LIMIT_AUDIT_PENDING_BYTES)
        (void) audit_flush(audit);
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

void audit_on_untold(void *ctx, uint64_t seq, uint64_t n) {
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

void audit_on_sweep(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
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
