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

#define RING_ENTRIES 64u  /* operations a system call: past it one more costs little */
#define RING_CONNECTS 16u /* the same, where one may take long */
#define RING_CALLS 256u   /* to call off what can't be called off just now: it is, within those */
#define RING_WANTS (IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP)

/*
 * A connect that is kept for later ends in a thread. Before Linux 5.12 that was one of the kernel's own, and
 * it looked for the socket's path below another root than ours: that of the first process (fs/io_uring.c,
 * io_op_defs: IORING_OP_CONNECT had no IO_WQ_WORK_FS). So that is neither done there nor let through, for it
 * would be a way out of a container.
 */
#define RING_CONNECTS_WANT IORING_FEAT_NATIVE_WORKERS

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
    uint32_t call; /* number of the last one: what comes of one before isn't taken for its */
    bool connects; /* else that is done by hand */
};

/* No other operation, without flags of any kind, and no registering; then it may be used. */
static int ring_restrict(const Ring *ring) {
    struct io_uring_restriction only[] = {
        {.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_SEND},
        {.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_CLOSE},
        /* RING_CONNECTS_WANT */
        {.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_CONNECT},
        {.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_ASYNC_CANCEL},
    };
    size_t n = ring->connects ? ARRAY_SIZE(only) : ARRAY_SIZE(only) - 2;

    if (syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_RESTRICTIONS, only, n) < 0)
        return -errno;
    return syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0) < 0 ? -errno : 0;
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
    ring->connects = (params.features & RING_CONNECTS_WANT) == RING_CONNECTS_WANT;
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
    return ring_restrict(ring);
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

/* What is to be done, as one row: what connects, or the sends and then what closes. */
typedef struct RingWork {
    RingConnect *connects;
    size_t n_connects;
    RingSend *sends;
    size_t n_sends;
    const int *closing;
    size_t n; /* of all */
} RingWork;

/* Which of the three `*i` is; from here on it counts among those. */
typedef enum RingKind { RING_CONNECT, RING_SEND, RING_CLOSE } RingKind;

static RingKind ring_kind(const RingWork *work, size_t *i) {
    if (*i < work->n_connects)
        return RING_CONNECT;
    *i -= work->n_connects;
    if (*i < work->n_sends)
        return RING_SEND;
    *i -= work->n_sends;
    return RING_CLOSE;
}

static void ring_set_result(const RingWork *work, size_t i, int result) {
    RingKind kind = ring_kind(work, &i);

    if (kind == RING_CONNECT)
        work->connects[i].error = result;
    else if (kind == RING_SEND)
        work->sends[i].sent = result;
}

static void ring_do_one(const RingWork *work, size_t i) {
    RingKind kind = ring_kind(work, &i);

    if (kind == RING_CONNECT) {
        RingConnect *one = &work->connects[i];

        one->error = connect(one->fd, one->address, one->length) < 0 ? -errno : 0;
    } else if (kind == RING_SEND) {
        RingSend *one = &work->sends[i];
        ssize_t n = send(one->fd, one->bytes.data, one->bytes.size, MSG_NOSIGNAL);

        one->sent = n < 0 ? -errno : n;
    } else
        close(work->closing[i]);
}

/* Told again with its result: of which call, and which of its row. */
static uint64_t ring_name(const Ring *ring, size_t i) {
    return (uint64_t) ring->call << 32 | (uint32_t) i;
}

static struct io_uring_sqe ring_entry(const Ring *ring, const RingWork *work, size_t i) {
    struct io_uring_sqe entry = {.user_data = ring_name(ring, i)};
    RingKind kind = ring_kind(work, &i);

    if (kind == RING_CONNECT) {
        entry.opcode = IORING_OP_CONNECT;
        entry.fd = work->connects[i].fd;
        entry.addr = (uintptr_t) work->connects[i].address;
        entry.off = work->connects[i].length;
    } else if (kind == RING_SEND) {
        entry.opcode = IORING_OP_SEND;
        entry.fd = work->sends[i].fd;
        entry.addr = (uintptr_t) work->sends[i].bytes.data;
        entry.len = (uint32_t) work->sends[i].bytes.size;
        entry.msg_flags = MSG_NOSIGNAL | MSG_DONTWAIT; /* never kept for later */
    } else {
        entry.opcode = IORING_OP_CLOSE;
        entry.fd = work->closing[i];
    }
    return entry;
}

