// SPDX-License-Identifier: Apache-2.0
#include "splicer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "policy/limits.h"

struct Splicer {
    size_t limit;
    size_t n_pipes;   /* open ones */
    size_t n_splices; /* that are on */
    int spare[2];     /* an empty pipe, while any splice is on; or −EBADF */
};

/* --- Pipes ------------------------------------------------------------------------------------------ */

Splicer *splicer_new(size_t limit) {
    Splicer *splicer = malloc(sizeof(*splicer));

    if (splicer)
        *splicer = (Splicer){.limit = limit, .spare = {-EBADF, -EBADF}};
    return splicer;
}

static void splicer_close(Splicer *splicer, int pipe[2]) {
    close(TAKE_FD(pipe[0]));
    close(TAKE_FD(pipe[1]));
    splicer->n_pipes--;
}

static void splicer_close_spare(Splicer *splicer) {
    if (splicer->spare[0] >= 0)
        splicer_close(splicer, splicer->spare);
}

Splicer *splicer_free(Splicer *splicer) {
    if (splicer)
        splicer_close_spare(splicer);
    free(splicer);
    return NULL;
}

size_t splicer_pipes(const Splicer *splicer) {
    return splicer->n_pipes;
}

static bool splicer_take(Splicer *splicer, int pipe[2]) {
    if (splicer->spare[0] >= 0) {
        pipe[0] = TAKE_FD(splicer->spare[0]);
        pipe[1] = TAKE_FD(splicer->spare[1]);
        return true;
    }
    if (splicer->n_pipes >= splicer->limit || pipe2(pipe, O_NONBLOCK | O_CLOEXEC) < 0)
        return false;
    (void) fcntl(pipe[1], F_SETPIPE_SZ,
                 LIMIT_SPLICE_BYTES); /* less, where the user has too many: more steps */
    splicer->n_pipes++;
    return true;
}

/* An empty one. */
static void splicer_give(Splicer *splicer, int pipe[2]) {
    if (splicer->spare[0] >= 0)
        splicer_close(splicer, pipe);
    else {
        splicer->spare[0] = TAKE_FD(pipe[0]);
        splicer->spare[1] = TAKE_FD(pipe[1]);
    }
}

/* --- One direction ---------------------------------------------------------------------------------- */

bool splice_is_worth(Splice *splice, size_t moved) {
    if (!splice->splicer)
        return false;
    if (moved < LIMIT_SPLICE_LEAST)
        splice->run = 0;
    else if (splice->run < LIMIT_SPLICE_AFTER)
        splice->run += moved;
    return splice->run >= LIMIT_SPLICE_AFTER;
}

void splice_begin(Splice *splice, Conn *source) {
    splice->on = true;
    splice->splicer->n_splices++;
    conn_set_reading(source, CONN_PULLED);
}

size_t splice_end(Splice *splice, Conn *source) {
    size_t lost = splice->held;

    if (!splice->on)
        return 0;
    if (lost > 0)
        splicer_close(splice->splicer, splice->pipe);
    splice->on = splice->last = false;
    splice->held = splice->run = 0;
    if (--splice->splicer->n_splices == 0)
        splicer_close_spare(splice->splicer);
    conn_set_reading(source, CONN_READS);
    return lost;
}

/* What the source has, up to `size` bytes, into a pipe. 0: nothing, or its end; −errno: it can't be spliced.
 */
static ssize_t splice_take(Splice *splice, Conn *source, size_t size) {
    ssize_t n;

    if (!splicer_take(splice->splicer, splice->pipe))
        return -EMFILE;
    n = conn_pull(source, splice->pipe[1], size);
    if (n > 0)
        splice->held = (size_t) n;
    else
        splicer_give(splice->splicer, splice->pipe);
    return n;
}

static int splice_send_chunk_head(Conn *sink, size_t size) {
    char head[CHUNK_HEAD_MAX + 1];
    Span span = {.data = head, .size = (size_t) snprintf(head, sizeof(head), "%zx\r\n", size)};

    return conn_send(sink, &span, 1);
}

/* The sink can't be spliced to: what is held is copied. −ENOMEM: it can't be either. */
static ssize_t splice_copy_out(Splice *splice, Conn *sink) {
    char *room = buffer_reserve(&sink->out, splice->held);
    ssize_t n = room ? read(splice->pipe[0], room, splice->held) : -1;

    if (n < 0 || (size_t) n != splice->held)
        return -ENOMEM;
    buffer_commit(&sink->out, (size_t) n);
    conn_flush(sink);
    return n;
}

static int splice_give(Splice *splice, Conn *sink, bool chunked, SpliceStep *ret) {
    ssize_t n;

    if (buffer_size(&sink->out) > 0)
        return 0;
    n = conn_push(sink, splice->pipe[0], splice->held);
    if (n < 0)
        n = splice_copy_out(splice, sink);
    if (n < 0)
        return (int) n;
    ret->given = (size_t) n;
    splice->held -= (size_t) n;
    if (splice->held > 0)
        return 0;
    splicer_give(splice->splicer, splice->pipe);
    return chunked ? conn_send(sink, &SPAN("\r\n"), 1) : 0;
}

SpliceStatus splice_step(Splice *splice, Conn *source, Conn *sink, uint64_t room, bool chunked,
                         SpliceStep *ret) {
    size_t size = room < LIMIT_SPLICE_BYTES ? (size_t) room : LIMIT_SPLICE_BYTES;
    ssize_t n;

    *ret = (SpliceStep){0};
    if (splice->held == 0) {
        if (size == 0 || !conn_is_open(source) || source->eof)
            return SPLICE_OVER;
        if (!source->news)
            return SPLICE_ON;
        n = splice_take(splice, source, size);
        if (n <= 0)
            return n == 0 && !source->eof ? SPLICE_ON : SPLICE_OVER;
        ret->taken = (size_t) n;
        splice->last = (size_t) n < LIMIT_SPLICE_LEAST || (size_t) n == room;
        if (chunked && splice_send_chunk_head(sink, (size_t) n) < 0)
            return SPLICE_FAILED;
    }
    if (splice_give(splice, sink, chunked, ret) < 0)
        return SPLICE_FAILED;
    conn_set_reading(source, splice->held > 0 ? CONN_HELD_BACK : CONN_PULLED);
    return splice->held == 0 && splice->last ? SPLICE_OVER : SPLICE_ON;
}
