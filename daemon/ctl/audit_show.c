// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "audit.h"
#include "choice.h"
#include "plain.h"
#include "rows.h"
#include "who.h"

static const char HELP[] =
    "Usage: quaygate audit show [FILTER]... [--all] [--json] [-f] [--config FILE] [--journal[=FOLDER]] "
    "[FILE]...\n"
    "\n"
    "Records of the audit trail as a table. A denial that repeats itself is one row, with how often and "
    "until when.\n"
    "Without a FILE: what is piped in, else the config's first file sink with the files that rotation made "
    "of it.\n"
    "- is standard input.\n"
    "\n" CHOICE_HELP "\n"
    "  --all          outcomes too: how requests that were let through ended\n"
    "  --json         the records themselves, a line each, without joining any\n"
    "  --follow, -f   the last ten rows, and then each as it is written, across rotation\n"
    "  --journal[=FOLDER]  what quaygated sent to journald, instead of files\n"
    "  --config FILE  whose sink; else " CTL_DEFAULT_CONFIG "\n"
    "\n"
    "Exit codes: 0, 1 a file can't be read or a line is no record, 2 usage.\n";

enum {
    SHOW_POLICY = 12, /* columns */
    SHOW_OPERATION = 22,
    SHOW_CLIENT = 26,
    SHOW_DETAIL = 160,
};

typedef struct Show {
    AuditInput input;
    Choice choice;
    bool all, json, help;
    Rows *rows;
    Buffer key, cells, text; /* of one row */
    uint64_t n_broken;
    int r; /* −errno that ended the reading */
} Show;

