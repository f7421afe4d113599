// SPDX-License-Identifier: Apache-2.0
/*
 * Reads audit files: a record a line, in bounded memory. What a record says was written by us, but with a
 * client's words in it, and the file may have been anywhere since: nothing is taken for granted, and nothing
 * of it may be printed but through text_show(). Files may be compressed by gzip, as logrotate does it.
 */
#pragma once

#include "daemon/buffer.h"
#include "daemon/unpack.h"
#include "policy/body.h"

/* A line may hold the longest target and LIMIT_FACTS_BYTES, all in escapes of six bytes. */
#define TRAIL_LINE_BYTES (1u << 20)

typedef struct Trail {
    const char *name; /* for messages: as given, or "stdin" */
    unsigned long line;
    Unpack *file;
    bool eof;
    Buffer in;

    /* Of the record last read. */
    Arena *arena;
    Body *body;
} Trail;

/* Spans of the record, valid until the next; "" where the record has null, or nothing. */
typedef struct TrailRecord {
    const BodyNode *root;
    Span time, event, id, listener, policy, method, path, query, operation, verdict, rule, field, reason;
    int64_t request_bytes;    /* 0 where unknown */
    bool has_bytes;           /* it is known */
    const BodyNode *facts;    /* an array; NULL: none were asked for */
    bool has_path, has_query; /* not null */
} TrailRecord;

/* `path`: "-" is standard input. 0 or −errno, here and below as of unpack_read(). To be ended with
 * trail_close in either case. */
int trail_open(Trail *trail, const char *path);
void trail_close(Trail *trail);

/* Back to the first line: standard input that isn't a file is kept in one for that. 0 or −errno. */
int trail_rewind(Trail *trail);

typedef enum TrailStatus {
    TRAIL_END = 0,
    TRAIL_RECORD,
    TRAIL_BROKEN, /* this line is none: *ret_why (static, or of the trail); the next call goes on behind it */
    TRAIL_FAILED, /* the file can't be read on: *ret_why */
} TrailStatus;

TrailStatus trail_next(Trail *trail, TrailRecord *ret, const char **ret_why);

/* Which records are looked at; NULL: any. */
typedef struct TrailFilter {
    const char *listener;
    const char *policy;
} TrailFilter;

/* A decision that passes the filter. */
bool trail_is_wanted(const TrailFilter *filter, const TrailRecord *record);

/* Several files as one trail, with what is wrong on stderr: `quaygate VERB: FILE:LINE: why`. */
typedef struct TrailSet {
    const char *verb;
    Trail *items;
    size_t n;
    size_t n_broken; /* lines that are no records */
    bool said;       /* of what is broken: a second reading is quiet */
} TrailSet;

/*
 * `again`: they will be read more than once. False, after saying why: one can't be read. To be closed anyway.
 */
bool trail_set_open(TrailSet *set, const char *verb, char **paths, size_t n, bool again);
void trail_set_close(TrailSet *set);

/*
 * Gives `take` each record, in order; it ends the reading with false. False: it did, or a file can't be read.
 */
bool trail_set_read(TrailSet *set, bool (*take)(void *ctx, const TrailRecord *record), void *ctx);
