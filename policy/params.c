// SPDX-License-Identifier: Apache-2.0
#include "params.h"

#include "attach_rules.h"
#include "fields.h"
#include "hostpath.h"
#include "judge.h"
#include "param_form.h"
#include "param_images.h"
#include "param_row.h"
#include "signals.h"
#include "text.h"

static const char BUILDKIT_HINT[] =
    "set DOCKER_BUILDKIT=0 or build elsewhere; a policy that allows Session by name lets BuildKit in, and "
    "with it builds on the host's network";

typedef struct Params {
    const ParamsQuestion *q;
    unsigned operation; /* number of the route */
    Findings *findings;
    bool seen[PARAM_ROWS];
} Params;

static bool params_is_privileged(const Params *p) {
    return p->q->rules->profile == PROFILE_PRIVILEGED;
}

static bool params_is_named(const Params *p, Span key) {
    return p->q->is_named && p->q->is_named(p->q->ctx, key);
}

/* `detail` is put behind "query.KEY". */
static Finding *params_object(Params *p, Reason reason, const char *rule, Span key, const char *detail) {
    Arena *arena = p->q->arena;
    const char *shown = text_show(arena, key, LIMIT_VALUE_SHOWN);
    const char *field = shown ? arena_printf(arena, "query.%s", shown) : NULL;
    Finding finding = {.reason = reason, .rule = rule, .field = field ? field : "query"};
    Findings *findings = p->findings;
    size_t at = findings->n < LIMIT_FINDINGS ? findings->n : LIMIT_FINDINGS - 1;

    finding.detail = arena_printf(arena, "%s%s", finding.field, detail ? detail : "");
    findings->n++;
    if (reason_http_status(reason) == 400 && reason_http_status(findings->items[0].reason) != 400) {
        findings->items[at] = findings->items[0]; /* what is invalid is so whatever the policy says */
        at = 0;
    }
    findings->items[at] = finding;
    return &findings->items[at];
}

static void params_refuse(Params *p, const Param *param, Span value, const char *hint) {
    const char *shown = param_form_may_quote(span_from(param->name), value)
                            ? text_show(p->q->arena, value, LIMIT_VALUE_SHOWN)
                            : "…";
    const char *detail = shown ? arena_printf(p->q->arena, "=%s", shown) : NULL;
    Finding *finding =
        params_object(p, REASON_QUERY_NOT_ALLOWED, param->rule, span_from(param->name), detail);

    finding->hint = hint;
}

/* The YAML that opens what no key of the policy speaks of. The value is the operator's to think about. */
static const char *params_hint_named(const Params *p, Span key) {
    const char *shown = text_show(p->q->arena, key, LIMIT_VALUE_SHOWN);

    return shown ? arena_printf(p->q->arena, "allow: [{operation: %s, query: {%s: [\"…\"]}}]",
                                p->q->request->operation->id, shown)
                 : NULL;
}

/* --- keys */

/*
 * dockerode sends the body of a create once more as query keys. No engine reads them, for all of the API's
 * own parameters begin with a small letter.
 */
static bool params_is_body_field(const Params *p, Span key) {
    const Operation *operation = p->q->request->operation;
    const FieldTable *table;
    const Field *field;

    if (operation->body != BODY_JSON || key.size == 0 || key.data[0] < 'A' || key.data[0] > 'Z')
        return false;
    table = fields_find(operation->id);
    return table && fields_lookup(table->root, key, &field) == FIELD_EXACT;
}

/* T-046: an engine of another version would leave it out or read it otherwise. */
static bool params_judge_version(Params *p, const Param *param) {
    unsigned minor = p->q->request->target.api_minor;
    bool early = minor != 0 && minor < param->since;
    bool late = param->until != 0 && minor > param->until;
    const char *detail;

    if ((!early && !late) || params_is_privileged(p) || p->q->rules->unknown_fields_allowed)
        return true;
    detail = arena_printf(p->q->arena, " is a parameter %s API v1.%u%s; the request is of v1.%u",
                          early ? "from" : "up to", early ? param->since : param->until, early ? " on" : "",
                          minor);
    params_object(p, REASON_QUERY_NOT_ALLOWED, "query.unknown", span_from(param->name), detail);
    return false;
}

