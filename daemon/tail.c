// SPDX-License-Identifier: Apache-2.0
#include "tail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "policy/limits.h"
#include "rotated.h"
#include "unpack.h"

#define READ_BYTES (256u << 10)
#define TRIED_ROTATED 8u /* newest first: those without a record of ours are passed over */

void tail_done(Tail *tail) {
    free(tail->from);
    *tail = (Tail){0};
}

/* --- one line */

static bool tail_take(Span *text, Span what) {
    if (!span_starts_with(*text, what))
        return false;
    text->data += what.size;
    text->size -= what.size;
    return true;
}

static bool tail_take_end(Span *text, Span what) {
    if (text->size < what.size || memcmp(text->data + text->size - what.size, what.data, what.size) != 0)
        return false;
    text->size -= what.size;
    return true;
}

static bool tail_take_number(Span *text, uint64_t *ret) {
    uint64_t value = 0;
    size_t n = 0;

    for (; n < text->size && text->data[n] >= '0' && text->data[n] <= '9'; n++)
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (unsigned) (text->data[n] - '0'), &value))
            return false;
    text->data += n;
    text->size -= n;
    *ret = value;
    return n > 0;
}

/* `,"hash":"sha256:…"}` at the end of `text` goes away and into `ret`; `,"hash":null}` leaves that empty. */
static bool tail_take_hash(Span *text, char ret[static CHAIN_HASH_SIZE]) {
    static const Span before = {.data = ",\"hash\":\"" CHAIN_PREFIX, .size = 9 + sizeof(CHAIN_PREFIX) - 1};
    const char *hex;

    ret[0] = '\0';
    if (tail_take_end(text, SPAN(",\"hash\":null}")))
        return true;
    if (!tail_take_end(text, SPAN("\"}")) || text->size < before.size + 64)
        return false;
    hex = text->data + text->size - 64;
    for (size_t i = 0; i < 64; i++)
        if (!memchr("0123456789abcdef", hex[i], 16))
            return false;
    memcpy(ret, hex - (sizeof(CHAIN_PREFIX) - 1), CHAIN_HASH_SIZE - 1);
    ret[CHAIN_HASH_SIZE - 1] = '\0';
    text->size -= 64;
    return tail_take_end(text, before);
}

static bool tail_has(Span line, const char *text) {
    return memmem(line.data, line.size, text, strlen(text)) != NULL;
}

/* A client's text can't look like the members: its quotes are escaped. False: no record. */
static bool tail_parse_line(Span line, Tail *ret) {
    Span rest = line, body = line;
    char hash[CHAIN_HASH_SIZE] = "";

    if (!tail_take(&rest, SPAN("{\"seq\":")) || !tail_take_number(&rest, &ret->seq) ||
        !tail_take(&rest, SPAN(",\"")) || !tail_take_hash(&body, ret->hash))
        return false;
    if (ret->hash[0])
        chain_hash(body, hash);
    ret->found = true;
    ret->intact = !ret->hash[0] || strcmp(hash, ret->hash) == 0;
    ret->stopped = tail_has(line, "\"event\":\"lifecycle\",\"action\":\"stop\"") ||
                   tail_has(line, "\"action\":\"checkpoint\",\"message\":\"" CHECKPOINT_AT_STOP);
    return true;
}

/* Of `text`, the end of a file. */
static void tail_parse(Span text, Tail *ret) {
    const char *newline = memrchr(text.data, '\n', text.size);
    Tail tail = {.torn = newline ? text.size - (size_t) (newline + 1 - text.data) : text.size};
    bool found = false;

    while (newline && !found) {
        Span line = {.data = text.data, .size = (size_t) (newline - text.data)};

        newline = memrchr(line.data, '\n', line.size);
        if (newline) {
            line.size -= (size_t) (newline + 1 - line.data);
            line.data = newline + 1;
        }
        found = tail_parse_line(line, &tail);
        tail.n_foreign += !found;
    }
    if (!tail.found)
        tail.seq = 0;
    *ret = tail;
}

