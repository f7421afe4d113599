// SPDX-License-Identifier: Apache-2.0
/*
 * An engine that does nothing, as cheaply as it can be done, so that what stands before it is what is
 * measured. One thread; each request is read to its end and answered from memory.
 *
 *   bench-engine SOCKET
 *
 *   GET  …/containers/json       200, 8 KiB in one chunk, as dockerd sends it
 *   POST …/containers/create     201
 *   GET  …/events                200, one event, and no end
 *   GET  …/images/get            200, BULK_BYTES in chunks, as dockerd sends an image
 *   GET  …/images/length/get     the same, of known length
 *   GET  …/images/close/get      the same, until it closes
 *   POST …/exec/aa…/start        101, and what comes is sent back
 *   POST …/exec/bb…/start        101, and bytes without end
 *   POST …/exec/cc…/start        101, and what comes is thrown away
 *   GET  …/exec/…/json           200: what a gate asks of it, and of its container
 *   GET  …/containers/…/json
 *   anything else                200, OK
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "message.h"

#define IN_BYTES (64u << 10)
#define LIST_BYTES 8192u
#define CHUNK_BYTES (32u << 10) /* dockerd copies images in such pieces */
#define BLOCK_CHUNKS 8u         /* so many in one write */
#define N_BLOCKS (BULK_BYTES / CHUNK_BYTES / BLOCK_CHUNKS)
#define FIELDS                                                                                               \
    "Api-Version: 1.41\r\nDocker-Experimental: false\r\nOstype: linux\r\nServer: Docker/20.10.24 "           \
    "(linux)\r\n"
#define CHUNKED "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
#define SWITCHED "Content-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"

typedef enum After {
    AFTER_NEXT = 0, /* request */
    AFTER_CLOSE,
    AFTER_ECHO, /* no HTTP any more: what comes is sent back */
    AFTER_SINK, /* or thrown away */
} After;

typedef struct Answer {
    const char *begin, *end; /* what the path, behind its version, begins and ends with */
    After after;
    char *text; /* the head, and a block of the body, */
    size_t size, head_size;
    uint64_t n_blocks; /* which comes so often; UINT64_MAX: without end */
    const char *tail;  /* then this */
} Answer;

typedef struct Peer {
    int fd;
    Message message;
    const Answer *answer; /* that is being written; NULL: none */
    const Answer *next;   /* of the request that is being read */
    size_t written;       /* of its text and its tail */
    uint64_t n_blocks;
    After after;
    bool wants_room;
    size_t have;
    struct Peer *next_spare; /* of those that nobody is any more */
    char in[IN_BYTES];
} Peer;

static Answer answers[16];
static size_t n_answers;
static int loop;
static Peer *spare; /* kept: a connection's cost would be that of its memory, which goes to and fro */

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static char *allocate(size_t size) {
    char *text = malloc(size);

    if (!text)
        fail("malloc");
    return text;
}

/* --- answers */

static Answer *prepare(const char *begin, const char *end, const char *status, const char *fields,
                       Span block) {
    Answer *answer = &answers[n_answers++];

    *answer =
        (Answer){.begin = begin, .end = end, .n_blocks = 1, .tail = "", .text = allocate(block.size + 512)};
    answer->head_size =
        (size_t) snprintf(answer->text, 512, "HTTP/1.1 %s\r\n" FIELDS "%s\r\n", status, fields);
    memcpy(answer->text + answer->head_size, block.data, block.size);
    answer->size = answer->head_size + block.size;
    return answer;
}

static void prepare_text(const char *begin, const char *end, const char *status, const char *text) {
    char length[128];

    snprintf(length, sizeof(length), "Content-Type: application/json\r\nContent-Length: %zu\r\n",
             strlen(text));
    prepare(begin, end, status, length, (Span){text, strlen(text)});
}

/* `n` chunks of that size, or their data alone. */
static Span make_block(char fill, size_t size, size_t n, bool chunked) {
    char *text = allocate(n * (size + 32)), *at = text;

    for (size_t i = 0; i < n; i++) {
        at += chunked ? sprintf(at, "%zx\r\n", size) : 0;
        memset(at, fill, size);
        at += size;
        at += chunked ? sprintf(at, "\r\n") : 0;
    }
    return (Span){text, (size_t) (at - text)};
}

