// SPDX-License-Identifier: Apache-2.0
/*
 * What a judgement costs: CPU time of the way that the daemon goes with a request once its bytes are there
 * (request_seal, policy_wants_body, body_parse, policy_decide, each time with an arena of its own), by the
 * size of the body and by the number of rules; beside it what jansson's own parser takes for the body alone;
 * and the memory of a body's tree. A table, or JSON with --json.
 * It says what the targets are, but never fails by the clock: how fast this machine is today is no property
 * of the code. With --check, what the tests run, each judgement is made once, and no clock is looked at.
 */
#include <jansson.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "policy/compile.h"
#include "policy/facts.h"
#include "tests/support/bodies.h"

#define ROUNDS 15u             /* the median of these counts */
#define ROUND_NSEC 10000000u   /* CPU time of one round, at the least */
#define POLICY_ROOM (4u << 20) /* bytes of a policy's text */

typedef struct Case {
    const char *name;
    const char *policy; /* NULL: nothing is judged, only read, by jansson */
    size_t n_rules;     /* 0: as many as the policy has */
    RawHead head;
    Span body;
    Effect expected;
    bool facts;           /* gathered before the judgement, as where a listener observes */
    unsigned target_nsec; /* 0: none */
} Case;

typedef enum Mode {
    MODE_TABLE = 0,
    MODE_JSON,
    MODE_CHECK, /* TAP */
} Mode;

typedef struct Bench {
    const PolicySet *set;
    Mode mode;
    size_t n_printed;
} Bench;

static _Noreturn void bench_die(const char *what, const char *why) {
    fprintf(stderr, "judge-bench: %s: %s\n", what, why);
    exit(1);
}

/* --- One judgement -------------------------------------------------------------------------------- */

static Effect case_judge(const Case *c, const Policy *policy, size_t *ret_arena_bytes) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    CLEANUP(body_free_p) Body *body = NULL;
    const char *detail = NULL;
    Verdict verdict = {0};
    Facts facts;
    Request request;
    Reason reason = request_seal(arena, &c->head, &request, &detail);

    if (reason == REASON_OK && policy_wants_body(policy, &request))
        reason = body_parse(arena, c->body, &body, &detail);
    if (reason == REASON_OK && c->facts)
        facts_gather(policy, &request, body, arena, &facts);
    if (reason == REASON_OK)
        policy_decide(policy, &request, body, arena, &verdict);
    else
        verdict = verdict_from_reason(reason, detail);
    *ret_arena_bytes = arena_used(arena);
    return verdict.effect;
}

static double cpu_nsec(void) {
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double) now.tv_sec * 1e9 + (double) now.tv_nsec;
}

/* By jansson's parser with the system's malloc. */
static Effect case_read(const Case *c) {
    json_t *root = json_loadb(c->body.data, c->body.size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    Effect effect = root ? EFFECT_ALLOW : EFFECT_INVALID;

    json_decref(root);
    return effect;
}

static Effect case_run(const Case *c, const Policy *policy, size_t *ret_arena_bytes) {
    *ret_arena_bytes = 0;
    return policy ? case_judge(c, policy, ret_arena_bytes) : case_read(c);
}

static double case_time(const Case *c, const Policy *policy, size_t n) {
    double began = cpu_nsec();
    size_t bytes;

    for (size_t i = 0; i < n; i++)
        (void) case_run(c, policy, &bytes);
    return cpu_nsec() - began;
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *) a, y = *(const double *) b;

    return (x > y) - (x < y);
}

/* Of one judgement. The first rounds only find out how many make a round. */
static double case_measure(const Case *c, const Policy *policy) {
    double rounds[ROUNDS];
    size_t n = 1;

    while (case_time(c, policy, n) < ROUND_NSEC)
        n *= 2;
    for (size_t i = 0; i < ROUNDS; i++)
        rounds[i] = case_time(c, policy, n) / (double) n;
    qsort(rounds, ROUNDS, sizeof(rounds[0]), compare_doubles);
    return rounds[ROUNDS / 2];
}

/* --- What comes out ------------------------------------------------------------------------------- */

