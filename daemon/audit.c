// SPDX-License-Identifier: Apache-2.0
/*
 * The end of a turn: queueing the first record activates an event of the loop's one priority, which libevent
 * runs behind all callbacks that are active already, and that costs no system call. Its callback writes all
 * that is pending, then tells the waiters, whose requests go to the engine in the same turn.
 */
#include "audit.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

#include "clock.h"
#include "denials.h"
#include "log.h"
#include "sink.h"

typedef struct AuditQueue {
    AuditWaiter *first;
    AuditWaiter **last;
} AuditQueue;

struct Audit {
    struct event *turn_end;
    Sink *sinks;
    size_t n_sinks;
    AuditFailure on_failure;
    Buffer pending;
    AuditQueue waiting; /* lines in `pending` */
    AuditQueue written; /* status known, not told yet */
    uint64_t seq;
    uint64_t n_lost;
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
    if (waiter->queued && !audit_queue_remove(&audit->waiting, waiter))
        (void) audit_queue_remove(&audit->written, waiter);
    waiter->queued = false;
}

/* --- writing */

static size_t audit_count_lines(Span text) {
    size_t n = 0;

    for (size_t i = 0; i < text.size; i++)
        n += text.data[i] == '\n';
    return n;
}

static void audit_note_lost(Audit *audit, size_t n, int error) {
    audit->n_lost += n;
    if (n > 0 && !audit->losing)
        log_error("audit: records are lost: %s; %s", strerror(-error),
                  audit->on_failure == AUDIT_FAILURE_DENY ? "requests are refused until they can be written"
                                                          : "requests go on without (on_failure: continue)");
    else if (n == 0 && audit->losing)
        log_notice("audit: records are written again, %llu were lost so far",
                   (unsigned long long) audit->n_lost);
    audit->losing = n > 0;
}

/* Writes all that is pending. A line is on record when any sink has the whole of it. */
static int audit_write(Audit *audit) {
    Span lines = buffer_span(&audit->pending);
    size_t taken = 0;
    int error = -ENODEV;
    AuditWaiter *waiter;

    if (lines.size == 0)
        return 0;
    for (size_t i = 0; i < audit->n_sinks; i++) {
        size_t n = 0;
        int r = sink_write(&audit->sinks[i], lines, &n);

        if (r < 0)
            error = r;
        if (n > taken)
            taken = n;
    }
    audit_note_lost(audit, audit_count_lines((Span){lines.data + taken, lines.size - taken}), error);
    while ((waiter = audit_queue_pop(&audit->waiting))) {
        waiter->status = waiter->end <= taken || audit->on_failure == AUDIT_FAILURE_CONTINUE ? 0 : error;
        audit_queue_push(&audit->written, waiter);
    }
    buffer_clear(&audit->pending);
    if (audit->pending.capacity > LIMIT_AUDIT_PENDING_BYTES)
        buffer_release(&audit->pending);
    return taken == lines.size ? 0 : error;
}

/* A waiter that is told may queue another record or cancel any waiter: so one at a time from the front. */
static void audit_on_turn_end(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    Audit *audit = arg;
    AuditWaiter *waiter;

    (void) audit_write(audit);
    while ((waiter = audit_queue_pop(&audit->written))) {
        waiter->queued = false;
        waiter->done(waiter->arg, waiter->status);
    }
}

int audit_flush(Audit *audit) {
    return audit_write(audit);
}

/* --- queueing */

/* seq counts what was tried: a gap in the trail is a record that was lost. */
static int audit_queue_line(Audit *audit, const Record *record, size_t *ret_end) {
    size_t before = buffer_size(&audit->pending);
    int r = record_append(&audit->pending, record, audit->seq + 1);

    audit->seq++;
    if (record->event == RECORD_DECISION && record->verdict && record->verdict->effect == EFFECT_DENY)
        denials_add(&audit->denials, clock_monotonic_usec());
    if (r < 0)
        return r;
    *ret_end = buffer_size(&audit->pending);
    if (before == 0)
        event_active(audit->turn_end, EV_TIMEOUT, 0);
    return 0;
}

/* More than a turn should bring: not kept until its end. Whoever waits is still told from the loop. */
static void audit_bound_pending(Audit *audit) {
    if (buffer_size(&audit->pending) > LIMIT_AUDIT_PENDING_BYTES)
        (void) audit_write(audit);
}

int audit_decision(Audit *audit, const Record *record, AuditWaiter *waiter) {
    int r = audit_queue_line(audit, record, &waiter->end);

    if (r < 0)
        return r;
    waiter->queued = true;
    audit_queue_push(&audit->waiting, waiter);
    audit_bound_pending(audit);
    return 0;
}

int audit_record(Audit *audit, const Record *record) {
    size_t end;
    int r = audit_queue_line(audit, record, &end);

    if (r < 0)
        audit->n_lost++;
    else
        audit_bound_pending(audit);
    return r;
}

uint64_t audit_denials(Audit *audit) {
    return denials_count(&audit->denials, clock_monotonic_usec());
}

uint64_t audit_lost(const Audit *audit) {
    return audit->n_lost;
}

/* --- life cycle */

static void audit_close_sinks(Sink *sinks, size_t n) {
    for (size_t i = 0; i < n; i++)
        sink_done(&sinks[i]);
    free(sinks);
}

/* All or none. */
static int audit_open_sinks(const Config *config, Sink **ret) {
    Sink *sinks = calloc(config->n_sinks + 1, sizeof(*sinks));

    if (!sinks)
        return -ENOMEM;
    for (size_t i = 0; i < config->n_sinks; i++) {
        int r = sink_open(&config->sinks[i], &sinks[i]);

        if (r < 0) {
            log_error("audit: cannot open %s: %s",
                      config->sinks[i].kind == SINK_FILE ? config->sinks[i].path : "stdout", strerror(-r));
            audit_close_sinks(sinks, i);
            return r;
        }
    }
    *ret = sinks;
    return 0;
}

int audit_new(struct event_base *base, const Config *config, Audit **ret) {
    Audit *audit = calloc(1, sizeof(*audit));
    int r;

    if (!audit)
        return -ENOMEM;
    audit_queue_init(&audit->waiting);
    audit_queue_init(&audit->written);
    audit->turn_end = event_new(base, -1, 0, audit_on_turn_end, audit);
    r = audit->turn_end ? audit_reconfigure(audit, config) : -ENOMEM;
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
    (void) audit_write(audit);
    if (audit->turn_end)
        event_free(audit->turn_end);
    audit_close_sinks(audit->sinks, audit->n_sinks);
    buffer_done(&audit->pending);
    free(audit);
    return NULL;
}

int audit_reconfigure(Audit *audit, const Config *config) {
    Sink *sinks = NULL;
    int r = audit_open_sinks(config, &sinks);

    if (r < 0)
        return r;
    (void) audit_write(audit);
    audit_close_sinks(audit->sinks, audit->n_sinks);
    audit->sinks = sinks;
    audit->n_sinks = config->n_sinks;
    audit->on_failure = config->on_failure;
    return 0;
}

void audit_reopen(Audit *audit) {
    (void) audit_write(audit);
    for (size_t i = 0; i < audit->n_sinks; i++) {
        int r = sink_reopen(&audit->sinks[i]);

        if (r < 0)
            log_error("audit: cannot reopen %s: %s; going on with the old one", audit->sinks[i].path,
                      strerror(-r));
    }
}
