// SPDX-License-Identifier: Apache-2.0
#include "outlet.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dgram.h"
#include "log.h"
#include "message.h"
#include "syncer.h"

struct Outlet {
    OutletOwner owner;
    unsigned slot;
    ConfigSink config; /* its strings are the sink's */
    Sink sink;
    Tail tail;
    char *torn_name;
    OutletLoss loss; /* n > 0: it has lost records; it works again when `mended` */
    bool mended;
    /* of journald and syslog */
    Dgram *dgram;
    char *socket;
    Message message;
    Buffer datagram;
    char host[65];
    /* of a file that is synced */
    Syncer *syncer;
    struct event *later; /* fsync: interval */
    bool dirty;          /* written to since the last sync began */
    int retired;         /* a file before it that isn't synced yet; < 0: none */
    uint64_t unsynced_from, unsynced_to, syncing_from, syncing_to; /* fsync: always */
};

/* --- what became of records */

static void outlet_settle(Outlet *outlet, uint64_t from, uint64_t to, int status) {
    OutletLoss *loss = &outlet->loss;

    if (from >= to)
        return;
    if (status < 0) {
        if (loss->n == 0)
            *loss = (OutletLoss){.first = from, .error = status};
        loss->n += to - from;
        loss->last = to - 1;
        outlet->mended = false;
    } else if (loss->n > 0 && to - 1 > loss->last) { /* and not of before */
        outlet->mended = true;
    }
    outlet->owner.settled(outlet->owner.ctx, outlet, from, to, status);
}

bool outlet_take_loss(Outlet *outlet, OutletLoss *ret) {
    if (!outlet->mended)
        return false;
    *ret = outlet->loss;
    outlet->loss = (OutletLoss){0};
    outlet->mended = false;
    return true;
}

/* --- to the disk */

static void outlet_sync(Outlet *outlet);

static void outlet_sync_retired(Outlet *outlet) {
    int r = syncer_start(outlet->syncer, outlet->retired);

    if (r < 0)
        log_error("audit: cannot sync the rotated %s: %s", outlet->sink.path, strerror(-r));
    close(TAKE_FD(outlet->retired));
}

static void outlet_sync(Outlet *outlet) {
    int r;

    if (!syncer_runs(outlet->syncer) && outlet->retired >= 0)
        outlet_sync_retired(outlet);
    if (!outlet->dirty || syncer_runs(outlet->syncer))
        return;
    outlet->dirty = false;
    outlet->syncing_from = outlet->unsynced_from;
    outlet->syncing_to = outlet->unsynced_to;
    outlet->unsynced_from = outlet->unsynced_to = 0;
    r = syncer_start(outlet->syncer, outlet->sink.fd);
    if (r < 0) {
        log_error("audit: cannot sync %s: %s", outlet->sink.path, strerror(-r));
        outlet_settle(outlet, outlet->syncing_from, outlet->syncing_to, r);
    }
}

static void outlet_on_synced(void *arg, int status) {
    Outlet *outlet = arg;

    if (status < 0)
        log_error("audit: cannot sync %s: %s", outlet->sink.path, strerror(-status));
    outlet_settle(outlet, outlet->syncing_from, outlet->syncing_to, status);
    outlet->syncing_from = outlet->syncing_to = 0;
    if (outlet->config.sync != SINK_SYNC_NEVER && !evtimer_pending(outlet->later, NULL))
        outlet_sync(outlet); /* what came while it ran */
}

static void outlet_on_later(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    outlet_sync(arg);
}

/* It is dirty from now on: bounds the time until it isn't. */
static void outlet_sync_later(Outlet *outlet) {
    uint64_t usec = outlet->config.sync_interval_usec;
    struct timeval wait = {.tv_sec = (time_t) (usec / 1000000), .tv_usec = (suseconds_t) (usec % 1000000)};

    if (!evtimer_pending(outlet->later, NULL) && event_add(outlet->later, &wait) < 0)
        outlet_sync(outlet);
}

/* All that is written is on the disk, or known not to be. Waits for it. */
static void outlet_sync_now(Outlet *outlet) {
    if (!outlet->syncer)
        return;
    do {
        if (syncer_runs(outlet->syncer))
            outlet_on_synced(outlet, syncer_wait(outlet->syncer));
        if (outlet->config.sync != SINK_SYNC_NEVER)
            outlet_sync(outlet);
    } while (syncer_runs(outlet->syncer));
}