static void bench_print(Bench *bench, const Case *c, double nsec, size_t arena_bytes) {
    if (bench->mode == MODE_JSON) {
        printf("%s\n  {\"name\":\"%s\",\"body_bytes\":%zu,\"rules\":%zu,\"nsec\":%.1f,\"arena_bytes\":%zu,"
               "\"target_nsec\":%u}",
               bench->n_printed == 0 ? "[" : ",", c->name, c->body.size, c->n_rules, nsec, arena_bytes,
               c->target_nsec);
    } else {
        if (bench->n_printed == 0)
            printf("%-34s %8s %6s %12s %10s  %s\n", "judgement", "body", "rules", "CPU µs", "arena",
                   "target");
        printf("%-34s %8zu %6zu %12.3f %10zu", c->name, c->body.size, c->n_rules, nsec / 1000, arena_bytes);
        if (c->target_nsec > 0)
            printf("  %.0f µs%s", c->target_nsec / 1000.0, nsec < c->target_nsec ? "" : ": MISSED");
        printf("\n");
    }
    bench->n_printed++;
    fflush(stdout);
}

static void bench_run(Bench *bench, const Case *c) {
    const Policy *policy = c->policy ? policy_set_get(bench->set, span_from(c->policy)) : NULL;
    size_t arena_bytes;

    if (c->policy && !policy)
        bench_die(c->policy, "no such policy");
    if (case_run(c, policy, &arena_bytes) != c->expected)
        bench_die(c->name, "another verdict than it should have");
    if (bench->mode == MODE_CHECK)
        printf("ok %zu - %s, %zu rules, %zu bytes\n", ++bench->n_printed, c->name, c->n_rules, c->body.size);
    else
        bench_print(bench, c, case_measure(c, policy), arena_bytes);
}

/* --- Memory ----------------------------------------------------------------------------------------- */

/* Of the tree alone; 0: refused. An allocator that isn't glibc's doesn't say, and then it is 0 too. */
static size_t tree_bytes(Span text) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    CLEANUP(body_free_p) Body *body = NULL;
    struct mallinfo2 before, after;
    const char *detail;

    (void) malloc_trim(0);
    before = mallinfo2();
    if (body_parse(arena, text, &body, &detail) != REASON_OK)
        return 0;
    after = mallinfo2();
    return after.uordblks + after.hblkhd - before.uordblks - before.hblkhd;
}

static void bench_tree(Bench *bench, const BodyShape *shape, size_t size) {
    Span text = body_shape_write(shape, size);
    size_t bytes = tree_bytes(text);

    free((char *) (uintptr_t) text.data);
    if (bench->mode == MODE_JSON) {
        printf(",\n  {\"name\":\"tree of %s\",\"body_bytes\":%zu,\"tree_bytes\":%zu}", shape->name, size,
               bytes);
        return;
    }
    if (bytes > 0)
        printf("%-34s %8zu %10zu %6.1f times\n", shape->name, size, bytes, (double) bytes / (double) size);
    else
        printf("%-34s %8zu %10s\n", shape->name, size, "refused");
}

/* A tree may take LIMIT_JSON_MEMORY_TIMES its body's bytes, and a base that only short bodies notice. */
static void bench_trees(Bench *bench) {
    static const size_t sizes[] = {2u << 10, 16u << 10, 128u << 10};
    static const char *const sent[] = {"create", "create labels"};
    size_t n_nasty;
    const BodyShape *nasty = body_shapes_nasty(&n_nasty);

    if (bench->mode == MODE_TABLE)
        printf("\n%-34s %8s %10s\n", "tree of a body", "body", "memory");
    for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
        for (size_t i = 0; i < ARRAY_SIZE(sent); i++)
            bench_tree(bench, body_shape_find(sent[i]), sizes[s]);
        for (size_t i = 0; i < n_nasty; i++)
            bench_tree(bench, &nasty[i], sizes[s]);
    }
}

/* --- Requests ------------------------------------------------------------------------------------- */

static void head_add(RawHead *head, const char *name, const char *value) {
    head->headers[head->n_headers++] = (Header){.name = span_from(name), .value = span_from(value)};
}

/* What the docker command says of itself. */
static RawHead head_make(const char *method, const char *target) {
    RawHead head = {.method = span_from(method), .target = span_from(target), .http_minor = 1};

    head_add(&head, "Host", "api.moby.localhost");
    head_add(&head, "User-Agent", "Docker-Client/28.2.2 (linux)");
    return head;
}

static RawHead head_make_create(Span body, char room[static 24]) {
    RawHead head = head_make("POST", "/v1.43/containers/create?name=web");

    snprintf(room, 24, "%zu", body.size);
    head_add(&head, "Content-Length", room);
    head_add(&head, "Content-Type", "application/json");
    return head;
}

