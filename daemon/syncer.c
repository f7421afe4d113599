// SPDX-License-Identifier: Apache-2.0
#include "syncer.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SYNCER_STACK_BYTES (256u << 10)

struct Syncer {
    SyncerCall call;
    SyncerDone done;
    void *arg;
    struct event *event;
    int wake; /* eventfd: the thread has finished a call */
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    int fd; /* to be synced; < 0: nothing to do */
    bool runs, ends;
    int status;
};

/* --- The thread ----------------------------------------------------------------------------------- */

static void *syncer_run(void *arg) {
    static const uint64_t one = 1;
    Syncer *syncer = arg;

    pthread_mutex_lock(&syncer->lock);
    while (!syncer->ends) {
        int fd = syncer->fd, status;

        if (fd < 0) {
            pthread_cond_wait(&syncer->changed, &syncer->lock);
            continue;
        }
        pthread_mutex_unlock(&syncer->lock);
        status = syncer->call(fd) < 0 ? -errno : 0;
        close(fd);
        pthread_mutex_lock(&syncer->lock);
        syncer->fd = -1;
        syncer->status = status;
        pthread_cond_broadcast(&syncer->changed);
        while (write(syncer->wake, &one, sizeof(one)) < 0 && errno == EINTR)
            ; /* else it is full, and the loop wakes anyway */
    }
    pthread_mutex_unlock(&syncer->lock);
    return NULL;
}

/* The loop's signals are not for it. */
static int syncer_start_thread(Syncer *syncer) {
    pthread_attr_t attributes;
    sigset_t all, before;
    int r;

    if (syncer->has_thread)
        return 0;
    r = pthread_attr_init(&attributes);
    if (r != 0)
        return -r;
    (void) pthread_attr_setstacksize(&attributes, SYNCER_STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    r = pthread_create(&syncer->thread, &attributes, syncer_run, syncer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    syncer->has_thread = r == 0;
    return -r;
}

/* --- The loop ------------------------------------------------------------------------------------- */

static void syncer_on_wake(evutil_socket_t fd, short what UNUSED, void *arg) {
    Syncer *syncer = arg;
    uint64_t n;
    int status;

    if (read(fd, &n, sizeof(n)) < 0 || !syncer->runs) /* syncer_wait was faster */
        return;
    pthread_mutex_lock(&syncer->lock);
    status = syncer->status;
    syncer->runs = syncer->fd >= 0;
    pthread_mutex_unlock(&syncer->lock);
    if (!syncer->runs)
        syncer->done(syncer->arg, status);
}

Syncer *syncer_new(struct event_base *base, SyncerCall call, SyncerDone done, void *arg) {
    Syncer *syncer = calloc(1, sizeof(*syncer));

    if (!syncer)
        return NULL;
    *syncer = (Syncer){.call = call, .done = done, .arg = arg, .fd = -1};
    pthread_mutex_init(&syncer->lock, NULL);
    pthread_cond_init(&syncer->changed, NULL);
    syncer->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (syncer->wake >= 0)
        syncer->event = event_new(base, syncer->wake, EV_READ | EV_PERSIST, syncer_on_wake, syncer);
    if (!syncer->event || event_add(syncer->event, NULL) < 0)
        return syncer_free(syncer);
    return syncer;
}

bool syncer_runs(const Syncer *syncer) {
    return syncer->runs;
}

int syncer_start(Syncer *syncer, int fd) {
    int copy, r;

    if (syncer->runs)
        return -EBUSY;
    r = syncer_start_thread(syncer);
    if (r < 0)
        return r;
    copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0)
        return -errno;
    pthread_mutex_lock(&syncer->lock);
    syncer->fd = copy;
    syncer->runs = true;
    pthread_cond_broadcast(&syncer->changed);
    pthread_mutex_unlock(&syncer->lock);
    return 0;
}

int syncer_wait(Syncer *syncer) {
    int status = 0;

    if (!syncer->runs)
        return 0;
    pthread_mutex_lock(&syncer->lock);
    while (syncer->fd >= 0)
        pthread_cond_wait(&syncer->changed, &syncer->lock);
    status = syncer->status;
    syncer->runs = false;
    pthread_mutex_unlock(&syncer->lock);
    return status;
}

Syncer *syncer_free(Syncer *syncer) {
    if (!syncer)
        return NULL;
    if (syncer->has_thread) {
        (void) syncer_wait(syncer);
        pthread_mutex_lock(&syncer->lock);
        syncer->ends = true;
        pthread_cond_broadcast(&syncer->changed);
        pthread_mutex_unlock(&syncer->lock);
        pthread_join(syncer->thread, NULL);
    }
    if (syncer->event)
        event_free(syncer->event);
    if (syncer->wake >= 0)
        close(syncer->wake);
    pthread_cond_destroy(&syncer->changed);
    pthread_mutex_destroy(&syncer->lock);
    free(syncer);
    return NULL;
}