/* --- values */

/*
 * A path in a container, as the engine takes it: relative to its root, cleaned there. A condition compares
 * text, so under one it must be clean already: /data/../etc matches /data/ and everything below (T-088).
 */
static bool params_is_path(const Params *p, const Param *param, Span path) {
    const char *clean;

    if (!params_is_named(p, span_from(param->name)))
        return hostpath_is_sound(span_from(arena_printf(p->q->arena, "/%.*s", SPAN_FMT(path))));
    clean = hostpath_clean(p->q->arena, path);
    return clean && span_is(path, clean);
}

static bool params_is_word(const char *words, Span value) {
    for (const char *word = words; word && *word;) {
        size_t n = strcspn(word, "|");

        if (span_equals(value, (Span){word, n}))
            return true;
        word += n + (word[n] == '|');
    }
    return false;
}

static void params_judge_from_image(Params *p, const Param *param, Span value) {
    if (value.size == 0 && !params_is_named(p, SPAN("fromSrc")))
        params_object(p, REASON_QUERY_NOT_ALLOWED, param->rule, span_from(param->name),
                      " is missing, so the engine would import what it is sent")
            ->hint = params_hint_named(p, SPAN("fromSrc"));
    else if (!param_form_is_reference(value))
        params_refuse(p, param, value, "write the image as NAME:TAG or NAME@sha256:…");
}

/* Of an integer; what doesn't fit is INT64_MAX: its type is refused, but its neighbours are judged by it. */
static int64_t params_integer(Span text) {
    bool negative = text.size > 0 && text.data[0] == '-';
    int64_t value = 0;

    for (size_t i = negative ? 1 : 0; i < text.size; i++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, text.data[i] - '0', &value))
            return INT64_MAX;
    return negative ? -value : value;
}

/* What a build asks for is no more than what a container may; 0 is "not set", and a build asks for none. */
static bool params_is_within_limits(const Params *p, const Param *param, Span value) {
    const Target *target = &p->q->request->target;
    const Rules *rules = p->q->rules;
    Span quota = SPAN("0"), period = SPAN("0");
    int64_t number = params_integer(value);

    if (number == 0)
        return true;
    if (span_starts_with(span_from(param->name), SPAN("mem")))
        return rules->memory == 0 || (number > 0 && number <= rules->memory);
    if (rules->nano_cpus == 0)
        return true;
    (void) target_query_get(target, "cpuquota", &quota);
    (void) target_query_get(target, "cpuperiod", &period);
    return number > 0 && params_integer(period) >= 0 &&
           rules_quota_fits(params_integer(quota), params_integer(period), rules->nano_cpus);
}

static void params_judge_limit(Params *p, const Param *param, Span value) {
    if (!params_is_within_limits(p, param, value))
        params_refuse(p, param, value, "containers: {limits: {…}} says how much");
}

/* As a container's. Under the privileged profile what has another type got here, too. */
static void params_judge_ulimits(Params *p, const Param *param, Span value) {
    static const char hint[] = "containers: {capabilities: [SYS_NICE]}";
    CLEANUP(body_free_p) Body *body = NULL;
    const char *detail = NULL;
    bool is_zero;

    if (param_json_check(p->q->arena, PARAM_TYPE_ULIMITS, value, &is_zero, &detail) != REASON_OK ||
        body_parse(p->q->arena, value, &body, &detail) != REASON_OK)
        return params_refuse(p, param, value, NULL);
    for (size_t i = 0; i < body_size(body_root(body)); i++)
        if (!judge_allows_ulimit(p->q->rules, body_at(body_root(body), i)))
            return params_refuse(p, param, value, hint);
}

