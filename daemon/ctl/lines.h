// SPDX-License-Identifier: Apache-2.0
/*
 * The lines of a file, plain or compressed by gzip, as fast as they can be read and in memory that doesn't
 * grow: for who looks at bytes rather than at values (`quaygate audit`). trail.h is for who wants records as
 * trees.
 */
#pragma once

#include "daemon/unpack.h"

/* Of one line, and of one read: more than a record can have (trail.h). */
#define LINES_BYTES (1u << 20)

typedef struct Lines {
    const char *name; /* for messages: the path as given, or "stdin" */
    uint64_t line;    /* number of the line that lines_next gave last, from 1 */
    uint64_t taken;   /* bytes read off the file, compressed ones where it is */
    bool plain;       /* read by read(2), so that more may come behind the end */
    int fd;           /* -1: none, or packed's */
    Unpack *packed;
    char *data; /* two times LINES_BYTES */
    size_t begin, end;
    size_t seen; /* bytes behind begin that have no newline */
    bool eof;
    bool skips; /* in the middle of a line that is too long */
} Lines;

typedef enum LinesStatus {
    LINES_END = 0, /* a plain file may have more later: another call looks */
    LINES_LINE,
    LINES_LONG,  /* longer than LINES_BYTES: left out */
    LINES_FAILED /* *ret_error: −errno, also as unpack_read() */
} LinesStatus;

/* `path`: "-" is standard input. 0 or −errno. To be ended with lines_close in either case. */
int lines_open(Lines *lines, const char *path);
void lines_close(Lines *lines);

/* The same of a descriptor, which stays the caller's; `name` must stay. */
int lines_open_fd(Lines *lines, int fd, const char *name);

/*
 * The next line without its newline, valid until the next call. *ret_whole: it has one; false is possible
 * only for the last bytes of a file.
 */
LinesStatus lines_next(Lines *lines, Span *ret, bool *ret_whole, int *ret_error);

/*
 * The same of a file that is being written (plain): bytes behind the last newline are none yet, and stay for
 * a later call.
 */
LinesStatus lines_follow(Lines *lines, Span *ret, int *ret_error);
