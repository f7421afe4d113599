// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "audit.h"
#include "choice.h"
#include "daemon/json_text.h"
#include "kinds.h"
#include "plain.h"
#include "who.h"

#define SUMMARY_KINDS 16384u /* that are told apart at once; see kinds.h */
#define SUMMARY_SHOWN 50u    /* rows, without --limit */

static const char HELP[] =
    "Usage: quaygate audit summary [FILTER]... [--limit N] [--json] [--config FILE] [--journal[=FOLDER]] "
    "[FILE]...\n"
    "\n"
    "Who was denied what, how often, when first and last, and by which rule; most frequent first. What would "
    "have\n"
    "been denied (observe), was no valid request (invalid) or failed (error) is told too. Without a FILE: "
    "what is\n"
    "piped in, else the config's first file sink with the files that rotation made of it. - is standard "
    "input.\n"
    "\n" CHOICE_HELP "\n"
    "  --limit N      so many rows, default 50; 0 for all. The rest is one row, 'others'. Of more than "
    "16384\n"
    "                 kinds the rarer ones are counted as others at once\n"
    "  --json         the same as JSON\n"
    "  --journal[=FOLDER]  what quaygated sent to journald, instead of files\n"
    "  --config FILE  whose sink; else " CTL_DEFAULT_CONFIG "\n"
    "\n"
    "Exit codes: 0, 1 a file can't be read or a line is no record, 2 usage.\n";

enum {
    PART_VERDICT,
    PART_CLIENT, /* as who_append writes it */
    PART_POLICY,
    PART_OPERATION,
    PART_RULE,
    PART_MAX,
};

static const char *const SUMMARY_VERDICTS[] = {"allow", "deny", "observe", "invalid", "error"};

typedef struct Summary {
    AuditInput input;
    Choice choice;
    size_t limit;
    bool json, help;
    Kinds *kinds;
    Buffer who;
    uint64_t n_records, n_broken, first, last;
    uint64_t n_verdicts[ARRAY_SIZE(SUMMARY_VERDICTS)];
    int r;
} Summary;

static int summary_take_limit(Summary *s, const char *text) {
    char *end;
    unsigned long n;

    errno = 0;
    n = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end || text[0] < '0' || text[0] > '9')
        return ctl_fail_usage("audit summary", "--limit %s is no number", text);
    s->limit = n > 0 && n < SUMMARY_KINDS ? n : SUMMARY_KINDS;
    return CTL_OK;
}

