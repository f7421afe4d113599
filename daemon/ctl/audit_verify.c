// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "audit_key.h"
#include "daemon/json_text.h"
#include "plain.h"

#define VERIFY_SHOWN 20u /* findings that are printed without --all */

static const char HELP[] =
    "Usage: quaygate audit verify [--key PUBLIC.pem] [--config FILE] [--all] [--json] [FILE]...\n"
    "\n"
    "Whether the audit trail is what quaygated wrote: each line's hash is that of its bytes, and each line "
    "names\n"
    "the hash of the line before it, across files. It names the first bad line, and those that follow. The "
    "files\n"
    "may be given in any order. Without a FILE, each file sink of the config is looked at, with the files "
    "that\n"
    "rotation made of it; - is standard input, and so is what is piped in.\n"
    "\n"
    "  --key PUBLIC.pem  checkpoints must be signed by this key (Ed25519); without it they are counted\n"
    "  --config FILE     whose sinks; else " CTL_DEFAULT_CONFIG "\n"
    "  --all             every finding (at most 1024), not the first 20 of them\n"
    "  --json            the result as one JSON object a trail\n"
    "\n"
    "Exit codes: by the first bad line\n"
    "  0  good\n"
    "  1  a changed line\n"
    "  2  usage\n"
    "  3  missing lines\n"
    "  4  a file ends in the middle of a line\n"
    "  5  a foreign line: no record, or none of this trail\n"
    "  6  a line in another place than its own, or once more\n"
    "  7  a bad checkpoint, or none where a key is given\n"
    "  8  a file, the key or the config can't be read\n"
    "  9  nothing to verify: no line has a hash\n"
    "\n"
    "Whole lines that were cut off the end can't be seen in what is left; nor can a trail that was made "
    "anew, but\n"
    "for signed checkpoints. The last hash that is printed, kept elsewhere, tells both.\n";

typedef struct Verify {
    AuditInput input;
    const char *key_path;
    EVP_PKEY *key;
    bool all, json, help;
    Proof *proof;
} Verify;

static const struct {
    AuditExit exit;
    const char *words;
} VERIFY_FAULTS[PROOF_FAULT_MAX_] = {
    [PROOF_GOOD] = {AUDIT_OK, "good"},
    [PROOF_CHANGED] = {AUDIT_CHANGED, "changed line"},
    [PROOF_MISSING] = {AUDIT_MISSING, "missing lines"},
    [PROOF_CUT] = {AUDIT_CUT, "cut end"},
    [PROOF_FOREIGN] = {AUDIT_FOREIGN, "foreign line"},
    [PROOF_ORDER] = {AUDIT_ORDER, "wrong order"},
    [PROOF_CHECKPOINT] = {AUDIT_CHECKPOINT, "bad checkpoint"},
};

static int verify_take_options(Verify *v, int argc, char **argv) {
    static const struct option options[] = {
        {"key", required_argument, NULL, 'k'}, {"config", required_argument, NULL, 'c'},
        {"all", no_argument, NULL, 'a'},       {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},      {0},
    };
    int option;

    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1)
        switch (option) {
        case 'k':
            v->key_path = optarg;
            break;
        case 'c':
            v->input.config = optarg;
            break;
        case 'a':
            v->all = true;
            break;
        case 'j':
            v->json = true;
            break;
        case 'h':
            v->help = true;
            return CTL_OK;
        default:
            return ctl_fail_option("audit verify", option, argv);
        }
    return CTL_OK;
}

static bool verify_take(void *ctx, const AuditLine *line) {
    Verify *v = ctx;

    if (line->too_long)
        proof_take_long(v->proof, line->file, line->line);
    else
        proof_take(v->proof, line->text, line->whole, line->file, line->line);
    return true;
}

/* --- for people */

static const char *verify_s(uint64_t n) {
    return n == 1 ? "" : "s";
}

static void verify_print_finding(const ProofFinding *finding) {
    plain_print(stdout, finding->place.file);
    printf(":%llu: %s%s%s", (unsigned long long) finding->place.line, ctl_colour(CTL_RED),
           VERIFY_FAULTS[finding->fault].words, ctl_colour(CTL_RESET));
    if (finding->fault != PROOF_MISSING) {
        printf(": %s", finding->why);
        if (finding->seq > 0)
            printf(" (seq %llu)", (unsigned long long) finding->seq);
        puts("");
        return;
    }
    printf(": %llu line%s, seq %llu", (unsigned long long) finding->n, verify_s(finding->n),
           (unsigned long long) finding->seq);
    if (finding->n > 1)
        printf(" to %llu", (unsigned long long) (finding->seq + finding->n - 1));
    fputs(", between ", stdout);
    plain_print(stdout, finding->before.file);
    printf(":%llu and this one\n", (unsigned long long) finding->before.line);
}

