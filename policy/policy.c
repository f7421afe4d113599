// SPDX-License-Identifier: Apache-2.0
#include "policy.h"

#include "set.h"

const char *policy_name(const Policy *policy) {
    return policy->name;
}

bool policy_observes(const Policy *policy) {
    return policy->observes;
}

Policy *policy_observer(Policy *policy) {
    Policy *twin = policy->observes ? policy : arena_alloc(policy->set->arena, sizeof(*twin));

    if (twin && twin != policy) {
        *twin = *policy;
        twin->observes = true;
    }
    return twin;
}

bool policy_has_scope(const Policy *policy) {
    return policy->scope.given;
}

ApiVersions api_versions_default(void) {
    return (ApiVersions){
        .min_minor = 24,        /* what dockerd 25 to 28 still take */
        .min_judged_minor = 40, /* below it, defaults of a container differ: T-007 */
        .max_minor = API_VERSION_NEWEST,
    };
}

const Rules *policy_rules(const Policy *policy) {
    return &policy->rules;
}

size_t policy_n_rules(const Policy *policy) {
    size_t n = policy->n_deny;

    for (size_t i = 0; i < policy->n_members; i++)
        n += policy->members[i]->n_allow;
    return n;
}

bool policy_is_preset(const Policy *policy) {
    return policy->preset;
}
