// SPDX-License-Identifier: Apache-2.0
/*
 * threats POLICY.yaml CASES.txt…: what the cases send, through the daemon's reader and then the calls it
 * makes of the policy library: request_seal, policy_wants_body, body_parse, policy_decide. TAP on stdout, a
 * test a case. threats --dump CASES.txt…: each case's bytes in hexadecimal, to compare with what
 * threat_cases.py reads.
 *
 * A blob may hold several requests: each is judged by itself, as long as the connection would go on. What
 * comes behind a request that may become a tunnel is not looked at: whether it does, only an engine can tell.
 */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/reader.h"
#include "policy/compile.h"
#include "policy/explain.h"
#include "policy/version.h"
#include "threat_cases.h"

#define ENGINE_MINOR 41u /* Debian 12's engine */

typedef struct Runner {
    const PolicySet *set;
    ApiVersions versions;
    unsigned n_tests, n_failed;
} Runner;

/* One client's connection, as far as the verdicts go. */
typedef struct Talk {
    const Policy *policy;
    const ApiVersions *versions;
    Reader *reader;
    Buffer in;
    Buffer body;
    size_t n_requests, n_forwarded;
    size_t first_forwarded; /* 1: the first; 0: none */
    char said[512];         /* of the last refusal */
    bool over;
} Talk;

static void talk_refuse(Talk *talk, Arena *arena, const Request *request, const Verdict *verdict) {
    const char *sentence = explain_sentence(arena, verdict, request, policy_name(talk->policy), NULL);

    (void) snprintf(talk->said, sizeof(talk->said), "%s", sentence ? sentence : "");
    talk->over = reason_closes_connection(verdict->reason);
}

static void talk_refuse_reason(Talk *talk, Arena *arena, const Request *request, Reason reason,
                               const char *detail) {
    Verdict verdict = verdict_from_reason(reason, detail);

    talk_refuse(talk, arena, request, &verdict);
    talk->over = true;
}

/* The body to its end, at most `limit` bytes of it; what is not judged is passed by. */
static Reason talk_read_body(Talk *talk, size_t limit) {
    buffer_clear(&talk->body);
    for (;;) {
        ReadStatus status = reader_body(talk->reader, &talk->in, true, &talk->body,
                                        limit + 1 - buffer_size(&talk->body), false);

        if (buffer_size(&talk->body) > limit)
            return REASON_BODY_TOO_LARGE;
        if (status == READ_FAILED)
            return reader_body_truncated(talk->reader) ? REASON_BODY_TRUNCATED : REASON_HTTP_FRAMING;
        if (status == READ_END)
            return REASON_OK;
    }
}

static void talk_begin_body(Talk *talk, const Request *request) {
    if (request->skip_bytes > 0)
        reader_body_begin(talk->reader, FRAMING_LENGTH, request->skip_bytes);
    else
        reader_body_begin(talk->reader, request->framing, request->length);
}

static void talk_forward(Talk *talk, const Request *request) {
    talk->n_forwarded++;
    if (talk->n_forwarded == 1)
        talk->first_forwarded = talk->n_requests;
    if (request->operation &&
        (request->operation->reply == REPLY_HIJACK || request->operation->reply == REPLY_UPGRADE))
        talk->over = true;
}

static void talk_judge(Talk *talk, Arena *arena, Request *request) {
    CLEANUP(body_free_p) Body *body = NULL;
    const char *detail = NULL;
    Verdict verdict = {0};
    bool wanted = policy_wants_body(talk->policy, request) || request->skip_bytes > 0;
    Reason reason;

    if (wanted) {
        reason = talk_read_body(talk, LIMIT_BODY_BYTES_DEFAULT);
        if (reason == REASON_OK && request->skip_bytes == 0)
            reason = body_parse(arena, buffer_span(&talk->body), &body, &detail);
        if (reason != REASON_OK)
            return talk_refuse_reason(talk, arena, request, reason, detail);
    }
    policy_decide(talk->policy, request, body, arena, &verdict);
    if (verdict_forwards(&verdict))
        talk_forward(talk, request);
    else
        talk_refuse(talk, arena, request, &verdict);
    /* An unjudged body is the engine's (it streams), or is thrown away. */
    if (!wanted && !talk->over && talk_read_body(talk, SIZE_MAX - 1) != REASON_OK)
        talk->over = true;
}

static void talk_take_request(Talk *talk) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    Request request = {0};
    const char *detail = NULL;
    Reason reason = REASON_UNDECIDED;
    size_t size = 0;

    reader_reset(talk->reader);
    switch (reader_head(talk->reader, buffer_span(&talk->in), LIMIT_HEADER_BYTES_DEFAULT, &size, &reason,
                        &detail)) {
    case READ_HEAD:
        break;
    case READ_FAILED:
        return talk_refuse_reason(talk, arena, &request, reason, detail);
    case READ_MORE:
    case READ_FULL:
    case READ_END:
        talk->over = true; /* half a head is no request */
        return;
    }
    talk->n_requests++;
    reason = request_seal(arena, reader_raw(talk->reader), &request, &detail);
    buffer_consume(&talk->in, size);
    if (reason != REASON_OK)
        return talk_refuse_reason(talk, arena, &request, reason, detail);
    talk_begin_body(talk, &request);
    version_settle(talk->versions, &request, ENGINE_MINOR);
    talk_judge(talk, arena, &request);
}

