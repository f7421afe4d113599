// SPDX-License-Identifier: Apache-2.0
/*
 * vectors FOLDER FILE…: what `quaygate test` does, on the same code; each verdict once more with a trace,
 * which must change nothing, once more by the policies as --print-config writes them, which must be the same,
 * and once more from the record that the trail would have of it, which must come to the same; under this
 * policy and under others; and tests on the tables themselves: each operation is allowed and denied once,
 * each reason is given once. FOLDER has NAME.yaml for each preset. TAP on stdout.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/ctl/again.h"
#include "daemon/ctl/report.h"
#include "daemon/file.h"
#include "daemon/zones.h"
#include "daemon/record.h"
#include "preset_vectors.h"

typedef struct Runner {
    Config *config; /* built in: the presets, the default limits */
    Report report;
    bool seen_reason[REASON_MAX_];
    size_t n_again, n_untold;     /* records judged again, and those of which nothing can be told */
    bool *seen_allow, *seen_deny; /* by row of the catalogue */
} Runner;

/* What only a connection can bring about; the policy library never says these. */
static const Reason REASONS_OF_THE_DAEMON[] = {
    REASON_UNDECIDED,          REASON_HTTP_SYNTAX,    REASON_HTTP_VERSION,       REASON_BODY_TRUNCATED,
    REASON_HEADER_TIMEOUT,     REASON_BODY_TIMEOUT,   REASON_BODY_TOO_LARGE,     REASON_HEADERS_TOO_LARGE,
    REASON_CLIENT_NOT_ALLOWED, REASON_CLIENT_UNKNOWN, REASON_ENGINE_UNREACHABLE, REASON_ENGINE_CLOSED,
    REASON_ENGINE_PROTOCOL,    REASON_ENGINE_TIMEOUT, REASON_ANSWER_UNREADABLE,  REASON_ANSWER_TOO_LARGE,
    REASON_ANSWER_OTHERS,      REASON_AUDIT_FAILED,   REASON_CONNECTION_LIMIT,   REASON_NO_MEMORY,
    REASON_SHUTTING_DOWN,      REASON_CLIENT_CLOSED,
};

static void runner_note(Runner *runner, const Request *request, const Verdict *verdict) {
    size_t n;
    const Operation *all = routes_all(&n);

    if ((unsigned) verdict->reason < REASON_MAX_)
        runner->seen_reason[verdict->reason] = true;
    if (!request->operation)
        return;
    if (verdict->effect == EFFECT_ALLOW)
        runner->seen_allow[request->operation - all] = true;
    if (verdict->effect == EFFECT_DENY)
        runner->seen_deny[request->operation - all] = true;
}

static bool text_is_same(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* What is wrong with the trace of a verdict; NULL: nothing. */
static const char *trace_check(const Verdict *plain, const Verdict *traced, const Trace *trace) {
    bool objects = false;

    if (plain->effect != traced->effect || plain->reason != traced->reason ||
        !text_is_same(plain->rule, traced->rule) || !text_is_same(plain->field, traced->field) ||
        !text_is_same(plain->detail, traced->detail))
        return "another verdict with a trace";
    for (const TraceEntry *entry = trace->first; entry; entry = entry->next)
        objects = objects || entry->mark == TRACE_DENIED || entry->mark == TRACE_INVALID;
    if (objects != (plain->effect != EFFECT_ALLOW))
        return objects ? "the trace has something denied in what is allowed" : "the trace has nothing denied";
    return trace->n_lost > 0 ? "not all is in the trace" : NULL;
}

/* The same once more, with a trace: it changes nothing, and says no where the verdict does. */
static void runner_try_traced(Runner *runner, const VectorFile *file, const Vector *vector,
                              const Verdict *plain) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    Trace trace = {.arena = arena_new(LIMIT_CONFIG_ARENA_BYTES)};
    VectorResult result;
    const char *wrong;

    vector_try(vector, runner->config, 0, arena, &trace, &result);
    wrong = trace_check(plain, &result.run.verdict, &trace);
    if (wrong)
        report_check(&runner->report, file->name, vector->request, false, span_from(wrong));
    dry_run_done(&result.run);
    (void) arena_free(trace.arena);
}

