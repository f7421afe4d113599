// SPDX-License-Identifier: Apache-2.0
#include "cover.h"

#include "needs.h"
#include "set.h"
#include "text.h"

/* One that nobody has in a condition. */
#define COVER_OTHER "quaygate-other"

typedef struct CoverPair {
    const char *key;
    const char *value;
} CoverPair;

typedef struct Cover {
    const Policy *wanted, *by;
    int64_t now;
    Arena *arena;   /* of what is returned */
    Arena *scratch; /* of one sample */
    const Operation *operation;
    CoverPair pairs[COVER_PAIRS_MAX]; /* of the operation's conditions, in both */
    size_t n_pairs;
    CoverGap gap;
    bool passed;
    bool incomplete;
} Cover;

/* --- paths */

const char *cover_path(Arena *arena, const Operation *operation, unsigned api_minor, const char *name) {
    const char *open = strchr(operation->path, '{'), *text;
    size_t size = open ? (size_t) (open - operation->path) : strlen(operation->path);

    text = routes_has_version(operation)
               ? arena_printf(arena, "/v1.%u%.*s", api_minor, (int) size, operation->path)
               : arena_printf(arena, "%.*s", (int) size, operation->path);
    while (text && open) {
        const char *close = strchr(open, '}'), *next = close ? strchr(close, '{') : NULL;
        size_t rest = !close ? 0 : next ? (size_t) (next - close - 1) : strlen(close + 1);

        text = arena_printf(arena, "%s%s%.*s", text, name, (int) rest, close ? close + 1 : "");
        open = next;
    }
    return text;
}

/* The newest version that passes and has the operation; 0: none. */
static unsigned cover_version(const Policy *policy, const Operation *operation) {
    const ApiVersions *versions = &policy->set->versions;
    unsigned newest = versions->max_minor;

    if (operation->until_minor != 0 && operation->until_minor < newest)
        newest = operation->until_minor;
    return newest >= operation->since_minor && newest >= versions->min_minor ? newest : 0;
}

/* A text that a pattern takes. */
static const char *cover_fill(Arena *arena, const char *pattern) {
    char *text = arena_copy(arena, span_from(pattern));
    size_t n = 0;

    for (size_t i = 0; text && text[i]; i++) {
        bool again = i > 0 && pattern[i] == '*' && pattern[i - 1] == '*';

        if (!again)
            text[n++] = strchr("*?", pattern[i]) ? 'x' : pattern[i];
    }
    if (text)
        text[n] = '\0';
    return text;
}

/* As it is written in a query: a value may hold anything. */
static const char *cover_encode(Arena *arena, const char *text) {
    char *encoded = arena_alloc(arena, 3 * strlen(text) + 1);
    size_t n = 0;

    for (size_t i = 0; encoded && text[i]; i++) {
        char c = text[i], lower = ascii_lower(c);

        if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || strchr("-_.", c))
            encoded[n++] = c;
        else
            n += (size_t) snprintf(encoded + n, 4, "%%%02X", (unsigned char) c);
    }
    return encoded;
}

/* --- one sample */

static bool cover_is_attach(const Operation *operation) {
    return operation == routes_find(SPAN("ContainerAttach")) ||
           operation == routes_find(SPAN("ContainerAttachWebsocket"));
}

static bool cover_seal(Cover *cover, Method method, const char *target, Request *ret) {
    const char *detail = NULL;
    RawHead head = {.method = span_from(method_name(method)), .target = span_from(target), .http_minor = 1};

    head.headers[head.n_headers++] = (Header){.name = SPAN("Host"), .value = SPAN("docker")};
    if (request_seal(cover->scratch, &head, ret, &detail) != REASON_OK)
        return false;
    ret->now = cover->now;
    return true;
}

/*
 * Of the keys beside the lists `attach` alone says something of a whole operation; what the others hold,
 * bodies and names, is not at hand.
 */
static bool cover_judge(const Cover *cover, const Policy *policy, const Request *request, Verdict *ret) {
    *ret = (Verdict){0};
    if (request->operation && cover_is_attach(request->operation))
        policy_decide(policy, request, NULL, cover->scratch, ret);
    else
        policy_decide_head(policy, request, cover->scratch, ret);
    return ret->effect == EFFECT_ALLOW; /* of one that observes, what it would let through */
}