static void params_judge_buildkit(Params *p, const Param *param, Span value) {
    Finding *finding;

    if (p->q->buildkit || params_is_word(param->words, value))
        return;
    finding = params_object(p, REASON_QUERY_NOT_ALLOWED, param->rule, span_from(param->name),
                            " asks for BuildKit, which can't be judged");
    finding->hint = BUILDKIT_HINT;
    finding->advise = true;
}

/* Only where the policy lists some: a signal reaches no further than the operation. */
static void params_judge_signal(Params *p, const Param *param, Span value) {
    const Rules *rules = p->q->rules;
    unsigned number = signal_parse(value);
    const char *name = signal_name(number);

    if (!rules_given(rules, RULES_SIGNALS) || (rules->signals & signal_bit(number)) != 0)
        return;
    params_refuse(p, param, value,
                  name          ? arena_printf(p->q->arena, "containers: {signals: [%s]}", name)
                  : number != 0 ? arena_printf(p->q->arena, "containers: {signals: [%u]}", number)
                                : "write the signal as KILL, SIGKILL or 9");
}

/*
 * moby's wsContainersAttach looks at these from API v1.42 on, and before attaches all three (seen on 20.10):
 * a condition that keeps one away must not take a request for what it isn't.
 */
static void params_judge_stream(Params *p, const Param *param, Span value) {
    unsigned minor = p->q->request->target.api_minor;

    if (minor == 0 || minor >= 42 || !params_is_named(p, span_from(param->name)) ||
        !attach_rules_is_false(value))
        return;
    params_object(p, REASON_QUERY_NOT_ALLOWED, param->rule, span_from(param->name),
                  ": before API v1.42 a websocket has all streams")
        ->hint = "use a client of API version 1.42 or newer";
}

static bool params_is_enforced(const Params *p, const Param *param) {
    if (!params_is_privileged(p))
        return true;
    if (param->judge == PARAM_LIMIT)
        return true; /* by the limits that are given */
    if (param->judge == PARAM_SIGNAL || param->judge == PARAM_KILL)
        return true; /* likewise */
    if (param->judge == PARAM_ULIMIT)
        return rules_given(p->q->rules, RULES_CAPABILITIES);
    if (param->judge == PARAM_PATH ||
        param->judge == PARAM_STREAM) /* a condition holds under every profile */
        return params_is_named(p, span_from(param->name));
    if (param->judge == PARAM_BUILD_NETWORK)
        return p->q->build->has_networks;
    return (param->judge == PARAM_BUILD_REMOTE || param->judge == PARAM_DOCKERFILE) &&
           p->q->build->has_remote && !p->q->build->remote;
}

/*
 * To Podman a key in any case is the parameter, so no other spelling passes where anything is held: by the
 * profile, by a key beside the privileged one, or by a condition.
 */
static bool params_holds_spellings(const Params *p, const Param *param) {
    const BuildRules *build = p->q->build;
    bool build_holds = (build->has_networks && !build->any_network) || (build->has_remote && !build->remote);

    return !params_is_privileged(p) || p->q->rules->given != 0 || build_holds ||
           params_is_named(p, span_from(param->name));
}

static void params_judge_unknown(Params *p, const QueryPair *pair) {
    const Param *near = param_row_find_folded(p->operation, pair->key);
    const char *name = p->q->request->operation->id;
    bool held = near && params_holds_spellings(p, near);
    const char *detail;

    if (!held && (params_is_privileged(p) || p->q->rules->unknown_fields_allowed))
        return;
    if (pair->value.size == 0 || params_is_named(p, pair->key) ||
        (!near && params_is_body_field(p, pair->key)))
        return;
    detail = near ? arena_printf(p->q->arena, " is another spelling of %s", near->name)
                  : arena_printf(p->q->arena, " is no parameter of %s that this release knows", name);
    params_object(p, REASON_QUERY_NOT_ALLOWED, "query.unknown", pair->key, detail)->hint =
        near ? NULL : params_hint_named(p, pair->key);
}