/* Findings that there are; not all of them are kept. */
static uint64_t verify_count(const ProofSummary *sum) {
    uint64_t total = 0;

    for (size_t i = 0; i < PROOF_FAULT_MAX_; i++)
        total += sum->n_faults[i];
    return total;
}

static void verify_print_findings(const Verify *v, const ProofSummary *sum) {
    size_t n, shown;
    const ProofFinding *findings = proof_findings(v->proof, &n);
    uint64_t total = verify_count(sum);

    shown = v->all || n < VERIFY_SHOWN ? n : VERIFY_SHOWN;
    for (size_t i = 0; i < shown; i++)
        verify_print_finding(&findings[i]);
    if (total > shown)
        printf("and %llu more\n", (unsigned long long) (total - shown));
}

static void verify_print_checkpoints(const ProofSummary *sum) {
    if (!sum->checked) {
        if (sum->n_checkpoints > 0)
            printf("%llu checkpoint%s, not held against a key (--key)\n",
                   (unsigned long long) sum->n_checkpoints, verify_s(sum->n_checkpoints));
        return;
    }
    printf("%llu checkpoint%s", (unsigned long long) sum->n_checkpoints, verify_s(sum->n_checkpoints));
    if (sum->n_faults[PROOF_CHECKPOINT] == 0)
        printf(", signed by the key; %llu line%s behind the last of them",
               (unsigned long long) sum->n_unsigned, verify_s(sum->n_unsigned));
    puts("");
}

static void verify_print(const Verify *v, const ProofSummary *sum) {
    size_t n;
    const ProofFinding *first = proof_findings(v->proof, &n);

    verify_print_findings(v, sum);
    if (sum->n_unchained > 0)
        printf("%llu line%s without a hash%s\n", (unsigned long long) sum->n_unchained,
               verify_s(sum->n_unchained), sum->n_lines > 0 ? ", which nothing protects" : "");
    if (sum->n_lines > 0) {
        printf("%llu line%s of the chain in %zu file%s, seq %llu to %llu%s\n",
               (unsigned long long) sum->n_lines, verify_s(sum->n_lines), v->input.n_files,
               verify_s(v->input.n_files), (unsigned long long) sum->first_seq,
               (unsigned long long) sum->last_seq,
               sum->begins ? ", from the trail's first line on" : "; older lines are not among these files");
        verify_print_checkpoints(sum);
        printf("last hash sha256:%s\n", sum->last_hash);
    }
    if (n > 0) {
        printf("%sbad%s: %s; the first bad line is ", ctl_colour(CTL_RED), ctl_colour(CTL_RESET),
               VERIFY_FAULTS[first->fault].words);
        plain_print(stdout, first->place.file);
        printf(":%llu\n", (unsigned long long) first->place.line);
    } else if (sum->n_lines > 0) {
        printf("%sgood%s\n", ctl_colour(CTL_GREEN), ctl_colour(CTL_RESET));
    } else {
        puts("nothing to verify: no line has a hash ('chain: sha256' of a file sink)");
    }
}

/* --- for programs */

static int verify_append_finding(Buffer *out, const ProofFinding *finding) {
    int r = buffer_printf(out, "{\"fault\":\"%s\",\"file\":", proof_fault_name(finding->fault));

    if (r == 0)
        r = json_text_append_cstr(out, finding->place.file);
    if (r == 0)
        r = buffer_printf(out, ",\"line\":%llu,\"seq\":", (unsigned long long) finding->place.line);
    if (r == 0)
        r = finding->seq > 0 ? json_text_append_number(out, finding->seq) : buffer_append(out, SPAN("null"));
    if (r == 0 && finding->fault == PROOF_MISSING)
        r = buffer_printf(out, ",\"lines\":%llu", (unsigned long long) finding->n);
    if (r == 0)
        r = buffer_printf(out, ",\"why\":\"%s\"}", finding->why);
    return r;
}

