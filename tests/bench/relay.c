// SPDX-License-Identifier: Apache-2.0
/*
 * The least that can stand between a client and an engine: what the machine allows, to hold the gate against.
 * One thread; each client gets an engine connection of its own.
 *
 *   bench-relay copy|splice|parse SOCKET ENGINE
 *   bench-relay trail SOCKET ENGINE FILE
 *
 * copy: bytes are received and sent on. splice: they stay in the kernel, and go through a pipe. parse:
 * copied, and read by llhttp on their way, heads and bodies of both sides; the path of each request is looked
 * up. A gate does at least that; this one lets all through. trail: besides, each request and each answer has
 * a line in FILE, as long as the gate's and chained like them, one write a turn.
 */
#include <errno.h>
#include <fcntl.h>
#include <llhttp.h>
#include <nettle/sha2.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "policy/base.h"

#define BUFFER_BYTES (64u << 10)
#define PIPE_BYTES (256 << 10)
#define PATH_BYTES 256u
#define TRAIL_BYTES (1u << 20)
#define REQUEST_LINE 760u /* bytes: what the gate writes of a small GET, and of its end */
#define ANSWER_LINE 440u

typedef enum Mode {
    MODE_COPY = 0,
    MODE_SPLICE,
    MODE_PARSE,
    MODE_TRAIL,
} Mode;

typedef struct Pair Pair;

/* One of the two ends, and what has come from it. */
typedef struct Side {
    int fd;
    Pair *pair;
    struct Side *other;
    uint32_t watched;
    bool ended, told_end; /* it sends no more; the other one knows */
    char *held;           /* what the other one had no room for; malloc'd */
    size_t held_from, held_size;
    int pipe[2]; /* MODE_SPLICE: the same, in the kernel: `held_size` bytes */
    llhttp_t parser;
    bool raw; /* no HTTP any more */
    char path[PATH_BYTES];
    size_t path_size;
} Side;

struct Pair {
    Side client, engine;
    bool dead;
    Pair *next_dead;
};

static const char *const paths[] = {"/_ping", "/containers/json", "/containers/create", "/events",
                                    "/images/get"};

static Mode mode;
static struct sockaddr_un engine_address = {.sun_family = AF_UNIX};
static int loop;
static char buffer[BUFFER_BYTES];
static Pair *dead;
static uint64_t n_known, n_fields; /* so that looking costs what it costs */
static llhttp_settings_t settings;
static int trail_fd;
static char trail[TRAIL_BYTES], trail_hash[2 * SHA256_DIGEST_SIZE];
static size_t trail_size;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

/* --- the trail */

static void trail_flush(void) {
    if (trail_size > 0 && write(trail_fd, trail, trail_size) != (ssize_t) trail_size)
        fail("write");
    trail_size = 0;
}

/* The hash of the line before it, something, its own hash. */
static void trail_add(size_t size) {
    static const char digits[] = "0123456789abcdef";
    uint8_t hash[SHA256_DIGEST_SIZE];
    struct sha256_ctx context;
    char *line;

    if (sizeof(trail) - trail_size < size)
        trail_flush();
    line = trail + trail_size;
    memset(line, '.', size);
    memcpy(line, trail_hash, sizeof(trail_hash));
    sha256_init(&context);
    sha256_update(&context, size - sizeof(trail_hash) - 1, (const uint8_t *) line);
    sha256_digest(&context, sizeof(hash), hash);
    for (size_t i = 0; i < sizeof(hash); i++) {
        trail_hash[2 * i] = digits[hash[i] >> 4];
        trail_hash[2 * i + 1] = digits[hash[i] & 15];
    }
    memcpy(line + size - sizeof(trail_hash) - 1, trail_hash, sizeof(trail_hash));
    line[size - 1] = '\n';
    trail_size += size;
}

/* --- what is read on the way */

static int on_url(llhttp_t *parser, const char *at, size_t size) {
    Side *side = parser->data;
    size_t room = sizeof(side->path) - side->path_size, n = size < room ? size : room;

    memcpy(side->path + side->path_size, at, n);
    side->path_size += n;
    return 0;
}

static int on_field(llhttp_t *parser, const char *at, size_t size) {
    n_fields++;
    return 0;
}

