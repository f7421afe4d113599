// SPDX-License-Identifier: Apache-2.0
/*
 * By the system calls themselves: io_uring(7), io_uring_setup(2), io_uring_enter(2), io_uring_register(2).
 * liburing is made for those who keep operations in flight; here a call begins and ends with none.
 */
#include "ring.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RING_ENTRIES 64u /* operations a system call: past it one more costs little */
#define RING_WANTS (IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP)

/* What we and the kernel share: heads and tails count up and wrap around, the masks make places of them. */
struct Ring {
    int fd;
    char *map; /* both queues */
    size_t map_size;
    struct io_uring_sqe *entries;
    size_t entries_size;
    uint32_t *sent_head, *sent_tail, sent_mask; /* submissions: the kernel takes at the head */
    uint32_t *done_head, *done_tail, done_mask; /* completions: we do */
    const struct io_uring_cqe *done;
};

/* No other operation, without flags of any kind, and no registering; then it may be used. */
static int ring_restrict(int fd) {
    struct io_uring_restriction only[] = {
        {.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_SEND},
        {.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_CLOSE},
    };

    if (syscall(SYS_io_uring_register, fd, IORING_REGISTER_RESTRICTIONS, only, ARRAY_SIZE(only)) < 0)
        return -errno;
    return syscall(SYS_io_uring_register, fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0) < 0 ? -errno : 0;
}

static void *ring_map(int fd, size_t size, off_t what) {
    void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, what);

    return map == MAP_FAILED ? NULL : map;
}

static int ring_open(Ring *ring) {
    struct io_uring_params params = {.flags = IORING_SETUP_R_DISABLED};
    size_t sent_size, done_size;
    uint32_t *order;

    ring->fd = (int) syscall(SYS_io_uring_setup, RING_ENTRIES, &params);
    if (ring->fd < 0)
        return -errno;
    if ((params.features & RING_WANTS) != RING_WANTS)
        return -ENOSYS;
    sent_size = params.sq_off.array + params.sq_entries * sizeof(uint32_t);
    done_size = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    ring->map_size = sent_size > done_size ? sent_size : done_size;
    ring->entries_size = params.sq_entries * sizeof(struct io_uring_sqe);
    ring->map = ring_map(ring->fd, ring->map_size, IORING_OFF_SQ_RING);
    ring->entries = ring_map(ring->fd, ring->entries_size, IORING_OFF_SQES);
    if (!ring->map || !ring->entries)
        return -ENOMEM;
    ring->sent_head = (uint32_t *) (void *) (ring->map + params.sq_off.head);
    ring->sent_tail = (uint32_t *) (void *) (ring->map + params.sq_off.tail);
    ring->sent_mask = params.sq_entries - 1;
    ring->done_head = (uint32_t *) (void *) (ring->map + params.cq_off.head);
    ring->done_tail = (uint32_t *) (void *) (ring->map + params.cq_off.tail);
    ring->done_mask = params.cq_entries - 1;
    ring->done = (const struct io_uring_cqe *) (const void *) (ring->map + params.cq_off.cqes);
    order = (uint32_t *) (void *) (ring->map + params.sq_off.array);
    for (uint32_t i = 0; i < params.sq_entries; i++)
        order[i] = i;
    return ring_restrict(ring->fd);
}

int ring_new(Ring **ret) {
    Ring *ring = calloc(1, sizeof(*ring));
    int r;

    *ret = NULL;
    if (!ring)
        return -ENOMEM;
    ring->fd = -EBADF;
    r = ring_open(ring);
    if (r < 0)
        ring = ring_free(ring);
    *ret = ring;
    return r;
}

Ring *ring_free(Ring *ring) {
    if (!ring)
        return NULL;
    if (ring->entries)
        munmap(ring->entries, ring->entries_size);
    if (ring->map)
        munmap(ring->map, ring->map_size);
    if (ring->fd >= 0)
        close(ring->fd);
    free(ring);
    return NULL;
}

int ring_fd(const Ring *ring) {
    return ring ? ring->fd : -EBADF;
}

/* What ring_run was told to do, as one row: the sends, then what closes. */
typedef struct RingWork {
    RingSend *sends;
    size_t n_sends;
    const int *closing;
    size_t n; /* of both */
} RingWork;

static void ring_do_one(const RingWork *work, size_t i) {
    RingSend *one;
    ssize_t n;

    if (i >= work->n_sends) {
        close(work->closing[i - work->n_sends]);
        return;
    }
    one = &work->sends[i];
    n = send(one->fd, one->bytes.data, one->bytes.size, MSG_NOSIGNAL);
    one->sent = n < 0 ? -errno : n;
}

/* `i`: which of them it is, told again with its result. */
static struct io_uring_sqe ring_entry(const RingWork *work, size_t i) {
    if (i >= work->n_sends)
        return (struct io_uring_sqe){
            .opcode = IORING_OP_CLOSE, .fd = work->closing[i - work->n_sends], .user_data = i};
    return (struct io_uring_sqe){
        .opcode = IORING_OP_SEND,
        .fd = work->sends[i].fd,
        .addr = (uintptr_t) work->sends[i].bytes.data,
        .len = (uint32_t) work->sends[i].bytes.size,
        .msg_flags = MSG_NOSIGNAL | MSG_DONTWAIT, /* never kept for later */
        .user_data = i,
    };
}

/* A send that has a result gets it. */
static void ring_collect(Ring *ring, const RingWork *work) {
    uint32_t head = *ring->done_head, tail = __atomic_load_n(ring->done_tail, __ATOMIC_ACQUIRE);

    for (; head != tail; head++) {
        const struct io_uring_cqe *one = &ring->done[head & ring->done_mask];

        if (one->user_data < work->n_sends)
            work->sends[one->user_data].sent = one->res;
    }
    __atomic_store_n(ring->done_head, head, __ATOMIC_RELEASE);
}

/*
 * Those from `first`, at most RING_ENTRIES. What the kernel hasn't taken (no memory, a signal) is taken back,
 * and done by hand; what it has taken and tells nothing of can't be done again: a send can't pass for sent,
 * and the number of what was to be closed may be another's.
 */
static void ring_run_some(Ring *ring, const RingWork *work, size_t first) {
    size_t n = work->n - first < RING_ENTRIES ? work->n - first : RING_ENTRIES;
    uint32_t begin = *ring->sent_tail, taken;

    for (size_t i = 0; i < n; i++) {
        if (first + i < work->n_sends)
            work->sends[first + i].sent = -EIO;
        ring->entries[(begin + (uint32_t) i) & ring->sent_mask] = ring_entry(work, first + i);
    }
    __atomic_store_n(ring->sent_tail, begin + (uint32_t) n, __ATOMIC_RELEASE);
    (void) syscall(SYS_io_uring_enter, ring->fd, n, n, IORING_ENTER_GETEVENTS, NULL, 0);
    taken = __atomic_load_n(ring->sent_head, __ATOMIC_ACQUIRE) - begin;
    __atomic_store_n(ring->sent_tail, begin + taken, __ATOMIC_RELEASE);
    ring_collect(ring, work);
    for (size_t i = taken; i < n; i++)
        ring_do_one(work, first + i);
}

void ring_run(Ring *ring, RingSend *sends, size_t n_sends, const int *closing, size_t n_closing) {
    RingWork work = {sends, n_sends, closing, n_sends + n_closing};

    if (ring && work.n > 1) {
        for (size_t done = 0; done < work.n; done += RING_ENTRIES)
            ring_run_some(ring, &work, done);
        return;
    }
    for (size_t i = 0; i < work.n; i++)
        ring_do_one(&work, i);
}