/* "query.dockerfile=…": a credential may be in it. */
static bool verdict_hides_value(const Verdict *verdict) {
    static const char hidden[] = "=…";
    Span detail = span_from(verdict_detail(verdict));

    return detail.size >= strlen(hidden) &&
           memcmp(detail.data + detail.size - strlen(hidden), hidden, strlen(hidden)) == 0;
}

/* What is wrong with the verdict on what a record tells of the request; NULL: nothing. */
static const char *again_check(const Verdict *plain, const AgainVerdict *again, size_t *n_untold) {
    const Verdict *verdict = &again->run.verdict;

    /* A placeholder may stand where nothing is told of: nobody expects that of a record. */
    if (!again->told && plain->reason == REASON_PLACEHOLDER)
        return NULL;
    /* Neither is on record. */
    if (!again->told || (plain->field && (strncmp(plain->field, "header ", 7) == 0 ||
                                          strcmp(plain->field, "query.buildargs") == 0)))
        ++*n_untold;
    else if (plain->effect != verdict->effect)
        return "another verdict on its record";
    else if (plain->reason != verdict->reason || !text_is_same(plain->rule, verdict->rule)) {
        if (!verdict_hides_value(plain)) /* else another of its rules may deny what is told */
            return "the same verdict on its record by another rule";
        ++*n_untold;
    }
    return NULL;
}

/* The verdict of `policy` on the vector itself. */
static void again_plain(Runner *runner, const Vector *vector, const Policy *policy, bool facts, Arena *arena,
                        DryRun *ret) {
    vector_ask(vector, runner->config, 0, arena, ret);
    ret->policy = policy;
    ret->wants_facts = facts;
    dry_run_judge(ret);
}

/* The trail's line on the vector, read back. False: it isn't a record. */
static bool again_record(const Vector *vector, const DryRun *run, Trail *trail, TrailRecord *ret) {
    const Request *request = &run->request;
    Record record = {.event = RECORD_DECISION, .policy = "p", .request = request, .verdict = &run->verdict};
    const char *why;

    record.time_usec = (uint64_t) run->now * 1000000u;
    record.facts = &run->facts;
    record.request_bytes = request->framing == FRAMING_CHUNKED ? vector->body.size : request->length;
    *trail = (Trail){.name = "memory", .arena = arena_new(LIMIT_ARENA_BYTES), .eof = true};
    return record_append(&trail->in, &record, 1, NULL) == 0 && trail_next(trail, ret, &why) == TRAIL_RECORD;
}

/*
 * What the trail says of the vector, judged by `policy`, comes to what `policy` says of the vector. Under
 * another policy too, but for what only that one's rules look at: that can't be told.
 */
static void runner_try_again(Runner *runner, const VectorFile *file, const Vector *vector,
                             const Policy *policy) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    DryRun recorded, plain;
    AgainVerdict verdict = {0};
    const char *wrong = "no record";
    TrailRecord record;
    Trail trail;
    Again again;

    if (vector->has_engine) /* what an engine said is on no record */
        return;
    again_plain(runner, vector, vector->policy, true, arena, &recorded);
    again_plain(runner, vector, policy, false, arena, &plain);
    if (again_record(vector, &recorded, &trail, &record)) {
        again_read(arena, &record, &again);
        again_judge(&again, runner->config, policy, arena, &verdict);
        wrong = again_check(&plain.verdict, &verdict, &runner->n_untold);
    }
    runner->n_again++;
    if (wrong)
        report_check(&runner->report, file->name, vector->request, false, span_from(wrong));
    dry_run_done(&verdict.run);
    dry_run_done(&plain);
    dry_run_done(&recorded);
    trail_close(&trail);
}

/* By its own policy, and by some of the others. */
static void runner_try_all_again(Runner *runner, const VectorFile *file, const Vector *vector) {
    const PolicySet *set = file->policies ? file->policies : runner->config->policies;
    size_t n;
    const char *const *names = policy_set_names(set, &n);

    runner_try_again(runner, file, vector, vector->policy);
    for (size_t i = 0; i < 5; i++)
        runner_try_again(runner, file, vector,
                         policy_set_get(set, span_from(names[(vector->mark.line + i * 3) % n])));
}

/* --- what is printed is the same policy */

