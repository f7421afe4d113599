// SPDX-License-Identifier: Apache-2.0
#include "trail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "plain.h"

#define TRAIL_READ_BYTES (64u << 10)

/* --- the file */

/* Takes `fd`, in any case. */
static int trail_take_fd(Trail *trail, int fd) {
    trail->file = unpack_new(fd);
    return trail->file ? 0 : -ENOMEM;
}

int trail_open(Trail *trail, const char *path) {
    bool is_stdin = strcmp(path, "-") == 0;
    int fd;

    *trail = (Trail){.name = is_stdin ? "stdin" : path};
    trail->arena = arena_new(LIMIT_ARENA_BYTES);
    if (!trail->arena)
        return -ENOMEM;
    fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    return fd < 0 ? -errno : trail_take_fd(trail, fd);
}

void trail_close(Trail *trail) {
    trail->body = body_free(trail->body);
    trail->arena = arena_free(trail->arena);
    buffer_done(&trail->in);
    trail->file = unpack_free(trail->file);
}

/* One read; 0 at the end, −errno. */
static ssize_t trail_fill(Trail *trail) {
    char *room = buffer_reserve(&trail->in, TRAIL_READ_BYTES);
    ssize_t n;

    if (!room)
        return -ENOMEM;
    n = unpack_read(trail->file, room, TRAIL_READ_BYTES);
    if (n < 0)
        return n;
    buffer_commit(&trail->in, (size_t) n);
    trail->eof = n == 0;
    return n;
}

/* All of a pipe into a file without a name. */
static int trail_spool(Trail *trail) {
    FILE *file = tmpfile();
    int fd = file ? fcntl(fileno(file), F_DUPFD_CLOEXEC, 3) : -1;
    ssize_t n = fd < 0 ? -errno : 0;

    if (file)
        (void) fclose(file);
    while (n >= 0 && !trail->eof) {
        n = trail_fill(trail);
        for (Span rest = buffer_span(&trail->in); n >= 0 && rest.size > 0; rest = buffer_span(&trail->in)) {
            ssize_t written = write(fd, rest.data, rest.size);

            if (written < 0 && errno != EINTR)
                n = -errno;
            else if (written > 0)
                buffer_consume(&trail->in, (size_t) written);
        }
    }
    if (n >= 0 && lseek(fd, 0, SEEK_SET) < 0)
        n = -errno;
    if (n < 0) {
        if (fd >= 0)
            (void) close(fd);
        return (int) n;
    }
    trail->file = unpack_free(trail->file);
    return trail_take_fd(trail, fd);
}

int trail_rewind(Trail *trail) {
    int r = unpack_rewind(trail->file) < 0 ? trail_spool(trail) : 0;

    buffer_clear(&trail->in);
    trail->eof = false;
    trail->line = 0;
    return r;
}

/* --- lines */

/* The rest of a line that is too long, read and dropped. */
static TrailStatus trail_skip_line(Trail *trail, const char **ret_why) {
    for (;;) {
        Span in = buffer_span(&trail->in);
        const char *end = in.size > 0 ? memchr(in.data, '\n', in.size) : NULL;
        ssize_t n;

        buffer_consume(&trail->in, end ? (size_t) (end - in.data) + 1 : in.size);
        if (end || trail->eof)
            break;
        n = trail_fill(trail);
        if (n < 0) {
            *ret_why = unpack_error((int) n);
            return TRAIL_FAILED;
        }
    }
    *ret_why = "the line is longer than any record";
    return TRAIL_BROKEN;
}

/* The next line without its end, in trail->in; *ret_used: with it. */
static TrailStatus trail_take_line(Trail *trail, Span *ret, size_t *ret_used, const char **ret_why) {
    size_t seen = 0;

    for (;;) {
        Span in = buffer_span(&trail->in);
        const char *end = in.size > seen ? memchr(in.data + seen, '\n', in.size - seen) : NULL;
        size_t size = end ? (size_t) (end - in.data) : in.size;
        ssize_t n;

        if (size > TRAIL_LINE_BYTES) {
            trail->line++;
            return trail_skip_line(trail, ret_why);
        }
        if (end || (trail->eof && size > 0)) {
            trail->line++;
            *ret = (Span){in.data, size};
            *ret_used = size + (end ? 1 : 0);
            return TRAIL_RECORD;
        }
        if (trail->eof)
            return TRAIL_END;
        seen = in.size;
        n = trail_fill(trail);
        if (n < 0) {
            *ret_why = unpack_error((int) n);
            return TRAIL_FAILED;
        }
    }
}

/* --- records */

static Span trail_text(const BodyNode *object, const char *key, bool *ret_has) {
    const BodyNode *node = object ? body_member(object, key) : NULL;
    bool has = node && body_type(node) == BODY_TYPE_STRING;

    if (ret_has)
        *ret_has = has;
    return has ? body_string(node) : SPAN("");
}

