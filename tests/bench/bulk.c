// SPDX-License-Identifier: Apache-2.0
/*
 * Many bytes, on one connection; or few, sent to and fro.
 *
 *   bench-bulk SOCKET SECONDS KIND
 *
 *   down-length, down-close, down-chunked    answers of BULK_BYTES, one after the other
 *   up-length, up-chunked                    the same as requests, each answered
 *   tunnel-down, tunnel-up                   bytes without end, once the connection is hijacked
 *   echo                                     64 bytes there and back, again and again, in such a tunnel
 *
 * Prints a JSON object: seconds and bytes, or for `echo` trips, without the warm-up; all (bytes or trips with
 * it); whole (messages that came through to their end), p50_us and p99_us of `echo`. What isn't as it must be
 * ends it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "histogram.h"
#include "message.h"

#define BUFFER_BYTES (256u << 10)
#define CHUNK_BYTES (32u << 10) /* Docker's clients copy a tar archive in such pieces */
#define BLOCK_CHUNKS 8u         /* so many in one write */
#define N_BLOCKS (BULK_BYTES / CHUNK_BYTES / BLOCK_CHUNKS)
#define ECHO_BYTES 64u
#define EXEC_ID(letter) letter letter letter letter letter letter letter letter
#define EXEC(letter) "/v1.41/exec/" EXEC_ID(EXEC_ID(letter)) "/start"
#define LOAD "/v1.41/images/load"

typedef struct Kind {
    const char *name;
    bool (*once)(const struct Kind *kind); /* one message, or one turn of a tunnel; false: time is up */
    const char *target;
    bool chunked;
} Kind;

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static char buffer[BUFFER_BYTES + 1], block[BLOCK_CHUNKS * (CHUNK_BYTES + 32)];
static size_t block_size;
static int fd = -1;
static uint64_t counts_nsec, end_nsec, n_bytes, n_all, n_whole;
static Histogram latencies;