static int on_head(llhttp_t *parser) {
    Side *side = parser->data;
    const char *query = memchr(side->path, '?', side->path_size);
    size_t size = query ? (size_t) (query - side->path) : side->path_size;

    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        size_t n = strlen(paths[i]);

        n_known += size >= n && memcmp(side->path + size - n, paths[i], n) == 0;
    }
    side->path_size = 0;
    if (mode == MODE_TRAIL)
        trail_add(side == &side->pair->client ? REQUEST_LINE : ANSWER_LINE);
    return 0;
}

static void parser_prepare(void) {
    llhttp_settings_init(&settings);
    settings.on_url = on_url;
    settings.on_header_field = on_field;
    settings.on_header_value = on_field;
    settings.on_headers_complete = on_head;
}

static bool side_parse(Side *side, size_t size) {
    llhttp_errno_t error;

    if (side->raw)
        return true;
    error = llhttp_execute(&side->parser, buffer, size);
    side->raw = error == HPE_PAUSED_UPGRADE;
    return error == HPE_OK || side->raw;
}

/* --- bytes, from one side to the other; each of these is false where the pair is over */

static bool side_flush(Side *from) {
    ssize_t n = mode == MODE_SPLICE
                    ? splice(from->pipe[0], NULL, from->other->fd, NULL, from->held_size, SPLICE_F_NONBLOCK)
                    : send(from->other->fd, from->held + from->held_from, from->held_size, MSG_NOSIGNAL);

    if (n < 0)
        return errno == EAGAIN;
    from->held_from += (size_t) n;
    from->held_size -= (size_t) n;
    if (from->held_size == 0) {
        free(from->held);
        from->held = NULL;
        from->held_from = 0;
    }
    return true;
}

static bool side_splice(Side *from) {
    ssize_t n = splice(from->fd, NULL, from->pipe[1], NULL, PIPE_BYTES, SPLICE_F_NONBLOCK);

    if (n < 0)
        return errno == EAGAIN;
    from->ended = n == 0;
    from->held_size = (size_t) n;
    return n == 0 || side_flush(from);
}

static bool side_copy(Side *from) {
    ssize_t n = recv(from->fd, buffer, sizeof(buffer), 0), sent;

    if (n < 0)
        return errno == EAGAIN;
    from->ended = n == 0;
    if (n == 0)
        return true;
    if (mode >= MODE_PARSE && !side_parse(from, (size_t) n))
        return false;
    sent = send(from->other->fd, buffer, (size_t) n, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
        return false;
    if (sent == n)
        return true;
    from->held_size = (size_t) (n - (sent < 0 ? 0 : sent));
    from->held = malloc(from->held_size);
    if (!from->held)
        return false;
    memcpy(from->held, buffer + (size_t) n - from->held_size, from->held_size);
    return true;
}

/* --- pairs */

/* What is not waited for leaves the loop: a peer that is gone would wake it for ever. */
static bool side_watch(Side *side) {
    uint32_t wanted = (side->ended || side->held_size > 0 ? 0u : (uint32_t) EPOLLIN) |
                      (side->other->held_size > 0 ? (uint32_t) EPOLLOUT : 0u);
    struct epoll_event event = {.events = wanted, .data.ptr = side};
    int how = wanted == 0 ? EPOLL_CTL_DEL : side->watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

    if (wanted == side->watched)
        return true;
    side->watched = wanted;
    return epoll_ctl(loop, how, side->fd, &event) == 0;
}

static bool side_tell_end(Side *from) {
    if (from->ended && from->held_size == 0 && !from->told_end) {
        from->told_end = true;
        shutdown(from->other->fd, SHUT_WR);
    }
    return !from->told_end || !from->other->told_end;
}

static void side_close(Side *side) {
    if (side->fd >= 0)
        close(side->fd);
    if (mode == MODE_SPLICE) {
        close(side->pipe[0]);
        close(side->pipe[1]);
    }
    free(side->held);
}

static void pair_close(Pair *pair) {
    side_close(&pair->client);
    side_close(&pair->engine);
    pair->dead = true;
    pair->next_dead = dead;
    dead = pair;
}

static void side_happens(Side *side, uint32_t events) {
    Pair *pair = side->pair;
    bool goes_on = true;

    if (pair->dead)
        return;
    if (events & EPOLLOUT)
        goes_on = side_flush(side->other);
    if (goes_on && (events & ~(uint32_t) EPOLLOUT) && !side->ended && side->held_size == 0)
        goes_on = mode == MODE_SPLICE ? side_splice(side) : side_copy(side);
    if (side->ended && side->held_size == 0 && (events & EPOLLHUP)) /* it doesn't listen either */
        goes_on = false;
    if (!goes_on || !side_tell_end(&pair->client) || !side_tell_end(&pair->engine) ||
        !side_watch(&pair->client) || !side_watch(&pair->engine))
        pair_close(pair);
}

static bool side_prepare(Side *side, Pair *pair, Side *other, llhttp_type_t type) {
    side->pair = pair;
    side->other = other;
    if (mode >= MODE_PARSE) {
        llhttp_init(&side->parser, type, &settings);
        side->parser.data = side;
    }
    if (mode != MODE_SPLICE)
        return true;
    if (pipe2(side->pipe, O_NONBLOCK | O_CLOEXEC) < 0)
        fail("pipe2");
    return fcntl(side->pipe[1], F_SETPIPE_SZ, PIPE_BYTES) > 0;
}

static int engine_connect(void) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    while (fd >= 0 && connect(fd, (struct sockaddr *) &engine_address, sizeof(engine_address)) < 0) {
        if (errno != EAGAIN) { /* which says that as many wait already as may */
            close(fd);
            return -1;
        }
        sched_yield();
    }
    return fd;
}