static int summary_take_options(Summary *s, int argc, char **argv) {
    static const struct option options[] = {
        CHOICE_OPTIONS,
        {"limit", required_argument, NULL, 'l'},
        {"json", no_argument, NULL, 'j'},
        {"journal", optional_argument, NULL, 'J'},
        {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option, r = CTL_OK;

    while (r == CTL_OK && (option = getopt_long(argc, argv, ":h", options, NULL)) != -1)
        switch (option) {
        case 'l':
            r = summary_take_limit(s, optarg);
            break;
        case 'j':
            s->json = true;
            break;
        case 'h':
            s->help = true;
            return CTL_OK;
        default:
            if (audit_input_option(&s->input, option, optarg))
                break;
            r = choice_is_option(option) ? choice_take(&s->choice, "audit summary", option, optarg)
                                         : ctl_fail_option("audit summary", option, argv);
        }
    if (r == CTL_OK)
        r = audit_input_check(&s->input, (size_t) (argc - optind));
    return r;
}

/* --- counting */

/* What was let through is in the totals only. */
static int summary_count(Summary *s, const ScanRecord *record, uint64_t time) {
    Span parts[PART_MAX] = {
        [PART_VERDICT] = record->verdict,
        [PART_POLICY] = record->policy,
        [PART_OPERATION] = record->operation.size > 0 ? record->operation : record->method,
        [PART_RULE] = record->rule,
    };
    int r;

    for (size_t i = 0; i < ARRAY_SIZE(SUMMARY_VERDICTS); i++)
        if (span_is(record->verdict, SUMMARY_VERDICTS[i]))
            s->n_verdicts[i] += scan_count(record);
    if (span_is(record->verdict, "allow"))
        return 0;
    buffer_clear(&s->who);
    r = who_append(&s->who, record);
    parts[PART_CLIENT] = buffer_span(&s->who);
    return r < 0 ? r : kinds_add(s->kinds, parts, time, scan_count(record)) ? 0 : -ENOMEM;
}

static bool summary_take(void *ctx, const AuditLine *line) {
    Summary *s = ctx;
    ScanRecord record;
    uint64_t time;

    if (line->too_long || !scan_record(line->text, &record)) {
        s->n_broken += line->whole; /* the last one may be in the middle of being written */
        return true;
    }
    record.repeats = line->repeats > record.repeats ? line->repeats : record.repeats;
    time = scan_time(record.time);
    if (!choice_wants(&s->choice, &record, time))
        return true;
    s->n_records++;
    if (time > 0) {
        s->first = s->first == 0 || time < s->first ? time : s->first;
        s->last = time > s->last ? time : s->last;
    }
    if (span_is(record.event, "decision"))
        s->r = summary_count(s, &record, time);
    return s->r == 0;
}

/* --- telling */

static const char *summary_time(uint64_t usec, char *text, size_t size) {
    time_t seconds = (time_t) (usec / 1000000u);
    struct tm tm;

    if (usec == 0 || !gmtime_r(&seconds, &tm) || strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        return "-";
    return text;
}

static void summary_cell(Span inside, size_t columns) {
    CLEANUP(buffer_done) Buffer text = {0};
    size_t used = 1;
    int r = inside.size > 0 ? plain_inside(&text, inside, columns, &used) : buffer_append(&text, SPAN("-"));

    if (r == 0)
        (void) fwrite(text.data, 1, buffer_size(&text), stdout);
    if (columns > 0)
        printf("%*s", (int) (used < columns ? columns - used : 0) + 2, "");
}

static void summary_print_row(uint64_t n, uint64_t first, uint64_t last) {
    char text[2][32];

    printf("%9llu  %-20s  %-20s  ", (unsigned long long) n, summary_time(first, text[0], sizeof(text[0])),
           summary_time(last, text[1], sizeof(text[1])));
}

static void summary_print(const Summary *s, const Kind *kinds, size_t n) {
    const KindsOthers *others = kinds_others(s->kinds);
    char text[2][32];

    printf("%llu record%s, %s to %s:", (unsigned long long) s->n_records, s->n_records == 1 ? "" : "s",
           summary_time(s->first, text[0], sizeof(text[0])), summary_time(s->last, text[1], sizeof(text[1])));
    for (size_t i = 0; i < ARRAY_SIZE(SUMMARY_VERDICTS); i++)
        printf(" %llu %s%s", (unsigned long long) s->n_verdicts[i], SUMMARY_VERDICTS[i],
               i + 1 < ARRAY_SIZE(SUMMARY_VERDICTS) ? "," : "\n");
    if (n == 0) {
        puts("nothing was denied");
        return;
    }
    printf("\n%s%9s  %-20s  %-20s  %-7s  %-30s  %-16s  %-22s  %s%s\n", ctl_colour(CTL_BOLD), "COUNT", "FIRST",
           "LAST", "VERDICT", "CLIENT", "POLICY", "OPERATION", "RULE", ctl_colour(CTL_RESET));
    for (size_t i = 0; i < n; i++) {
        summary_print_row(kinds[i].n, kinds[i].first, kinds[i].last);
        summary_cell(kinds[i].parts[PART_VERDICT], 7);
        summary_cell(kinds[i].parts[PART_CLIENT], 30);
        summary_cell(kinds[i].parts[PART_POLICY], 16);
        summary_cell(kinds[i].parts[PART_OPERATION], 22);
        summary_cell(kinds[i].parts[PART_RULE], 0);
        puts("");
    }
    if (others->n > 0) {
        summary_print_row(others->n, others->first, others->last);
        puts("others");
    }
}

static int summary_append_text(Buffer *out, const char *name, Span inside) {
    int r = buffer_printf(out, ",\"%s\":", name);

    if (r < 0 || !inside.data)
        return r < 0 ? r : buffer_append(out, SPAN("null"));
    r = buffer_append(out, SPAN("\"")); /* its escapes are a record's: JSON's own */
    if (r == 0)
        r = plain_json(out, inside);
    return r < 0 ? r : buffer_append(out, SPAN("\""));
}

static int summary_append_kind(Buffer *out, const Kind *kind) {
    char text[2][32];
    int r = buffer_printf(out, "{\"count\":%llu,\"first\":\"%s\",\"last\":\"%s\"",
                          (unsigned long long) kind->n, summary_time(kind->first, text[0], sizeof(text[0])),
                          summary_time(kind->last, text[1], sizeof(text[1])));

    if (r == 0)
        r = summary_append_text(out, "verdict", kind->parts[PART_VERDICT]);
    if (r == 0)
        r = buffer_append(out, SPAN(",\"client\":"));
    if (r == 0)
        r = json_text_append(out, kind->parts[PART_CLIENT]);
    if (r == 0)
        r = summary_append_text(out, "policy", kind->parts[PART_POLICY]);
    if (r == 0)
        r = summary_append_text(out, "operation", kind->parts[PART_OPERATION]);
    if (r == 0)
        r = summary_append_text(out, "rule", kind->parts[PART_RULE]);
    return r < 0 ? r : buffer_append(out, SPAN("}"));
}

static int summary_append(const Summary *s, const Kind *kinds, size_t n, Buffer *out) {
    const KindsOthers *others = kinds_others(s->kinds);
    char text[2][32];
    int r = buffer_printf(out, "{\"records\":%llu,\"first\":\"%s\",\"last\":\"%s\"",
                          (unsigned long long) s->n_records, summary_time(s->first, text[0], sizeof(text[0])),
                          summary_time(s->last, text[1], sizeof(text[1])));

    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(SUMMARY_VERDICTS); i++)
        r = buffer_printf(out, ",\"%s\":%llu", SUMMARY_VERDICTS[i], (unsigned long long) s->n_verdicts[i]);
    if (r == 0)
        r = buffer_append(out, SPAN(",\"denied\":["));
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = i > 0 ? buffer_append(out, SPAN(",")) : 0;
        if (r == 0)
            r = summary_append_kind(out, &kinds[i]);
    }
    if (r == 0)
        r = buffer_printf(out, "],\"others\":%llu}\n", (unsigned long long) others->n);
    return r;
}

static int summary_print_json(const Summary *s, const Kind *kinds, size_t n) {
    CLEANUP(buffer_done) Buffer out = {0};
    int r = summary_append(s, kinds, n, &out);

    if (r == 0)
        (void) fwrite(out.data, 1, buffer_size(&out), stdout);
    return r;
}

static int summary_work(Summary *s) {
    const Kind *kinds;
    size_t n;

    if (!audit_input_read(&s->input, summary_take, s))
        return s->r < 0 ? audit_fail(&s->input, "kinds", strerror(-s->r)) : CTL_CONFIG;
    kinds = kinds_sort(s->kinds, &n);
    kinds_cut(s->kinds, s->limit);
    n = n < s->limit ? n : s->limit;
    if (!s->json)
        summary_print(s, kinds, n);
    else if (summary_print_json(s, kinds, n) < 0)
        return audit_fail(&s->input, "JSON", strerror(ENOMEM));
    if (s->n_broken > 0)
        fprintf(stderr,
                "quaygate audit summary: %llu line%s no record%s; 'quaygate audit verify' tells which\n",
                (unsigned long long) s->n_broken, s->n_broken == 1 ? " is" : "s are",
                s->n_broken == 1 ? "" : "s");
    return ctl_finish() == CTL_OK && s->n_broken == 0 ? CTL_OK : CTL_CONFIG;
}

static void summary_done(Summary *s) {
    audit_input_done(&s->input);
    s->kinds = kinds_free(s->kinds);
    buffer_done(&s->who);
}

int audit_summary(int argc, char **argv) {
    CLEANUP(summary_done) Summary s = {.input.verb = "audit summary", .limit = SUMMARY_SHOWN};
    int r = summary_take_options(&s, argc, argv);

    if (r == CTL_OK && s.help) {
        fputs(HELP, stdout);
        return ctl_finish();
    }
    if (r == CTL_OK)
        r = audit_input_choose(&s.input, argv + optind, (size_t) (argc - optind), 0);
    if (r != CTL_OK)
        return r;
    s.kinds = kinds_new(SUMMARY_KINDS, PART_MAX, NULL);
    return s.kinds ? summary_work(&s) : audit_fail(&s.input, "kinds", strerror(ENOMEM));
}
