// SPDX-License-Identifier: Apache-2.0
/*
 * A unix socket's node is made with no rights at all, then given its owner, then its mode, and only then
 * listens: at no moment can anybody connect whom the config doesn't name. Whether a node that is already
 * there belongs to somebody is asked of the kernel (connect), not of its age; two daemons that start at
 * once are kept apart by a lock on the directory, which leaves no file behind.
 */
#include "listener.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "held.h"
#include "log.h"
#include "manager.h"
#include "rights.h"
#include "tcp.h"

#define RUNTIME_DIRECTORY "/run/quaygate" /* made if it isn't there: the built-in listener's home */
#define LOCK_TRIES 50u                    /* of 20 ms: another start takes far less */
#define LOCK_PAUSE_USEC 20000u

struct Listener {
    struct event_base *base;
    Config *config;
    size_t index;
    int fd;
    int passed; /* the number of the socket that systemd passed; −1: a socket of ours */
    int family;
    ListenerAccept accept;
    void *arg;
    struct event *readable;
    struct event *pause;
    Held *held;
    int timer; /* of the pause: a timerfd, which takes no memory once it is watched */
    bool accepting;
    bool exhausted; /* logged; until a turn has taken all there was */
    bool strained;  /* no descriptor, in the last turn */
    bool owns_path;
    dev_t dev; /* of the node we bound */
    ino_t ino;
    uid_t owner; /* what it had from the kernel: what holds where the config names none */
    gid_t group;
    const char *why; /* a sentence, where errno's says too little */
};

static int listener_fail(const char **ret_why, int r, const char *why) {
    *ret_why = why;
    return r;
}

static void listener_close_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
}

const ConfigListener *listener_config(const Listener *listener) {
    return &listener->config->listeners[listener->index];
}

OriginProcess *listener_use_held(Listener *listener) {
    return listener->family == AF_UNIX ? held_use(listener->held) : NULL; /* TCP tells of no process */
}

bool listener_is_for_metrics(const Listener *listener) {
    return listener->index == listener->config->n_listeners;
}

Config *listener_whole_config(const Listener *listener) {
    return listener->config;
}

bool listener_is_at(const Listener *listener, const Address *address, int passed) {
    if (passed >= 0 || listener->passed >= 0)
        return listener->passed == passed;
    return address_equals(&listener_config(listener)->address, address);
}

/* --- unix:// */

/* Whether something answers on the node. 0: stale; −EADDRINUSE: live; −errno: can't tell, so hands off. */
static int listener_probe_node(const Address *address) {
    int fd CLEANUP(listener_close_fd) = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    if (connect(fd, &address->socket.any, address->length) == 0 || errno == EAGAIN || errno == EINPROGRESS)
        return -EADDRINUSE;  /* EAGAIN: alive, with a full backlog */
    if (errno == EPROTOTYPE) /* somebody's datagram socket */
        return -EADDRINUSE;
    return errno == ECONNREFUSED || errno == ENOENT ? 0 : -errno;
}

static int listener_remove_stale(const Address *address, const char **ret_why) {
    const char *path = address->socket.un.sun_path;
    struct stat st;
    int r;

    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(st.st_mode))
        return listener_fail(ret_why, -ENOTSOCK, "the path is there and is no socket");
    r = listener_probe_node(address);
    if (r < 0)
        return r == -EADDRINUSE ? listener_fail(ret_why, r, "something else answers there already") : r;
    log_notice("listener %s: taking over a stale socket", address->text);
    return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

