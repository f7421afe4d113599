// SPDX-License-Identifier: Apache-2.0
#include "audit_journal.h"

#include <errno.h>
#include <stdlib.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "plain.h"

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

/* --- whose an entry is */

static bool journal_get(sd_journal *journal, const char *name, Span *ret) {
    const void *data;
    size_t size, skip = strlen(name) + 1;

    if (sd_journal_get_data(journal, name, &data, &size) < 0 || size < skip)
        return false;
    *ret = (Span){(const char *) data + skip, size - skip};
    return true;
}

/* quaygate.service, quaygate@….service: units of the system, which are root's to make. */
static bool journal_is_unit(Span unit) {
    static const char end[] = ".service";
    size_t size = sizeof(end) - 1;

    return span_is(unit, "quaygate.service") ||
           (span_starts_with(unit, SPAN("quaygate@")) && unit.size > size &&
            memcmp(unit.data + unit.size - size, end, size) == 0);
}

/*
 * Everybody may write to journald, and choose each field but those whose names begin with `_`, which it has
 * from the kernel (systemd.journal-fields(7)). What has no user was sent by nobody of this host.
 */
static bool journal_is_ours(sd_journal *journal, char *ret_user, size_t size) {
    char own[24];
    Span user, unit;

    if (!journal_get(journal, "_UID", &user))
        return true;
    (void) snprintf(own, sizeof(own), "%lu", (unsigned long) geteuid());
    if (span_is(user, "0") || span_is(user, own))
        return true;
    (void) snprintf(ret_user, size, "%.*s", SPAN_FMT(user));
    return journal_get(journal, "_SYSTEMD_UNIT", &unit) && journal_is_unit(unit);
}

static void journal_leave_out(AuditInput *input, const char *user) {
    if (input->n_foreign++ > 0)
        return;
    fprintf(stderr, "quaygate %s: the journal: left out what user ", input->verb);
    plain_print(stderr, user);
    fputs(" sent in quaygated's name: records are root's, of quaygate.service, or of who asks\n", stderr);
}

/* --- entries */

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
    char user[24] = "";
    const void *data;
    size_t size;
    int r;

    while ((r = sd_journal_next(journal)) > 0) {
        if (!journal_is_ours(journal, user, sizeof(user))) {
            journal_leave_out(input, user);
            continue;
        }
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
