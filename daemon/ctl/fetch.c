// SPDX-License-Identifier: Apache-2.0
#include "fetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "patience.h"

static int fetch_fail(const char **ret_why, int r, const char *why) {
    *ret_why = why;
    return r;
}

static void fetch_close(const int *fd) {
    if (*fd >= 0)
        close(*fd);
}

static int fetch_wait(int fd, uint64_t until_usec, const char **ret_why) {
    int r = patience_give(fd, until_usec);

    return r == -EAGAIN ? fetch_fail(ret_why, -ETIMEDOUT, "it takes too long to answer") : r;
}

static int fetch_connect(const Address *address, uint64_t until_usec, const char **ret_why) {
    int fd, r;

    if (address->kind == ADDRESS_FD)
        return fetch_fail(ret_why, -EDESTADDRREQ, "which socket systemd passed can't be told here");
    if (address->length == 0)
        return fetch_fail(ret_why, -EDESTADDRREQ, "it needs an IP address or localhost");
    fd = socket(address->socket.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    r = fetch_wait(fd, until_usec, ret_why);
    if (r == 0 && connect(fd, &address->socket.any, address->length) == 0)
        return fd;
    if (r == 0)
        r = -errno;
    close(fd);
    return r;
}

static int fetch_send(int fd, const char *path) {
    char request[256];
    int size = snprintf(request, sizeof(request),
                        "GET %s HTTP/1.1\r\nHost: quaygate\r\nConnection: close\r\n\r\n", path);
    ssize_t n;

    if (size < 0 || (size_t) size >= sizeof(request))
        return -ENAMETOOLONG;
    n = send(fd, request, (size_t) size, MSG_NOSIGNAL);
    if (n < 0)
        return -errno;
    return n == size ? 0 : -EIO;
}

/* To the end of the connection. */
static int fetch_receive(int fd, uint64_t until_usec, Buffer *in, const char **ret_why) {
    for (;;) {
        char *room = buffer_reserve(in, 16u << 10);
        int r = room ? fetch_wait(fd, until_usec, ret_why) : -ENOMEM;
        ssize_t n;

        if (r < 0)
            return r;
        n = recv(fd, room, 16u << 10, 0);
        if (n == 0)
            return 0;
        if (n < 0)
            return errno == EAGAIN ? fetch_fail(ret_why, -ETIMEDOUT, "it takes too long to answer") : -errno;
        buffer_commit(in, (size_t) n);
        if (buffer_size(in) > FETCH_BYTES)
            return fetch_fail(ret_why, -EMSGSIZE, "its answer is too long");
    }
}

/* Whoever answers is the daemon, or not: then this isn't its answer. */
static int fetch_read(Span answer, Buffer *body, const char **ret_why) {
    static const char first[] = "HTTP/1.1 ";
    const char *end = answer.size ? memmem(answer.data, answer.size, "\r\n\r\n", 4) : NULL;
    size_t head = end ? (size_t) (end - answer.data) + 4 : 0;
    int status, r;

    if (head < sizeof(first) + 3 || memcmp(answer.data, first, sizeof(first) - 1) != 0)
        return fetch_fail(ret_why, -EPROTO, "what answers there is not quaygated");
    status = (int) strtol(answer.data + sizeof(first) - 1, NULL, 10);
    if (status < 100 || status > 599)
        return fetch_fail(ret_why, -EPROTO, "what answers there is not quaygated");
    r = buffer_append(body, (Span){answer.data + head, answer.size - head});
    return r < 0 ? r : status;
}

int fetch(const Address *address, const char *path, Buffer *body, const char **ret_why) {
    CLEANUP(buffer_done) Buffer in = {0};
    uint64_t until = clock_monotonic_usec() + FETCH_SECONDS * UINT64_C(1000000);
    int fd CLEANUP(fetch_close) = -EBADF;
    int r;

    *ret_why = NULL;
    fd = fetch_connect(address, until, ret_why);
    if (fd < 0)
        return fd;
    r = fetch_send(fd, path);
    if (r == 0)
        r = fetch_receive(fd, until, &in, ret_why);
    return r < 0 ? r : fetch_read(buffer_span(&in), body, ret_why);
}
