// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit.h"
#include "audit_journal.h"
#include "daemon/clock.h"
#include "plain.h"
#include "scan.h"

#define INPUT_PEEK_LINES 64u /* of a file's beginning, to find a record that tells its place among others */
#define INPUT_LOOK_BYTES (1u << 20) /* between two looks at the clock */
#define INPUT_POLL_MSEC 200         /* of a file that is followed */

struct AuditFile {
    const char *name;
    int fd; /* open from the beginning, so that a rotation in between changes nothing */
    bool regular;
    bool chained;
    uint64_t seq, time; /* of its first record; 0: it has none */
    size_t given;
};

int audit_fail(const AuditInput *input, const char *what, const char *why) {
    fprintf(stderr, "quaygate %s: ", input->verb);
    plain_print(stderr, what);
    fprintf(stderr, ": %s\n", why);
    return AUDIT_CHANGED;
}

bool audit_input_option(AuditInput *input, int option, const char *value) {
    if (option == 'J') {
        input->journal = true;
        input->journal_folder = value;
    } else if (option == 'c')
        input->config = value;
    else
        return false;
    return true;
}

int audit_input_check(const AuditInput *input, size_t n_files) {
    if (input->journal && n_files > 0)
        return ctl_fail_usage(input->verb, "--journal or files, not both");
    return AUDIT_OK;
}

void audit_input_done(AuditInput *input) {
    audit_journal_close(input);
    for (size_t i = 0; i < input->n_files; i++)
        if (input->files[i].fd >= 0)
            (void) close(input->files[i].fd);
    free(input->files);
    input->files = NULL;
    input->n_files = 0;
    path_list_done(&input->paths);
}

/* --- which files */

/* The config's file sink number `skip`, and its siblings. */
static int input_add_sink(AuditInput *input, size_t skip) {
    CLEANUP(config_unref_p) Config *config = NULL;
    size_t n_sinks = 0;

    if (ctl_load(input->config, &config) < 0)
        return CTL_CONFIG;
    for (size_t i = 0; i < config->n_sinks; i++) {
        const ConfigSink *sink = &config->sinks[i];
        int r;

        if (sink->kind != SINK_FILE || n_sinks++ < skip)
            continue;
        r = siblings_find(sink->path, &input->paths);
        if (r < 0)
            return audit_fail(input, sink->path, strerror(-r));
        return input->paths.n > 0 ? CTL_OK : audit_fail(input, sink->path, strerror(ENOENT));
    }
    if (n_sinks > 0)
        return -1;
    fprintf(stderr, "quaygate %s: %s has no file sink; name a file, or - for standard input%s\n", input->verb,
            ctl_config_name(input->config), input->files_only ? "" : ", or --journal");
    return CTL_CONFIG;
}

/* What is piped in is meant to be read; a terminal, /dev/null of a service or a timer isn't. */
static bool input_has_stdin(void) {
    struct stat st;

    return fstat(STDIN_FILENO, &st) == 0 &&
           (S_ISFIFO(st.st_mode) || S_ISREG(st.st_mode) || S_ISSOCK(st.st_mode));
}

static int input_add_paths(AuditInput *input, char **args, size_t n, size_t skip) {
    int r = 0;

    if (n == 0 && (input->config || !input_has_stdin()))
        return input_add_sink(input, skip);
    if (skip > 0)
        return -1;
    for (size_t i = 0; r == 0 && i < n; i++)
        r = path_list_add(&input->paths, args[i]);
    if (n == 0)
        r = path_list_add(&input->paths, "-");
    return r < 0 ? audit_fail(input, "files", strerror(-r)) : CTL_OK;
}

/* --- in which order */

static int input_peek(struct AuditFile *file) {
    Lines lines;
    int r = lines_open_fd(&lines, file->fd, file->name);

    for (unsigned i = 0; r == 0 && i < INPUT_PEEK_LINES; i++) {
        ScanRecord record;
        LinesStatus status;
        bool whole;
        Span text;

        status = lines_next(&lines, &text, &whole, &r);
        if (status == LINES_END || status == LINES_FAILED)
            break;
        if (status != LINES_LINE || !scan_record(text, &record))
            continue;
        file->seq = record.seq;
        file->time = scan_time(record.time);
        file->chained = record.hash.size > 0;
        break;
    }
    lines_close(&lines);
    return lseek(file->fd, 0, SEEK_SET) < 0 ? -errno : 0; /* what can't be read is said when it is */
}

static int input_compare(const void *one, const void *two) {
    const struct AuditFile *a = one, *b = two;

    if (a->seq > 0 && b->seq > 0) {
        if (a->chained && b->chained && a->seq != b->seq) /* clocks go back, numbers don't */
            return a->seq < b->seq ? -1 : 1;
        if (a->time != b->time)
            return a->time < b->time ? -1 : 1;
    }
    return a->given < b->given ? -1 : 1;
}