static void prepare_bulk(void) {
    static char length[128];
    Answer *answer =
        prepare("/images/get", "", "200 OK", CHUNKED, make_block('x', CHUNK_BYTES, BLOCK_CHUNKS, true));
    Span plain = make_block('x', CHUNK_BYTES, BLOCK_CHUNKS, false);

    answer->n_blocks = N_BLOCKS;
    answer->tail = "0\r\n\r\n";
    snprintf(length, sizeof(length), "Content-Length: %u\r\n", BULK_BYTES);
    answer = prepare("/images/length/get", "", "200 OK", length, plain);
    answer->n_blocks = N_BLOCKS;
    answer = prepare("/images/close/get", "", "200 OK", "Connection: close\r\n", plain);
    answer->n_blocks = N_BLOCKS;
    answer->after = AFTER_CLOSE;
    prepare("/exec/a", "/start", "101 UPGRADED", SWITCHED, (Span){"", 0})->after = AFTER_ECHO;
    answer = prepare("/exec/b", "/start", "101 UPGRADED", SWITCHED, plain);
    answer->after = AFTER_SINK;
    answer->n_blocks = UINT64_MAX;
    prepare("/exec/c", "/start", "101 UPGRADED", SWITCHED, (Span){"", 0})->after = AFTER_SINK;
}

/* What a gate asks before it lets an exec instance be started. */
static void prepare_looks(void) {
    static const char *const begins[] = {"/exec/a", "/exec/b", "/exec/c"};
    char id[65] = "", container[65] = "", text[1024];

    memset(container, 'd', 64);
    for (size_t i = 0; i < ARRAY_SIZE(begins); i++) {
        memset(id, "abc"[i], 64);
        snprintf(text, sizeof(text),
                 "{\"ID\":\"%s\",\"ContainerID\":\"%s\",\"ProcessConfig\":{\"entrypoint\":\"id\"}}", id,
                 container);
        prepare_text(begins[i], "/json", "200 OK", text);
    }
    snprintf(
        text, sizeof(text),
        "{\"Id\":\"%s\",\"Name\":\"/"
        "web\",\"HostConfig\":{\"Privileged\":false,\"CapAdd\":null,\"NetworkMode\":"
        "\"default\",\"PidMode\":\"\",\"IpcMode\":\"private\"},\"Mounts\":[],\"Config\":{\"Labels\":{}}}",
        container);
    prepare_text("/containers/d", "/json", "200 OK", text);
}

static void prepare_all(void) {
    Span list = make_block(' ', LIST_BYTES, 1, true);
    static const char event[] = "14\r\n{\"Action\":\"start\"}\r\n\r\n";

    memcpy((char *) memchr(list.data, ' ', list.size), "[]", 2);
    prepare("/containers/json", "", "200 OK", CHUNKED, list)->tail = "0\r\n\r\n";
    prepare_text("/containers/create", "", "201 Created", "{\"Id\":\"0123456789abcdef\",\"Warnings\":[]}\n");
    prepare("/events", "", "200 OK", CHUNKED, (Span){event, sizeof(event) - 1});
    prepare_bulk();
    prepare_looks();
    prepare("", "", "200 OK", "Content-Length: 2\r\n", (Span){"OK", 2});
}

/* The last one is for all the others. */
static const Answer *find_answer(const char *head, size_t size) {
    const char *path = memchr(head, '/', size);
    size_t n = path ? strcspn(path, " ?\r\n") : 0, i = 0;

    if (n > 2 && path[1] == 'v' && path[2] >= '0' && path[2] <= '9') {
        size_t version = 1 + strcspn(path + 1, "/ ");

        path += version;
        n -= version;
    }
    for (; path && i + 1 < n_answers; i++) {
        size_t begin = strlen(answers[i].begin), end = strlen(answers[i].end);

        if (n >= begin + end && memcmp(path, answers[i].begin, begin) == 0 &&
            memcmp(path + n - end, answers[i].end, end) == 0)
            break;
    }
    return &answers[path ? i : n_answers - 1];
}

/* --- peers */

static Peer *peer_new(void) {
    Peer *peer = spare;

    if (!peer)
        return calloc(1, sizeof(*peer));
    spare = peer->next_spare;
    memset(peer, 0, offsetof(Peer, in));
    return peer;
}

static void peer_close(Peer *peer) {
    close(peer->fd);
    peer->next_spare = spare;
    spare = peer;
}

