// SPDX-License-Identifier: Apache-2.0
/*
 * Asks as fast as it is answered, on so many connections at once; one thread.
 *
 *   bench-load SOCKET CONNECTIONS SECONDS keep|anew|stream METHOD TARGET [BODY-BYTES]
 *
 * keep: a connection for all; anew: one a request; stream: one request, whose answer has no end, and its
 * bytes are counted. A body is that of a container's create. Prints a JSON object: requests, seconds, p50_us,
 * p99_us, status (of the first answer), failures (connections that ended where they shouldn't).
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "message.h"

#define IN_BYTES (64u << 10)
#define WARM_NSEC UINT64_C(150000000) /* before that nothing counts */
#define STEPS 64u                     /* of the latencies' histogram, an octave */

typedef struct Peer {
    int fd;
    Message message;
    uint64_t asked_nsec;
    bool closes; /* the answer says so */
    size_t have;
    char in[IN_BYTES];
} Peer;

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static char request[64u << 10];
static size_t request_size;
static bool anew, stream;
static int loop;

static uint64_t began_nsec, n_counted, n_failures, n_bytes, latencies[64 * STEPS];
static int status;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static uint64_t now_nsec(void) {
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec;
}

/* --- latencies */

static size_t step_of(uint64_t nsec) {
    unsigned octave = nsec < STEPS ? 0 : 63u - (unsigned) __builtin_clzll(nsec) - 5;

    return octave == 0 ? nsec : (size_t) octave * STEPS + ((nsec >> (octave - 1)) & (STEPS - 1));
}

static double usec_of(size_t step) {
    size_t octave = step / STEPS;

    return octave == 0 ? (double) step / 1e3 : (double) ((STEPS + step % STEPS) << (octave - 1)) / 1e3;
}

static double percentile(double part) {
    uint64_t seen = 0;

    for (size_t i = 0; i < ARRAY_SIZE(latencies); i++) {
        seen += latencies[i];
        if (seen > 0 && (double) seen >= part * (double) n_counted)
            return usec_of(i);
    }
    return 0;
}

/* --- connections */

static void peer_open(Peer *peer) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};

    peer->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    while (connect(peer->fd, (struct sockaddr *) &address, sizeof(address)) < 0)
        if (errno != EAGAIN && errno != EINTR)
            fail("connect");
    if (epoll_ctl(loop, EPOLL_CTL_ADD, peer->fd, &event) < 0)
        fail("epoll_ctl");
    peer->message = (Message){0};
    peer->closes = false;
    peer->have = 0;
}

static void peer_ask(Peer *peer) {
    peer->asked_nsec = now_nsec();
    if (send(peer->fd, request, request_size, MSG_NOSIGNAL) != (ssize_t) request_size)
        n_failures++;
}

static void peer_again(Peer *peer, bool anew_now) {
    if (anew_now) {
        close(peer->fd);
        peer_open(peer);
    }
    peer_ask(peer);
}

static void count(const Peer *peer) {
    uint64_t now = now_nsec();

    if (peer->asked_nsec - began_nsec < WARM_NSEC)
        return;
    n_counted++;
    latencies[step_of(now - peer->asked_nsec)]++;
}

static void peer_read(Peer *peer) {
    ssize_t n = recv(peer->fd, peer->in + peer->have, sizeof(peer->in) - peer->have - 1, 0);
    size_t taken;
    bool end;

    if (n <= 0) {
        n_failures++;
        peer_again(peer, true);
        return;
    }
    if (stream && status != 0) {
        n_bytes += now_nsec() - began_nsec < WARM_NSEC ? 0 : (uint64_t) n;
        return;
    }
    peer->have += (size_t) n;
    peer->in[peer->have] = '\0';
    if (!peer->message.in_body) {
        if (!memmem(peer->in, peer->have, "\r\n\r\n", 4))
            return;
        if (status == 0)
            status = atoi(peer->in + 9);
        peer->closes = strcasestr(peer->in, "\r\nconnection: close") != NULL;
    }
    if (stream) {
        peer->have = 0;
        return;
    }
    taken = message_take(&peer->message, (Span){peer->in, peer->have}, &end);
    peer->have -= taken;
    memmove(peer->in, peer->in + taken, peer->have);
    if (!end)
        return;
    count(peer);
    peer_again(peer, anew || peer->closes);
}

static void prepare(const char *method, const char *target, size_t body_size) {
    static const char begin[] =
        "{\"Image\":\"alpine\",\"Cmd\":[\"true\"],\"HostConfig\":{\"NetworkMode\":\"bridge\"},\"Env\":[\"A=";
    static const char end[] = "\"]}";
    int n = snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: docker\r\nUser-Agent: bench\r\n",
                     method, target);

    if (body_size > 0)
        n += snprintf(request + n, sizeof(request) - (size_t) n,
                      "Content-Type: application/json\r\nContent-Length: %zu\r\n", body_size);
    n += snprintf(request + n, sizeof(request) - (size_t) n, "\r\n");
    request_size = (size_t) n;
    if (body_size == 0)
        return;
    memcpy(request + n, begin, sizeof(begin) - 1);
    memset(request + n + sizeof(begin) - 1, 'x', body_size - (sizeof(begin) + sizeof(end) - 2));
    memcpy(request + (size_t) n + body_size - (sizeof(end) - 1), end, sizeof(end) - 1);
    request_size += body_size;
}

int main(int argc, char **argv) {
    struct epoll_event events[64];
    uint64_t end_nsec;
    size_t n_peers, body = argc == 8 ? strtoul(argv[7], NULL, 10) : 0;

    if (argc < 7 || strlen(argv[1]) >= sizeof(address.sun_path) ||
        (body > 0 && (body < 128 || body > 32768))) {
        fprintf(stderr,
                "usage: bench-load SOCKET CONNECTIONS SECONDS keep|anew|stream METHOD TARGET [BODY-BYTES]\n");
        return 2;
    }
    strcpy(address.sun_path, argv[1]);
    n_peers = strtoul(argv[2], NULL, 10);
    anew = strcmp(argv[4], "anew") == 0;
    stream = strcmp(argv[4], "stream") == 0;
    prepare(argv[5], argv[6], body);
    loop = epoll_create1(EPOLL_CLOEXEC);
    began_nsec = now_nsec();
    end_nsec = began_nsec + WARM_NSEC + (uint64_t) (strtod(argv[3], NULL) * 1e9);
    for (size_t i = 0; i < n_peers; i++) {
        Peer *peer = calloc(1, sizeof(*peer));

        if (!peer)
            fail("calloc");
        peer_open(peer);
        peer_ask(peer);
    }
    while (now_nsec() < end_nsec) {
        int n = epoll_wait(loop, events, ARRAY_SIZE(events), 100);

        for (int i = 0; i < n; i++)
            peer_read(events[i].data.ptr);
    }
    printf("{\"requests\": %" PRIu64
           ", \"seconds\": %.4f, \"p50_us\": %.1f, \"p99_us\": %.1f, \"status\": %d, \"failures\": %" PRIu64
           ", \"bytes\": %" PRIu64 "}\n",
           n_counted, (double) (now_nsec() - began_nsec - WARM_NSEC) / 1e9, percentile(0.5), percentile(0.99),
           status, n_failures, n_bytes);
    return 0;
}
