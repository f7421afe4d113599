// SPDX-License-Identifier: Apache-2.0
#include "rule.h"

bool rule_matches(const RequestRule *rule, const Request *request) {
    if (rule->operation)
        return rule->operation == request->operation;
    return rule->path && request->method != METHOD_NONE &&
           (rule->method == METHOD_NONE || rule->method == request->method) &&
           glob_match(rule->path, request->target.path);
}

static bool query_rule_takes(const QueryRule *rule, Span value) {
    for (size_t i = 0; i < rule->n_values; i++) {
        const Glob *glob = rule->values[i].glob;

        if (glob ? glob_match(glob, value) : value.size == 0)
            return true;
    }
    return false;
}

/* Every repeat is judged: dockerd reads the first, but some handlers read them all (T-020). */
static bool query_rule_holds(const QueryRule *rule, const Target *target, Span *ret_value) {
    bool present = false;

    for (size_t i = 0; i < target->n_query; i++) {
        if (!span_is(target->query[i].key, rule->key))
            continue;
        present = true;
        if (!query_rule_takes(rule, target->query[i].value)) {
            *ret_value = target->query[i].value;
            return false;
        }
    }
    if (present || query_rule_takes(rule, SPAN("")))
        return true;
    *ret_value = SPAN("");
    return false;
}

const QueryRule *rule_check_query(const RequestRule *rule, const Target *target, Span *ret_value) {
    for (size_t i = 0; i < rule->n_query; i++)
        if (!query_rule_holds(&rule->query[i], target, ret_value))
            return &rule->query[i];
    return NULL;
}

bool rule_pattern_may_grant(const Request *request) {
    if (request->operation)
        return request->operation->risk != RISK_HOST;
    return !request_has_body(request) && !request->wants_upgrade &&
           !routes_is_taken(request->method, &request->target);
}