/* The policies of a file as --print-config writes them, read again. NULL, with *ret_why. */
static PolicySet *printed_policies(const Config *config, const PolicySet *policies, Arena *arena,
                                   const char **ret_why) {
    DocErrors errors = {.file = "printed", .arena = arena};
    size_t n, size = 0;
    const char *const *names = policy_set_names(policies, &n);
    char *text = NULL;
    FILE *out = open_memstream(&text, &size);
    PolicySet *printed = NULL;
    const DocNode *node = NULL;
    Span copy;

    if (!out)
        abort();
    for (size_t i = 0; i < n; i++)
        if (!preset_yaml(span_from(names[i])))
            (void) policy_print(policy_set_get(policies, span_from(names[i])), out);
    if (fclose(out) != 0)
        abort();
    copy = (Span){arena_copy(arena, (Span){text, size}), size};
    free(text);
    if (copy.data)
        node = doc_parse(arena, copy, &errors);
    if (node)
        printed = policy_set_compile(node, &config->versions, &errors);
    if (printed)
        zones_settle(printed, &errors);
    *ret_why = errors.n > 0 ? errors.items[0].message : "no memory";
    return printed;
}

/* A sentence names the line of its rule, and that is another one in what was printed. */
static bool detail_is_same(const Verdict *a, const Verdict *b) {
    Span x = span_from(verdict_detail(a)), y = span_from(verdict_detail(b));

    while (x.size > 0 && x.data[x.size - 1] != '(')
        x.size--;
    while (y.size > 0 && y.data[y.size - 1] != '(')
        y.size--;
    return text_is_same(a->detail, b->detail) ||
           (a->origin && strstr(verdict_detail(a), a->origin) && x.size > 0 && span_equals(x, y));
}

static void runner_try_printed(Runner *runner, const VectorFile *file, const Vector *vector,
                               const PolicySet *printed, VectorResult *plain) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    const Verdict *a = &plain->run.verdict, *b;
    Vector other = *vector;
    VectorResult result;

    other.policy = policy_set_get(printed, span_from(policy_name(vector->policy)));
    if (!other.policy)
        abort();
    vector_try(&other, runner->config, 0, arena, NULL, &result);
    b = &result.run.verdict;
    if (a->effect != b->effect || a->reason != b->reason || !text_is_same(a->rule, b->rule) ||
        !text_is_same(a->field, b->field) || !detail_is_same(a, b) || !text_is_same(a->hint, b->hint) ||
        a->n_host_paths != b->n_host_paths ||
        !span_equals(dry_run_sends(&plain->run), dry_run_sends(&result.run)))
        report_check(&runner->report, file->name, vector->request, false,
                     span_from(arena_printf(arena, "another verdict by the policy as it is printed: %s",
                                            verdict_detail(b))));
    dry_run_done(&result.run);
}

/* `printed`: NULL: the file has no policies of its own. */
static void runner_try(Runner *runner, const VectorFile *file, const Vector *vector,
                       const PolicySet *printed) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    VectorResult result;

    vector_try(vector, runner->config, 0, arena, NULL, &result);
    runner_note(runner, &result.run.request, &result.run.verdict);
    report_vector(&runner->report, file->name, vector, &result);
    runner_try_traced(runner, file, vector, &result.run.verdict);
    if (result.run.verdict.effect != EFFECT_INVALID)
        runner_try_all_again(runner, file, vector);
    if (printed)
        runner_try_printed(runner, file, vector, printed, &result);
    dry_run_done(&result.run);
}

/* `preset`: whose file it is, or NULL. */
static void runner_run_file(Runner *runner, const char *path, const char *preset) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    CLEANUP(buffer_done) Buffer text = {0};
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    VectorFile file = {0};
    DocErrors errors;
    int r = file_read(path, LIMIT_CONFIG_BYTES, &text);

    if (r == 0 && vector_read_file(arena, buffer_span(&text), name, runner->config, &errors, &file)) {
        CLEANUP(policy_set_free_p) PolicySet *printed = NULL;
        const char *why = "";

        if (file.policies) {
            printed = printed_policies(runner->config, file.policies, arena, &why);
            report_check(&runner->report, name, SPAN("policies load as they are printed"), printed != NULL,
                         span_from(why));
        }
        for (size_t i = 0; i < file.n; i++)
            runner_try(runner, &file, &file.vectors[i], printed);
    } else {
        if (r == 0)
            config_print_errors(&errors, stderr);
        report_check(&runner->report, name, span_from(name), false,
                     span_from(r < 0 ? strerror(-r) : "mistakes"));
    }
    if (preset && file.n > 0) {
        CLEANUP(buffer_done) Buffer why = {0};

        preset_vectors_check(runner->config, preset, &file, &why);
        report_check(&runner->report, name,
                     span_from(arena_printf(arena, "all of %s is in its vectors", preset)),
                     buffer_size(&why) == 0, buffer_span(&why));
    }
    vector_file_done(&file);
}

