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
 *   GET  …/images/get            200, without end, in chunks: for who counts and hangs up
 *   anything else                200, OK
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "message.h"

#define IN_BYTES (64u << 10)
#define LIST_BYTES 8192u
#define CHUNK_BYTES (64u << 10)
#define HEAD                                                                                                 \
    "Api-Version: 1.41\r\nDocker-Experimental: false\r\nOstype: linux\r\nServer: Docker/20.10.24 "           \
    "(linux)\r\n"

typedef struct Answer {
    const char *path; /* what the target ends with, before a query */
    char *text;
    size_t size;
    bool endless; /* the part behind `head_size` again and again */
    size_t head_size;
} Answer;

typedef struct Peer {
    int fd;
    Message message;
    const Answer *answer; /* that is being written; NULL: none */
    const Answer *next;   /* of the request that is being read */
    size_t written;
    bool wants_room;
    size_t have;
    char in[IN_BYTES];
} Peer;

static Answer answers[5];
static int loop;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void prepare(Answer *answer, const char *path, const char *status, const char *more, const char *body,
                    size_t size) {
    answer->path = path;
    answer->text = malloc(size + 512);
    if (!answer->text)
        fail("malloc");
    answer->head_size = (size_t) snprintf(answer->text, 512, "HTTP/1.1 %s\r\n" HEAD "%s\r\n", status, more);
    memcpy(answer->text + answer->head_size, body, size);
    answer->size = answer->head_size + size;
}

/* `size` bytes as one chunk; malloc'd. */
static char *make_chunk(char fill, size_t size, bool last, size_t *ret_size) {
    char *text = malloc(size + 64);
    int n;

    if (!text)
        fail("malloc");
    n = snprintf(text, 32, "%zx\r\n", size);
    memset(text + n, fill, size);
    *ret_size = (size_t) n + size;
    *ret_size += (size_t) snprintf(text + *ret_size, 32, "\r\n%s", last ? "0\r\n\r\n" : "");
    return text;
}

static void prepare_all(void) {
    static const char chunked[] = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n";
    static const char created[] = "{\"Id\":\"0123456789abcdef\",\"Warnings\":[]}\n";
    static const char event[] = "14\r\n{\"Action\":\"start\"}\r\n\r\n";
    char length[64];
    size_t size;
    char *text = make_chunk(' ', LIST_BYTES, true, &size);

    text[6] = '[';
    text[6 + LIST_BYTES - 1] = ']';
    prepare(&answers[0], "/containers/json", "200 OK", chunked, text, size);
    snprintf(length, sizeof(length), "Content-Length: %zu\r\n", sizeof(created) - 1);
    prepare(&answers[1], "/containers/create", "201 Created", length, created, sizeof(created) - 1);
    prepare(&answers[2], "/events", "200 OK", chunked, event, sizeof(event) - 1);
    text = make_chunk('x', CHUNK_BYTES, false, &size);
    prepare(&answers[3], "/images/get", "200 OK", chunked, text, size);
    answers[3].endless = true;
    prepare(&answers[4], "", "200 OK", "Content-Length: 2\r\n", "OK", 2);
}

static const Answer *find_answer(const char *head, size_t size) {
    const char *target = memchr(head, ' ', size), *end;

    if (!target)
        return &answers[4];
    end = target + 1 + strcspn(target + 1, " ?\r\n");
    for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
        size_t n = strlen(answers[i].path);

        if ((size_t) (end - target) > n && memcmp(end - n, answers[i].path, n) == 0)
            return &answers[i];
    }
    return &answers[4];
}

static void peer_close(Peer *peer) {
    close(peer->fd);
    free(peer);
}

static bool peer_watch(Peer *peer, bool room) {
    struct epoll_event event = {.events = EPOLLIN | (room ? EPOLLOUT : 0u), .data.ptr = peer};

    if (peer->wants_room == room)
        return true;
    peer->wants_room = room;
    return epoll_ctl(loop, EPOLL_CTL_MOD, peer->fd, &event) == 0;
}

/* False: the peer is gone. */
static bool peer_write(Peer *peer) {
    while (peer->answer) {
        const Answer *answer = peer->answer;
        ssize_t n = send(peer->fd, answer->text + peer->written, answer->size - peer->written, MSG_NOSIGNAL);

        if (n < 0)
            return errno == EAGAIN && peer_watch(peer, true);
        peer->written += (size_t) n;
        if (peer->written < answer->size)
            continue;
        peer->written = answer->endless ? answer->head_size : 0;
        if (!answer->endless)
            peer->answer = NULL;
    }
    return peer_watch(peer, false);
}

static bool peer_read(Peer *peer) {
    ssize_t n = recv(peer->fd, peer->in + peer->have, sizeof(peer->in) - peer->have - 1, 0);
    size_t from = 0;
    bool end;

    if (n <= 0)
        return n < 0 && errno == EAGAIN;
    peer->have += (size_t) n;
    peer->in[peer->have] = '\0';
    while (from < peer->have) {
        size_t taken;

        if (!peer->message.in_body)
            peer->next = find_answer(peer->in + from, peer->have - from);
        taken = message_take(&peer->message, (Span){peer->in + from, peer->have - from}, &end);
        if (taken == 0)
            break;
        from += taken;
        if (!end)
            continue;
        peer->answer = peer->next;
        if (!peer_write(peer))
            return false;
    }
    memmove(peer->in, peer->in + from, peer->have - from);
    peer->have -= from;
    return peer->have + 1 < sizeof(peer->in);
}

static void accept_all(int listener) {
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        Peer *peer = calloc(1, sizeof(*peer));
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