static void cover_try(Cover *cover, Method method, const char *target) {
    Request *request;
    Verdict verdict;

    request = target ? arena_alloc(cover->scratch, sizeof(*request)) : NULL;
    if (!request) {
        cover->incomplete = true;
        return;
    }
    if (!cover_seal(cover, method, target, request) || !cover_judge(cover, cover->wanted, request, &verdict))
        return;
    if (cover_judge(cover, cover->by, request, &verdict)) {
        cover->passed = true;
        return;
    }
    if (cover->gap.request)
        return;
    cover->gap.operation = request->operation;
    cover->gap.request = arena_printf(cover->arena, "%s %s", method_name(method), target);
    cover->gap.why = arena_copy(cover->arena, span_from(verdict_detail(&verdict)));
    if (!cover->gap.request || !cover->gap.why)
        cover->incomplete = true;
}

/* --- the samples of an operation */

static void cover_take_pair(Cover *cover, const char *key, const char *value) {
    for (size_t i = 0; i < cover->n_pairs; i++)
        if (strcmp(cover->pairs[i].key, key) == 0 && strcmp(cover->pairs[i].value, value) == 0)
            return;
    if (cover->n_pairs == COVER_PAIRS_MAX)
        cover->incomplete = true;
    else
        cover->pairs[cover->n_pairs++] = (CoverPair){.key = key, .value = value};
}

static void cover_take_conditions(Cover *cover, const RequestRule *rule) {
    for (size_t i = 0; i < rule->n_query; i++) {
        cover_take_pair(cover, rule->query[i].key, COVER_OTHER);
        for (size_t k = 0; k < rule->query[i].n_values; k++) {
            const char *value = cover_fill(cover->arena, rule->query[i].values[k].text);

            if (value)
                cover_take_pair(cover, rule->query[i].key, value);
            else
                cover->incomplete = true;
        }
    }
}

static void cover_take_pairs(Cover *cover, const Policy *policy) {
    for (size_t m = 0; m < policy->n_members; m++)
        for (size_t i = 0; i < policy->members[m]->n_allow; i++)
            if (policy->members[m]->allow[i].operation == cover->operation)
                cover_take_conditions(cover, &policy->members[m]->allow[i]);
}

static const char *cover_add(Cover *cover, const char *target, const char *key, const char *value) {
    const char *left = target ? cover_encode(cover->scratch, key) : NULL;
    const char *right = left ? cover_encode(cover->scratch, value) : NULL;

    return right ? arena_printf(cover->scratch, "%s%c%s=%s", target, strchr(target, '?') ? '&' : '?', left,
                                right)
                 : NULL;
}

/*
 * The operation with the first value of each condition of `rule` (NULL: with none), but `changed` (or NULL)
 * in the place of its key.
 */
static const char *cover_target(Cover *cover, const RequestRule *rule, const CoverPair *changed) {
    const char *target =
        cover_path(cover->scratch, cover->operation, cover_version(cover->wanted, cover->operation), "x");

    for (size_t i = 0; rule && i < rule->n_query; i++) {
        const QueryRule *query = &rule->query[i];
        const char *value = query->n_values > 0 ? cover_fill(cover->scratch, query->values[0].text) : NULL;

        if (changed && strcmp(changed->key, query->key) == 0)
            continue;
        if (value && value[0])
            target = cover_add(cover, target, query->key, value);
    }
    return changed ? cover_add(cover, target, changed->key, changed->value) : target;
}

static void cover_try_base(Cover *cover, const RequestRule *rule) {
    for (size_t i = 0; i <= cover->n_pairs; i++) {
        arena_reset(cover->scratch);
        cover_try(cover, cover->operation->method,
                  cover_target(cover, rule, i > 0 ? &cover->pairs[i - 1] : NULL));
    }
}

static void cover_try_operation(Cover *cover) {
    cover->n_pairs = 0;
    cover->passed = false;
    cover->gap = (CoverGap){0};
    if (cover_version(cover->wanted, cover->operation) == 0)
        return;
    if (cover_is_attach(cover->operation))
        cover_take_pair(cover, "stdin", "1");
    cover_take_pairs(cover, cover->wanted);
    cover_take_pairs(cover, cover->by);
    cover_try_base(cover, NULL);
    for (size_t m = 0; m < cover->wanted->n_members; m++) {
        const Policy *member = cover->wanted->members[m];

        for (size_t i = 0; i < member->n_allow; i++)
            if (member->allow[i].operation == cover->operation && member->allow[i].n_query > 0)
                cover_try_base(cover, &member->allow[i]);
    }
}