static void runner_run_presets(Runner *runner, const char *folder) {
    CLEANUP(buffer_done) Buffer why = {0};

    for (size_t i = 0; i < N_PRESETS; i++) {
        CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
        const char *path = arena_printf(arena, "%s/%s.yaml", folder, PRESETS[i].name);

        if (!path)
            abort();
        runner_run_file(runner, path, PRESETS[i].name);
    }
    preset_vectors_check_folder(folder, &why);
    report_check(&runner->report, "tables", SPAN("each file of presets/ is a preset's"),
                 buffer_size(&why) == 0, buffer_span(&why));
}

/* One more line of `why`. */
static void why_add(Buffer *why, const char *what, const char *rest) {
    if (buffer_printf(why, "%s%s\n", what, rest) < 0)
        abort();
}

static void runner_check_operations(Runner *runner) {
    CLEANUP(buffer_done) Buffer why = {0};
    size_t n;
    const Operation *all = routes_all(&n);

    for (size_t i = 0; i < n; i++)
        if (!runner->seen_allow[i] || !runner->seen_deny[i])
            why_add(&why, all[i].id,
                    runner->seen_allow[i] ? " has no vector that denies it"
                                          : " has no vector that allows it");
    report_check(&runner->report, "tables", SPAN("each operation is allowed by one vector and denied by one"),
                 buffer_size(&why) == 0, buffer_span(&why));
}

static void runner_check_reasons(Runner *runner) {
    CLEANUP(buffer_done) Buffer why = {0};

    for (size_t i = 0; i < ARRAY_SIZE(REASONS_OF_THE_DAEMON); i++)
        runner->seen_reason[REASONS_OF_THE_DAEMON[i]] = true;
    for (size_t i = 0; i < REASON_MAX_; i++)
        if (!runner->seen_reason[i])
            why_add(&why, "no vector for ", reason_label((Reason) i));
    report_check(&runner->report, "tables", SPAN("each reason that the policy library gives has a vector"),
                 buffer_size(&why) == 0, buffer_span(&why));
}

/* A replay that can't tell would pass every test above. */
static void runner_check_again(Runner *runner) {
    char why[64];

    (void) snprintf(why, sizeof(why), "of %zu records %zu can't be told", runner->n_again, runner->n_untold);
    report_check(&runner->report, "tables", SPAN("nearly all records can be judged again"),
                 runner->n_again > 500 && runner->n_untold * 50 < runner->n_again, span_from(why));
}

int main(int argc, char **argv) {
    Runner runner = {0};
    size_t n;
    int r;

    (void) routes_all(&n);
    runner.seen_allow = calloc(n, sizeof(bool));
    runner.seen_deny = calloc(n, sizeof(bool));
    if (!runner.seen_allow || !runner.seen_deny ||
        config_builtin(NULL, NULL, NULL, CONFIG_PRESETS_ALL, stderr, &runner.config) < 0)
        return EXIT_FAILURE;
    runner.config->host = (HostView){0}; /* no vector's verdict is this machine's */
    body_seed(1);
    if (argc < 2)
        return EXIT_FAILURE;
    runner_run_presets(&runner, argv[1]);
    for (int i = 2; i < argc; i++)
        runner_run_file(&runner, argv[i], NULL);
    runner_check_operations(&runner);
    runner_check_reasons(&runner);
    runner_check_again(&runner);
    r = report_print(&runner.report, stdout);
    report_done(&runner.report);
    (void) config_unref(runner.config);
    free(runner.seen_allow);
    free(runner.seen_deny);
    return r < 0 || runner.report.n_failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
