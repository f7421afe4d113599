// SPDX-License-Identifier: Apache-2.0
#include "resolve.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "policy/limits.h"

#define RESOLVER_STACK_BYTES (1u << 20)

/* One name that is being looked up: the thread's and the loop's, freed by who is last. */
typedef struct Lookup {
    atomic_uint n_owners;
    ResolverLookUp look_up;
    char host[256];
    char service[sizeof("65535")];
    int fd; /* eventfd: the thread writes when the two below are there */
    int error;
    struct addrinfo *found;
} Lookup;

typedef struct ResolverSlot {
    Resolver *resolver;
    Lookup *lookup; /* NULL: free */
    struct event *event;
    Resolution *first;
} ResolverSlot;

struct Resolver {
    struct event_base *base;
    ResolverLookUp look_up;
    ResolverSlot slots[LIMIT_LOOKUPS];
};

struct Resolution {
    ResolverSlot *slot;
    ResolveDone done;
    void *arg;
    Resolution *next;
};

void resolver_prime(void) {
    struct addrinfo *found = NULL;

    if (getaddrinfo("localhost", NULL, NULL, &found) == 0)
        freeaddrinfo(found);
}

Resolver *resolver_new(struct event_base *base, ResolverLookUp look_up) {
    Resolver *resolver = calloc(1, sizeof(*resolver));

    if (!resolver)
        return NULL;
    resolver->base = base;
    resolver->look_up = look_up;
    for (size_t i = 0; i < LIMIT_LOOKUPS; i++)
        resolver->slots[i].resolver = resolver;
    return resolver;
}

/* --- The thread ----------------------------------------------------------------------------------- */

static void lookup_unref(Lookup *lookup) {
    if (atomic_fetch_sub(&lookup->n_owners, 1) != 1)
        return;
    if (lookup->found)
        freeaddrinfo(lookup->found);
    if (lookup->fd >= 0)
        close(lookup->fd);
    free(lookup);
}

static void *lookup_run(void *arg) {
    static const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    static const uint64_t one = 1;
    Lookup *lookup = arg;
    struct addrinfo *found = NULL;

    lookup->error = lookup->look_up(lookup->host, lookup->service, &hints, &found);
    if (lookup->error == 0)
        lookup->found = found;
    while (write(lookup->fd, &one, sizeof(one)) < 0 && errno == EINTR)
        ; /* nothing else can fail: it is the first write, and the descriptor is ours */
    lookup_unref(lookup);
    return NULL;
}

/* The loop's signals are not for it. */
static int lookup_start_thread(Lookup *lookup) {
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    int r = pthread_attr_init(&attributes);

    if (r != 0)
        return -r;
    (void) pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    (void) pthread_attr_setstacksize(&attributes, RESOLVER_STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    atomic_fetch_add(&lookup->n_owners, 1);
    r = pthread_create(&thread, &attributes, lookup_run, lookup);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (r != 0)
        atomic_fetch_sub(&lookup->n_owners, 1);
    return -r;
}

/* --- The loop ------------------------------------------------------------------------------------- */

static void slot_release(ResolverSlot *slot) {
    if (slot->event)
        event_free(slot->event);
    if (slot->lookup)
        lookup_unref(slot->lookup);
    slot->event = NULL;
    slot->lookup = NULL;
}

Resolver *resolver_free(Resolver *resolver) {
    if (!resolver)
        return NULL;
    for (size_t i = 0; i < LIMIT_LOOKUPS; i++)
        slot_release(&resolver->slots[i]);
    free(resolver);
    return NULL;
}

/* Whoever is called may ask again, or cancel another who waits: so one is taken off at a time. */
static void slot_on_answer(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    ResolverSlot *slot = arg;
    Lookup *lookup = TAKE_PTR(slot->lookup);
    const char *why = lookup->error    ? gai_strerror(lookup->error)
                      : !lookup->found ? "the name has no address"
                                       : NULL;
    ResolverSlot answered = {.first = TAKE_PTR(slot->first)};

    event_free(TAKE_PTR(slot->event));
    for (Resolution *waiting = answered.first; waiting; waiting = waiting->next)
        waiting->slot = &answered;
    while (answered.first) {
        Resolution *waiting = answered.first;

        answered.first = waiting->next;
        waiting->done(waiting->arg, why, lookup->found);
        free(waiting);
    }
    lookup_unref(lookup);
}

static int slot_start(ResolverSlot *slot, const char *host, const char *service) {
    Lookup *lookup = calloc(1, sizeof(*lookup));
    int r;

    if (!lookup)
        return -ENOMEM;
    slot->lookup = lookup;
    lookup->n_owners = 1;
    lookup->look_up = slot->resolver->look_up;
    snprintf(lookup->host, sizeof(lookup->host), "%s", host);
    snprintf(lookup->service, sizeof(lookup->service), "%s", service);
    lookup->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (lookup->fd < 0)
        return -errno;
    slot->event = event_new(slot->resolver->base, lookup->fd, EV_READ, slot_on_answer, slot);
    if (!slot->event || event_add(slot->event, NULL) < 0)
        return -ENOMEM;
    r = lookup_start_thread(lookup);
    return r;
}

/* Who asks for the same name waits for the same answer. */
static int resolver_find(Resolver *resolver, const char *host, unsigned port, ResolverSlot **ret) {
    ResolverSlot *unused = NULL;
    char service[sizeof("65535")];
    int r;

    snprintf(service, sizeof(service), "%hu", (unsigned short) port);
    for (size_t i = 0; i < LIMIT_LOOKUPS; i++) {
        ResolverSlot *slot = &resolver->slots[i];

        if (!slot->lookup)
            unused = slot;
        else if (strcmp(slot->lookup->host, host) == 0 && strcmp(slot->lookup->service, service) == 0) {
            *ret = slot;
            return 0;
        }
    }
    if (!unused)
        return -EAGAIN;
    r = slot_start(unused, host, service);
    if (r < 0) {
        slot_release(unused);
        return r;
    }
    *ret = unused;
    return 0;
}

int resolve_start(Resolver *resolver, const char *host, unsigned port, ResolveDone done, void *arg,
                  Resolution **ret) {
    Resolution *resolution = calloc(1, sizeof(*resolution));
    ResolverSlot *slot;
    int r;

    if (!resolution)
        return -ENOMEM;
    r = resolver_find(resolver, host, port, &slot);
    if (r < 0) {
        free(resolution);
        return r;
    }
    *resolution = (Resolution){.slot = slot, .done = done, .arg = arg, .next = slot->first};
    slot->first = resolution;
    *ret = resolution;
    return 0;
}

Resolution *resolve_cancel(Resolution *resolution) {
    if (!resolution)
        return NULL;
    for (Resolution **at = &resolution->slot->first; *at; at = &(*at)->next)
        if (*at == resolution) {
            *at = resolution->next;
            break;
        }
    free(resolution);
    return NULL;
}