static void params_judge_build(Params *p, const Param *param, Span value) {
    if (param->judge == PARAM_BUILD_NETWORK && !build_rules_allow_network(p->q->build, value))
        params_refuse(p, param, value.size > 0 ? value : SPAN("default"),
                      "build: {networks: […]} names what builds may use");
    if (p->q->buildkit &&
        span_is(value, "client-session")) /* no address: the files of the client's session */
        return;
    if (param->judge == PARAM_BUILD_REMOTE && value.size > 0 && p->q->build->remote &&
        !param_form_is_address(value))
        params_refuse(p, param, value, "write an address that begins with https://, http:// or git://");
    if (param->judge == PARAM_BUILD_REMOTE && value.size > 0 && !p->q->build->remote)
        params_refuse(p, param, value, "build: {remote: true} lets the engine fetch any address it reaches");
}

/* By what no key of the policy opens; a condition on the parameter may, but never what is no name or path. */
static void params_judge_fixed(Params *p, const Param *param, Span value) {
    Span name = span_from(param->name);
    bool is_form =
        param->judge == PARAM_NAME || param->judge == PARAM_PATH || param->judge == PARAM_REFERENCE;
    bool passes = (param->judge == PARAM_WORDS && params_is_word(param->words, value)) ||
                  (param->judge == PARAM_NAME && param_form_is_name(value)) ||
                  (param->judge == PARAM_REFERENCE && param_form_is_reference(value)) ||
                  (param->judge == PARAM_HOST && rules_host_has_address(value)) ||
                  (param->judge == PARAM_PATH && params_is_path(p, param, value));

    if (passes || (!is_form && params_is_named(p, name)))
        return;
    if (param->judge == PARAM_PATH)
        params_refuse(p, param, value,
                      "write the path from the container's root, without '.', '..' and '//'");
    else if (is_form)
        params_refuse(p, param, value, NULL);
    else if (param->judge == PARAM_CLOSED) /* not quoted: `changes` or `fromSrc` may hold a secret */
        params_object(p, REASON_QUERY_NOT_ALLOWED, param->rule, name, " is set")->hint =
            params_hint_named(p, name);
    else
        params_refuse(p, param, value, params_hint_named(p, name));
}

static void params_judge_value(Params *p, const Param *param, Span value) {
    if (!params_is_enforced(p, param))
        return;
    switch ((ParamJudge) param->judge) {
    case PARAM_FREE:
        return;
    case PARAM_CLOSED:
    case PARAM_WORDS:
    case PARAM_NAME:
    case PARAM_HOST:
    case PARAM_PATH:
    case PARAM_REFERENCE:
        return params_judge_fixed(p, param, value);
    case PARAM_BUILDKIT:
        return params_judge_buildkit(p, param, value);
    case PARAM_LIMIT:
        return params_judge_limit(p, param, value);
    case PARAM_ULIMIT:
        return params_judge_ulimits(p, param, value);
    case PARAM_SIGNAL:
        return params_judge_signal(p, param, value);
    case PARAM_KILL:
        return params_judge_signal(p, param, value.size > 0 ? value : SPAN("KILL"));
    case PARAM_DOCKERFILE:
        if (!param_form_is_dockerfile(value))
            params_refuse(p, param, value, "write the path from the context's root, without '..'");
        return;
    case PARAM_STREAM:
        return params_judge_stream(p, param, value);
    case PARAM_FROM_IMAGE:
        return params_judge_from_image(p, param, value);
    case PARAM_BUILD_NETWORK:
    case PARAM_BUILD_REMOTE:
        return params_judge_build(p, param, value);
    }
    params_object(p, REASON_UNDECIDED, param->rule, span_from(param->name), " has no judge");
}

