// SPDX-License-Identifier: Apache-2.0
#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINES_ROOM (2u * LINES_BYTES)

/* --- the file */

static bool lines_is_plain(int fd) {
    unsigned char magic[2];
    struct stat st;

    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || lseek(fd, 0, SEEK_CUR) != 0)
        return false;
    return pread(fd, magic, sizeof(magic), 0) != sizeof(magic) || magic[0] != 0x1F || magic[1] != 0x8B;
}

/* Takes lines->fd. */
static int lines_begin(Lines *lines) {
    if (lines->fd < 0)
        return -errno;
    lines->data = malloc(LINES_ROOM);
    if (!lines->data)
        return -ENOMEM;
    (void) posix_fadvise(lines->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    lines->plain = lines_is_plain(lines->fd);
    if (lines->plain)
        return 0;
    lines->packed = unpack_new(TAKE_FD(lines->fd));
    return lines->packed ? 0 : -ENOMEM;
}

int lines_open(Lines *lines, const char *path) {
    bool is_stdin = strcmp(path, "-") == 0;

    *lines = (Lines){.name = is_stdin ? "stdin" : path};
    lines->fd =
        is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    return lines_begin(lines);
}

int lines_open_fd(Lines *lines, int fd, const char *name) {
    *lines = (Lines){.name = name};
    lines->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return lines_begin(lines);
}

void lines_close(Lines *lines) {
    lines->packed = unpack_free(lines->packed);
    if (lines->fd >= 0)
        (void) close(lines->fd);
    free(lines->data);
    *lines = (Lines){.name = lines->name, .fd = -1};
}

static ssize_t lines_read_packed(Lines *lines, char *room, size_t size) {
    ssize_t n = unpack_read(lines->packed, room, size);

    if (n > 0)
        lines->taken = unpack_taken(lines->packed);
    return n;
}

static ssize_t lines_read_plain(Lines *lines, char *room, size_t size) {
    ssize_t n;

    do
        n = read(lines->fd, room, size);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    lines->taken += (uint64_t) n;
    return n;
}

/* One read behind what waits, which moves to the front. 0 at the end, −errno. */
static ssize_t lines_fill(Lines *lines) {
    size_t size = lines->end - lines->begin, room;
    ssize_t n;

    memmove(lines->data, lines->data + lines->begin, size);
    lines->begin = 0;
    lines->end = size;
    room = LINES_ROOM - size;
    if (room > LINES_BYTES)
        room = LINES_BYTES;
    n = lines->plain ? lines_read_plain(lines, lines->data + size, room)
                     : lines_read_packed(lines, lines->data + size, room);
    if (n > 0)
        lines->end += (size_t) n;
    lines->eof = n == 0;
    return n;
}

/* --- lines */

static LinesStatus lines_take(Lines *lines, size_t size, bool whole, Span *ret, bool *ret_whole) {
    bool skipped = lines->skips || size > LINES_BYTES;

    *ret = (Span){lines->data + lines->begin, size};
    *ret_whole = whole;
    lines->begin += size + (whole ? 1 : 0);
    lines->seen = 0;
    lines->skips = false;
    lines->line++;
    return skipped ? LINES_LONG : LINES_LINE;
}

static LinesStatus lines_look(Lines *lines, bool partial, Span *ret, bool *ret_whole, int *ret_error) {
    for (;;) {
        const char *begin = lines->data + lines->begin;
        size_t size = lines->end - lines->begin;
        const char *end = size > lines->seen ? memchr(begin + lines->seen, '\n', size - lines->seen) : NULL;
        ssize_t n;

        if (end)
            return lines_take(lines, (size_t) (end - begin), true, ret, ret_whole);
        if (size > LINES_BYTES) {
            lines->begin = lines->end = 0;
            lines->skips = true;
            size = 0;
        }
        lines->seen = size;
        n = lines_fill(lines);
        if (n < 0) {
            *ret_error = (int) n;
            return LINES_FAILED;
        }
        if (n == 0) {
            if (partial && (lines->seen > 0 || lines->skips))
                return lines_take(lines, lines->seen, false, ret, ret_whole);
            return LINES_END;
        }
    }
}

LinesStatus lines_next(Lines *lines, Span *ret, bool *ret_whole, int *ret_error) {
    return lines_look(lines, true, ret, ret_whole, ret_error);
}

LinesStatus lines_follow(Lines *lines, Span *ret, int *ret_error) {
    bool whole;

    return lines_look(lines, false, ret, &whole, ret_error);
}