static int input_open(AuditInput *input, struct AuditFile *file, size_t i) {
    bool is_stdin = strcmp(input->paths.items[i], "-") == 0;
    struct stat st;

    *file = (struct AuditFile){.name = is_stdin ? "stdin" : input->paths.items[i], .given = i};
    file->fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                        : open(input->paths.items[i], O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file->fd < 0 || fstat(file->fd, &st) < 0)
        return -errno;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    file->regular = S_ISREG(st.st_mode);
    if (file->regular && st.st_size > 0)
        input->n_bytes += (uint64_t) st.st_size;
    return file->regular && input->paths.n > 1 ? input_peek(file) : 0;
}

int audit_input_choose(AuditInput *input, char **args, size_t n, size_t skip) {
    int r = input->journal ? CTL_OK : input_add_paths(input, args, n, skip);

    if (r != CTL_OK || input->journal)
        return r;
    input->files = calloc(input->paths.n, sizeof(*input->files));
    if (!input->files)
        return audit_fail(input, "files", strerror(ENOMEM));
    for (; input->n_files < input->paths.n; input->n_files++) {
        struct AuditFile *file = &input->files[input->n_files];

        r = input_open(input, file, input->n_files);
        if (r < 0) {
            input->n_files++;
            return audit_fail(input, file->name, strerror(-r));
        }
    }
    qsort(input->files, input->n_files, sizeof(*input->files), input_compare);
    return CTL_OK;
}

static uint64_t input_msec(void) {
    return clock_monotonic_usec() / 1000;
}

/* --- reading */

static bool input_read_file(AuditInput *input, Lines *lines, AuditTake take, void *ctx) {
    uint64_t before = input->bytes, looked = 0;
    AuditLine line = {.file = lines->name};
    LinesStatus status;
    int r = 0;

    while ((status = lines_next(lines, &line.text, &line.whole, &r)) != LINES_END) {
        if (status == LINES_FAILED) {
            progress_clear(&input->progress);
            (void) audit_fail(input, lines->name, unpack_error(r));
            input->failed = true;
            return false;
        }
        line.too_long = status == LINES_LONG;
        line.line = lines->line;
        if (!take(ctx, &line))
            return false;
        if (lines->taken - looked >= INPUT_LOOK_BYTES) {
            looked = lines->taken;
            progress_tell(&input->progress, before + lines->taken, input_msec());
        }
    }
    input->bytes = before + lines->taken;
    return true;
}

bool audit_input_read(AuditInput *input, AuditTake take, void *ctx) {
    bool good = true;

    if (input->journal)
        return audit_journal_read(input, take, ctx);
    progress_begin(&input->progress, stderr, input->quiet ? 0 : input->n_bytes, input_msec());
    for (size_t i = 0; good && i + input->follows < input->n_files; i++) {
        Lines lines;
        int r = lines_open_fd(&lines, input->files[i].fd, input->files[i].name);

        if (r < 0) {
            (void) audit_fail(input, input->files[i].name, strerror(-r));
            input->failed = true;
        }
        good = r == 0 && input_read_file(input, &lines, take, ctx);
        lines_close(&lines);
    }
    progress_clear(&input->progress);
    return good;
}

/* --- following */

/* Whether the path is another file now, or the file is shorter than what was read of it. */
static bool input_is_replaced(const char *path, const Lines *lines) {
    struct stat there, here;

    if (fstat(lines->fd, &here) < 0 || stat(path, &there) < 0)
        return false; /* between the rename and the new file */
    return there.st_ino != here.st_ino || there.st_dev != here.st_dev ||
           lseek(lines->fd, 0, SEEK_CUR) > here.st_size;
}

static LinesStatus input_take_all(Lines *lines, AuditTake take, void *ctx, bool *ret_goes_on,
                                  int *ret_error) {
    AuditLine line = {.file = lines->name, .whole = true};
    LinesStatus status = LINES_END;

    while (*ret_goes_on && (status = lines_follow(lines, &line.text, ret_error)) != LINES_END &&
           status != LINES_FAILED) {
        line.too_long = status == LINES_LONG;
        line.line = lines->line;
        *ret_goes_on = take(ctx, &line);
    }
    return status;
}

bool audit_input_follow(AuditInput *input, AuditTake take, bool (*idle)(void *ctx), void *ctx) {
    const struct AuditFile *last;
    bool goes_on = true, replaced;
    const char *path;
    Lines lines;
    int r;

    if (input->journal)
        return audit_journal_follow(input, take, idle, ctx);
    last = &input->files[input->n_files - 1];
    path = input->paths.items[last->given];
    r = lines_open_fd(&lines, last->fd, last->name);
    while (r == 0 && goes_on) {
        replaced = lines.plain && input_is_replaced(path, &lines); /* before the last look at the old one */
        if (input_take_all(&lines, take, ctx, &goes_on, &r) == LINES_FAILED)
            break;
        if (replaced) {
            lines_close(&lines);
            r = lines_open(&lines, path);
            continue;
        }
        if (goes_on)
            goes_on = idle(ctx) && lines.plain; /* a pipe's end is its end */
        if (goes_on)
            (void) poll(NULL, 0, INPUT_POLL_MSEC);
    }
    lines_close(&lines);
    if (r < 0)
        (void) audit_fail(input, path, unpack_error(r));
    input->failed = r < 0;
    return r == 0;
}
