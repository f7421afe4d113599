// SPDX-License-Identifier: Apache-2.0
/*
 * What the verbs of `quaygate audit` share: which files are read, in which order, and who asked for what.
 */
#pragma once

#include "ctl.h"
#include "lines.h"
#include "progress.h"
#include "siblings.h"

typedef enum AuditExit {
    AUDIT_OK = CTL_OK,
    AUDIT_CHANGED = 1, /* verify; and each verb where a file can't be read */
    AUDIT_USAGE = CTL_USAGE,
    AUDIT_MISSING = 3,
    AUDIT_CUT = 4,
    AUDIT_FOREIGN = 5,
    AUDIT_ORDER = 6,
    AUDIT_CHECKPOINT = 7,
    AUDIT_UNREADABLE = 8,
    AUDIT_UNCHAINED = 9,
} AuditExit;

/* What is told about one line. */
typedef struct AuditLine {
    Span text;
    bool whole;    /* it ends with a newline */
    bool too_long; /* and isn't in `text` */
    const char *file;
    uint64_t line;
    uint64_t repeats; /* told beside it, by the journal; 0: it isn't */
} AuditLine;

/* False ends the reading. */
typedef bool (*AuditTake)(void *ctx, const AuditLine *line);

typedef struct AuditInput {
    const char *verb;           /* for messages: "audit show" */
    const char *config;         /* --config; NULL: the default */
    bool files_only;            /* there is no --journal */
    bool journal;               /* --journal: instead of files */
    const char *journal_folder; /* --journal=FOLDER; NULL: the system's */
    void *journal_at;           /* sd_journal; audit_journal.c's own */
    uint64_t journal_line;
    uint64_t n_foreign;      /* entries of the journal that others sent in quaygated's name */
    bool follows;            /* -f */
    bool quiet;              /* no bar: rows go to the same terminal */
    struct AuditFile *files; /* oldest first; heap */
    size_t n_files;
    PathList paths;          /* what they are called */
    uint64_t bytes, n_bytes; /* read so far, and of all files; 0 where that can't be known */
    Progress progress;
    bool failed; /* a file couldn't be read, and that was said */
} AuditInput;

void audit_input_done(AuditInput *input);

/* The options that say what is read, by their letters: `J` (--journal[=FOLDER]) and `c` (--config). False:
 * none of them. */
bool audit_input_option(AuditInput *input, int option, const char *value);

/* CTL_OK; or AUDIT_USAGE, after a message, where there are files beside --journal. */
int audit_input_check(const AuditInput *input, size_t n_files);

/*
 * Files as named by `args`; without any, standard input where that is a pipe or a file and no --config was
 * given, else the config's first file sink with what rotation made of it; with `skip`, the file sink behind
 * so many. In the order of what they hold. CTL_OK, or an exit code after a message; -1: there are no more
 * sinks.
 */
int audit_input_choose(AuditInput *input, char **args, size_t n, size_t skip);

/* Every line of them. False: `take` said so, or a file couldn't be read (input->failed). */
bool audit_input_read(AuditInput *input, AuditTake take, void *ctx);

/*
 * What `show -f` does with the last file, which audit_input_read leaves out where input->follows is set:
 * lines as they are written, across rotation. `idle` is called when there are no more for now. Until one of
 * the two says false; false: the file couldn't be read.
 */
bool audit_input_follow(AuditInput *input, AuditTake take, bool (*idle)(void *ctx), void *ctx);

/* Says what is wrong, on a line of its own. Returns AUDIT_CHANGED. */
int audit_fail(const AuditInput *input, const char *what, const char *why);

/* One function a verb; argv[0] is the verb. */
int audit_show(int argc, char **argv);
int audit_summary(int argc, char **argv);
int audit_report(int argc, char **argv);
int audit_verify(int argc, char **argv);
