// SPDX-License-Identifier: Apache-2.0
/*
 * Asks as fast as it is answered, on so many connections at once; one thread.
 *
 *   bench-load SOCKET CONNECTIONS SECONDS keep|anew METHOD TARGET [BODY-BYTES]
 *
 * keep: a connection for all; anew: one a request. A body is that of a container's create. Prints a JSON
 * object: requests, seconds, p50_us, p99_us, most_us, status (of the first answer), others (answers with
 * another one), failures (connections that ended where they shouldn't), all (requests, with those of the
 * warm-up).
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "histogram.h"
#include "message.h"

#define IN_BYTES (64u << 10)
#define PATIENCE_NSEC UINT64_C(20000000000) /* for one answer at least */

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
static bool anew;
static int loop;

static uint64_t counts_nsec; /* from when on it counts */
static uint64_t n_all, n_failures, n_others;
static Histogram latencies;
static int status;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

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

static void take_status(Peer *peer) {
    int its = atoi(peer->in + 9);

    if (status == 0)
        status = its;
    n_others += its != status;
    peer->closes = strcasestr(peer->in, "\r\nconnection: close") != NULL;
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
    peer->have += (size_t) n;
    peer->in[peer->have] = '\0';
    if (!peer->message.in_body) {
        if (!memmem(peer->in, peer->have, "\r\n\r\n", 4))
            return;
        take_status(peer);
    }
    taken = message_take(&peer->message, (Span){peer->in, peer->have}, &end);
    peer->have -= taken;
    memmove(peer->in, peer->in + taken, peer->have);
    if (!end)
        return;
    n_all++;
    if (peer->asked_nsec >= counts_nsec)
        histogram_count(&latencies, now_nsec() - peer->asked_nsec);
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

static void open_all(Peer *peers, size_t n) {
    for (size_t i = 0; i < n; i++) {
        peer_open(&peers[i]);
        peer_ask(&peers[i]);
    }
}

int main(int argc, char **argv) {
    struct epoll_event events[64];
    uint64_t end_nsec;
    size_t n_peers, body = argc == 8 ? strtoul(argv[7], NULL, 10) : 0;
    Peer *peers;
    double seconds;

    if (argc < 7 || strlen(argv[1]) >= sizeof(address.sun_path) ||
        (body > 0 && (body < 128 || body > 32768))) {
        fprintf(stderr,
                "usage: bench-load SOCKET CONNECTIONS SECONDS keep|anew METHOD TARGET [BODY-BYTES]\n");
        return 2;
    }
    strcpy(address.sun_path, argv[1]);
    seconds = strtod(argv[3], NULL);
    anew = strcmp(argv[4], "anew") == 0;
    prepare(argv[5], argv[6], body);
    loop = epoll_create1(EPOLL_CLOEXEC);
    counts_nsec = now_nsec() + warm_nsec(seconds);
    end_nsec = counts_nsec + (uint64_t) (seconds * 1e9);
    n_peers = strtoul(argv[2], NULL, 10);
    peers = calloc(n_peers, sizeof(*peers));
    if (!peers)
        fail("calloc");
    open_all(peers, n_peers);
    while (now_nsec() < end_nsec + (latencies.n > 0 ? 0 : PATIENCE_NSEC)) {
        int n = epoll_wait(loop, events, ARRAY_SIZE(events), 100);

        for (int i = 0; i < n; i++)
            peer_read(events[i].data.ptr);
    }
    printf("{\"requests\": %" PRIu64 ", \"all\": %" PRIu64
           ", \"seconds\": %.4f, \"p50_us\": %.1f, \"p99_us\": %.1f, "
           "\"most_us\": %.1f, \"status\": %d, \"others\": %" PRIu64 ", \"failures\": %" PRIu64 "}\n",
           latencies.n, n_all, (double) (now_nsec() - counts_nsec) / 1e9, histogram_usec(&latencies, 0.5),
           histogram_usec(&latencies, 0.99), (double) latencies.most_nsec / 1e3, status, n_others,
           n_failures);
    free(peers);
    return 0;
}
