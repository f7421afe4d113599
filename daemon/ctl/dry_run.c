// SPDX-License-Identifier: Apache-2.0
#include "dry_run.h"

#include "daemon/decide.h"
#include "policy/text.h"
#include "policy/version.h"

void dry_run_done(DryRun *run) {
    run->body = body_free(run->body);
}

/* --- the head */

static Span dry_run_trim(Span text) {
    while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t'))
        text.size--;
    return text;
}

const char *dry_run_parse_header(Span text, Header *ret) {
    const char *colon = text.size > 0 ? memchr(text.data, ':', text.size) : NULL;
    size_t n = colon ? (size_t) (colon - text.data) : 0;

    if (n == 0)
        return "a header is written as 'NAME: VALUE'";
    if (memchr(text.data, '\r', text.size) || memchr(text.data, '\n', text.size))
        return "a header is one line";
    *ret = (Header){.name = {.data = text.data, .size = n},
                    .value = dry_run_trim((Span){.data = colon + 1, .size = text.size - n - 1})};
    return NULL;
}

static bool dry_run_has_header(const DryRun *run, const char *name) {
    for (size_t i = 0; i < run->head.n_headers; i++)
        if (span_is_nocase(run->head.headers[i].name, name))
            return true;
    return false;
}

static bool dry_run_add_header(DryRun *run, const char *name, const char *value) {
    if (dry_run_has_header(run, name))
        return true;
    if (!value || run->head.n_headers == LIMIT_HEADERS)
        return false;
    run->head.headers[run->head.n_headers++] = (Header){.name = span_from(name), .value = span_from(value)};
    return true;
}

/* What every client sends by itself, unless it is given otherwise. */
static Reason dry_run_build_head(DryRun *run) {
    bool good;

    run->head.http_minor = 1;
    good = dry_run_add_header(run, "Host", "docker");
    if (run->has_body && !dry_run_has_header(run, "Transfer-Encoding"))
        good = good &&
               dry_run_add_header(run, "Content-Length", arena_printf(run->arena, "%zu", run->bytes.size));
    if (run->has_body)
        good = good && dry_run_add_header(run, "Content-Type", "application/json");
    return good ? REASON_OK : REASON_HEADERS_TOO_LARGE;
}

/* The bytes of the head as they would come: METHOD SP TARGET SP HTTP/1.1, the fields, an empty line. */
static bool dry_run_head_fits(const DryRun *run) {
    size_t size = run->head.method.size + run->head.target.size + strlen("  HTTP/1.1\r\n\r\n");

    for (size_t i = 0; i < run->head.n_headers; i++)
        size += run->head.headers[i].name.size + run->head.headers[i].value.size + strlen(": \r\n");
    return size <= run->config->limits.header_bytes;
}

/* --- the body */

static Reason dry_run_take_body(DryRun *run, const char **ret_detail) {
    Span bytes = run->bytes;

    if (run->request.framing == FRAMING_LENGTH) {
        if (run->request.length > run->config->limits.body_bytes)
            return REASON_BODY_TOO_LARGE;
        if (bytes.size < run->request.length)
            return REASON_BODY_TRUNCATED;
        bytes.size = run->request.length; /* what is behind it would be another request */
    }
    if (bytes.size > run->config->limits.body_bytes)
        return REASON_BODY_TOO_LARGE;
    if (bytes.size > 0)
        return body_parse(run->arena, bytes, &run->body, ret_detail);
    return run->request.operation && run->request.operation->body == BODY_JSON ? REASON_BODY_MISSING
                                                                               : REASON_OK;
}

/* --- the trace */

typedef struct HeaderUse {
    const char *name;
    bool read; /* by us, to be written anew or left out; else it goes on as it is or not at all */
} HeaderUse;

/* Whose values can be shown. What isn't here may be a secret, like Authorization or X-Registry-Auth. */
static const HeaderUse HEADER_USES[] = {
    {"Accept", false},        {"Connection", true},        {"Content-Encoding", true},
    {"Content-Length", true}, {"Content-Type", true},      {"Expect", true},
    {"Host", true},           {"Transfer-Encoding", true}, {"Upgrade", true},
    {"User-Agent", false},
};

static const HeaderUse *dry_run_find_use(Span name) {
    for (size_t i = 0; i < ARRAY_SIZE(HEADER_USES); i++)
        if (span_is_nocase(name, HEADER_USES[i].name))
            return &HEADER_USES[i];
    return NULL;
}

static TraceMark dry_run_header_mark(const DryRun *run, Span name, const HeaderUse *use) {
    const char *text = arena_copy(run->trace->arena, name);

    for (size_t i = 0; text && i < run->request.n_headers; i++)
        if (span_is_nocase(run->request.headers[i].name, text))
            return TRACE_FREE;
    return use && use->read ? TRACE_ALLOWED : TRACE_DROPPED;
}

static void dry_run_trace_header(const DryRun *run, const Header *header, bool sealed) {
    Arena *arena = run->trace->arena;
    const HeaderUse *use = dry_run_find_use(header->name);
    const char *shown = text_show(arena, header->name, LIMIT_VALUE_SHOWN);

    trace_note(run->trace, &(TraceEntry){
                               .place = shown ? arena_printf(arena, "header %s", shown) : NULL,
                               .value = use ? text_show(arena, header->value, LIMIT_VALUE_SHOWN) : "…",
                               .mark = sealed ? dry_run_header_mark(run, header->name, use) : TRACE_UNJUDGED,
                           });
}