static int verify_append(const Verify *v, const ProofSummary *sum, Buffer *out) {
    size_t n;
    const ProofFinding *findings = proof_findings(v->proof, &n);
    int r = buffer_printf(
        out,
        "{\"result\":\"%s\",\"lines\":%llu,\"unchained\":%llu,\"missing\":%llu,\"first_seq\":%llu,\"last_"
        "seq\":%llu,"
        "\"begins\":%s,\"checkpoints\":%llu,\"signed\":%s,\"behind_checkpoint\":%llu,\"last_hash\":",
        n > 0               ? proof_fault_name(findings->fault)
        : sum->n_lines == 0 ? "unchained"
                            : "good",
        (unsigned long long) sum->n_lines, (unsigned long long) sum->n_unchained,
        (unsigned long long) sum->n_missing, (unsigned long long) sum->first_seq,
        (unsigned long long) sum->last_seq, sum->begins ? "true" : "false",
        (unsigned long long) sum->n_checkpoints,
        !sum->checked                          ? "null"
        : sum->n_faults[PROOF_CHECKPOINT] == 0 ? "true"
                                               : "false",
        (unsigned long long) sum->n_unsigned);

    if (r == 0)
        r = sum->last_hash[0] ? buffer_printf(out, "\"sha256:%s\"", sum->last_hash)
                              : buffer_append(out, SPAN("null"));
    if (r == 0)
        r = buffer_append(out, SPAN(",\"findings\":["));
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = i > 0 ? buffer_append(out, SPAN(",")) : 0;
        if (r == 0)
            r = verify_append_finding(out, &findings[i]);
    }
    return r < 0 ? r
                 : buffer_printf(out, "],\"more_findings\":%llu}\n",
                                 (unsigned long long) (verify_count(sum) - n));
}

static void verify_print_json(const Verify *v, const ProofSummary *sum) {
    CLEANUP(buffer_done) Buffer out = {0};

    if (verify_append(v, sum, &out) == 0)
        (void) fwrite(out.data, 1, buffer_size(&out), stdout);
}

/* --- one trail after the other */

static int verify_trail(Verify *v) {
    ProofSummary sum;
    size_t n;
    const ProofFinding *findings;
    int r;

    v->proof = proof_new(v->key);
    if (!v->proof || !audit_input_read(&v->input, verify_take, v)) {
        v->proof = proof_free(v->proof);
        return AUDIT_UNREADABLE;
    }
    proof_finish(v->proof);
    proof_summarize(v->proof, &sum);
    if (v->json)
        verify_print_json(v, &sum);
    else
        verify_print(v, &sum);
    findings = proof_findings(v->proof, &n);
    r = n > 0 ? VERIFY_FAULTS[findings->fault].exit : sum.n_lines > 0 ? AUDIT_OK : AUDIT_UNCHAINED;
    v->proof = proof_free(v->proof);
    return r;
}

/* Each of the config's file sinks is a trail; what is named is one. The first that isn't good decides. */
static int verify_trails(Verify *v, char **args, size_t n) {
    int first = AUDIT_OK, r;

    for (size_t i = 0;; i++) {
        r = audit_input_choose(&v->input, args, n, i);
        if (r < 0)
            return first;
        if (r == CTL_OK && i > 0 && !v->json)
            puts("");
        r = r == CTL_OK ? verify_trail(v) : AUDIT_UNREADABLE;
        if (first == AUDIT_OK)
            first = r;
        audit_input_done(&v->input);
        v->input = (AuditInput){.verb = v->input.verb, .config = v->input.config, .files_only = true};
        if (r == AUDIT_UNREADABLE)
            return first;
    }
}

int audit_verify(int argc, char **argv) {
    Verify v = {.input = {.verb = "audit verify", .files_only = true}};
    int r = verify_take_options(&v, argc, argv);

    if (r == CTL_OK && v.help) {
        fputs(HELP, stdout);
        return ctl_finish();
    }
    if (r == CTL_OK && v.key_path && !audit_key_load(&v.input, v.key_path, &v.key))
        r = AUDIT_UNREADABLE;
    if (r == CTL_OK)
        r = verify_trails(&v, argv + optind, (size_t) (argc - optind));
    audit_input_done(&v.input);
    EVP_PKEY_free(v.key);
    if (r == AUDIT_USAGE)
        return r;
    return ctl_finish() == CTL_OK ? r : AUDIT_UNREADABLE;
}