/* --- all of them */

/* A pattern's own path: of no operation, or of one's with a name that the samples above don't have. */
static bool cover_try_pattern(Cover *cover, const RequestRule *rule) {
    static const Method methods[] = {METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_PUT, METHOD_DELETE};
    const char *slash = rule->operation || !rule->pattern ? NULL : strchr(rule->pattern, '/');
    const char *path;

    if (!slash)
        return false;
    cover->gap = (CoverGap){0};
    for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
        if (rule->method != METHOD_NONE && rule->method != methods[i])
            continue;
        arena_reset(cover->scratch);
        path = cover_fill(cover->scratch, slash);
        cover_try(cover, methods[i],
                  path
                      ? arena_printf(cover->scratch, "/v1.%u%s", cover->wanted->set->versions.max_minor, path)
                      : NULL);
    }
    return cover->gap.request != NULL;
}

static bool cover_is_told(const CoverGap *gaps, size_t n, const Operation *operation) {
    for (size_t i = 0; operation && i < n; i++)
        if (gaps[i].operation == operation)
            return true;
    return false;
}

static size_t cover_patterns(Cover *cover, CoverGap *ret, size_t n) {
    for (size_t m = 0; m < cover->wanted->n_members; m++)
        for (size_t i = 0; i < cover->wanted->members[m]->n_allow; i++) {
            if (!cover_try_pattern(cover, &cover->wanted->members[m]->allow[i]) ||
                cover_is_told(ret, n, cover->gap.operation))
                continue;
            if (n == COVER_GAPS_MAX)
                cover->incomplete = true;
            else
                ret[n++] = cover->gap;
        }
    return n;
}

size_t cover_gaps(const Policy *wanted, const Policy *by, int64_t now, Arena *arena,
                  CoverGap ret[static COVER_GAPS_MAX], bool *ret_complete) {
    CLEANUP(arena_free_p) Arena *scratch = arena_new(LIMIT_ARENA_BYTES);
    Cover *cover = arena_alloc(arena, sizeof(*cover));
    size_t n_operations, n = 0;
    const Operation *operations = routes_all(&n_operations);

    *ret_complete = false;
    if (!scratch || !cover)
        return 0;
    *cover = (Cover){.wanted = wanted, .by = by, .now = now, .arena = arena, .scratch = scratch};
    for (size_t i = 0; i < n_operations && n < COVER_GAPS_MAX; i++) {
        cover->operation = &operations[i];
        cover_try_operation(cover);
        if (!cover->gap.request)
            continue;
        cover->gap.operation = cover->operation;
        cover->gap.partly = cover->passed;
        ret[n++] = cover->gap;
    }
    n = cover_patterns(cover, ret, n);
    *ret_complete = !cover->incomplete;
    return n;
}

bool cover_allows(const Policy *policy, const Operation *operation, int64_t now) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    CLEANUP(arena_free_p) Arena *scratch = arena_new(LIMIT_ARENA_BYTES);
    Policy nothing = {.set = policy->set, .name = "nothing"};
    Cover *cover = arena && scratch ? arena_alloc(arena, sizeof(*cover)) : NULL;

    if (!cover)
        return false;
    *cover = (Cover){.wanted = policy,
                     .by = &nothing,
                     .now = now,
                     .arena = arena,
                     .scratch = scratch,
                     .operation = operation};
    cover_try_operation(cover);
    return cover->gap.request != NULL;
}

bool cover_looks(const Policy *policy, const Operation *operation) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    Cover *cover = arena ? arena_alloc(arena, sizeof(*cover)) : NULL;
    unsigned version = cover_version(policy, operation);
    Request *request = arena ? arena_alloc(arena, sizeof(*request)) : NULL;
    const char *target = version > 0 ? cover_path(arena, operation, version, "x") : NULL;

    if (!cover || !request || !target)
        return version > 0; /* no memory: it may */
    *cover = (Cover){.scratch = arena};
    return cover_seal(cover, operation->method, target, request) && needs_concern(policy, request);
}