/* The directory of `path`, locked; −EBADF where that can't be had: then the start goes on without. */
static int listener_lock_directory(const char *path) {
    char directory[sizeof(((struct sockaddr_un *) NULL)->sun_path)];
    size_t size = (size_t) (strrchr(path, '/') - path);
    int fd;

    memcpy(directory, path, size);
    directory[size] = '\0';
    if (strcmp(directory, RUNTIME_DIRECTORY) == 0)
        (void) mkdir(directory, 0755); /* if it fails, bind says what is wrong */
    fd = open(size ? directory : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -EBADF;
    /* Bounded: any local user can hold a lock on a directory that they can read. */
    for (unsigned i = 0; i < LOCK_TRIES && flock(fd, LOCK_EX | LOCK_NB) < 0; i++)
        usleep(LOCK_PAUSE_USEC);
    return fd;
}

/* As `config` says, and where it is silent as bind made the node. */
static Rights listener_rights(const Listener *listener, const ConfigListener *config) {
    return (Rights){
        .owner = config->owner != (uid_t) -1 ? config->owner : listener->owner,
        .group = config->group != (gid_t) -1 ? config->group : listener->group,
        .mode = config->mode,
    };
}

static int listener_bind_unix(Listener *listener) {
    const ConfigListener *config = listener_config(listener);
    const Address *address = &config->address;
    int lock UNUSED CLEANUP(listener_close_fd) = listener_lock_directory(address->socket.un.sun_path);
    struct stat st;
    Rights rights;
    mode_t mask;
    int r;

    r = listener_remove_stale(address, &listener->why);
    if (r < 0)
        return r;
    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd < 0)
        return -errno;
    mask = umask(0777);
    r = bind(listener->fd, &address->socket.any, address->length) < 0 ? -errno : 0;
    umask(mask);
    if (r == -ENOENT)
        return listener_fail(&listener->why, r, "its folder isn't there");
    if (r < 0)
        return r;
    if (lstat(address->socket.un.sun_path, &st) < 0)
        return -errno;
    listener->owns_path = true;
    listener->dev = st.st_dev;
    listener->ino = st.st_ino;
    listener->owner = st.st_uid;
    listener->group = st.st_gid;
    rights = listener_rights(listener, config);
    r = rights_apply(address->socket.un.sun_path, &rights, &listener->why);
    if (r < 0)
        return r;
    return listen(listener->fd, SOMAXCONN) < 0 ? -errno : 0;
}

/* Somebody may have put another socket in our place: theirs is left alone. */
static bool listener_path_is_ours(const Listener *listener) {
    struct stat st;

    return listener->owns_path && lstat(listener_config(listener)->address.socket.un.sun_path, &st) == 0 &&
           st.st_dev == listener->dev && st.st_ino == listener->ino;
}

bool listener_is_in_place(const Listener *listener) {
    return listener_config(listener)->address.kind != ADDRESS_UNIX || listener_path_is_ours(listener);
}

/* --- tcp:// */

