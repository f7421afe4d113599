// SPDX-License-Identifier: Apache-2.0
/*
 * The order of a decision: what `deny` names, then versions, then whether some `allow` entry grants the
 * head, then the body. Whatever comes first and says no is the answer; nothing but an entry of an allow
 * list turns it into a yes.
 */
#include "advice.h"
#include "allow_lists.h"
#include "cidfile.h"
#include "credentials.h"
#include "edit.h"
#include "judge.h"
#include "masks.h"
#include "params.h"
#include "placeholder.h"
#include "question.h"
#include "scope_judge.h"
#include "set.h"

static bool request_is_of(const Request *request, const char *operation) {
    return request->operation && strcmp(request->operation->id, operation) == 0;
}

static bool body_is_json(const Request *request) {
    return request->operation &&
           (request->operation->body == BODY_JSON || request->operation->body == BODY_JSON_OPTIONAL);
}

Verdict verdict_from_reason(Reason reason, const char *detail) {
    unsigned status = reason_http_status(reason);

    if (reason == REASON_OK) /* nobody may take a step that passed for a decision */
        return (Verdict){0};
    return (Verdict){
        .effect = status == 403 || status == 404 || status == 409 ? EFFECT_DENY
                  : status >= 500                                 ? EFFECT_ERROR
                                                                  : EFFECT_INVALID,
        .reason = reason,
        .detail = detail,
    };
}

static bool decide_deny_list(Question *question) {
    const Policy *policy = question->policy;

    for (size_t i = 0; i < policy->n_deny; i++) {
        const RequestRule *rule = &policy->deny[i];
        const char *advice;

        if (!rule_matches(rule, question->request))
            continue;
        advice = advice_find(question->request->operation, ADVICE_DENIED);
        *question->verdict = (Verdict){
            .reason = REASON_OPERATION_DENIED,
            .rule = "deny",
            .detail =
                rule->operation ? "denied by name" : question_say(question, "denied as %s", rule->pattern),
            .hint = advice,
            .advise = advice != NULL,
            .origin = rule->origin,
        };
        return true;
    }
    return false;
}

static bool deny_version(Question *question, const char *rule, const char *detail, const char *hint) {
    *question->verdict = (Verdict){
        .reason = REASON_VERSION_NOT_ALLOWED,
        .rule = rule,
        .detail = detail,
        .hint = hint,
    };
    return true;
}

/* A path without a version is the engine's newest (T-006): no lower bound is missed by it. */
static bool decide_version(Question *question) {
    const ApiVersions *versions = &question->policy->set->versions;
    const Request *request = question->request;
    unsigned minor = request->target.api_minor;
    bool judged =
        body_is_json(request) && (request->operation->body == BODY_JSON || request_has_body(request));

    if (minor == 0)
        return false;
    if (minor < versions->min_minor)
        return deny_version(
            question, "api_versions.min",
            question_say(question, "API version 1.%u is below 1.%u", minor, versions->min_minor),
            question_say(question, "use a client of API version 1.%u or newer", versions->min_minor));
    if (minor > versions->max_minor)
        return deny_version(
            question, "api_versions.max",
            question_say(question, "API version 1.%u is above 1.%u", minor, versions->max_minor),
            question_say(question, "set DOCKER_API_VERSION=1.%u for the client", versions->max_minor));
    if (judged && minor < versions->min_judged_minor)
        return deny_version(
            question, "api_versions.min_judged",
            question_say(question, "bodies are judged from API version 1.%u on, and this is 1.%u",
                         versions->min_judged_minor, minor),
            question_say(question, "use a client of API version 1.%u or newer", versions->min_judged_minor));
    return false;
}

