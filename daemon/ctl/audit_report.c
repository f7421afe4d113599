// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit.h"
#include "audit_key.h"
#include "choice.h"
#include "daemon/clock.h"
#include "review.h"
#include "review_page.h"

#define REPORT_FINDINGS 20u
#define REPORT_FILES 50u

static const char HELP[] =
    "Usage: quaygate audit report [FILTER]... [--output FILE.html] [--key PUBLIC.pem] [--config FILE]\n"
    "                             [--journal[=FOLDER]] [FILE]...\n"
    "\n"
    "One HTML page for a review, which needs no network: whether the trail is whole; what was refused over "
    "time, by\n"
    "rule, client, container and operation; and each kind of it with records, why, what to do about it and "
    "the YAML\n"
    "that would allow it. It stays under 5 MB: of very many kinds the rarer ones are only counted. Without a "
    "FILE:\n"
    "what is piped in, else the config's first file sink with the files that rotation made of it. - is "
    "standard\n"
    "input.\n"
    "\n" CHOICE_HELP "\n"
    "  --output FILE.html  where to; else standard output, if that is no terminal\n"
    "  --key PUBLIC.pem    checkpoints must be signed by this key (Ed25519)\n"
    "  --journal[=FOLDER]  what quaygated sent to journald, instead of files\n"
    "  --config FILE       whose sink; else " CTL_DEFAULT_CONFIG "\n"
    "\n"
    "Exit codes: 0, whatever the page tells of the trail; 1 a file can't be read or written, 2 usage.\n";

typedef struct Report {
    AuditInput input;
    Choice choice;
    const char *output, *key_path;
    bool help;
    EVP_PKEY *key;
    Proof *proof;
    Review *review;
    int r;
} Report;

