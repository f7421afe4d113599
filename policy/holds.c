// SPDX-License-Identifier: Apache-2.0
/* Until when a request stays allowed: the same walk over the lists as decide.c's, with another question. */
#include "set.h"

#define ENDS_STEPS 64u /* windows that follow each other: of some weeks */

bool policy_hangs_on_time(const Policy *policy) {
    for (size_t m = 0; m < policy->n_members; m++)
        if (policy->members[m]->has_grants)
            return true;
    return false;
}

static bool holds_is_granted(const RequestRule *rule, const Request *request) {
    Span value;

    return rule_matches(rule, request) && !rule_check_query(rule, &request->target, &value) &&
           (rule->operation || rule_pattern_may_grant(request));
}

int64_t policy_holds_until(const Policy *policy, const Request *request) {
    int64_t until = 0;

    if (policy->observes || !policy_hangs_on_time(policy))
        return POLICY_FOREVER;
    for (size_t m = 0; m < policy->n_members; m++)
        for (size_t i = 0; i < policy->members[m]->n_allow; i++) {
            const RequestRule *rule = &policy->members[m]->allow[i];
            int64_t of_rule = grant_holds_until(rule->grant, request->now);

            if (of_rule > until && holds_is_granted(rule, request))
                until = of_rule;
        }
    return until;
}

int64_t policy_ends_at(const Policy *policy, const Request *request) {
    Request later = *request;

    for (unsigned i = 0; i < ENDS_STEPS; i++) {
        int64_t until = policy_holds_until(policy, &later);

        if (until == POLICY_FOREVER)
            return POLICY_FOREVER;
        if (until == 0)
            return later.now;
        later.now = until;
    }
    return POLICY_FOREVER;
}