static bool peer_watch(Peer *peer, bool room) {
    struct epoll_event event = {.events = EPOLLIN | (room ? EPOLLOUT : 0u), .data.ptr = peer};

    if (peer->wants_room == room)
        return true;
    peer->wants_room = room;
    return epoll_ctl(loop, EPOLL_CTL_MOD, peer->fd, &event) == 0;
}

static Span peer_rest(const Peer *peer) {
    const Answer *answer = peer->answer;
    size_t behind = peer->written < answer->size ? 0 : peer->written - answer->size;

    if (peer->written < answer->size)
        return (Span){answer->text + peer->written, answer->size - peer->written};
    return (Span){answer->tail + behind, strlen(answer->tail) - behind};
}

/* False: the peer is gone. */
static bool peer_write(Peer *peer) {
    while (peer->answer) {
        Span rest = peer_rest(peer);
        ssize_t n = rest.size == 0 ? 0 : send(peer->fd, rest.data, rest.size, MSG_NOSIGNAL);

        if (n < 0)
            return errno == EAGAIN && peer_watch(peer, true);
        peer->written += (size_t) n;
        if (peer->written == peer->answer->size && peer->n_blocks < peer->answer->n_blocks) {
            peer->n_blocks++;
            if (peer->n_blocks < peer->answer->n_blocks)
                peer->written = peer->answer->head_size;
        }
        if (peer_rest(peer).size > 0)
            continue;
        peer->after = peer->answer->after;
        peer->answer = NULL;
        if (peer->after == AFTER_CLOSE)
            return false;
    }
    return peer_watch(peer, false);
}

static bool peer_begin(Peer *peer, const Answer *answer) {
    peer->answer = answer;
    peer->written = 0;
    peer->n_blocks = 0;
    return peer_write(peer);
}

static bool peer_echo(Peer *peer) {
    size_t n = peer->have;

    peer->have = 0;
    return peer->after == AFTER_SINK || send(peer->fd, peer->in, n, MSG_NOSIGNAL) == (ssize_t) n;
}

static bool peer_read(Peer *peer) {
    ssize_t n = recv(peer->fd, peer->in + peer->have, sizeof(peer->in) - peer->have - 1, 0);
    size_t from = 0;
    bool end;

    if (n <= 0)
        return n < 0 && errno == EAGAIN;
    peer->have += (size_t) n;
    if (peer->after != AFTER_NEXT)
        return peer_echo(peer);
    peer->in[peer->have] = '\0';
    while (from < peer->have) {
        size_t taken;

        if (!peer->message.in_body)
            peer->next = find_answer(peer->in + from, peer->have - from);
        taken = message_take(&peer->message, (Span){peer->in + from, peer->have - from}, &end);
        if (taken == 0)
            break;
        from += taken;
        if (end && !peer_begin(peer, peer->next))
            return false;
    }
    memmove(peer->in, peer->in + from, peer->have - from);
    peer->have -= from;
    return peer->have + 1 < sizeof(peer->in);
}

static void accept_all(int listener) {
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        Peer *peer = peer_new();
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};

        if (!peer || epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) < 0)
            fail("a peer");
        peer->fd = fd;
    }
}

int main(int argc, char **argv) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct epoll_event event = {.events = EPOLLIN}, events[64];
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), n;

    if (argc != 2 || strlen(argv[1]) >= sizeof(address.sun_path)) {
        fprintf(stderr, "usage: bench-engine SOCKET\n");
        return 2;
    }
    prepare_all();
    strcpy(address.sun_path, argv[1]);
    loop = epoll_create1(EPOLL_CLOEXEC);
    if (bind(listener, (struct sockaddr *) &address, sizeof(address)) < 0 ||
        listen(listener, SOMAXCONN) < 0 || epoll_ctl(loop, EPOLL_CTL_ADD, listener, &event) < 0)
        fail(argv[1]);
    while ((n = epoll_wait(loop, events, ARRAY_SIZE(events), -1)) >= 0 || errno == EINTR)
        for (int i = 0; i < n; i++) {
            Peer *peer = events[i].data.ptr;

            if (!peer)
                accept_all(listener);
            else if (((events[i].events & EPOLLOUT) && !peer_write(peer)) ||
                     ((events[i].events & ~(uint32_t) EPOLLOUT) && !peer_read(peer)))
                peer_close(peer);
        }
    fail("epoll_wait");
}