/* What is in the file that is about to go, without waiting where nobody waits for it. */
static void outlet_retire(Outlet *outlet) {
    if (!outlet->syncer || !outlet->dirty)
        return;
    if (outlet->config.sync == SINK_SYNC_ALWAYS || outlet->retired >= 0) {
        outlet_sync_now(outlet);
    } else if (outlet->config.sync == SINK_SYNC_INTERVAL) {
        outlet->retired = fcntl(outlet->sink.fd, F_DUPFD_CLOEXEC, 3);
        outlet->dirty = false;
        outlet_sync(outlet);
    }
}

static void outlet_written(Outlet *outlet, uint64_t from, uint64_t to) {
    if (from >= to)
        return;
    if (!outlet->syncer || outlet->config.sync == SINK_SYNC_NEVER) {
        outlet_settle(outlet, from, to, 0);
        return;
    }
    outlet->dirty = true;
    if (outlet->config.sync == SINK_SYNC_INTERVAL) {
        outlet_settle(outlet, from, to, 0);
        outlet_sync_later(outlet);
        return;
    }
    if (outlet->unsynced_from == outlet->unsynced_to)
        outlet->unsynced_from = from;
    outlet->unsynced_to = to;
    outlet_sync(outlet);
}

/* --- writing */

/* The number that the line at the beginning of `lines` has: {"seq":42,… */
static uint64_t outlet_number(Span lines) {
    uint64_t number = 0;

    for (size_t i = sizeof("{\"seq\":") - 1; i < lines.size && lines.data[i] >= '0' && lines.data[i] <= '9';
         i++)
        number = number * 10 + (uint64_t) (lines.data[i] - '0');
    return number;
}

void outlet_flush(Outlet *outlet, Span lines, uint64_t from, uint64_t to) {
    size_t taken = 0;
    uint64_t end;
    int r;

    if (outlet->dgram)
        return dgram_flush(outlet->dgram);
    r = sink_write(&outlet->sink, lines, &taken);
    end = taken == lines.size ? to : outlet_number((Span){lines.data + taken, lines.size - taken});
    /* Lost first: what is to be synced may reach over it, and what was said before holds. */
    outlet_settle(outlet, end, to, r);
    outlet_written(outlet, from, end);
}

/* --- messages */

static void outlet_on_sent(void *arg, uint64_t from, uint64_t to, int status) {
    outlet_settle(arg, from, to, status);
}

void outlet_offer(Outlet *outlet, const Record *record, uint64_t number, Span line, bool told) {
    Message *message = &outlet->message;
    int r = 0;

    if (!outlet->dgram)
        return;
    buffer_clear(&outlet->datagram);
    if (told)
        r = message_fill(message, record, number);
    if (told && r == 0)
        r = outlet->config.kind == SINK_JOURNALD
                ? message_journal(message, line, &outlet->datagram)
                : message_syslog(message, outlet->config.facility, outlet->host, &outlet->datagram);
    if (r == 0)
        r = dgram_push(outlet->dgram, number, buffer_span(&outlet->datagram));
    if (r < 0)
        outlet_settle(outlet, number, number + 1, r);
}

bool outlet_is_told_once(const Outlet *outlet) {
    return outlet->dgram != NULL;
}

static int outlet_init_messages(Outlet *outlet) {
    bool journal = outlet->config.kind == SINK_JOURNALD;
    DgramPlace place = {.name = journal ? "journald" : "syslog", .large = journal};

    outlet->sink.path = strdup(place.name);
    outlet->socket = strdup(outlet->config.path);
    if (!outlet->sink.path || !outlet->socket)
        return -ENOMEM;
    place.path = outlet->socket;
    if (gethostname(outlet->host, sizeof(outlet->host) - 1) < 0 || !outlet->host[0])
        strcpy(outlet->host, "-");
    return dgram_new(outlet->owner.base, &place, outlet_on_sent, outlet, &outlet->dgram);
}

/* --- where it begins and ends */

/* What a crash left, and what the trail goes on from. `fresh`: it is new to us, and the trail may be in
 * there. */
