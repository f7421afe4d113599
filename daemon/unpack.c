// SPDX-License-Identifier: Apache-2.0
#include "unpack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define UNPACK_READ_BYTES (256u << 10)
#define GZIP_WINDOW (MAX_WBITS + 16) /* zlib's way to say: gzip's header and trailer */
#define GZIP_FIRST 0x1Fu             /* the two bytes that each member begins with */
#define GZIP_SECOND 0x8Bu

struct Unpack {
    int fd;
    off_t start;
    bool known, packed; /* what the first bytes say */
    bool inside;        /* of a member */
    bool eof;
    bool ready;      /* the stream is to be ended */
    uint64_t n_read; /* bytes off the file */
    z_stream stream; /* its input is in `in`, packed or not */
    unsigned char in[UNPACK_READ_BYTES];
};

Unpack *unpack_new(int fd) {
    Unpack *unpack = malloc(sizeof(*unpack));

    if (!unpack) {
        (void) close(fd);
        return NULL;
    }
    memset(unpack, 0, offsetof(Unpack, in));
    unpack->fd = fd;
    unpack->start = lseek(fd, 0, SEEK_CUR);
    return unpack;
}

Unpack *unpack_free(Unpack *unpack) {
    if (!unpack)
        return NULL;
    if (unpack->ready)
        (void) inflateEnd(&unpack->stream);
    (void) close(unpack->fd);
    free(unpack);
    return NULL;
}

uint64_t unpack_taken(const Unpack *unpack) {
    return unpack->n_read - unpack->stream.avail_in;
}

const char *unpack_error(int r) {
    return r == -EBADMSG ? "its compressed data is broken, or cut off"
           : r == -EILSEQ
               ? "behind its compressed data there are bytes that are not gzip's: it would be read in part"
               : strerror(-r);
}

/* More input behind what waits. 0 or −errno. */
static int unpack_fill(Unpack *unpack) {
    size_t size = unpack->stream.avail_in;
    ssize_t n;

    if (size > 0)
        memmove(unpack->in, unpack->stream.next_in, size);
    do
        n = read(unpack->fd, unpack->in + size, sizeof(unpack->in) - size);
    while (n < 0 && errno == EINTR);
    unpack->stream.next_in = unpack->in;
    if (n < 0)
        return -errno;
    unpack->eof = n == 0;
    unpack->n_read += (uint64_t) n;
    unpack->stream.avail_in = (unsigned) (size + (size_t) n);
    return 0;
}

/* By its first two bytes, which a pipe may bring one by one. */
static int unpack_look(Unpack *unpack) {
    int r = 0;

    while (r == 0 && unpack->stream.avail_in < 2 && !unpack->eof)
        r = unpack_fill(unpack);
    if (r < 0)
        return r;
    unpack->packed =
        unpack->stream.avail_in >= 2 && unpack->in[0] == GZIP_FIRST && unpack->in[1] == GZIP_SECOND;
    if (unpack->packed && !unpack->ready && inflateInit2(&unpack->stream, GZIP_WINDOW) != Z_OK)
        return -ENOMEM;
    unpack->ready = unpack->ready || unpack->packed;
    unpack->known = true;
    return 0;
}

static ssize_t unpack_copy(Unpack *unpack, char *room, size_t size) {
    if (size > unpack->stream.avail_in)
        size = unpack->stream.avail_in;
    memcpy(room, unpack->stream.next_in, size);
    unpack->stream.next_in += size;
    unpack->stream.avail_in -= (unsigned) size;
    return (ssize_t) size;
}

/* As far as there are input and room. 0 or −errno. */
static int unpack_inflate(Unpack *unpack) {
    int status;

    if (!unpack->inside && *unpack->stream.next_in != GZIP_FIRST)
        return -EILSEQ;
    if (!unpack->inside && inflateReset(&unpack->stream) != Z_OK)
        return -EBADMSG;
    unpack->inside = true;
    status = inflate(&unpack->stream, Z_NO_FLUSH);
    if (status == Z_STREAM_END)
        unpack->inside = false;
    if (status == Z_MEM_ERROR)
        return -ENOMEM;
    return status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR ? 0 : -EBADMSG;
}

ssize_t unpack_read(Unpack *unpack, char *room, size_t size) {
    unsigned most = size > UINT32_MAX ? UINT32_MAX : (unsigned) size;
    int r = unpack->known ? 0 : unpack_look(unpack);

    unpack->stream.next_out = (unsigned char *) room;
    unpack->stream.avail_out = most;
    while (r == 0 && unpack->stream.avail_out == most) {
        if (unpack->stream.avail_in == 0 && !unpack->eof)
            r = unpack_fill(unpack);
        if (r == 0 && unpack->stream.avail_in == 0 && unpack->eof)
            return unpack->inside ? -EBADMSG : 0;
        if (r == 0 && unpack->stream.avail_in > 0 && !unpack->packed)
            return unpack_copy(unpack, room, most);
        if (r == 0 && unpack->stream.avail_in > 0)
            r = unpack_inflate(unpack);
    }
    return unpack->stream.avail_out < most ? (ssize_t) (most - unpack->stream.avail_out) : r;
}

int unpack_rewind(Unpack *unpack) {
    if (lseek(unpack->fd, unpack->start < 0 ? 0 : unpack->start, SEEK_SET) < 0)
        return -errno;
    unpack->known = unpack->packed = unpack->inside = unpack->eof = false;
    unpack->n_read = 0;
    unpack->stream.avail_in = 0;
    return 0;
}
