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

void splice_begin(Splice *splice, Conn *source, Conn *sink) {
    Splicer *splicer = splice->splicer;

    splice->on = true;
    splice->narrow = splicer->n_splices < splicer->limit ? conn_widen(sink) : 0;
    splicer->n_splices++;
    conn_set_reading(source, CONN_PULLED);
}

size_t splice_end(Splice *splice, Conn *source, Conn *sink) {
    size_t lost = splice->held;

    if (!splice->on)
        return 0;
    if (lost > 0)
        splicer_close(splice->splicer, splice->pipe);
    if (splice->narrow > 0)
        conn_narrow(sink, splice->narrow);
    splice->on = splice->last = false;
    splice->narrow = 0;
    splice->held = splice->run = 0;
    if (--splice->splicer->n_splices == 0)
        splicer_close_spare(splice->splicer);
    conn_set_reading(source, CONN_READS);
    return lost;
}

/*
 * The head of the next chunk, and not a byte behind it, if that is as large as the last one. True: its
 * content follows. Else there is no more now, or what follows is to be copied: a small chunk, the end, bad
 * framing.
 */
static bool splice_next_chunk(Splice *splice, Conn *source, Reader *reader) {
    size_t want = reader_until_chunk(reader), n = want > 0 ? conn_read(source, want) : 0;
    ReadStatus status = reader_next_chunk(reader, &source->in);

    if (status == READ_MORE && n < want)
        return false;
    splice->last =
        status != READ_HEAD || buffer_size(&source->in) > 0 || reader_chunk_size(reader) < LIMIT_SPLICE_CHUNK;
    return !splice->last;
}

/* How much of what follows goes into the pipe as it is. 0: there is no more now, or for good. */
static size_t splice_room(Splice *splice, Conn *source, Reader *reader) {
    size_t room = LIMIT_SPLICE_BYTES - splice->held;

    if (!reader || room == 0)
        return room;
    if (reader_unread(reader) == 0 &&
        (reader_chunk_size(reader) == 0 || !splice_next_chunk(splice, source, reader)))
        return 0;
    return reader_unread(reader) < room ? (size_t) reader_unread(reader) : room;
}

/* What the source has, into a pipe, as far as it may. 0, or −errno: it can't be spliced. */
static int splice_fill(Splice *splice, Conn *source, Reader *reader) {
    size_t size = splice_room(splice, source, reader);

    while (size > 0) {
        ssize_t n = conn_pull(source, splice->pipe[1], size);

        if (n < 0)
            return (int) n;
        splice->held += (size_t) n;
        if (reader)
            reader_skip(reader, (size_t) n);
        size = (size_t) n < size ? 0 : splice_room(splice, source, reader); /* less: it has no more now */
    }
    return 0;
}

/*
 * Of what the source has as much as there is. Whether it is the last depends on how much that was: nothing,
 * where the loop said that there is something, is urgent data over TCP (tcp(7)), which splice(2) stops at for
 * good (tcp_read_sock), and recv(2) goes past.
 */
static void splice_take(Splice *splice, Conn *source, Reader *reader) {
    uint64_t before = source->bytes_in;

    if (!splicer_take(splice->splicer, splice->pipe)) {
        splice->last = true;
        return;
    }
    if (splice_fill(splice, source, reader) < 0 || (splice->held > 0 && splice->held < LIMIT_SPLICE_LEAST) ||
        source->bytes_in == before || source->eof || !conn_is_open(source) ||
        (reader && reader_at_end(reader)))
        splice->last = true;
    if (splice->held == 0)
        splicer_give(splice->splicer, splice->pipe);
}

static int splice_send_chunk_head(Conn *sink, size_t size) {
    char head[CHUNK_HEAD_MAX + 1];
    Span span = {.data = head, .size = (size_t) snprintf(head, sizeof(head), "%zx\r\n", size)};

    return conn_send_now(sink, &span, 1);
}

/* The sink can't be spliced to: what is held is copied. −ENOMEM: it can't be either. */
static ssize_t splice_copy_out(Splice *splice, Conn *sink) {
    char *room = buffer_reserve(&sink->out, splice->held);
    ssize_t n = room ? read(splice->pipe[0], room, splice->held) : -1;

    if (n < 0 || (size_t) n != splice->held)
        return -ENOMEM;
    buffer_commit(&sink->out, (size_t) n);
    conn_flush_now(sink);
    return n;
}

static int splice_give(Splice *splice, Conn *sink, bool chunked, size_t *ret_given) {
    ssize_t n;

    if (!conn_drained(sink))
        return 0;
    n = conn_push(sink, splice->pipe[0], splice->held);
    if (n < 0)
        n = splice_copy_out(splice, sink);
    if (n < 0)
        return (int) n;
    *ret_given = (size_t) n;
    splice->held -= (size_t) n;
    if (splice->held > 0)
        return 0;
    splicer_give(splice->splicer, splice->pipe);
    return chunked ? conn_send_now(sink, &SPAN("\r\n"), 1) : 0;
}

SpliceStatus splice_step(Splice *splice, Conn *source, Conn *sink, Reader *reader, bool chunked,
                         size_t *ret_given) {
    *ret_given = 0;
    if (splice->held == 0 && !splice->last) {
        if (!conn_is_open(source) || source->eof)
            return SPLICE_OVER;
        if (!source->news)
            return SPLICE_ON;
        splice_take(splice, source, reader);
        if (chunked && splice->held > 0 && splice_send_chunk_head(sink, splice->held) < 0)
            return SPLICE_FAILED;
    }
    if (splice->held > 0 && splice_give(splice, sink, chunked, ret_given) < 0)
        return SPLICE_FAILED;
    if (splice->held == 0 && splice->last)
        return SPLICE_OVER;
    conn_set_reading(source, splice->held > 0 ? CONN_HELD_BACK : CONN_PULLED);
    return SPLICE_ON;
}
