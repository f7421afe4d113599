// SPDX-License-Identifier: Apache-2.0
/*
 * A sink of the trail as audit.h sees it, whatever it is: it is offered records by number, in order, and says
 * of each of them, at once or later, whether it has it. None of them waits for another, or makes the loop
 * wait; what one doesn't get rid of within its bound is lost to it, counted, and said when it works again.
 *
 *   - a file has a record when it is written, or with `fsync: always` when it is on the disk. A file is
 *     locked, goes on where its last whole record ends, and keeps half a line aside;
 *   - stdout has it when it is written;
 *   - journald and syslog have it when their socket took it; until then it waits in a queue (dgram.h).
 *
 * What a power cut can take, of a file: with `always` no decision that was forwarded, and of all else what
 * was written after the last sync began; with `interval` the records of fsync_interval and of the time that
 * one sync takes; with `never` what the kernel has in memory (half a minute, by its defaults).
 */
#pragma once

#include "record.h"
#include "sink.h"
#include "tail.h"

struct event_base;

typedef struct Outlet Outlet;

typedef struct OutletOwner {
    struct event_base *base;
    /* Records from `from` up to but without `to`. 0: taken; −errno: lost. Those settled before stay so. */
    void (*settled)(void *ctx, Outlet *outlet, uint64_t from, uint64_t to, int status);
    void *ctx;
} OutletOwner;

/* What an outlet has lost in a row. */
typedef struct OutletLoss {
    uint64_t n;
    uint64_t first, last; /* numbers */
    int error;            /* of the first */
} OutletLoss;

/* −errno, not logged; −EBUSY: another process writes there. `slot` is the owner's. */
int outlet_new(const ConfigSink *config, const OutletOwner *owner, unsigned slot, Outlet **ret);

/* Everything that waits is settled first, the disk waited for. */
Outlet *outlet_free(Outlet *outlet);

/* Whether it is what `config` wants, with the same file in its place: then outlet_configure will do. */
bool outlet_is(const Outlet *outlet, const ConfigSink *config);
void outlet_configure(Outlet *outlet, const ConfigSink *config);

/*
 * One record, as it is queued: journald and syslog make a message of it. `told`: false where it is the same
 * as one before it (repeats.h), which counts as taken there. `line`: as a file has it.
 */
void outlet_offer(Outlet *outlet, const Record *record, uint64_t number, Span line, bool told);

/* `lines`: the records from number `from` up to but without `to` (numbers in between may be missing). */
void outlet_flush(Outlet *outlet, Span lines, uint64_t from, uint64_t to);

/* After a rotation. −errno, and it goes on with what it has. 1: another file than before. */
int outlet_reopen(Outlet *outlet);

/* Whether it is one of those that repeated denials are a count for. */
bool outlet_is_told_once(const Outlet *outlet);

unsigned outlet_slot(const Outlet *outlet);
const char *outlet_name(const Outlet *outlet); /* the path, "stdout", … */
bool outlet_is_chained(const Outlet *outlet);

/* What was found where it goes on; NULL: nothing is ever there. `torn_name`: where half a line is now. */
const Tail *outlet_tail(const Outlet *outlet, const char **ret_torn_name);

/* True once for each time that it works again after it had lost something, with what. */
bool outlet_take_loss(Outlet *outlet, OutletLoss *ret);