/* An operation has no meaning at a version that doesn't have it, whoever allows it (T-017). */
static bool decide_existence(Question *question) {
    const Operation *operation = question->request->operation;
    unsigned minor = question->request->target.api_minor;
    const char *detail;

    if (!operation || minor == 0)
        return false;
    if (minor < operation->since_minor)
        detail = question_say(question, "%s came with API version 1.%u, and this is 1.%u", operation->id,
                              operation->since_minor, minor);
    else if (operation->until_minor != 0 && minor > operation->until_minor)
        detail = question_say(question, "%s went after API version 1.%u, and this is 1.%u", operation->id,
                              operation->until_minor, minor);
    else
        return false;
    *question->verdict = (Verdict){.reason = REASON_OPERATION_UNKNOWN, .detail = detail};
    return true;
}

/* Under a scope, only what can be held to it: no pattern, and none that the table doesn't have. */
static bool decide_scope_way(Question *question) {
    const Operation *operation = question->request->operation;

    if (!question->policy->scope.given || scope_way(operation) != SCOPE_DENIED)
        return true;
    *question->verdict = (Verdict){
        .reason = REASON_SCOPE_OPERATION,
        .rule = "scope",
        .detail = question_say(question, "%s can't be held to what is in the policy's scope",
                               question_name(question)),
    };
    return false;
}

static bool decide_head(Question *question) {
    *question->verdict = (Verdict){0};
    if (decide_deny_list(question) || decide_version(question) || decide_existence(question))
        return false;
    return allow_lists_grant(question) && decide_scope_way(question);
}

/* The first finding; zero (REASON_UNDECIDED) when there is none. */
static Verdict verdict_from_findings(Trace *trace, const Findings *findings) {
    const Finding *first = &findings->items[0];
    Verdict verdict;

    trace_findings(trace, findings);
    if (findings->n == 0)
        return (Verdict){0};
    verdict = verdict_from_reason(first->reason, first->detail);
    verdict.rule = first->rule;
    verdict.field = first->field;
    verdict.hint = first->hint;
    verdict.advise = first->advise;
    if (verdict.reason == REASON_UNDECIDED) /* a finding without a reason still is one */
        verdict.reason = REASON_FIELD_NOT_ALLOWED;
    return verdict;
}

/* Without a query there is something to find only where absence has a meaning or a path names an image. */
static bool query_says_something(const Request *request, const Rules *rules) {
    const Operation *operation = request->operation;

    return operation &&
           (request->target.n_query > 0 || operation->body == BODY_STREAM ||
            operation->reply == REPLY_UPGRADE || rules->images.given || rules_given(rules, RULES_SIGNALS));
}

static Verdict decide_params(const Question *question) {
    const Request *request = question->request;
    const Policy *policy = question->policy;
    ParamsQuestion params = {.arena = question->arena,
                             .request = request,
                             .rules = &policy->rules,
                             .build = &policy->build,
                             .is_named = allow_lists_name_key,
                             .ctx = question,
                             .trace = question->trace};
    Findings findings = {0}; /* not in the arena, of which a usual head takes far less */

    params.buildkit =
        request->operation->body == BODY_STREAM && allow_lists_have_buildkit(policy, request->now);
    params_judge(&params, &findings);
    return verdict_from_findings(question->trace, &findings);
}

/* What is wrong with the query; zero when nothing is. */
static Verdict decide_query(const Question *question) {
    const Request *request = question->request;

    if (!query_says_something(request, &question->policy->rules))
        return (Verdict){0};
    return decide_params(question);
}

/*
 * Likewise with the headers that the engine would decode. It takes what it can't read for no credentials, so
 * where nothing is judged there is no harm in it.
 */
static Verdict decide_credentials(const Question *question) {
    const char *field = NULL, *detail = NULL;
    Verdict verdict;
    Reason reason;

    if (question->policy->rules.profile == PROFILE_PRIVILEGED)
        return (Verdict){0};
    reason = credentials_check(question->arena, question->request,
                               question->policy->rules.unknown_fields_allowed, &field, &detail);
    if (reason == REASON_OK)
        return (Verdict){0};
    verdict = verdict_from_reason(reason, detail);
    verdict.field = field;
    return verdict;
}

