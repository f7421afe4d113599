// SPDX-License-Identifier: Apache-2.0
/*
 * Many small writes to sockets, the connecting of some and the closing of others, in one system call: an
 * io_uring that can do nothing but connect, send and close. A send(2) to somebody who sleeps wakes him, as
 * does a connect(2), and on a processor that both share he runs at once: of sixteen answers sixteen changes
 * back and forth. Within one system call all of them go out first.
 *
 * The ring is a wide door of the kernel's, so it is kept narrow (sandbox_calls.c): it is made once, before
 * the sandbox, and told for good to take no operation but IORING_OP_CONNECT, IORING_OP_SEND, IORING_OP_CLOSE
 * and IORING_OP_ASYNC_CANCEL, and no registration (IORING_REGISTER_RESTRICTIONS); of its three system calls
 * the sandbox leaves io_uring_enter(2), for this descriptor. Nothing is ever on its way when a call made here
 * returns: what a socket doesn't take at once is -EAGAIN, as with send(2), what closes is a socket, which the
 * kernel closes at once (io_uring/openclose.c, io_close: it only puts off what has a flush), and what can't
 * be connected at once is called off. The one exception is what can't be called off either, since a thread of
 * the kernel's has it in hand: it has failed, and its socket is to be closed.
 *
 * Where the kernel has none (before 5.10, kernel.io_uring_disabled, a container runtime's seccomp profile),
 * the same is done by one send(2), close(2) or connect(2) each. Before 5.12 the ring connects nobody, nor may
 * it.
 */
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include "policy/base.h"

typedef struct Ring Ring;

/* One write: the bytes, and what became of them. */
typedef struct RingSend {
    int fd;       /* a non-blocking socket */
    Span bytes;   /* borrowed for the call; not empty */
    ssize_t sent; /* how many went out; −errno: none (−EAGAIN: no room) */
} RingSend;

/* One connect(2) of a unix socket: to where, and what became of it. */
typedef struct RingConnect {
    int fd;                         /* a non-blocking socket */
    const struct sockaddr *address; /* borrowed for the call */
    socklen_t length;
    int error; /* 0: it is connected; or −errno. −EAGAIN: the peer's backlog is full; −EIO: nothing is told */
} RingConnect;

/* 0, or −errno where there is none to be had; *ret is NULL then, which ring_run takes. */
int ring_new(Ring **ret);
Ring *ring_free(Ring *ring); /* accepts NULL, returns NULL */

/* The descriptor of its own, for the sandbox; −EBADF: none. */
int ring_fd(const Ring *ring);

/*
 * All sends in their order, and behind them closes the sockets `closing`. `ring` may be NULL. Never fails:
 * each send has its own result, and what was closed is closed.
 */
void ring_run(Ring *ring, RingSend *sends, size_t n_sends, const int *closing, size_t n_closing);

/*
 * Connects each. `ring` may be NULL. Never fails, as ring_run. Behind one whose peer's backlog is full the
 * rest is done by hand: a ring takes 0.3 ms for such a one, in which it tries 128 times (io_uring/poll.c,
 * APOLL_MAX_RETRY), and who knows of a full one doesn't come here.
 */
void ring_connect(Ring *ring, RingConnect *connects, size_t n);