static int listener_bind_tcp(Listener *listener) {
    const Address *address = &listener_config(listener)->address;
    static const int on = 1;
    int r;

    listener->fd = socket(listener->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd < 0 && errno == EAFNOSUPPORT)
        return listener_fail(
            &listener->why, -EAFNOSUPPORT,
            "the daemon may have no TCP here (the unit has none: examples/systemd/tcp.conf)");
    if (listener->fd < 0)
        return -errno;
    if (setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
        return -errno;
    /* [::] is IPv6 alone: an IPv4 peer would come through a listener nobody wrote down. */
    if (listener->family == AF_INET6 &&
        setsockopt(listener->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
        return -errno;
    r = tcp_set_options(listener->fd);
    if (r < 0)
        return r;
    if (bind(listener->fd, &address->socket.any, address->length) < 0)
        return -errno;
    return listen(listener->fd, SOMAXCONN) < 0 ? -errno : 0;
}

/* --- fd:// */

/* What the config couldn't know of a passed socket: of which kind it is, and so whether its keys hold. */
static int listener_check_passed(const struct sockaddr *bound, socklen_t size, const ConfigListener *config,
                                 const char **ret_why) {
    Address address = {.kind = ADDRESS_TCP, .length = size};

    if (bound->sa_family == AF_UNIX && config->n_allow_from > 0)
        return listener_fail(ret_why, -EINVAL, "allow_from is for tcp, and this is a unix socket");
    if (bound->sa_family == AF_UNIX)
        return 0;
    if (bound->sa_family != AF_INET && bound->sa_family != AF_INET6)
        return -EAFNOSUPPORT;
    if (config->has_allow_uids || config->has_allow_gids)
        return listener_fail(ret_why, -EINVAL,
                             "allow_uids and allow_gids are for unix sockets, and this is tcp");
    memcpy(&address.socket, bound, size < sizeof(address.socket) ? size : sizeof(address.socket));
    if (config->n_allow_from == 0 && !address_is_loopback(&address))
        return listener_fail(ret_why, -EINVAL, "tcp that is not loopback needs allow_from");
    return 0;
}

static bool listener_has_option(int fd, int option, int wanted) {
    socklen_t size = sizeof(int);
    int value;

    return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 && value == wanted;
}

static int listener_look_at_passed(int fd, const ConfigListener *config, int *ret_family,
                                   const char **ret_why) {
    struct sockaddr_storage bound = {0};
    socklen_t size = sizeof(bound);

    if (!listener_has_option(fd, SO_TYPE, SOCK_STREAM) || !listener_has_option(fd, SO_ACCEPTCONN, 1))
        return listener_fail(ret_why, -ENOTSOCK, "what was passed is no listening stream socket");
    if (getsockname(fd, (struct sockaddr *) &bound, &size) < 0)
        return -errno;
    *ret_family = bound.ss_family;
    return listener_check_passed((struct sockaddr *) &bound, size, config, ret_why);
}

/* A duplicate: the number stays taken, so that a later reload can't find another file behind it. */
static int listener_take_passed(Listener *listener) {
    int flags, r;

    if (listener->passed < 0)
        return listener_fail(&listener->why, -ENOENT, "no socket was passed");
    r = listener_look_at_passed(listener->passed, listener_config(listener), &listener->family,
                                &listener->why);
    if (r < 0)
        return r;
    listener->fd = fcntl(listener->passed, F_DUPFD_CLOEXEC, MANAGER_FIRST_FD);
    if (listener->fd < 0)
        return -errno;
    flags = fcntl(listener->fd, F_GETFL);
    if (flags < 0 || fcntl(listener->fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return -errno;
    return listener->family == AF_UNIX ? 0 : tcp_set_options(listener->fd);
}

/* --- accepting */

typedef enum AcceptStep {
    ACCEPT_TAKEN,
    ACCEPT_AGAIN, /* this one is gone, the next may be fine; behind it, there is no next one now */
    ACCEPT_EMPTY,
    ACCEPT_EXHAUSTED,
} AcceptStep;

static AcceptStep listener_accept_one(Listener *listener, int *ret_fd) {
    int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0) {
        *ret_fd = fd;
        return ACCEPT_TAKEN;
    }
    switch (errno) {
    case EAGAIN:
        return ACCEPT_EMPTY;
    case EINTR:
    case ECONNABORTED:
    case EPERM: /* a firewall's word */
    /* accept(2): errors already pending on the new socket, to be treated like EAGAIN */
    case ENETDOWN:
    case EPROTO:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
        return ACCEPT_AGAIN;
    default: /* EMFILE, ENFILE, ENOBUFS, ENOMEM; and whatever else would come again at once */
        return ACCEPT_EXHAUSTED;
    }
}

/* From now; again where one is on its way. */
static void listener_set_pause(const Listener *listener, unsigned msec) {
    const struct itimerspec wait = {
        .it_value = {.tv_sec = msec / 1000, .tv_nsec = (long) (msec % 1000) * 1000000}};

    (void) timerfd_settime(listener->timer, 0, &wait, NULL); /* it is a timer's descriptor, and a time */
}

/* The backlog keeps who waits. Looking again at once would only burn the processor. */
static void listener_pause(Listener *listener, int error) {
    if (!listener->exhausted)
        log_warning("listener %s: cannot accept: %s; trying again every %u ms",
                    listener_config(listener)->address.text, strerror(error), TIME_ACCEPT_PAUSE_MSEC);
    listener->exhausted = true;
    listener_set_pause(listener, TIME_ACCEPT_PAUSE_MSEC);
    (void) event_del(listener->readable);
}

/*
 * What has closed in this turn gives its descriptor back at its end (outbox.h), and who is held does at once:
 * the next one may be lucky.
 */
static void listener_on_exhausted(Listener *listener, int error) {
    (void) held_let_all_go();
    listener->strained = !listener->strained;
    if (!listener->strained)
        listener_pause(listener, error);
}

static void listener_on_readable(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    Listener *listener = arg;
    AcceptStep step = ACCEPT_AGAIN;
    int fds[LIMIT_ACCEPT_BATCH];
    size_t n = 0;

    for (unsigned i = 0; i < LIMIT_ACCEPT_BATCH && step <= ACCEPT_AGAIN; i++) {
        step = listener_accept_one(listener, &fds[n]);
        n += step == ACCEPT_TAKEN;
    }
    if (step == ACCEPT_EXHAUSTED)
        listener_on_exhausted(listener, errno);
    else
        listener->strained = false;
    if (step == ACCEPT_EMPTY)
        listener->exhausted = false;
    if (n > 0)
        listener->accept(listener->arg, listener, fds, n); /* may stop the listener, never free it */
}

/* False: there is no memory for it. It would be deaf for good, so once more, after a pause. */
static bool listener_watch(const Listener *listener) {
    if (event_add(listener->readable, NULL) == 0)
        return true;
    listener_set_pause(listener, TIME_ACCEPT_PAUSE_MSEC);
    return false;
}

static void listener_on_pause_end(evutil_socket_t fd, short what UNUSED, void *arg) {
    Listener *listener = arg;
    uint64_t n;

    if (read(fd, &n, sizeof(n)) == sizeof(n) && listener->accepting)
        (void) listener_watch(listener);
}

void listener_start(Listener *listener) {
    listener->accepting = true;
    if (!listener_watch(listener))
        log_error("listener %s: cannot be watched yet", listener_config(listener)->address.text);
}

void listener_stop(Listener *listener) {
    listener->accepting = false;
    (void) event_del(listener->readable);
    listener_set_pause(listener, 0);
}

/* --- life cycle */

static int listener_open_socket(Listener *listener) {
    const Address *address = &listener_config(listener)->address;

    switch (address->kind) {
    case ADDRESS_UNIX:
        listener->family = AF_UNIX;
        return listener_bind_unix(listener);
    case ADDRESS_TCP:
        listener->family = address->socket.any.sa_family;
        return listener_bind_tcp(listener);
    case ADDRESS_FD:
        return listener_take_passed(listener);
    case ADDRESS_NONE:
        break;
    }
    return -EINVAL;
}

static int listener_make_events(Listener *listener) {
    listener->readable =
        event_new(listener->base, listener->fd, EV_READ | EV_PERSIST, listener_on_readable, listener);
    listener->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (listener->timer < 0)
        return -errno;
    listener->pause =
        event_new(listener->base, listener->timer, EV_READ | EV_PERSIST, listener_on_pause_end, listener);
    listener->held = held_new(listener->base);
    if (!listener->readable || !listener->pause || !listener->held || event_add(listener->pause, NULL) < 0)
        return -ENOMEM;
    return 0;
}

int listener_open(struct event_base *base, Config *config, size_t index, int passed, ListenerAccept accept,
                  void *arg, Listener **ret) {
    Listener *listener = calloc(1, sizeof(*listener));
    int r;

    if (!listener)
        return -ENOMEM;
    *listener = (Listener){.base = base,
                           .config = config_ref(config),
                           .index = index,
                           .fd = -EBADF,
                           .timer = -EBADF,
                           .passed = passed,
                           .accept = accept,
                           .arg = arg};
    r = listener_open_socket(listener);
    if (r == 0)
        r = listener_make_events(listener);
    if (r < 0) {
        log_error("listener %s: %s", listener_config(listener)->address.text,
                  listener->why ? listener->why : strerror(-r));
        (void) listener_free(listener);
        return r;
    }
    *ret = listener;
    return 0;
}

Listener *listener_free(Listener *listener) {
    if (!listener)
        return NULL;
    if (listener->readable)
        event_free(listener->readable);
    if (listener->pause)
        event_free(listener->pause);
    (void) held_free(listener->held);
    listener_close_fd(&listener->timer);
    if (listener_path_is_ours(listener))
        (void) unlink(listener_config(listener)->address.socket.un.sun_path);
    listener_close_fd(&listener->fd);
    (void) config_unref(listener->config);
    free(listener);
    return NULL;
}

int listener_try(const Listener *listener, const Config *config, size_t index) {
    const ConfigListener *next = &config->listeners[index];
    Rights rights = listener_rights(listener, next);
    const char *why = NULL;
    int family, r = 0;

    if (next->address.kind == ADDRESS_FD)
        r = listener_look_at_passed(listener->fd, next, &family, &why);
    else if (next->address.kind == ADDRESS_UNIX)
        r = rights_try(next->address.socket.un.sun_path, &rights, &why);
    if (r < 0)
        log_error("listener %s: %s", next->address.text, why ? why : strerror(-r));
    return r;
}

int listener_update(Listener *listener, Config *config, size_t index) {
    const ConfigListener *next = &config->listeners[index];
    Config *old = listener->config;
    Rights rights = listener_rights(listener, next);
    const char *why = NULL;
    int family, r;

    if (next->address.kind == ADDRESS_FD) {
        r = listener_look_at_passed(listener->fd, next, &family, &why);
        if (r < 0) /* the new keys don't fit it: with the old ones it stays at least as narrow */
            return r;
    }
    listener->config = config_ref(config);
    listener->index = index;
    (void) config_unref(old);
    if (next->address.kind != ADDRESS_UNIX)
        return 0;
    return listener_path_is_ours(listener) ? rights_apply(next->address.socket.un.sun_path, &rights, &why)
                                           : -ESTALE;
}
