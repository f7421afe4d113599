// SPDX-License-Identifier: Apache-2.0
#include "allow_lists.h"

#include "advice.h"
#include "param_form.h"
#include "set.h"

/* Stands as it is in a pattern and in YAML. */
static bool text_is_plain(Span text) {
    for (size_t i = 0; i < text.size; i++) {
        char c = ascii_lower(text.data[i]);

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && (c == '\0' || !strchr("/._-", c)))
            return false;
    }
    return text.size <= LIMIT_VALUE_SHOWN;
}

/* The smallest YAML that would allow the head of this request. */
static const char *hint_allow(const Question *question) {
    const Request *request = question->request;

    if (request->operation)
        return question->arena ? ARENA_JOIN(question->arena, "allow: [", request->operation->id, "]") : NULL;
    if (request->method == METHOD_NONE || request->target.path.size == 0 ||
        !text_is_plain(request->target.path))
        return NULL;
    return question_say(question, "allow: [{request: %s %.*s}]", method_name(request->method),
                        SPAN_FMT(request->target.path));
}

static const char *hint_query(const Question *question, const QueryRule *query, Span value) {
    if (!text_is_plain(value) || !text_is_plain(span_from(query->key)) ||
        !param_form_may_quote(span_from(query->key), value))
        return NULL;
    return question_say(question, "allow: [{operation: %s, query: {%s: [\"%.*s\"]}}]",
                        question->request->operation->id, query->key, SPAN_FMT(value));
}

static void miss_query(Question *question, const RequestRule *rule, const QueryRule *query, Span value) {
    const char *field = question_say(question, "query.%s", question_show(question, span_from(query->key)));
    const char *shown =
        param_form_may_quote(span_from(query->key), value) ? question_show(question, value) : "…";

    *question->verdict = (Verdict){
        .reason = REASON_QUERY_NOT_ALLOWED,
        .rule = "allow.query",
        .field = field,
        .detail = question_say(question, "%s=%s", field ? field : "query", shown),
        .hint = hint_query(question, query, value),
        .origin = rule->origin,
    };
}

static void miss_pattern(Question *question, const RequestRule *rule) {
    const Request *request = question->request;
    const Operation *operation = request->operation;
    const char *advice = advice_find(operation, ADVICE_NOT_ALLOWED);

    *question->verdict = (Verdict){.rule = "allow", .origin = rule->origin};
    if (operation) {
        question->verdict->reason = REASON_OPERATION_NOT_ALLOWED;
        question->verdict->detail =
            question_say(question, "%s leads to the host, so the pattern %s doesn't allow it", operation->id,
                         rule->pattern);
        question->verdict->hint = advice ? advice : hint_allow(question);
        question->verdict->advise = advice != NULL;
    } else if (routes_is_taken(request->method, &request->target)) {
        question->verdict->reason = REASON_OPERATION_NOT_ALLOWED;
        question->verdict->detail =
            question_say(question, "%s is an operation of the engine with a name that can't be judged",
                         question_name(question));
    } else {
        question->verdict->reason = REASON_BODY_NOT_JUDGED;
        question->verdict->detail =
            question_say(question, "%s is no operation known here, so its %s can't be judged",
                         question_name(question), request->wants_upgrade ? "upgraded connection" : "body");
    }
}

/* "ran out at 2026-12-01T18:00:00Z (quaygate.yaml:12)": the client hears it too, so without the folder. */
static void miss_time(Question *question, const RequestRule *rule) {
    Arena *arena = question->arena;
    GrantMiss miss = arena ? grant_miss(arena, rule->grant, question->request->now) : (GrantMiss){0};
    const char *slash = strrchr(rule->origin, '/');

    *question->verdict = (Verdict){
        .reason = REASON_NOT_NOW,
        .rule = miss.rule ? miss.rule : "allow",
        .detail = miss.detail
                      ? question_say(question, "%s (%s)", miss.detail, slash ? slash + 1 : rule->origin)
                      : NULL,
        .origin = rule->origin,
    };
}

/*
 * The first rule that speaks of the request and doesn't grant it leaves why in the verdict: that
 * explains best why nothing does.
 */
static bool rule_grants(Question *question, const RequestRule *rule) {
    bool first = question->verdict->reason == REASON_UNDECIDED;
    const QueryRule *query;
    Span value;

    if (!rule_matches(rule, question->request))
        return false;
    query = rule_check_query(rule, &question->request->target, &value);
    if (!query && (rule->operation || rule_pattern_may_grant(question->request))) {
        if (grant_holds_until(rule->grant, question->request->now) > 0)
            return true;
        if (question->verdict->reason != REASON_NOT_NOW) /* nothing else is missing: that says most */
            miss_time(question, rule);
        return false;
    }
    if (first && query)
        miss_query(question, rule, query, value);
    else if (first)
        miss_pattern(question, rule);
    return false;
}

/* What no entry speaks of is denied, whether it is an operation that we know or one to come (T-016). */
static void deny_not_allowed(Question *question) {
    const Request *request = question->request;
    const char *advice = advice_find(request->operation, ADVICE_NOT_ALLOWED);

    *question->verdict = (Verdict){
        .reason = request->operation ? REASON_OPERATION_NOT_ALLOWED : REASON_OPERATION_UNKNOWN,
        .rule = "allow",
        .detail = request->operation ? "not allowed by any rule"
                                     : question_say(question, "%s is no operation of the Engine API",
                                                    question_name(question)),
        .hint = advice ? advice : hint_allow(question),
        .advise = advice != NULL,
    };
}

bool allow_lists_grant(Question *question) {
    const Policy *policy = question->policy;

    for (size_t m = 0; m < policy->n_members; m++)
        for (size_t i = 0; i < policy->members[m]->n_allow; i++) {
            const RequestRule *rule = &policy->members[m]->allow[i];

            if (!rule_grants(question, rule))
                continue;
            *question->verdict = (Verdict){
                .effect = EFFECT_ALLOW, .reason = REASON_OK, .rule = "allow", .origin = rule->origin};
            return true;
        }
    if (question->verdict->reason == REASON_UNDECIDED)
        deny_not_allowed(question);
    return false;
}

bool allow_lists_name_key(const void *ctx, Span key) {
    const Question *question = ctx;
    const Policy *policy = question->policy;

    for (size_t m = 0; m < policy->n_members; m++)
        for (size_t i = 0; i < policy->members[m]->n_allow; i++) {
            const RequestRule *rule = &policy->members[m]->allow[i];
            Span value;

            if (rule->n_query == 0 || !rule_matches(rule, question->request) ||
                grant_holds_until(rule->grant, question->request->now) == 0 ||
                rule_check_query(rule, &question->request->target, &value))
                continue;
            for (size_t k = 0; k < rule->n_query; k++)
                if (span_is(key, rule->query[k].key))
                    return true;
        }
    return false;
}

bool allow_lists_have_buildkit(const Policy *policy, int64_t now) {
    const Operation *session = routes_find(SPAN("Session"));
    bool allows = false;

    for (size_t m = 0; m < policy->n_members; m++)
        for (size_t i = 0; i < policy->members[m]->n_allow; i++)
            allows = allows || (policy->members[m]->allow[i].operation == session &&
                                grant_holds_until(policy->members[m]->allow[i].grant, now) > 0);
    for (size_t i = 0; i < policy->n_deny; i++)
        if (policy->deny[i].operation == session ||
            (policy->deny[i].path && glob_match(policy->deny[i].path, SPAN("/session"))))
            return false;
    return allows;
}