/* --- one file */

static int tail_read_all(int fd, off_t from, Buffer *ret) {
    for (;;) {
        char *room = buffer_reserve(ret, READ_BYTES);
        ssize_t n = room ? pread(fd, room, READ_BYTES, from) : 0;

        if (!room)
            return -ENOMEM;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : 0;
        buffer_commit(ret, (size_t) n);
        from += n;
    }
}

int tail_read(int fd, Tail *ret) {
    CLEANUP(buffer_done) Buffer text = {0};
    off_t size = lseek(fd, 0, SEEK_END);
    int r;

    if (size < 0)
        return -errno;
    r = tail_read_all(fd, size > (off_t) LIMIT_AUDIT_TAIL_BYTES ? size - (off_t) LIMIT_AUDIT_TAIL_BYTES : 0,
                      &text);
    if (r == 0)
        tail_parse(buffer_span(&text), ret);
    return r;
}

/* The end of what a file holds when unpacked. */
static int tail_unpack(Unpack *file, Buffer *ret) {
    for (uint64_t total = 0; total <= LIMIT_AUDIT_UNPACKED_BYTES;) {
        char *room = buffer_reserve(ret, READ_BYTES);
        ssize_t n = room ? unpack_read(file, room, READ_BYTES) : -ENOMEM;

        if (n <= 0)
            return (int) n;
        buffer_commit(ret, (size_t) n);
        total += (uint64_t) n;
        if (buffer_size(ret) > 2 * LIMIT_AUDIT_TAIL_BYTES)
            buffer_consume(ret, buffer_size(ret) - LIMIT_AUDIT_TAIL_BYTES);
    }
    return -EFBIG;
}

static int tail_read_rotated(int folder, const char *name, Tail *ret) {
    CLEANUP(buffer_done) Buffer text = {0};
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    Unpack *file;
    int r;

    if (fd < 0)
        return -errno;
    file = unpack_new(fd);
    r = file ? tail_unpack(file, &text) : -ENOMEM;
    (void) unpack_free(file);
    if (r == 0)
        tail_parse(buffer_span(&text), ret);
    return r;
}

/* --- what was rotated away */

typedef struct TailSibling {
    char *name;
    struct timespec changed;
} TailSibling;

static bool tail_follows(const char *name, size_t size) {
    return (name[size] == '.' || name[size] == '-') && name[size + 1] >= '0' && name[size + 1] <= '9';
}

/*
 * NAME.1, NAME-20261126, and with logrotate's `extension`: STEM-20261126.EXTENSION, STEM.1.EXTENSION. Behind
 * that is what compressed it: what we can't unpack is told of.
 */
static bool tail_is_rotated(const char *name, const char *base) {
    const char *dot = strrchr(base, '.'), *end;
    size_t size = strlen(base), stem = dot && dot > base ? (size_t) (dot - base) : size;

    if (strncmp(name, base, stem) != 0)
        return false;
    if (strncmp(name, base, size) == 0 && tail_follows(name, size))
        return true;
    end = stem < size ? strstr(name + stem, dot) : NULL;
    return end && rotated_is_inner_suffix((Span){name + stem, (size_t) (end - name) - stem});
}