static bool talk_is_as_expected(const Talk *talk, const ThreatCase *item) {
    if (item->allow)
        return talk->n_forwarded == item->n_requests;
    if (span_is(item->check, "smuggle"))
        return talk->n_forwarded == 0 || (talk->n_forwarded == 1 && talk->first_forwarded == 1);
    return talk->n_forwarded == 0;
}

static void runner_report(Runner *runner, bool ok, const char *file, const ThreatCase *item) {
    runner->n_tests++;
    runner->n_failed += !ok;
    printf("%s %u - %s:%u %.*s\n", ok ? "ok" : "not ok", runner->n_tests, file, item->line,
           SPAN_FMT(item->id));
}

static void runner_try(Runner *runner, const char *file, const ThreatCase *item) {
    Talk talk = {.policy = policy_set_get(runner->set, item->policy), .versions = &runner->versions};
    bool ok;

    talk.reader = reader_new(READER_REQUEST);
    if (!talk.policy || !talk.reader || buffer_append(&talk.in, buffer_span(&item->request)) < 0) {
        printf("# no policy %.*s\n", SPAN_FMT(item->policy));
        ok = false;
    } else {
        while (!talk.over && buffer_size(&talk.in) > 0)
            talk_take_request(&talk);
        ok = talk_is_as_expected(&talk, item);
    }
    if (!ok)
        printf("# %.*s: %.*s\n# %zu of %zu requests were let through, %s\n", item->allow ? 5 : 4,
               item->allow ? "allow" : "deny", SPAN_FMT(item->why), talk.n_forwarded, talk.n_requests,
               talk.said);
    runner_report(runner, ok, file, item);
    talk.reader = reader_free(talk.reader);
    buffer_done(&talk.in);
    buffer_done(&talk.body);
}

static void dump(const ThreatCase *item) {
    Span bytes = buffer_span(&item->request);

    printf("%.*s %.*s ", SPAN_FMT(item->id), SPAN_FMT(item->policy));
    for (size_t i = 0; i < bytes.size; i++)
        printf("%02x", (unsigned char) bytes.data[i]);
    putchar('\n');
}

static bool read_text(Arena *arena, const char *path, Span *ret) {
    FILE *file = fopen(path, "re");
    char *text = arena_alloc(arena, LIMIT_CONFIG_BYTES + 1);

    if (!file || !text)
        return false;
    *ret = (Span){text, fread(text, 1, LIMIT_CONFIG_BYTES + 1, file)};
    fclose(file);
    return ret->size <= LIMIT_CONFIG_BYTES;
}

/* `runner` NULL: their bytes are dumped. */
static bool run_file(Runner *runner, const char *path) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(64u << 20);
    const char *slash = strrchr(path, '/');
    const char *why = "can't be read";
    ThreatCases cases = {0};
    unsigned line = 0;
    bool ok;
    Span text;

    ok = read_text(arena, path, &text) && threat_cases_read(arena, text, &cases, &line, &why);
    for (size_t i = 0; ok && i < cases.n; i++) {
        if (runner)
            runner_try(runner, slash ? slash + 1 : path, &cases.items[i]);
        else
            dump(&cases.items[i]);
    }
    if (!ok)
        fprintf(stderr, "%s:%u: %s\n", path, line, why);
    threat_cases_done(&cases);
    return ok;
}

static PolicySet *read_policies(Arena *arena, const char *path, const ApiVersions *versions) {
    DocErrors errors = {.arena = arena, .file = path};
    const DocNode *root = NULL;
    PolicySet *set = NULL;
    Span text;

    if (read_text(arena, path, &text))
        root = doc_parse(arena, text, &errors);
    if (root)
        set = policy_set_compile(doc_get(root, "policies"), versions, &errors);
    for (size_t i = 0; i < errors.n && i < LIMIT_CONFIG_ERRORS; i++)
        fprintf(stderr, "%s:%u:%u: %s\n", path, errors.items[i].mark.line, errors.items[i].mark.column,
                errors.items[i].message);
    return set;
}

static int dump_all(char **paths, int n) {
    for (int i = 0; i < n; i++)
        if (!run_file(NULL, paths[i]))
            return EXIT_FAILURE;
    return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(64u << 20);
    Runner runner = {.versions = api_versions_default()};
    PolicySet *set;
    bool ok = true;

    if (argc < 3) {
        fprintf(stderr, "usage: threats POLICY.yaml|--dump CASES.txt...\n");
        return 2;
    }
    if (strcmp(argv[1], "--dump") == 0)
        return dump_all(argv + 2, argc - 2);
    body_seed(1);
    set = read_policies(arena, argv[1], &runner.versions);
    runner.set = set;
    for (int i = 2; set && i < argc; i++)
        ok = run_file(&runner, argv[i]) && ok;
    printf("1..%u\n", runner.n_tests);
    (void) policy_set_free(set);
    return set && ok && runner.n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