static void accept_all(int listener) {
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        Pair *pair = calloc(1, sizeof(*pair));

        if (!pair)
            fail("calloc");
        pair->client.fd = fd;
        pair->engine.fd = engine_connect();
        if (!side_prepare(&pair->client, pair, &pair->engine, HTTP_REQUEST) ||
            !side_prepare(&pair->engine, pair, &pair->client, HTTP_RESPONSE) || pair->engine.fd < 0 ||
            !side_watch(&pair->client) || !side_watch(&pair->engine))
            pair_close(pair);
    }
}

static void bury(void) {
    while (dead) {
        Pair *pair = dead;

        dead = pair->next_dead;
        free(pair);
    }
}

static bool take_mode(const char *name) {
    static const char *const names[] = {
        [MODE_COPY] = "copy", [MODE_SPLICE] = "splice", [MODE_PARSE] = "parse", [MODE_TRAIL] = "trail"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strcmp(name, names[i]) == 0) {
            mode = (Mode) i;
            return true;
        }
    return false;
}

int main(int argc, char **argv) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct epoll_event event = {.events = EPOLLIN}, events[64];
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), n;

    if (argc < 4 || !take_mode(argv[1]) || argc != (mode == MODE_TRAIL ? 5 : 4) ||
        strlen(argv[2]) >= sizeof(address.sun_path) || strlen(argv[3]) >= sizeof(engine_address.sun_path)) {
        fprintf(stderr, "usage: bench-relay copy|splice|parse SOCKET ENGINE\n       bench-relay trail SOCKET "
                        "ENGINE FILE\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* splice() takes no flag for it */
    strcpy(address.sun_path, argv[2]);
    strcpy(engine_address.sun_path, argv[3]);
    parser_prepare();
    trail_fd = mode == MODE_TRAIL ? open(argv[4], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640) : 0;
    if (trail_fd < 0)
        fail(argv[4]);
    loop = epoll_create1(EPOLL_CLOEXEC);
    if (bind(listener, (struct sockaddr *) &address, sizeof(address)) < 0 ||
        listen(listener, SOMAXCONN) < 0 || epoll_ctl(loop, EPOLL_CTL_ADD, listener, &event) < 0)
        fail(argv[2]);
    while ((n = epoll_wait(loop, events, ARRAY_SIZE(events), -1)) >= 0 || errno == EINTR) {
        for (int i = 0; i < n; i++)
            if (events[i].data.ptr)
                side_happens(events[i].data.ptr, events[i].events);
            else
                accept_all(listener);
        trail_flush();
        bury();
    }
    fail("epoll_wait");
}