/* What needs.c has a need for, and so is left to a look. */
static Unseen decide_unseen(const Question *question) {
    if (question->looking && request_is_of(question->request, "ContainerCreate"))
        return UNSEEN_IMAGE;
    /* Its secrets and configs: as with all that a scope holds, the look is owed, whoever goes on. */
    if (question->policy->scope.given && (request_is_of(question->request, "ServiceCreate") ||
                                          request_is_of(question->request, "ServiceUpdate")))
        return UNSEEN_OBJECT;
    return UNSEEN_NOTHING;
}

/* The member that was objected to, and the object that has it, whose judge it was. */
static void findings_trace_unseen(const Finding *finding, Trace *trace) {
    const char *dot = finding->field ? strrchr(finding->field, '.') : NULL;

    if (!trace)
        return;
    trace_allow(trace, finding->field, finding->rule);
    if (finding->unseen == UNSEEN_OBJECT && dot)
        trace_allow(trace, arena_copy(trace->arena, (Span){finding->field, (size_t) (dot - finding->field)}),
                    finding->rule);
}

static void findings_leave_unseen(Findings *findings, Unseen what, Trace *trace) {
    size_t n = 0;

    if (what == UNSEEN_NOTHING ||
        findings->n > LIMIT_FINDINGS) /* some are only counted: it is denied anyway */
        return;
    for (size_t i = 0; i < findings->n; i++)
        if (findings->items[i].unseen == what)
            findings_trace_unseen(&findings->items[i], trace);
        else
            findings->items[n++] = findings->items[i];
    findings->n = n;
}

/*
 * Likewise with the body, as the policy has edited it. `in_scope`: there is a scope, and nothing against it.
 */
static Verdict decide_body(const Question *question, Body *body, bool in_scope, Edits *ret_edits) {
    const Request *request = question->request;
    const Operation *operation = request->operation;
    const Policy *policy = question->policy;
    Findings *findings;

    if (!operation)
        return (Verdict){0};
    if (operation->body == BODY_NONE && request_has_body(request))
        return verdict_from_reason(REASON_BODY_UNEXPECTED, NULL);
    if (operation->body == BODY_JSON && !body)
        return verdict_from_reason(REASON_BODY_MISSING, NULL);
    if (!body_is_json(request))
        return (Verdict){0};

    findings = arena_alloc(question->arena, sizeof(*findings));
    if (!findings || edit_body(question->arena, operation, &policy->rules, body, ret_edits) != REASON_OK)
        return verdict_from_reason(REASON_NO_MEMORY, NULL);
    if (masks_leave_out(question->arena, operation, &policy->rules, body, ret_edits) != REASON_OK ||
        cidfile_leave_out(question->arena, operation, &policy->rules, body, ret_edits) != REASON_OK)
        return verdict_from_reason(REASON_NO_MEMORY, NULL);
    if (in_scope && scope_edit(question->arena, &policy->scope, operation, body, ret_edits) != REASON_OK)
        return verdict_from_reason(REASON_NO_MEMORY, NULL);
    judge_body_traced(question->arena, operation, request->target.api_minor, body, &policy->rules,
                      question->trace, findings);
    findings_leave_unseen(findings, decide_unseen(question), question->trace);
    if (request_is_of(request, "ContainerExec")) {
        exec_rules_judge(question->arena, &policy->exec, body, findings);
        exec_rules_trace(&policy->exec, body, question->trace);
    }
    /* To be taken off a network leads nowhere, so it is only held against a list that is given. */
    if (request_is_of(request, "NetworkConnect") ||
        (policy->rules.networks.given && request_is_of(request, "NetworkDisconnect")))
        judge_connect(question->arena, &policy->rules, request->object, findings);
    question->verdict->host_paths = findings->paths;
    question->verdict->n_host_paths = findings->n_paths;
    return verdict_from_findings(question->trace, findings);
}

static Verdict decide_attach(const Question *question) {
    if (!question->policy->attach_output)
        return (Verdict){0};
    return attach_rules_judge(question->arena, question->request);
}

