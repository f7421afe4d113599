// SPDX-License-Identifier: Apache-2.0
/*
 * vectors FILE…: runs tables of requests and expected verdicts through the same calls as the daemon:
 * request_seal, policy_wants_body, body_parse, policy_decide. TAP on stdout, one test a vector, and at
 * the end two on the tables themselves: each operation allowed and denied once, each reason given once.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/compile.h"
#include "policy/explain.h"
#include "policy/keys.h"
#include "policy/routes.h"

typedef struct Vector {
    Span policy;
    Span request;
    Span body;
    bool has_body;
    const DocNode *headers;
    Span expect;
    Span rule, field, reason, detail, hint, origin; /* .data NULL: not looked at */
    Span sends;                                     /* the body that goes to the engine */
} Vector;

typedef struct Runner {
    Arena *arena; /* of one file */
    DocErrors errors;
    const char *name; /* of the file, without folders */
    ApiVersions versions;
    PolicySet *set;
    unsigned n_tests, n_failed;
    bool seen_reason[REASON_MAX_];
    bool *seen_allow, *seen_deny; /* by row of the catalogue */
} Runner;

/* What only a connection can bring about; the policy library never says these. */
static const Reason REASONS_OF_THE_DAEMON[] = {
    REASON_UNDECIDED,          REASON_HTTP_SYNTAX,        REASON_HTTP_VERSION,     REASON_BODY_TRUNCATED,
    REASON_HEADER_TIMEOUT,     REASON_BODY_TIMEOUT,       REASON_BODY_TOO_LARGE,   REASON_HEADERS_TOO_LARGE,
    REASON_CLIENT_NOT_ALLOWED, REASON_ENGINE_UNREACHABLE, REASON_ENGINE_CLOSED,    REASON_ENGINE_PROTOCOL,
    REASON_ENGINE_TIMEOUT,     REASON_AUDIT_FAILED,       REASON_CONNECTION_LIMIT, REASON_NO_MEMORY,
    REASON_SHUTTING_DOWN,
};

static void runner_report(Runner *runner, bool ok, const char *name) {
    runner->n_tests++;
    runner->n_failed += !ok;
    printf("%s %u - %s\n", ok ? "ok" : "not ok", runner->n_tests, name);
}

static void vector_take_text(Span *ret, const DocNode *node) {
    *ret = node->scalar;
}

#define VECTOR_READER(key)                                                                                   \
    static void vector_read_##key(void *ctx, const DocNode *node) {                                          \
        vector_take_text(&((Vector *) ctx)->key, node);                                                      \
    }
VECTOR_READER(policy)
VECTOR_READER(request)
VECTOR_READER(expect)
VECTOR_READER(rule)
VECTOR_READER(field)
VECTOR_READER(reason)
VECTOR_READER(detail)
VECTOR_READER(hint)
VECTOR_READER(origin)
VECTOR_READER(sends)

static void vector_read_body(void *ctx, const DocNode *node) {
    Vector *vector = ctx;

    vector->body = node->scalar;
    vector->has_body = true;
}

static void vector_read_headers(void *ctx, const DocNode *node) {
    ((Vector *) ctx)->headers = node;
}

static const KeyRow VECTOR_KEYS[] = {
    {"policy", vector_read_policy}, {"request", vector_read_request}, {"headers", vector_read_headers},
    {"body", vector_read_body},     {"expect", vector_read_expect},   {"rule", vector_read_rule},
    {"field", vector_read_field},   {"reason", vector_read_reason},   {"detail", vector_read_detail},
    {"hint", vector_read_hint},     {"origin", vector_read_origin},   {"sends", vector_read_sends},
};

static bool head_has(const RawHead *head, const char *name) {
    for (size_t i = 0; i < head->n_headers; i++)
        if (span_is_nocase(head->headers[i].name, name))
            return true;
    return false;
}

static void head_add(RawHead *head, Span name, Span value) {
    if (head->n_headers < LIMIT_HEADERS)
        head->headers[head->n_headers++] = (Header){.name = name, .value = value};
}

/* "Name: value" */
static void head_add_line(RawHead *head, Span line) {
    const char *colon = memchr(line.data, ':', line.size);
    Span name = {line.data, colon ? (size_t) (colon - line.data) : line.size};
    Span value = {line.data + name.size + (colon != NULL), line.size - name.size - (colon != NULL)};

    while (value.size > 0 && value.data[0] == ' ')
        value = (Span){value.data + 1, value.size - 1};
    head_add(head, name, value);
}