/* True where the value says something. */
static bool params_judge_pair(Params *p, const Param *param, Span value) {
    bool is_zero = value.size == 0;
    const char *detail = NULL;
    Reason reason = REASON_OK;

    if (!is_zero)
        reason = param_json_check(p->q->arena, (ParamType) param->type, value, &is_zero, &detail);
    if (reason == REASON_QUERY_NOT_ALLOWED && params_is_privileged(p))
        reason = REASON_OK;
    if (reason != REASON_OK) {
        params_object(p, reason, reason == REASON_QUERY_NOT_ALLOWED ? "query.type" : NULL,
                      span_from(param->name), detail);
        return true;
    }
    if (!is_zero && params_judge_version(p, param))
        params_judge_value(p, param, value);
    return !is_zero;
}

/* --- the trace */

/* A parameter that has passed, or has findings past the first `before`. `param` is NULL for one without a
 * row. */
static void params_note(const Params *p, const Param *param, Span key, Span value, bool is_set,
                        size_t before) {
    Arena *arena = p->q->trace ? p->q->trace->arena : NULL;
    const char *shown = arena ? text_show(arena, key, LIMIT_VALUE_SHOWN) : NULL;
    TraceEntry entry = {.rule = param ? param->rule : NULL, .value = "…", .mark = TRACE_UNJUDGED};

    if (!arena)
        return;
    entry.place = shown ? arena_printf(arena, "query.%s", shown) : NULL;
    if (value.size == 0)
        entry.value = value.data ? "\"\"" : NULL;
    else if (param && param_form_may_quote(key, value))
        entry.value = text_show(arena, value, LIMIT_VALUE_SHOWN);
    if (p->findings->n > before) {
        entry.mark = TRACE_DENIED;
    } else if (!is_set) {
        entry.mark = TRACE_UNSET;
    } else if (params_is_named(p, key)) { /* an entry of `allow` has a condition on it, which holds */
        entry.mark = TRACE_ALLOWED;
        entry.rule = "allow.query";
    } else if (param && param->judge == PARAM_FREE) {
        entry.mark = TRACE_FREE;
    } else if (param && params_is_enforced(p, param)) {
        entry.mark = TRACE_ALLOWED;
    }
    trace_note(p->q->trace, &entry);
}

/* --- all of them */

/* What means something where it is absent or empty. */
static void params_judge_absent(Params *p) {
    for (size_t i = 0; i < PARAM_ROWS; i++) {
        const Param *param = &param_rows()[i];
        size_t before = p->findings->n;
        Span value = {0};

        if (param->operation != p->operation || param->judge < PARAM_FROM_IMAGE)
            continue;
        if (target_query_get(&p->q->request->target, param->name, &value) && value.size > 0)
            continue;
        params_judge_value(p, param, SPAN(""));
        if (!value.data) /* else it is noted as one that is there */
            params_note(p, param, span_from(param->name), value, false, before);
    }
}

static void params_judge_one(Params *p, const QueryPair *pair) {
    const Param *param = param_row_find(p->operation, pair->key);
    size_t before = p->findings->n;
    bool is_set = pair->value.size > 0;

    if (!param) {
        params_judge_unknown(p, pair);
    } else {
        /* T-020: dockerd takes the first, others the last. */
        if (p->seen[param - param_rows()] && !param_type_repeats((ParamType) param->type))
            params_object(p, REASON_TARGET_QUERY, NULL, pair->key, " stands twice");
        p->seen[param - param_rows()] = true;
        is_set = params_judge_pair(p, param, pair->value);
    }
    params_note(p, param, pair->key, pair->value, is_set, before);
}

void params_judge(const ParamsQuestion *question, Findings *ret) {
    const Request *request = question->request;
    Params p = {.q = question, .findings = ret};

    if (!request->operation)
        return;
    p.operation = param_row_operation(request->operation);
    for (size_t i = 0; i < request->target.n_query; i++)
        params_judge_one(&p, &request->target.query[i]);
    if (p.operation == PARAMS_OF_ImageBuild || p.operation == PARAMS_OF_ImageCreate ||
        p.operation == PARAMS_OF_ContainerKill || p.operation == PARAMS_OF_ContainerAttachWebsocket)
        params_judge_absent(&p);
    if (question->rules->images.given || question->rules->require_digest)
        param_images_judge(question->arena, request, question->rules, question->trace, ret);
}
