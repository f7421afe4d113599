// SPDX-License-Identifier: Apache-2.0
/*
 * Where an audit file ends: its last whole record, which the trail goes on from, and what a crash left
 * behind it. A file that has no record yet goes on from the newest that was rotated away from its place
 * (FILE.1, FILE-20261126, also as .gz), so that it doesn't matter when logrotate was here.
 */
#pragma once

#include "chain.h"

typedef struct Tail {
    bool found; /* a record of ours; else the four below mean nothing */
    uint64_t seq;
    char hash[CHAIN_HASH_SIZE]; /* "": it has none */
    bool intact;                /* its hash is that of its bytes */
    bool stopped;               /* it says that the daemon has stopped */
    size_t n_foreign;           /* lines behind it that are no records */
    size_t torn;                /* bytes behind the last newline */
    char *from;                 /* heap: the rotated file where it was found; NULL: the file itself */
    bool unreadable;            /* a rotated file that is newer couldn't be read */
} Tail;

void tail_done(Tail *tail);

/* Of the open file, of which LIMIT_AUDIT_TAIL_BYTES are looked at. −errno. */
int tail_read(int fd, Tail *ret);

/* Of the newest rotated sibling of `path` that has a record. Not found is no error; −errno. */
int tail_find_rotated(const char *path, Tail *ret);

/*
 * Moves the last `size` bytes of `path`, open for writing as `fd`, to a file `path`.torn-TIME with the same
 * mode, whose name is told (heap). They are cut off only when the other file has them for good. −errno.
 */
int tail_keep_torn(const char *path, int fd, size_t size, char **ret_name);