static RawHead vector_head(Arena *arena, const Vector *vector) {
    const char *space = memchr(vector->request.data, ' ', vector->request.size);
    size_t n = space ? (size_t) (space - vector->request.data) : vector->request.size;
    RawHead head = {.method = {vector->request.data, n}, .http_minor = 1};
    bool bare;

    head.target =
        (Span){vector->request.data + n + (space != NULL), vector->request.size - n - (space != NULL)};
    for (size_t i = 0; vector->headers && i < vector->headers->n; i++)
        head_add_line(&head, vector->headers->items[i]->scalar);
    bare = head_has(&head, "Content-Length") || head_has(&head, "Transfer-Encoding");
    if (!head_has(&head, "Host"))
        head_add(&head, SPAN("Host"), SPAN("docker"));
    if (vector->has_body && !bare)
        head_add(&head, SPAN("Content-Length"), span_from(arena_printf(arena, "%zu", vector->body.size)));
    if (vector->has_body && !head_has(&head, "Content-Type"))
        head_add(&head, SPAN("Content-Type"), SPAN("application/json"));
    return head;
}

/* What the daemon would send: the client's bytes, or the tree if the policy has put something in. */
static const char *vector_sends(Arena *arena, const Vector *vector, const Verdict *verdict,
                                const Body *body) {
    size_t size = verdict->n_edits > 0 ? body_dump(body, NULL, 0) : 0;
    char *text = size > 0 ? arena_alloc(arena, size + 1) : NULL;

    if (!verdict_forwards(verdict))
        return NULL;
    if (verdict->n_edits == 0)
        return arena_copy(arena, vector->body);
    return text && body_dump(body, text, size) == size ? text : NULL;
}

/* As the daemon does it: a head that can't be sealed, or a body that can't be read, is its own verdict. */
static Verdict vector_judge(Arena *arena, const Vector *vector, const Policy *policy, Request *ret_request,
                            const char **ret_sends) {
    RawHead head = vector_head(arena, vector);
    CLEANUP(body_free_p) Body *body = NULL;
    const char *detail = NULL;
    Verdict verdict = {0};
    Reason reason = request_seal(arena, &head, ret_request, &detail);

    if (reason == REASON_OK && policy_wants_body(policy, ret_request))
        reason = body_parse(arena, vector->body, &body, &detail);
    if (reason != REASON_OK)
        return verdict_from_reason(reason, detail);
    policy_decide(policy, ret_request, body, arena, &verdict);
    *ret_sends = vector_sends(arena, vector, &verdict, body);
    return verdict;
}

static bool vector_expects(const char *what, Span wanted, const char *got) {
    if (!wanted.data || (got ? span_is(wanted, got) : wanted.size == 0))
        return true;
    printf("# %s: expected '%.*s', got '%s'\n", what, SPAN_FMT(wanted), got ? got : "");
    return false;
}

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

static void runner_try(Runner *runner, const Vector *vector, const char *name) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    const Policy *policy = policy_set_get(runner->set, vector->policy);
    const char *sends = NULL;
    Request request = {0};
    Verdict verdict;
    bool ok = true;

    if (!policy || !vector->expect.data) {
        printf("# no such policy, or nothing expected\n");
        return runner_report(runner, false, name);
    }
    verdict = vector_judge(arena, vector, policy, &request, &sends);
    runner_note(runner, &request, &verdict);
    ok = vector_expects("verdict", vector->expect, effect_name(verdict.effect)) && ok;
    ok = vector_expects("reason", vector->reason, reason_label(verdict.reason)) && ok;
    ok = vector_expects("rule", vector->rule, verdict_rule(&verdict)) && ok;
    ok = vector_expects("field", vector->field, verdict.field) && ok;
    ok = vector_expects("detail", vector->detail, verdict_detail(&verdict)) && ok;
    ok = vector_expects("hint", vector->hint, verdict.hint) && ok;
    ok = vector_expects("origin", vector->origin, verdict.origin) && ok;
    ok = vector_expects("sends", vector->sends, sends) && ok;
    if (!ok)
        printf("# %s\n", explain_sentence(arena, &verdict, &request, policy_name(policy), NULL));
    runner_report(runner, ok, name);
}