/* And what it says of the scope; what only the engine knows of it is for looks.c. */
static Verdict decide_scope(const Question *question, const Body *body) {
    const Policy *policy = question->policy;
    Findings *findings;

    if (!policy->scope.given || !question->request->operation)
        return (Verdict){0};
    findings = arena_alloc(question->arena, sizeof(*findings));
    if (!findings)
        return verdict_from_reason(REASON_NO_MEMORY, NULL);
    scope_judge(question->arena, &policy->scope, &policy->rules, question->request, body, findings);
    return verdict_from_findings(question->trace, findings);
}

/* All of it is looked at, for what is invalid is so whatever the policy says of the rest. */
static Verdict decide_parts(const Question *question, Body *body, Edits *ret_edits) {
    static const char *const places[] = {"body", "scope", "query", "header", "operation", "body"};
    const Verdict scope = decide_scope(question, body); /* of what the client says, before edits */
    const bool in_scope = question->policy->scope.given && scope.reason == REASON_UNDECIDED;
    const Verdict parts[] = {placeholder_judge(question->arena, question->request, body),
                             scope,
                             decide_query(question),
                             decide_credentials(question),
                             decide_attach(question),
                             decide_body(question, body, in_scope, ret_edits)};
    Verdict worst = {0};

    for (size_t i = 0; question->trace && i < ARRAY_SIZE(parts); i++)
        if (parts[i].reason != REASON_UNDECIDED)
            trace_verdict(question->trace, places[i], &parts[i]);
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        if (parts[i].reason != REASON_UNDECIDED &&
            (worst.reason == REASON_UNDECIDED ||
             (worst.effect == EFFECT_DENY && parts[i].effect != EFFECT_DENY)))
            worst = parts[i];
    return worst;
}

void policy_decide_head(const Policy *policy, const Request *request, Arena *arena, Verdict *ret) {
    Question question = {.policy = policy, .request = request, .arena = arena, .verdict = ret};

    (void) decide_head(&question);
}

bool policy_wants_body(const Policy *policy, const Request *request) {
    Verdict verdict;
    Question question = {.policy = policy, .request = request, .verdict = &verdict};

    if (!body_is_json(request) || !request_has_body(request))
        return false;
    /* Under observe a denied head is forwarded all the same, but never with a body of two readings. */
    return decide_head(&question) || policy->observes;
}

/* What of the head was asked of the policy's lists. */
static void question_trace_head(const Question *question, bool granted) {
    const Verdict *verdict = question->verdict;
    Question words = {.request = question->request};

    if (!question->trace)
        return;
    words.arena = question->trace->arena;
    trace_note(question->trace, &(TraceEntry){.place = "operation",
                                              .value = question_name(&words),
                                              .rule = "allow",
                                              .mark = granted ? TRACE_ALLOWED : TRACE_DENIED});
    if (!granted)
        trace_verdict(question->trace, "operation", verdict);
}

void policy_decide(const Policy *policy, const Request *request, Body *body, Arena *arena, Verdict *ret) {
    policy_decide_traced(policy, request, body, arena, false, NULL, ret);
}

void policy_decide_traced(const Policy *policy, const Request *request, Body *body, Arena *arena,
                          bool looking, Trace *trace, Verdict *ret) {
    Question question = {.policy = policy,
                         .request = request,
                         .arena = arena,
                         .verdict = ret,
                         .trace = trace,
                         .looking = looking};
    bool granted = decide_head(&question);
    Edits edits = {0};

    question_trace_head(&question, granted);

    if (granted || policy->observes) {
        Verdict verdict = decide_parts(&question, body, &edits);

        if (verdict.reason != REASON_UNDECIDED && (granted || verdict.effect != EFFECT_DENY))
            *ret = verdict;
    }
    if (ret->effect == EFFECT_ALLOW && !policy->observes) {
        ret->edits = edits.items;
        ret->n_edits = edits.n;
        ret->drops_input = policy->attach_output && attach_rules_drop(request);
    }
    if (ret->effect == EFFECT_DENY && policy->observes)
        ret->effect = EFFECT_OBSERVE;
}

bool policy_allows_host_path(const Policy *policy, Span path, bool readonly) {
    return judge_host_path(&policy->rules, path, readonly);
}