/* --- Policies ------------------------------------------------------------------------------------- */

static const char BENCH_POLICIES[] =
    "ci:\n"
    "  include: [monitoring]\n"
    "  allow: [ContainerCreate, ContainerStart, ContainerWait, ContainerDelete]\n"
    "  deny: [ContainerKill]\n"
    "  containers:\n"
    "    bind_mounts: [/srv/**, {path: /etc/localtime, readonly: true}]\n"
    "    images: ['registry.example/**:*']\n"
    "    labels: {deny: ['traefik.**']}\n";

static PolicySet *policies_compile(const char *text) {
    CLEANUP(arena_free_p) Arena *scratch = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    DocErrors errors = {.arena = scratch, .file = "bench"};
    ApiVersions versions = api_versions_default();
    const DocNode *root = doc_parse(scratch, span_from(text), &errors);
    PolicySet *set = root ? policy_set_compile(root, &versions, &errors) : NULL;

    if (!set)
        bench_die("policy", errors.n > 0 ? errors.items[0].message : "no memory");
    return set;
}

/* Rules of one kind, of which only the last speaks of the request. */
typedef struct RulesCase {
    const char *name;
    const char *open, *rule, *last, *close; /* in `rule` # is its number */
    const char *method, *target;            /* NULL: a container of 2 KiB is created */
} RulesCase;

#define CREATES "  allow: [ContainerCreate]\n  containers:\n"

static const RulesCase BENCH_RULES[] = {
    {"allow, other operations", "  allow:\n", "    - {operation: ContainerTop, query: {ps_args: ['#']}}\n",
     "    - ContainerList\n", "", "GET", "/v1.43/containers/json"},
    {"allow, this operation", "  allow:\n", "    - {operation: ContainerList, query: {limit: ['1#']}}\n",
     "    - {operation: ContainerList, query: {limit: ['7']}}\n", "", "GET",
     "/v1.43/containers/json?limit=7"},
    {"allow, patterns", "  allow:\n", "    - {request: GET /pods/n#/**}\n",
     "    - {request: GET /pods/last/**}\n", "", "GET", "/v1.43/pods/last/one"},
    {"deny, patterns", "  deny:\n", "    - {request: GET /pods/n#/**}\n",
     "    - {request: GET /pods/last/**}\n", "  allow: [ContainerList]\n", "GET", "/v1.43/containers/json"},
    {"bind_mounts", CREATES "    bind_mounts:\n", "      - /srv/project-#/**\n", "      - /srv/data\n", "",
     NULL, NULL},
    {"images", CREATES "    bind_mounts: [/srv/**]\n    images:\n",
     "      - 'registry.example/project-#/**:*'\n", "      - 'registry.example/team/app:*'\n", "", NULL,
     NULL},
    {"labels.deny", CREATES "    bind_mounts: [/srv/**]\n    labels:\n      deny:\n",
     "        - 'org.example.project-#.**'\n", "        - 'traefik.**'\n", "", NULL, NULL},
    {"networks", CREATES "    bind_mounts: [/srv/**]\n    networks:\n", "      - project-#-*\n",
     "      - bridge\n", "", NULL, NULL},
};

static void text_add(char *text, size_t *n, const char *piece, size_t number) {
    for (; *piece && *n < POLICY_ROOM - 32; piece++)
        *n += (size_t) (*piece == '#' ? snprintf(text + *n, 32, "%zu", number)
                                      : snprintf(text + *n, 32, "%c", *piece));
}

static PolicySet *rules_compile(const RulesCase *rules, size_t n_rules) {
    char *text = malloc(POLICY_ROOM);
    PolicySet *set;
    size_t n = 0;

    if (!text)
        abort();
    text_add(text, &n, "many:\n", 0);
    text_add(text, &n, rules->open, 0);
    for (size_t i = 1; i < n_rules; i++)
        text_add(text, &n, rules->rule, i);
    text_add(text, &n, rules->last, 0);
    text_add(text, &n, rules->close, 0);
    set = policies_compile(text);
    free(text);
    return set;
}

/* --- The runs ------------------------------------------------------------------------------------- */

