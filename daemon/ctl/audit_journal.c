// SPDX-License-Identifier: Apache-2.0
#include "audit_journal.h"

#include <errno.h>
#include <stdlib.h>
#include <systemd/sd-journal.h>

#define JOURNAL_FIELD "QUAYGATE_RECORD" /* the record's line, as a file would have it */
#define JOURNAL_REPEATS "QUAYGATE_REPEATS"
#define JOURNAL_WAIT_USEC UINT64_C(200000)

static int journal_fail(AuditInput *input, int r) {
    input->failed = true;
    (void) audit_fail(input, "the journal", strerror(-r));
    return r;
}

static int journal_open(AuditInput *input) {
    sd_journal *journal = NULL;
    int r = input->journal_folder ? sd_journal_open_directory(&journal, input->journal_folder, 0)
                                  : sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);

    if (r < 0)
        return journal_fail(input, r);
    input->journal_at = journal;
    r = sd_journal_set_data_threshold(journal, 0); /* else values are cut at 64 KiB */
    if (r >= 0)
        r = sd_journal_add_match(journal, "SYSLOG_IDENTIFIER=quaygated", 0);
    return r < 0 ? journal_fail(input, r) : 0;
}

/* How many of the same this one stands for: journald isn't told of each. */
static uint64_t journal_repeats(sd_journal *journal) {
    char digits[24] = "";
    const void *data;
    size_t size;

    if (sd_journal_get_data(journal, JOURNAL_REPEATS, &data, &size) < 0 || size <= sizeof(JOURNAL_REPEATS) ||
        size - sizeof(JOURNAL_REPEATS) >= sizeof(digits))
        return 0;
    memcpy(digits, (const char *) data + sizeof(JOURNAL_REPEATS), size - sizeof(JOURNAL_REPEATS));
    return strtoull(digits, NULL, 10);
}

/* Gives what is behind the last one. 0, −errno, or 1: `take` ended it. */
static int journal_take(AuditInput *input, AuditTake take, void *ctx) {
    sd_journal *journal = input->journal_at;
    AuditLine line = {.file = "journal", .whole = true};
    const void *data;
    size_t size;
    int r;

    while ((r = sd_journal_next(journal)) > 0) {
        line.repeats = journal_repeats(journal); /* first: the next call's data is what is used */
        r = sd_journal_get_data(journal, JOURNAL_FIELD, &data, &size);
        if (r == -ENOENT)
            continue; /* another message of ours */
        if (r < 0)
            return r;
        line.text = (Span){(const char *) data + sizeof(JOURNAL_FIELD), size - sizeof(JOURNAL_FIELD)};
        line.line = ++input->journal_line;
        line.too_long = line.text.size > LINES_BYTES || memchr(line.text.data, '\n', line.text.size) != NULL;
        if (!take(ctx, &line))
            return 1;
    }
    return r;
}

bool audit_journal_read(AuditInput *input, AuditTake take, void *ctx) {
    int r = journal_open(input);

    if (r < 0)
        return false;
    r = input->follows ? 0 : journal_take(input, take, ctx);
    if (r < 0)
        (void) journal_fail(input, r);
    return r == 0;
}

bool audit_journal_follow(AuditInput *input, AuditTake take, bool (*idle)(void *ctx), void *ctx) {
    int r;

    for (;;) {
        r = journal_take(input, take, ctx);
        if (r != 0 || !idle(ctx))
            break;
        r = sd_journal_wait(input->journal_at, JOURNAL_WAIT_USEC);
        if (r < 0)
            break;
    }
    if (r < 0)
        (void) journal_fail(input, r);
    return r >= 0;
}

void audit_journal_close(AuditInput *input) {
    sd_journal_close(input->journal_at);
    input->journal_at = NULL;
}