static void trail_fill_record(const BodyNode *root, TrailRecord *ret) {
    const BodyNode *request = body_member(root, "request"), *facts = body_member(root, "facts");
    const BodyNode *bytes = request ? body_member(request, "bytes") : NULL;

    *ret = (TrailRecord){
        .root = root,
        .time = trail_text(root, "time", NULL),
        .event = trail_text(root, "event", NULL),
        .id = trail_text(root, "id", NULL),
        .listener = trail_text(root, "listener", NULL),
        .policy = trail_text(root, "policy", NULL),
        .method = trail_text(request, "method", NULL),
        .operation = trail_text(request, "operation", NULL),
        .verdict = trail_text(root, "verdict", NULL),
        .rule = trail_text(root, "rule", NULL),
        .field = trail_text(root, "field", NULL),
        .reason = trail_text(root, "reason", NULL),
        .has_bytes = bytes && body_type(bytes) == BODY_TYPE_INTEGER,
        .facts = facts && body_type(facts) == BODY_TYPE_ARRAY ? facts : NULL,
    };
    ret->request_bytes = ret->has_bytes ? body_integer(bytes) : 0;
    ret->path = trail_text(request, "path", &ret->has_path);
    ret->query = trail_text(request, "query", &ret->has_query);
}

static bool trail_is_blank(Span line) {
    for (size_t i = 0; i < line.size; i++)
        if (!strchr(" \t\r", line.data[i]) || line.data[i] == '\0')
            return false;
    return true;
}

TrailStatus trail_next(Trail *trail, TrailRecord *ret, const char **ret_why) {
    const char *detail = NULL;
    TrailStatus status;
    Reason reason;
    size_t used;
    Span line;

    trail->body = body_free(trail->body);
    arena_reset(trail->arena);
    do {
        status = trail_take_line(trail, &line, &used, ret_why);
        if (status != TRAIL_RECORD)
            return status;
        if (trail_is_blank(line))
            buffer_consume(&trail->in, used);
    } while (trail_is_blank(line));
    reason = body_parse(trail->arena, line, &trail->body, &detail);
    buffer_consume(&trail->in, used);
    if (reason == REASON_NO_MEMORY) {
        *ret_why = strerror(ENOMEM);
        return TRAIL_FAILED;
    }
    *ret_why = detail ? detail : "not JSON";
    if (reason != REASON_OK)
        return TRAIL_BROKEN;
    trail_fill_record(body_root(trail->body), ret);
    *ret_why = "not a record: it has no event";
    return ret->event.size > 0 ? TRAIL_RECORD : TRAIL_BROKEN;
}

bool trail_is_wanted(const TrailFilter *filter, const TrailRecord *record) {
    return span_is(record->event, "decision") &&
           (!filter->listener || span_is(record->listener, filter->listener)) &&
           (!filter->policy || span_is(record->policy, filter->policy));
}

/* --- several files */

/* Behind the name, which somebody else may have chosen. */
static void trail_say(const TrailSet *set, const Trail *trail) {
    fprintf(stderr, "quaygate %s: ", set->verb);
    plain_print(stderr, trail->name);
}

static bool trail_fail(const TrailSet *set, const Trail *trail, const char *why) {
    trail_say(set, trail);
    fprintf(stderr, ": %s\n", why);
    return false;
}

bool trail_set_open(TrailSet *set, const char *verb, char **paths, size_t n, bool again) {
    bool good = true;

    *set = (TrailSet){.verb = verb, .items = calloc(n, sizeof(*set->items))};
    if (!set->items)
        return false;
    for (; set->n < n; set->n++) {
        Trail *trail = &set->items[set->n];
        int r = trail_open(trail, paths[set->n]);

        if (r == 0 && again)
            r = trail_rewind(trail);
        if (r < 0)
            good = trail_fail(set, trail, unpack_error(r));
    }
    return good;
}

void trail_set_close(TrailSet *set) {
    for (size_t i = 0; i < set->n; i++)
        trail_close(&set->items[i]);
    free(set->items);
    *set = (TrailSet){0};
}

static void trail_set_broken(TrailSet *set, const Trail *trail, const char *why) {
    if (set->said)
        return;
    set->n_broken++;
    trail_say(set, trail);
    fprintf(stderr, ":%lu: %s\n", trail->line, why);
}

bool trail_set_read(TrailSet *set, bool (*take)(void *ctx, const TrailRecord *record), void *ctx) {
    for (size_t i = 0; i < set->n; i++) {
        Trail *trail = &set->items[i];
        const char *why = NULL;
        TrailRecord record;
        TrailStatus status;
        int r = set->said ? trail_rewind(trail) : 0;

        if (r < 0)
            return trail_fail(set, trail, unpack_error(r));
        while ((status = trail_next(trail, &record, &why)) != TRAIL_END) {
            if (status == TRAIL_FAILED)
                return trail_fail(set, trail, why);
            if (status == TRAIL_BROKEN)
                trail_set_broken(set, trail, why);
            else if (!take(ctx, &record))
                return false;
        }
    }
    set->said = true;
    return true;
}