static void fail(const char *what) {
    fprintf(stderr, "bench-bulk: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void wrong(const char *what) {
    fprintf(stderr, "bench-bulk: %s\n", what);
    exit(1);
}

/* True while there is time, and until something has been counted: a busy machine may have let nothing
 * through. */
static bool count(size_t size) {
    uint64_t now = now_nsec();

    n_all += size;
    n_bytes += now < counts_nsec ? 0 : size;
    return now < end_nsec || n_bytes == 0;
}

static void open_if_closed(void) {
    struct timeval patience = {.tv_sec = 20};

    if (fd >= 0)
        return;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
        fail("connect");
}

static void send_all(const char *data, size_t size) {
    for (ssize_t n; size > 0; data += n, size -= (size_t) n)
        if ((n = send(fd, data, size, MSG_NOSIGNAL)) < 0)
            fail("send");
}

static size_t receive(size_t have) {
    ssize_t n = recv(fd, buffer + have, BUFFER_BYTES - have, 0);

    if (n < 0)
        fail("recv");
    return (size_t) n;
}

static void ask(const char *method, const char *target, const char *fields, const char *body) {
    open_if_closed();
    snprintf(buffer, sizeof(buffer), "%s %s HTTP/1.1\r\nHost: docker\r\n%s\r\n%s", method, target, fields,
             body);
    send_all(buffer, strlen(buffer));
}

/* Reads a head with this status into `buffer`. Returns how much there is, *ret_head is the head's part. */
static size_t read_head(const char *its_status, size_t *ret_head) {
    size_t have = 0, n;
    char *end = NULL;

    while (!end) {
        if ((n = receive(have)) == 0)
            wrong("an answer ends early");
        have += n;
        buffer[have] = '\0';
        end = strstr(buffer, "\r\n\r\n");
    }
    if (strncmp(buffer + 9, its_status, 3) != 0)
        wrong(buffer);
    *ret_head = (size_t) (end + 4 - buffer);
    return have;
}

/* --- one of each */

/* Whether the body ends with the connection. */
static bool ends_by_closing(const char *head) {
    return !strcasestr(head, "\r\ncontent-length:") && !strcasestr(head, "\r\ntransfer-encoding:");
}

static void close_connection(void) {
    close(fd);
    fd = -1;
}

/* An answer of BULK_BYTES at least: chunks have their sizes besides. */
static bool download(const Kind *kind) {
    Message message = {0};
    size_t head, have, size;
    bool end = false, by_closing, closes;

    ask("GET", kind->target, "", "");
    have = read_head("200", &head);
    size = have - head;
    by_closing = ends_by_closing(buffer);
    closes = by_closing || strcasestr(buffer, "\r\nconnection: close");
    if (!by_closing)
        message_take(&message, (Span){buffer, have}, &end);
    while (count(have) && !end) {
        have = receive(0);
        size += have;
        if (have == 0 && !by_closing)
            wrong("a body ends early");
        if (by_closing)
            end = have == 0;
        else
            message_take(&message, (Span){buffer, have}, &end);
    }
    if (!end)
        return false;
    if (size < BULK_BYTES)
        wrong("a body is too short");
    n_whole++;
    if (closes)
        close_connection();
    return now_nsec() < end_nsec || n_bytes == 0;
}

static bool upload(const Kind *kind) {
    char fields[128];
    size_t head;

    if (kind->chunked)
        snprintf(fields, sizeof(fields), "Content-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n");
    else
        snprintf(fields, sizeof(fields), "Content-Type: application/x-tar\r\nContent-Length: %u\r\n",
                 BULK_BYTES);
    ask("POST", kind->target, fields, "");
    for (size_t i = 0; i < N_BLOCKS; i++) {
        send_all(block, block_size);
        if (!count(block_size))
            return false;
    }
    if (kind->chunked)
        send_all("0\r\n\r\n", 5);
    read_head("200", &head);
    n_whole++;
    if (strcasestr(buffer, "\r\nconnection: close"))
        close_connection();
    return true;
}

/* Begins the tunnel where there is none yet. Bytes behind the answer's head are its first. */
static void hijack(const Kind *kind) {
    static const char body[] = "{\"Detach\":false,\"Tty\":true}";
    char fields[128];
    size_t head, have;

    if (fd >= 0)
        return;
    snprintf(
        fields, sizeof(fields),
        "Content-Type: application/json\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: %zu\r\n",
        sizeof(body) - 1);
    ask("POST", kind->target, fields, body);
    have = read_head("101", &head);
    n_whole++;
    if (have > head)
        count(have - head);
}

static bool tunnel_down(const Kind *kind) {
    size_t n;

    hijack(kind);
    n = receive(0);
    if (n == 0)
        wrong("a tunnel ends");
    return count(n);
}

static bool tunnel_up(const Kind *kind) {
    hijack(kind);
    send_all(block, block_size);
    return count(block_size);
}

static bool echo(const Kind *kind) {
    uint64_t began;

    hijack(kind);
    began = now_nsec();
    send_all(block, ECHO_BYTES);
    for (size_t have = 0, n; have < ECHO_BYTES; have += n)
        if ((n = receive(have)) == 0)
            wrong("a tunnel ends");
    if (began >= counts_nsec)
        histogram_count(&latencies, now_nsec() - began);
    return count(1) || latencies.n == 0;
}

static const Kind kinds[] = {
    {.name = "down-length", .once = download, .target = "/v1.41/images/length/get"},
    {.name = "down-close", .once = download, .target = "/v1.41/images/close/get"},
    {.name = "down-chunked", .once = download, .target = "/v1.41/images/get?names=a"},
    {.name = "up-length", .once = upload, .target = LOAD},
    {.name = "up-chunked", .once = upload, .target = LOAD, .chunked = true},
    {.name = "tunnel-down", .once = tunnel_down, .target = EXEC("b")},
    {.name = "tunnel-up", .once = tunnel_up, .target = EXEC("c")},
    {.name = "echo", .once = echo, .target = EXEC("a")},
};

static const Kind *find_kind(const char *name) {
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

static void prepare(bool chunked) {
    for (size_t i = 0; i < BLOCK_CHUNKS; i++) {
        block_size += chunked ? (size_t) sprintf(block + block_size, "%x\r\n", CHUNK_BYTES) : 0;
        memset(block + block_size, 'x', CHUNK_BYTES);
        block_size += CHUNK_BYTES;
        block_size += chunked ? (size_t) sprintf(block + block_size, "\r\n") : 0;
    }
}

int main(int argc, char **argv) {
    const Kind *kind = argc == 4 ? find_kind(argv[3]) : NULL;
    double seconds;

    if (!kind || strlen(argv[1]) >= sizeof(address.sun_path)) {
        fprintf(stderr, "usage: bench-bulk SOCKET SECONDS KIND\n");
        return 2;
    }
    strcpy(address.sun_path, argv[1]);
    seconds = strtod(argv[2], NULL);
    prepare(kind->chunked);
    counts_nsec = now_nsec() + warm_nsec(seconds);
    end_nsec = counts_nsec + (uint64_t) (seconds * 1e9);
    while (kind->once(kind))
        ;
    printf("{\"%s\": %" PRIu64 ", \"all\": %" PRIu64 ", \"whole\": %" PRIu64
           ", \"seconds\": %.4f, \"p50_us\": %.1f, \"p99_us\": %.1f}\n",
           kind->once == echo ? "trips" : "bytes", n_bytes, n_all, n_whole,
           (double) (now_nsec() - counts_nsec) / 1e9, histogram_usec(&latencies, 0.5),
           histogram_usec(&latencies, 0.99));
    return 0;
}