static bool tail_is_newer(const struct timespec *a, const struct timespec *b) {
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* Keeps the newest ones, in order. */
static int tail_note_sibling(TailSibling *newest, const char *name, const struct stat *st) {
    TailSibling sibling = {.name = strdup(name), .changed = st->st_mtim};

    if (!sibling.name)
        return -ENOMEM;
    for (size_t i = 0; i < TRIED_ROTATED; i++)
        if (!newest[i].name || tail_is_newer(&sibling.changed, &newest[i].changed)) {
            TailSibling moved = newest[i];

            newest[i] = sibling;
            sibling = moved;
            if (!sibling.name)
                return 0;
        }
    free(sibling.name);
    return 0;
}

static int tail_list_siblings(DIR *folder, const char *base, TailSibling *newest) {
    const struct dirent *entry;
    struct stat st;
    int r = 0;

    while (r == 0 && (entry = readdir(folder)))
        if (tail_is_rotated(entry->d_name, base) &&
            fstatat(dirfd(folder), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
            st.st_size > 0)
            r = tail_note_sibling(newest, entry->d_name, &st);
    return r;
}

static int tail_try_siblings(int folder, const TailSibling *newest, Tail *ret) {
    Tail tail = {0};
    bool unreadable = false;
    int r = 0;

    for (size_t i = 0; i < TRIED_ROTATED && newest[i].name && !tail.found; i++) {
        r = tail_read_rotated(folder, newest[i].name, &tail);
        if (r == -ENOMEM)
            return r;
        if (r < 0 || !tail.found) {
            unreadable = true;
            tail = (Tail){0};
            continue;
        }
        tail.from = strdup(newest[i].name);
        if (!tail.from)
            return -ENOMEM;
    }
    tail.torn = 0; /* none of ours to cut */
    tail.unreadable = unreadable;
    *ret = tail;
    return 0;
}

int tail_find_rotated(const char *path, Tail *ret) {
    TailSibling newest[TRIED_ROTATED] = {0};
    const char *slash = strrchr(path, '/');
    char *parent = strndup(path, slash > path ? (size_t) (slash - path) : 1);
    DIR *folder = parent && slash ? opendir(parent) : NULL;
    int r = parent ? 0 : -ENOMEM;

    *ret = (Tail){0};
    free(parent);
    if (!folder) /* one that we may write to but not list: nothing can be found */
        return r;
    r = tail_list_siblings(folder, slash + 1, newest);
    if (r == 0)
        r = tail_try_siblings(dirfd(folder), newest, ret);
    for (size_t i = 0; i < TRIED_ROTATED; i++)
        free(newest[i].name);
    closedir(folder);
    return r;
}

/* --- half a line */

static int tail_create(const char *path, mode_t mode, char **ret_name) {
    time_t now = time(NULL);
    char when[32] = "";
    struct tm tm;

    if (gmtime_r(&now, &tm))
        (void) strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
    for (unsigned i = 0; i < 100; i++) {
        char *name = NULL;
        int fd;

        if ((i == 0 ? asprintf(&name, "%s.torn-%s", path, when)
                    : asprintf(&name, "%s.torn-%s.%u", path, when, i)) < 0)
            return -ENOMEM;
        fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd >= 0) {
            (void) fchmod(fd, mode); /* less is no harm */
            *ret_name = name;
            return fd;
        }
        free(name);
        if (errno != EEXIST)
            return -errno;
    }
    return -EEXIST;
}

static int tail_write_all(int fd, Span text) {
    while (text.size > 0) {
        ssize_t n = write(fd, text.data, text.size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        text.data += n;
        text.size -= (size_t) n;
    }
    return fsync(fd) < 0 ? -errno : 0;
}

int tail_keep_torn(const char *path, int fd, size_t size, char **ret_name) {
    CLEANUP(buffer_done) Buffer text = {0};
    int in = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), out;
    char *name = NULL;
    struct stat st;
    int r;

    if (in < 0)
        return -errno;
    r = fstat(fd, &st) < 0 ? -errno : tail_read_all(in, st.st_size - (off_t) size, &text);
    close(in);
    if (r == 0 && buffer_size(&text) != size) /* somebody else writes there */
        r = -EBUSY;
    if (r < 0)
        return r;
    out = tail_create(path, st.st_mode & 07777, &name);
    if (out < 0)
        return out;
    r = tail_write_all(out, buffer_span(&text));
    close(out);
    if (r == 0 && ftruncate(fd, st.st_size - (off_t) size) < 0)
        r = -errno;
    if (r < 0) {
        (void) unlink(name);
        free(name);
        return r;
    }
    *ret_name = name;
    return 0;
}