/* "header Host is missing" speaks of the header Host; what names none is about the request as a whole. */
static const char *dry_run_place_of(const DryRun *run, const char *detail) {
    size_t prefix = strlen("header ");

    if (!detail || !span_starts_with(span_from(detail), SPAN("header ")))
        return "request";
    return arena_copy(run->trace->arena,
                      (Span){.data = detail, .size = prefix + strcspn(detail + prefix, " :")});
}

/* The first `n_given` fields of the head; the others are nobody's but ours. */
static void dry_run_trace_head(const DryRun *run, size_t n_given, Reason reason, const char *detail) {
    for (size_t i = 0; i < n_given; i++)
        dry_run_trace_header(run, &run->head.headers[i], reason == REASON_OK);
    if (reason != REASON_OK)
        trace_object(run->trace, &(TraceEntry){.place = dry_run_place_of(run, detail), .reason = detail},
                     reason);
}

/* --- both */

static Reason dry_run_take_head(DryRun *run, const char **ret_detail) {
    Reason reason = dry_run_build_head(run);

    if (reason == REASON_OK && !dry_run_head_fits(run))
        reason = REASON_HEADERS_TOO_LARGE;
    if (reason == REASON_OK)
        reason = request_seal(run->arena, &run->head, &run->request, ret_detail);
    run->request.now = run->now;
    if (reason == REASON_OK)
        version_settle(&run->config->versions, &run->request, 0); /* there is no engine to ask */
    return reason;
}

/* --- what only the engine knows */

/* Those that would be made first; what they answer may need more. */
static void dry_run_list_looks(DryRun *run, const Looks *looks) {
    const Needs *needs = &looks->needs;
    const char **targets = arena_alloc_array(run->arena, needs->n + 1, sizeof(*targets));

    for (size_t i = 0; targets && i < needs->n; i++) {
        targets[run->n_looks] = need_target(run->arena, &run->request, &needs->items[i]);
        run->n_looks += targets[run->n_looks] != NULL;
    }
    run->looks = targets;
}

static void dry_run_look(DryRun *run) {
    Looks *looks = arena_alloc(run->arena, sizeof(*looks));
    const char *target;

    if (!looks) {
        run->verdict = verdict_from_reason(REASON_NO_MEMORY, NULL);
        return;
    }
    looks_begin(looks, run->policy, &run->request, run->body, run->arena, &run->verdict);
    /* Whose an object is says the engine alone: under a scope nothing passes without it. */
    if (!run->engine && !policy_has_scope(run->policy) && looks->needs.reason == REASON_UNDECIDED)
        return dry_run_list_looks(run, looks);
    while ((target = looks_target(looks))) {
        unsigned status = 0;
        Span text = {0};
        Reason reason = run->engine ? pretend_ask(run->engine, target, &status, &text) : REASON_LOOK_MISSING;

        if (reason == REASON_OK)
            decide_look(looks, &run->config->host, status, text);
        else
            looks_fail(looks, reason);
    }
    if (run->verdict.effect != EFFECT_ALLOW)
        trace_verdict(run->trace, "engine", &run->verdict);
}

void dry_run_judge(DryRun *run) {
    size_t n_given = run->head.n_headers;
    const char *detail = NULL;
    Reason reason = dry_run_take_head(run, &detail);

    if (run->trace)
        dry_run_trace_head(run, n_given, reason, detail);
    if (reason == REASON_OK && run->request.skip_bytes == 0 &&
        policy_wants_body(run->policy, &run->request)) {
        reason = dry_run_take_body(run, &detail);
        if (reason != REASON_OK)
            trace_object(run->trace, &(TraceEntry){.place = "body", .reason = detail}, reason);
    }
    if (reason == REASON_OK && run->wants_facts)
        facts_gather(run->policy, &run->request, run->body, run->arena, &run->facts);
    if (reason == REASON_OK)
        decide_request(run->policy, &run->config->host, &run->request, run->body, run->arena,
                       run->engine != NULL, run->trace, &run->verdict);
    else
        run->verdict = verdict_from_reason(reason, detail);
    if (run->verdict.effect == EFFECT_ALLOW && needs_concern(run->policy, &run->request))
        dry_run_look(run);
}

Span dry_run_sends_to(const DryRun *run) {
    const Request *request = &run->request;

    if (!verdict_forwards(&run->verdict))
        return (Span){0};
    return span_from(target_format(run->arena, request->sent ? request->sent : &request->target));
}

Span dry_run_sends(const DryRun *run) {
    const Request *request = &run->request;
    Span bytes = run->bytes.data ? run->bytes : SPAN("");
    size_t size;
    char *text;

    if (!verdict_forwards(&run->verdict))
        return (Span){0};
    if (!request_has_body(request))
        bytes.size = 0;
    else if (request->framing == FRAMING_LENGTH && request->length < bytes.size)
        bytes.size = request->length;
    if (run->verdict.n_edits == 0)
        return bytes;
    size = body_dump(run->body, NULL, 0);
    text = size > 0 ? arena_alloc(run->arena, size) : NULL;
    if (!text || body_dump(run->body, text, size) != size)
        return (Span){0};
    return (Span){.data = text, .size = size};
}