static int outlet_read_tail(Outlet *outlet, Tail *ret) {
    int fd = open(outlet->sink.path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    int r;

    if (fd < 0) /* one that we may only write to */
        return 0;
    r = tail_read(fd, ret);
    close(fd);
    if (r == 0 && !ret->found && ret->n_foreign == 0) {
        size_t torn = ret->torn;

        r = tail_find_rotated(outlet->sink.path, ret);
        ret->torn = torn;
    }
    return r;
}

/* Where it can't be kept aside it stays, on a line of its own, which the sink sees to. */
static void outlet_keep_torn(Outlet *outlet, size_t torn) {
    int r = torn < LIMIT_AUDIT_TAIL_BYTES
                ? tail_keep_torn(outlet->sink.path, outlet->sink.fd, torn, &outlet->torn_name)
                : -EFBIG;

    if (r < 0)
        log_error("audit: half a line at the end of %s stays there, since it can't be kept aside: %s",
                  outlet->sink.path, strerror(-r));
    else
        outlet->sink.torn = false;
}

static int outlet_recover(Outlet *outlet) {
    Tail tail = {0};
    int r;

    free(TAKE_PTR(outlet->torn_name));
    tail_done(&outlet->tail);
    if (!outlet->sink.regular)
        return 0;
    r = outlet_read_tail(outlet, &tail);
    if (r == 0 && tail.torn > 0)
        outlet_keep_torn(outlet, tail.torn);
    outlet->tail = tail;
    return r;
}

static int outlet_init(Outlet *outlet) {
    int r;

    if (outlet->config.kind == SINK_JOURNALD || outlet->config.kind == SINK_SYSLOG)
        return outlet_init_messages(outlet);
    r = sink_open(&outlet->config, &outlet->sink);
    if (r < 0)
        return r;
    outlet->config.path = outlet->sink.path;
    r = outlet_recover(outlet);
    if (r < 0 || !outlet->sink.regular)
        return r;
    outlet->syncer = syncer_new(outlet->owner.base, fdatasync, outlet_on_synced, outlet);
    outlet->later = evtimer_new(outlet->owner.base, outlet_on_later, outlet);
    return outlet->syncer && outlet->later ? 0 : -ENOMEM;
}

int outlet_new(const ConfigSink *config, const OutletOwner *owner, unsigned slot, Outlet **ret) {
    Outlet *outlet = calloc(1, sizeof(*outlet));
    int r;

    if (!outlet)
        return -ENOMEM;
    *outlet =
        (Outlet){.owner = *owner, .slot = slot, .config = *config, .sink = {.fd = -EBADF}, .retired = -EBADF};
    r = outlet_init(outlet);
    if (r < 0) {
        (void) outlet_free(outlet);
        return r;
    }
    *ret = outlet;
    return 0;
}

Outlet *outlet_free(Outlet *outlet) {
    if (!outlet)
        return NULL;
    (void) dgram_free(outlet->dgram);
    outlet_sync_now(outlet);
    (void) syncer_free(outlet->syncer);
    if (outlet->later)
        event_free(outlet->later);
    if (outlet->sink.path)
        sink_done(&outlet->sink);
    tail_done(&outlet->tail);
    free(outlet->torn_name);
    message_done(&outlet->message);
    buffer_done(&outlet->datagram);
    free(outlet->socket);
    free(outlet);
    return NULL;
}

static bool outlet_has_file_at(const Outlet *outlet, const char *path) {
    struct stat mine, there;

    return fstat(outlet->sink.fd, &mine) == 0 && lstat(path, &there) == 0 && mine.st_dev == there.st_dev &&
           mine.st_ino == there.st_ino;
}

bool outlet_is(const Outlet *outlet, const ConfigSink *config) {
    if (outlet->config.kind != config->kind)
        return false;
    return config->kind != SINK_FILE ||
           (strcmp(outlet->config.path, config->path) == 0 && outlet_has_file_at(outlet, config->path));
}

void outlet_configure(Outlet *outlet, const ConfigSink *config) {
    if (outlet->config.sync == SINK_SYNC_ALWAYS && config->sync != SINK_SYNC_ALWAYS)
        outlet_sync_now(outlet); /* who waits, waits for that */
    outlet->config = *config;
    outlet->config.path = outlet->dgram ? outlet->socket : outlet->sink.path;
    outlet->sink.mode = config->mode;
}

int outlet_reopen(Outlet *outlet) {
    int r;

    if (outlet->dgram) /* nothing of it is rotated */
        return 0;
    if (outlet->config.kind == SINK_FILE && outlet->sink.regular &&
        outlet_has_file_at(outlet, outlet->config.path))
        return 0;
    outlet_retire(outlet);
    r = sink_reopen(&outlet->sink);
    if (r < 0 || outlet->config.kind != SINK_FILE)
        return r;
    r = outlet_recover(outlet);
    return r < 0 ? r : 1;
}

/* --- what it is */

unsigned outlet_slot(const Outlet *outlet) {
    return outlet->slot;
}

const char *outlet_name(const Outlet *outlet) {
    return outlet->sink.path;
}

bool outlet_is_chained(const Outlet *outlet) {
    return outlet->config.kind == SINK_FILE && outlet->config.chain == SINK_CHAIN_SHA256;
}

const Tail *outlet_tail(const Outlet *outlet, const char **ret_torn_name) {
    *ret_torn_name = outlet->torn_name;
    return outlet->sink.regular ? &outlet->tail : NULL;
}
