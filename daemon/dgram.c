// SPDX-License-Identifier: Apache-2.0
#include "dgram.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "policy/limits.h"

/* In front of each datagram in the queue. */
typedef struct DgramHead {
    uint64_t number;
    size_t size;
} DgramHead;

struct Dgram {
    DgramPlace place;
    DgramSettled settled;
    void *arg;
    struct event_base *base;
    struct event *writable; /* pending while the queue waits for room; its timeout bounds that */
    int fd;
    Buffer queue;
    bool logged;  /* that some are lost; until one gets through */
    bool failing; /* until then nothing waits */
};

static void dgram_on_writable(evutil_socket_t fd, short what, void *arg);

/* --- the socket */

static void dgram_disconnect(Dgram *dgram) {
    if (dgram->writable)
        event_free(TAKE_PTR(dgram->writable));
    if (dgram->fd >= 0)
        close(TAKE_FD(dgram->fd));
}

static int dgram_connect(Dgram *dgram) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size = strlen(dgram->place.path);
    int r = 0;

    if (dgram->fd >= 0)
        return 0;
    if (size >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, dgram->place.path, size);
    dgram->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (dgram->fd < 0)
        return -errno;
    if (connect(dgram->fd, (const struct sockaddr *) &address, sizeof(address)) < 0)
        r = -errno;
    else
        dgram->writable = event_new(dgram->base, dgram->fd, EV_WRITE, dgram_on_writable, dgram);
    if (r == 0 && !dgram->writable)
        r = -ENOMEM;
    if (r < 0)
        dgram_disconnect(dgram);
    return r;
}

/* For what is too large for a datagram, journald takes a sealed file in its place. */
static int dgram_send_large(Dgram *dgram, Span bytes) {
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr message = {.msg_control = control.room, .msg_controllen = sizeof(control.room)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    int fd = memfd_create("quaygate-record", MFD_CLOEXEC | MFD_ALLOW_SEALING), r = 0;

    if (fd < 0)
        return -errno;
    for (size_t done = 0; r == 0 && done < bytes.size;) {
        ssize_t n = write(fd, bytes.data + done, bytes.size - done);

        if (n > 0)
            done += (size_t) n;
        else if (errno != EINTR)
            r = -errno;
    }
    if (r == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
        r = -errno;
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fd, sizeof(fd));
    if (r == 0 && sendmsg(dgram->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        r = -errno;
    close(fd);
    return r;
}

static int dgram_send_once(Dgram *dgram, Span bytes) {
    int r = dgram_connect(dgram);

    if (r < 0)
        return r;
    if (send(dgram->fd, bytes.data, bytes.size, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
        return 0;
    return errno == EMSGSIZE && dgram->place.large ? dgram_send_large(dgram, bytes) : -errno;
}

/* Who listened there may be another by now. */
static int dgram_send(Dgram *dgram, Span bytes) {
    int r = dgram_send_once(dgram, bytes);

    if (r == 0 || r == -EAGAIN || r == -ENOMEM)
        return r;
    dgram_disconnect(dgram);
    return dgram_send_once(dgram, bytes);
}

/* --- the queue */

static void dgram_note(Dgram *dgram, int status) {
    if (status < 0 && !dgram->logged)
        log_error("audit: cannot send to %s: %s", dgram->place.name, strerror(-status));
    else if (status == 0 && dgram->logged)
        log_notice("audit: sending to %s again", dgram->place.name);
    dgram->logged = status < 0;
    dgram->failing = status < 0 && status != -ENOBUFS; /* the oldest of too many: the rest may yet go */
}

static DgramHead dgram_front(const Dgram *dgram) {
    DgramHead head;

    memcpy(&head, dgram->queue.data + dgram->queue.begin,
           sizeof(head)); /* there is one: the caller has looked */
    return head;
}

static void dgram_settle_front(Dgram *dgram, int status) {
    DgramHead head = dgram_front(dgram);

    if (head.size > 0 || status < 0)
        dgram_note(dgram, status);
    buffer_consume(&dgram->queue, sizeof(head) + head.size);
    dgram->settled(dgram->arg, head.number, head.number + 1, status);
}

static void dgram_drop(Dgram *dgram, int status) {
    while (buffer_size(&dgram->queue) > 0)
        dgram_settle_front(dgram, status);
}

static void dgram_wait(Dgram *dgram) {
    static const struct timeval bound = {.tv_sec = TIME_AUDIT_QUEUE_SECONDS};

    if (!event_pending(dgram->writable, EV_WRITE, NULL) && event_add(dgram->writable, &bound) < 0)
        dgram_drop(dgram, -ENOMEM);
}

void dgram_flush(Dgram *dgram) {
    while (buffer_size(&dgram->queue) > 0) {
        DgramHead head = dgram_front(dgram);
        int r = head.size == 0
                    ? 0
                    : dgram_send(dgram, (Span){buffer_span(&dgram->queue).data + sizeof(head), head.size});

        if (r == -EAGAIN && !dgram->failing) {
            dgram_wait(dgram);
            return;
        }
        dgram_settle_front(dgram, r);
    }
    if (dgram->queue.capacity > LIMIT_AUDIT_PENDING_BYTES)
        buffer_release(&dgram->queue);
}

static void dgram_on_writable(evutil_socket_t fd UNUSED, short what, void *arg) {
    Dgram *dgram = arg;

    if (what & EV_TIMEOUT)
        dgram_drop(dgram, -EAGAIN);
    else
        dgram_flush(dgram);
}

int dgram_push(Dgram *dgram, uint64_t number, Span bytes) {
    DgramHead head = {.number = number, .size = bytes.size};
    int r;

    while (buffer_size(&dgram->queue) > 0 &&
           buffer_size(&dgram->queue) + sizeof(head) + bytes.size > LIMIT_AUDIT_QUEUE_BYTES)
        dgram_settle_front(dgram, -ENOBUFS);
    r = buffer_append_all(&dgram->queue,
                          (const Span[]){{.data = (const char *) &head, .size = sizeof(head)}, bytes}, 2);
    return r;
}

/* --- life cycle */

int dgram_new(struct event_base *base, const DgramPlace *place, DgramSettled settled, void *arg,
              Dgram **ret) {
    Dgram *dgram = calloc(1, sizeof(*dgram));
    int r;

    if (!dgram)
        return -ENOMEM;
    *dgram = (Dgram){.place = *place, .settled = settled, .arg = arg, .base = base, .fd = -EBADF};
    r = dgram_connect(dgram);
    if (r < 0) {
        (void) dgram_free(dgram);
        return r;
    }
    *ret = dgram;
    return 0;
}

Dgram *dgram_free(Dgram *dgram) {
    if (!dgram)
        return NULL;
    dgram_flush(dgram);
    dgram_drop(dgram, -ECANCELED);
    dgram_disconnect(dgram);
    buffer_done(&dgram->queue);
    free(dgram);
    return NULL;
}