static int show_take_options(Show *s, int argc, char **argv) {
    static const struct option options[] = {
        CHOICE_OPTIONS,
        {"all", no_argument, NULL, 'a'},
        {"json", no_argument, NULL, 'j'},
        {"follow", no_argument, NULL, 'f'},
        {"journal", optional_argument, NULL, 'J'},
        {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option, r = CTL_OK;

    while (r == CTL_OK && (option = getopt_long(argc, argv, ":fh", options, NULL)) != -1)
        switch (option) {
        case 'a':
            s->all = true;
            break;
        case 'j':
            s->json = true;
            break;
        case 'f':
            s->input.follows = true;
            break;
        case 'h':
            s->help = true;
            return CTL_OK;
        default:
            if (audit_input_option(&s->input, option, optarg))
                break;
            r = choice_is_option(option) ? choice_take(&s->choice, "audit show", option, optarg)
                                         : ctl_fail_option("audit show", option, argv);
        }
    if (r == CTL_OK)
        r = audit_input_check(&s->input, (size_t) (argc - optind));
    return r;
}

/* --- a row */

/* The cells before the last are padded to their columns, and two spaces. */
static int show_pad(Show *s, size_t used, size_t columns) {
    int r = 0;

    for (; r == 0 && used < columns + 2; used++)
        r = buffer_append(&s->cells, SPAN(" "));
    return r;
}

static int show_cell(Show *s, Span inside, size_t columns) {
    size_t used = 1;
    int r = inside.size > 0 ? plain_inside(&s->cells, inside, columns, &used)
                            : buffer_append(&s->cells, SPAN("-"));

    return r < 0 ? r : show_pad(s, used, columns);
}

static int show_verdict(Show *s, Span verdict) {
    static const struct {
        const char *verdict, *colour;
    } colours[] = {{"allow", CTL_GREEN},
                   {"deny", CTL_RED},
                   {"observe", CTL_YELLOW},
                   {"invalid", CTL_RED},
                   {"error", CTL_YELLOW}};
    const char *colour = "";
    size_t used = 1;
    int r;

    for (size_t i = 0; i < ARRAY_SIZE(colours); i++)
        if (span_is(verdict, colours[i].verdict))
            colour = ctl_colour(colours[i].colour);
    r = buffer_append(&s->cells, span_from(colour));
    if (r == 0)
        r = verdict.size > 0 ? plain_inside(&s->cells, verdict, 7, &used)
                             : buffer_append(&s->cells, SPAN("-"));
    if (r == 0 && colour[0])
        r = buffer_append(&s->cells, span_from(ctl_colour(CTL_RESET)));
    return r < 0 ? r : show_pad(s, used, 7);
}

static int show_client(Show *s, const ScanRecord *record) {
    size_t used = 0;
    int r;

    buffer_clear(&s->text);
    r = who_append(&s->text, record);
    if (r == 0)
        r = plain_text(&s->cells, buffer_span(&s->text), SHOW_CLIENT, &used);
    return r < 0 ? r : show_pad(s, used, SHOW_CLIENT);
}

/* `REASON (RULE)`, or what was asked for. */
static int show_detail(Show *s, const ScanRecord *record) {
    int r = 0;

    if (record->reason.size > 0) {
        r = plain_inside(&s->cells, record->reason, SHOW_DETAIL, NULL);
        if (r == 0 && record->rule.size > 0)
            r = buffer_append(&s->cells, SPAN(" ("));
        if (r == 0)
            r = plain_inside(&s->cells, record->rule, SHOW_DETAIL, NULL);
        return r < 0 || record->rule.size == 0 ? r : buffer_append(&s->cells, SPAN(")"));
    }
    r = plain_inside(&s->cells, record->method, 8, NULL);
    if (r == 0)
        r = buffer_append(&s->cells, SPAN(" "));
    if (r == 0)
        r = plain_inside(&s->cells, record->path, SHOW_DETAIL, NULL);
    if (r == 0 && record->query.size > 0)
        r = buffer_append(&s->cells, SPAN("?"));
    return r < 0 ? r : plain_inside(&s->cells, record->query, SHOW_DETAIL, NULL);
}

static int show_decision(Show *s, const ScanRecord *record) {
    int r = show_verdict(s, record->verdict);

    if (r == 0)
        r = show_cell(s, record->policy, SHOW_POLICY);
    if (r == 0)
        r = show_cell(s, record->operation, SHOW_OPERATION);
    if (r == 0)
        r = show_client(s, record);
    return r < 0 ? r : show_detail(s, record);
}

static int show_outcome(Show *s, const ScanRecord *record) {
    int r = show_verdict(s, record->verdict);

    if (r == 0)
        r = show_cell(s, (Span) SPAN_INIT("ended"), SHOW_POLICY);
    if (r == 0)
        r = show_cell(s, record->end, SHOW_OPERATION);
    if (r == 0)
        r = show_cell(s, record->id, SHOW_CLIENT);
    if (r == 0 && scan_has(record, SCAN_STATUS))
        r = buffer_printf(&s->cells, "status %llu, %llu bytes, ", (unsigned long long) record->status,
                          (unsigned long long) record->response_bytes);
    if (r == 0)
        r = buffer_printf(&s->cells, "%llu.%03llu ms", (unsigned long long) record->duration_us / 1000,
                          (unsigned long long) record->duration_us % 1000);
    if (r == 0 && record->reason.size > 0)
        r = buffer_append(&s->cells, SPAN(": "));
    return r < 0 ? r : plain_inside(&s->cells, record->reason, SHOW_DETAIL, NULL);
}

static int show_lifecycle(Show *s, const ScanRecord *record) {
    int r = show_verdict(s, (Span){0});

    if (r == 0)
        r = show_cell(s, (Span){0}, SHOW_POLICY);
    if (r == 0)
        r = show_cell(s, record->action, SHOW_OPERATION);
    if (r == 0)
        r = show_cell(s, (Span){0}, SHOW_CLIENT);
    return r < 0 ? r : plain_inside(&s->cells, record->message, SHOW_DETAIL, NULL);
}

/* What a repetition has in common with the first; not the query, which counts in a poll loop. */
static int show_key(Show *s, const ScanRecord *record) {
    const Span parts[] = {record->listener,    record->policy, record->container, record->unit,
                          who_address(record), record->exe,    record->verdict,   record->method,
                          record->path,        record->rule,   record->reason};
    int r = scan_has(record, SCAN_UID) ? buffer_printf(&s->key, "%llu", (unsigned long long) record->uid) : 0;

    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(parts); i++) {
        r = buffer_append(&s->key, SPAN("\n"));
        if (r == 0)
            r = buffer_append(&s->key, parts[i]);
    }
    return r;
}

static int show_row(Show *s, const ScanRecord *record, uint64_t time) {
    int r = 0;

    buffer_clear(&s->key);
    buffer_clear(&s->cells);
    if (span_is(record->event, "decision")) {
        r = show_decision(s, record);
        if (r == 0 && !span_is(record->verdict, "allow"))
            r = show_key(s, record);
    } else if (span_is(record->event, "outcome")) {
        if (!s->all && !s->choice.id)
            return 0;
        r = show_outcome(s, record);
    } else {
        r = show_lifecycle(s, record);
    }
    return r < 0 ? r
                 : rows_add(s->rows, time, scan_count(record), buffer_span(&s->key), buffer_span(&s->cells));
}

static int show_json(Show *s, Span line) {
    int r;

    buffer_clear(&s->cells);
    r = plain_json(&s->cells, line);
    if (r == 0)
        r = buffer_append(&s->cells, SPAN("\n"));
    if (r == 0)
        (void) fwrite(s->cells.data, 1, buffer_size(&s->cells), stdout);
    return r;
}

static bool show_take(void *ctx, const AuditLine *line) {
    Show *s = ctx;
    ScanRecord record;
    uint64_t time;

    if (line->too_long || !scan_record(line->text, &record)) {
        if (!line->whole) /* the last one may be in the middle of being written */
            return true;
        if (s->n_broken++ == 0) {
            fputs("quaygate audit show: ", stderr);
            plain_print(stderr, line->file);
            fprintf(stderr, ":%llu: no record\n", (unsigned long long) line->line);
        }
        return true;
    }
    record.repeats = line->repeats > record.repeats ? line->repeats : record.repeats;
    time = scan_time(record.time);
    if (choice_wants(&s->choice, &record, time))
        s->r = s->json ? show_json(s, line->text) : show_row(s, &record, time);
    return s->r == 0 && !ferror(stdout);
}

/* --- all of them */

static bool show_idle(void *ctx) {
    Show *s = ctx;

    rows_begin(s->rows);
    return fflush(stdout) == 0;
}

static void show_print_head(const Show *s) {
    if (!s->json)
        printf("%s%-20s %5s  %-7s  %-*s  %-*s  %-*s  %s%s\n", ctl_colour(CTL_BOLD), "TIME", "COUNT",
               "VERDICT", SHOW_POLICY, "POLICY", SHOW_OPERATION, "OPERATION", SHOW_CLIENT, "CLIENT",
               "REASON OR REQUEST", ctl_colour(CTL_RESET));
}

static int show_work(Show *s) {
    bool good;

    s->input.quiet = isatty(STDOUT_FILENO);
    show_print_head(s);
    good = audit_input_read(&s->input, show_take, s);
    if (good && s->input.follows)
        good = audit_input_follow(&s->input, show_take, show_idle, s);
    if (!s->input.follows)
        rows_finish(s->rows);
    if (s->r < 0)
        (void) audit_fail(&s->input, "rows", strerror(-s->r));
    if (s->n_broken > 1)
        fprintf(stderr, "quaygate audit show: %llu lines are no records\n", (unsigned long long) s->n_broken);
    if (ctl_finish() != CTL_OK || s->r < 0 || s->input.failed || s->n_broken > 0)
        return CTL_CONFIG;
    return CTL_OK;
}

static void show_done(Show *s) {
    audit_input_done(&s->input);
    s->rows = rows_free(s->rows);
    buffer_done(&s->key);
    buffer_done(&s->cells);
    buffer_done(&s->text);
}

int audit_show(int argc, char **argv) {
    CLEANUP(show_done) Show s = {.input.verb = "audit show"};
    int r = show_take_options(&s, argc, argv);

    if (r == CTL_OK && s.help) {
        fputs(HELP, stdout);
        return ctl_finish();
    }
    if (r == CTL_OK)
        r = audit_input_choose(&s.input, argv + optind, (size_t) (argc - optind), 0);
    if (r != CTL_OK)
        return r;
    s.rows = rows_new(stdout, s.input.follows);
    return s.rows ? show_work(&s) : audit_fail(&s.input, "rows", strerror(ENOMEM));
}