static void bench_heads(Bench *bench) {
    static const struct {
        const char *name, *method, *target;
        Effect expected;
    } rows[] = {
        {"GET _ping, allowed", "GET", "/_ping", EFFECT_ALLOW},
        {"GET containers/json, allowed", "GET", "/v1.43/containers/json?all=1", EFFECT_ALLOW},
        {"GET container's json, allowed", "GET", "/v1.43/containers/0123456789ab/json", EFFECT_ALLOW},
        {"GET volume, allowed", "GET", "/v1.43/volumes/data", EFFECT_ALLOW},
        {"POST start, allowed", "POST", "/v1.43/containers/0123456789ab/start", EFFECT_ALLOW},
        {"GET logs, denied", "GET", "/v1.43/containers/0123456789ab/logs?stdout=1", EFFECT_DENY},
        {"POST kill, denied by name", "POST", "/v1.43/containers/0123456789ab/kill", EFFECT_DENY},
        {"GET of nobody, denied", "GET", "/v1.43/pods/json", EFFECT_DENY},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        bench_run(bench, &(Case){.name = rows[i].name,
                                 .policy = "ci",
                                 .head = head_make(rows[i].method, rows[i].target),
                                 .expected = rows[i].expected,
                                 .target_nsec = 1000});
}

static void bench_create(Bench *bench, const char *name, const char *policy, const char *shape, size_t size,
                         size_t n_rules, bool facts) {
    Span body = body_shape_write(body_shape_find(shape), size);
    char room[24];
    Case c = {.name = name,
              .policy = policy,
              .n_rules = n_rules,
              .body = body,
              .expected = EFFECT_ALLOW,
              .facts = facts,
              .target_nsec = policy && size == 2048 && n_rules <= 1 ? 20000 : 0};

    c.head = head_make_create(body, room);
    bench_run(bench, &c);
    free((char *) (uintptr_t) body.data);
}

static void bench_bodies(Bench *bench) {
    static const size_t sizes[] = {2048, 8u << 10, 64u << 10, 512u << 10};

    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
        bench_create(bench, "POST containers/create, Env", "ci", "create", sizes[i], 0, false);
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
        bench_create(bench, "POST containers/create, Labels", "ci", "create labels", sizes[i], 0, false);
    bench_create(bench, "the same, with its facts", "ci", "create labels", sizes[0], 0, true);
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
        bench_create(bench, "jansson's parser alone, Env", NULL, "create", sizes[i], 0, false);
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
        bench_create(bench, "jansson's parser alone, Labels", NULL, "create labels", sizes[i], 0, false);
}

static void bench_rules(Bench *bench, const RulesCase *rules, size_t n_rules) {
    CLEANUP(policy_set_free_p) PolicySet *set = rules_compile(rules, n_rules);

    bench->set = set;
    if (rules->target)
        bench_run(bench, &(Case){.name = rules->name,
                                 .policy = "many",
                                 .n_rules = n_rules,
                                 .head = head_make(rules->method, rules->target),
                                 .expected = EFFECT_ALLOW,
                                 .target_nsec = n_rules == 1 ? 1000 : 0});
    else
        bench_create(bench, rules->name, "many", "create", 2048, n_rules, false);
    bench->set = NULL;
}

static Mode mode_read(int argc, char **argv) {
    if (argc == 1)
        return MODE_TABLE;
    if (argc == 2 && strcmp(argv[1], "--json") == 0)
        return MODE_JSON;
    if (argc == 2 && strcmp(argv[1], "--check") == 0)
        return MODE_CHECK;
    fprintf(stderr, "usage: judge-bench [--json | --check]\n");
    exit(2);
}

int main(int argc, char **argv) {
    Bench bench = {.mode = mode_read(argc, argv)};
    CLEANUP(policy_set_free_p) PolicySet *set = policies_compile(BENCH_POLICIES);
    size_t n_most = bench.mode == MODE_CHECK ? 100 : 10000;

    bench.set = set;
    body_seed(1);
    bench_heads(&bench);
    bench_bodies(&bench);
    for (size_t i = 0; i < ARRAY_SIZE(BENCH_RULES); i++)
        for (size_t n = 1; n <= n_most; n *= 10)
            bench_rules(&bench, &BENCH_RULES[i], n);
    if (bench.mode != MODE_CHECK)
        bench_trees(&bench);
    if (bench.mode == MODE_JSON)
        printf("\n]\n");
    if (bench.mode == MODE_CHECK)
        printf("1..%zu\n", bench.n_printed);
    return 0;
}