static int report_take_options(Report *p, int argc, char **argv) {
    static const struct option options[] = {
        CHOICE_OPTIONS,
        {"output", required_argument, NULL, 'o'},
        {"key", required_argument, NULL, 'k'},
        {"journal", optional_argument, NULL, 'J'},
        {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option, r = CTL_OK;

    while (r == CTL_OK && (option = getopt_long(argc, argv, ":h", options, NULL)) != -1)
        switch (option) {
        case 'o':
            p->output = optarg;
            break;
        case 'k':
            p->key_path = optarg;
            break;
        case 'h':
            p->help = true;
            return CTL_OK;
        default:
            if (audit_input_option(&p->input, option, optarg))
                break;
            r = choice_is_option(option) ? choice_take(&p->choice, "audit report", option, optarg)
                                         : ctl_fail_option("audit report", option, argv);
        }
    if (r == CTL_OK)
        r = audit_input_check(&p->input, (size_t) (argc - optind));
    if (r == CTL_OK && !p->output && isatty(STDOUT_FILENO))
        return ctl_fail_usage("audit report", "--output FILE.html says where to");
    return r;
}

static bool report_take(void *ctx, const AuditLine *line) {
    Report *p = ctx;
    ScanRecord record;
    uint64_t time;

    if (line->too_long) {
        proof_take_long(p->proof, line->file, line->line);
        return true;
    }
    proof_take(p->proof, line->text, line->whole, line->file, line->line);
    if (!scan_record(line->text, &record))
        return true; /* the chain's state tells of it */
    record.repeats = line->repeats > record.repeats ? line->repeats : record.repeats;
    time = scan_time(record.time);
    if (choice_wants(&p->choice, &record, time))
        p->r = review_take(p->review, &record, time);
    return p->r == 0;
}

/* --- the data */

static int report_write_finding(Buffer *out, const ProofFinding *finding) {
    int r = buffer_printf(
        out, "{\"fault\":\"%s\",\"line\":%llu,\"seq\":%llu,\"lines\":%llu,\"why\":\"%s\",\"file\":",
        proof_fault_name(finding->fault), (unsigned long long) finding->place.line,
        (unsigned long long) finding->seq, (unsigned long long) finding->n, finding->why);

    if (r == 0)
        r = review_write_text(out, span_from(finding->place.file));
    return r < 0 ? r : buffer_append(out, SPAN("}"));
}

static int report_write_findings(const Report *p, const ProofSummary *sum, Buffer *out) {
    size_t n, shown;
    const ProofFinding *findings = proof_findings(p->proof, &n);
    uint64_t total = 0;
    int r = buffer_append(out, SPAN(",\"findings\":["));

    for (size_t i = 0; i < PROOF_FAULT_MAX_; i++)
        total += sum->n_faults[i];
    shown = n < REPORT_FINDINGS ? n : REPORT_FINDINGS;
    for (size_t i = 0; r == 0 && i < shown; i++) {
        r = i > 0 ? buffer_append(out, SPAN(",")) : 0;
        if (r == 0)
            r = report_write_finding(out, &findings[i]);
    }
    return r < 0 ? r : buffer_printf(out, "],\"more\":%llu},", (unsigned long long) (total - shown));
}

static int report_write_chain(const Report *p, Buffer *out) {
    ProofSummary sum;
    size_t n;
    const ProofFinding *findings = proof_findings(p->proof, &n);
    int r;

    proof_summarize(p->proof, &sum);
    r = buffer_printf(
        out,
        "\"chain\":{\"result\":\"%s\",\"lines\":%llu,\"unchained\":%llu,\"first_seq\":%llu,\"last_seq\":%llu,"
        "\"begins\":%s,\"checkpoints\":%llu,\"signed\":%s,\"last_hash\":",
        n > 0              ? proof_fault_name(findings->fault)
        : sum.n_lines == 0 ? "unchained"
                           : "good",
        (unsigned long long) sum.n_lines, (unsigned long long) sum.n_unchained,
        (unsigned long long) sum.first_seq, (unsigned long long) sum.last_seq, sum.begins ? "true" : "false",
        (unsigned long long) sum.n_checkpoints,
        !sum.checked                          ? "null"
        : sum.n_faults[PROOF_CHECKPOINT] == 0 ? "true"
                                              : "false");
    if (r == 0)
        r = sum.last_hash[0] ? buffer_printf(out, "\"sha256:%s\"", sum.last_hash)
                             : buffer_append(out, SPAN("null"));
    return r < 0 ? r : report_write_findings(p, &sum, out);
}

static int report_write_files(const Report *p, Buffer *out) {
    const PathList *paths = &p->input.paths;
    int r = buffer_append(out, SPAN("\"files\":["));

    if (r == 0 && p->input.journal)
        r = buffer_append(out, SPAN("\"the journal\""));
    for (size_t i = 0; r == 0 && i < paths->n && i < REPORT_FILES; i++) {
        bool is_stdin = strcmp(paths->items[i], "-") == 0;

        r = i > 0 ? buffer_append(out, SPAN(",")) : 0;
        if (r == 0)
            r = review_write_text(out, is_stdin ? SPAN("standard input") : span_from(paths->items[i]));
    }
    if (r == 0 && paths->n > REPORT_FILES)
        r = buffer_printf(out, ",\"%zu more\"", paths->n - REPORT_FILES);
    return r < 0 ? r : buffer_append(out, SPAN("],"));
}

static int report_write_data(Report *p, Buffer *out) {
    int r = buffer_append(out, SPAN("{"));

    if (r == 0)
        r = report_write_chain(p, out);
    if (r == 0)
        r = report_write_files(p, out);
    if (r == 0)
        r = review_write(p->review, out);
    return r < 0 ? r
                 : buffer_printf(out, "\"version\":\"" QUAYGATE_VERSION "\",\"made\":%llu}",
                                 (unsigned long long) (clock_realtime_usec() / 1000));
}

/* --- the page */

static bool report_write_page(FILE *file, Span data) {
    return fwrite(REVIEW_BEFORE, 1, REVIEW_BEFORE_SIZE, file) == REVIEW_BEFORE_SIZE &&
           fwrite(data.data, 1, data.size, file) == data.size &&
           fwrite(REVIEW_BEHIND, 1, REVIEW_BEHIND_SIZE, file) == REVIEW_BEHIND_SIZE && fflush(file) == 0;
}

/* Beside its place and then into it: nobody sees half a page. What it tells is for those who may read the
 * trail. */
static int report_write_file(const Report *p, Span data) {
    char *path = NULL;
    FILE *file = NULL;
    int fd, r = 0;

    if (asprintf(&path, "%s.XXXXXX", p->output) < 0)
        return -ENOMEM;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        file = fdopen(fd, "w");
    if (!file || !report_write_page(file, data) || fchmod(fd, 0640) < 0)
        r = errno > 0 ? -errno : -EIO;
    if (file ? fclose(file) != 0 : fd >= 0 && close(fd) < 0)
        r = r < 0 ? r : -errno;
    if (r == 0 && rename(path, p->output) < 0)
        r = -errno;
    if (r < 0 && fd >= 0)
        (void) unlink(path);
    free(path);
    return r;
}

static int report_work(Report *p) {
    CLEANUP(buffer_done) Buffer data = {0};
    int r;

    if (!audit_input_read(&p->input, report_take, p))
        return p->r < 0 ? audit_fail(&p->input, "records", strerror(-p->r)) : CTL_CONFIG;
    proof_finish(p->proof);
    r = report_write_data(p, &data);
    if (r < 0)
        return audit_fail(&p->input, "the page", strerror(-r));
    if (!p->output) {
        (void) report_write_page(stdout, buffer_span(&data));
        return ctl_finish();
    }
    r = report_write_file(p, buffer_span(&data));
    return r < 0 ? audit_fail(&p->input, p->output, strerror(-r)) : CTL_OK;
}

static void report_done(Report *p) {
    audit_input_done(&p->input);
    p->proof = proof_free(p->proof);
    p->review = review_free(p->review);
    EVP_PKEY_free(p->key);
}

int audit_report(int argc, char **argv) {
    CLEANUP(report_done) Report p = {.input.verb = "audit report"};
    int r = report_take_options(&p, argc, argv);

    if (r == CTL_OK && p.help) {
        fputs(HELP, stdout);
        return ctl_finish();
    }
    if (r == CTL_OK && p.key_path && !audit_key_load(&p.input, p.key_path, &p.key))
        r = CTL_CONFIG;
    if (r == CTL_OK)
        r = audit_input_choose(&p.input, argv + optind, (size_t) (argc - optind), 0);
    if (r != CTL_OK)
        return r;
    p.proof = proof_new(p.key);
    p.review = review_new();
    return p.proof && p.review ? report_work(&p) : audit_fail(&p.input, "records", strerror(ENOMEM));
}