static void ring_collect(Ring *ring, const RingWork *work) {
    uint32_t head = *ring->done_head, tail = __atomic_load_n(ring->done_tail, __ATOMIC_ACQUIRE);

    for (; head != tail; head++) {
        const struct io_uring_cqe *one = &ring->done[head & ring->done_mask];

        if (one->user_data >> 32 == ring->call && (uint32_t) one->user_data < work->n)
            ring_set_result(work, (uint32_t) one->user_data, one->res);
    }
    __atomic_store_n(ring->done_head, head, __ATOMIC_RELEASE);
}

/* The `n` entries that stand behind the tail. How many of them the kernel has taken; the rest is taken back.
 */
static size_t ring_enter(Ring *ring, size_t n, size_t wait) {
    uint32_t begin = *ring->sent_tail, taken;

    __atomic_store_n(ring->sent_tail, begin + (uint32_t) n, __ATOMIC_RELEASE);
    (void) syscall(SYS_io_uring_enter, ring->fd, n, wait, IORING_ENTER_GETEVENTS, NULL, 0);
    taken = __atomic_load_n(ring->sent_head, __ATOMIC_ACQUIRE) - begin;
    __atomic_store_n(ring->sent_tail, begin + taken, __ATOMIC_RELEASE);
    return taken;
}

static void ring_put(Ring *ring, size_t at, struct io_uring_sqe entry) {
    ring->entries[(*ring->sent_tail + (uint32_t) at) & ring->sent_mask] = entry;
}

/*
 * `n` from `first`, at most RING_ENTRIES; `untold` is the result of those that are told none. What the kernel
 * hasn't taken (no memory, a signal) is done by hand; what it has taken and tells nothing of can't be done
 * again: a send can't pass for sent, and the number of what was to be closed may be another's.
 */
static void ring_run_some(Ring *ring, const RingWork *work, size_t first, size_t n, int untold) {
    size_t taken;

    ring->call++;
    for (size_t i = 0; i < n; i++) {
        ring_set_result(work, first + i, untold);
        ring_put(ring, i, ring_entry(ring, work, first + i));
    }
    taken = ring_enter(ring, n, work->n_connects > 0 ? 0 : n);
    ring_collect(ring, work);
    for (size_t i = taken; i < n; i++)
        ring_do_one(work, first + i);
}

void ring_run(Ring *ring, RingSend *sends, size_t n_sends, const int *closing, size_t n_closing) {
    RingWork work = {.sends = sends, .n_sends = n_sends, .closing = closing, .n = n_sends + n_closing};

    if (ring && work.n > 1) {
        for (size_t done = 0; done < work.n; done += RING_ENTRIES)
            ring_run_some(ring, &work, done, work.n - done < RING_ENTRIES ? work.n - done : RING_ENTRIES,
                          -EIO);
        return;
    }
    for (size_t i = 0; i < work.n; i++)
        ring_do_one(&work, i);
}

/*
 * Where a backlog is full the kernel keeps a connect for later, and hands it to a thread at last, which it
 * makes for that and perhaps can't. Nothing waits for that: it is called off, and tried by hand.
 */
static void ring_call_off(Ring *ring, const RingWork *work, size_t first, size_t n) {
    for (unsigned calls = 0; calls < RING_CALLS; calls++) {
        size_t left = 0;

        for (size_t i = first; i < first + n; i++)
            if (work->connects[i].error == -EINPROGRESS)
                ring_put(ring, left++,
                         (struct io_uring_sqe){.opcode = IORING_OP_ASYNC_CANCEL,
                                               .fd = -1,
                                               .addr = ring_name(ring, i),
                                               .user_data = ring_name(ring, UINT32_MAX)});
        if (left == 0)
            return;
        (void) ring_enter(ring, left, left);
        ring_collect(ring, work);
    }
}

/* True: none of them has met a full backlog. */
static bool ring_connect_some(Ring *ring, const RingWork *work, size_t first, size_t n) {
    bool all = true;

    ring_run_some(ring, work, first, n, -EINPROGRESS);
    ring_call_off(ring, work, first, n);
    for (size_t i = first; i < first + n; i++) {
        if (work->connects[i].error == -ECANCELED)
            ring_do_one(work, i);
        if (work->connects[i].error == -EINPROGRESS)
            work->connects[i].error = -EIO; /* whatever comes of it, nobody hears of it any more */
        all = all && work->connects[i].error != -EAGAIN;
    }
    return all;
}

void ring_connect(Ring *ring, RingConnect *connects, size_t n) {
    RingWork work = {.connects = connects, .n_connects = n, .n = n};
    size_t done = 0, some;
    bool by_ring = ring && ring->connects;

    for (; by_ring && n - done > 1; done += some) {
        some = n - done < RING_CONNECTS ? n - done : RING_CONNECTS;
        by_ring = ring_connect_some(ring, &work, done, some);
    }
    for (; done < n; done++)
        ring_do_one(&work, done);
}