static void runner_try_all(Runner *runner, const DocNode *vectors) {
    if (!vectors || vectors->type != DOC_SEQUENCE || vectors->n == 0) {
        doc_error(&runner->errors, (DocMark){1, 1}, "no list of vectors");
        return;
    }
    for (size_t i = 0; i < vectors->n; i++) {
        const DocNode *node = vectors->items[i];
        Vector vector = {0};
        Span shown = {.size = 80};

        if (!keys_read(&runner->errors, node, "", VECTOR_KEYS, ARRAY_SIZE(VECTOR_KEYS), &vector))
            continue;
        if (vector.request.size < shown.size)
            shown.size = vector.request.size;
        shown.data = vector.request.data;
        runner_try(runner, &vector,
                   arena_printf(runner->arena, "%s:%zu line %u %.*s", runner->name, i + 1, node->mark.line,
                                SPAN_FMT(shown)));
    }
}

static int runner_read(Runner *runner, const char *path, Span *ret) {
    FILE *file = fopen(path, "re");
    char *text = arena_alloc(runner->arena, LIMIT_CONFIG_BYTES + 1);

    if (!file || !text)
        return -errno;
    *ret = (Span){text, fread(text, 1, LIMIT_CONFIG_BYTES + 1, file)};
    fclose(file);
    return 0;
}

static void runner_run_file(Runner *runner, const char *path) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(64u << 20);
    const char *slash = strrchr(path, '/');
    const DocNode *root = NULL;
    Span text;

    runner->arena = arena;
    runner->name = slash ? slash + 1 : path;
    runner->errors = (DocErrors){.arena = arena, .file = runner->name};
    if (runner_read(runner, path, &text) < 0)
        doc_error(&runner->errors, (DocMark){0, 0}, "can't be read");
    else
        root = doc_parse(arena, text, &runner->errors);
    if (root)
        runner->set = policy_set_compile(doc_get(root, "policies"), &runner->versions, &runner->errors);
    if (root && runner->set)
        runner_try_all(runner, doc_get(root, "vectors"));
    runner->set = policy_set_free(runner->set);

    for (size_t i = 0; i < runner->errors.n && i < LIMIT_CONFIG_ERRORS; i++)
        printf("# %s:%u:%u: %s\n", path, runner->errors.items[i].mark.line,
               runner->errors.items[i].mark.column, runner->errors.items[i].message);
    if (runner->errors.n > 0)
        runner_report(runner, false, runner->name);
}

static void runner_check_operations(Runner *runner) {
    bool ok = true;
    size_t n;
    const Operation *all = routes_all(&n);

    for (size_t i = 0; i < n; i++)
        if (!runner->seen_allow[i] || !runner->seen_deny[i]) {
            printf("# %s has no vector that %s it\n", all[i].id, runner->seen_allow[i] ? "denies" : "allows");
            ok = false;
        }
    runner_report(runner, ok, "each operation is allowed by one vector and denied by one");
}

static void runner_check_reasons(Runner *runner) {
    bool ok = true;

    for (size_t i = 0; i < ARRAY_SIZE(REASONS_OF_THE_DAEMON); i++)
        runner->seen_reason[REASONS_OF_THE_DAEMON[i]] = true;
    for (size_t i = 0; i < REASON_MAX_; i++)
        if (!runner->seen_reason[i]) {
            printf("# no vector for %s\n", reason_label((Reason) i));
            ok = false;
        }
    runner_report(runner, ok, "each reason that the policy library gives has a vector");
}

int main(int argc, char **argv) {
    Runner runner = {.versions = api_versions_default()};
    size_t n;

    (void) routes_all(&n);
    runner.seen_allow = calloc(n, sizeof(bool));
    runner.seen_deny = calloc(n, sizeof(bool));
    if (!runner.seen_allow || !runner.seen_deny)
        return EXIT_FAILURE;
    body_seed(1);
    for (int i = 1; i < argc; i++)
        runner_run_file(&runner, argv[i]);
    runner_check_operations(&runner);
    runner_check_reasons(&runner);
    printf("1..%u\n", runner.n_tests);
    free(runner.seen_allow);
    free(runner.seen_deny);
    return runner.n_failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
