// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes from one socket to another that never come to user space: by splice(2), through a pipe. For the long
 * ones: bodies that nobody looks into and tunnels, once they have moved LIMIT_SPLICE_AFTER bytes in large
 * reads, so that small ones pay nothing.
 *
 * Pipes are shared: one is taken to move what has come and given back when it is empty, at once if the sink
 * takes all. So a stream that is quiet holds none, and one whose sink is slow holds one with at most
 * LIMIT_SPLICE_BYTES in it; meanwhile its source isn't read, and its two buffers are empty. There are at most
 * LIMIT_SPLICE_PIPES. As many sinks have room for twice as much as others (conn_widen).
 *
 * Of a chunked body the content of large chunks goes this way, several of them at once. What stands between
 * them is read, by exactly as many bytes as it should have, and written afresh around what was taken: a pipe
 * never holds a byte of framing, which its sender could still change (who sends by splice(2) sends pages).
 *
 * Nothing fails here. Where there is no pipe (the limit, EMFILE), or splice(2) says no (EINVAL, ENOSYS) or
 * stops where there is something to read (urgent data), it stops, and the stream goes on by copying. A
 * socket's own error is its connection's.
 */
#pragma once

#include "conn.h"
#include "reader.h"

typedef struct Splicer Splicer;

/* One direction. All zero: none, and none to come. */
typedef struct Splice {
    Splicer *splicer; /* NULL: never */
    bool on;
    bool last;   /* over once nothing is held */
    int narrow;  /* bytes that the sink's socket had room for; 0: it wasn't widened */
    int pipe[2]; /* read from, written to; while `held` > 0 */
    size_t held; /* bytes in the pipe: read, and not yet written */
    size_t run;  /* bytes that came in large reads, one after the other */
} Splice;

/* `limit`: pipes at most. NULL: out of memory. */
Splicer *splicer_new(size_t limit);
Splicer *splicer_free(Splicer *splicer);      /* once nobody splices any more; accepts NULL, returns NULL */
size_t splicer_pipes(const Splicer *splicer); /* open ones */

/* `moved` bytes were copied at once: whether what follows should be spliced, if it may. */
bool splice_is_worth(Splice *splice, size_t moved);

/* From now on nothing is read into source->in. Both buffers that lie between must be empty. */
void splice_begin(Splice *splice, Conn *source, Conn *sink);

typedef enum SpliceStatus {
    SPLICE_FAILED = 0, /* no memory: bytes are lost */
    SPLICE_OVER,       /* nothing is held, and copying goes on from here: the end, a small read or chunk, or a
                          failure */
    SPLICE_ON,
} SpliceStatus;

/*
 * One step: of what the source has, if it has said so, `reader`'s content (NULL: all) is taken, and of what
 * is held as much given to the sink as it takes: *ret_given bytes. If `chunked`, all that is taken at once
 * goes as one chunk of chunked coding.
 */
SpliceStatus splice_step(Splice *splice, Conn *source, Conn *sink, Reader *reader, bool chunked,
                         size_t *ret_given);

/* Ends it where it stands. Bytes that are held are lost; how many. Of one that isn't on, neither connection
 * is looked at. */
size_t splice_end(Splice *splice, Conn *source, Conn *sink);
