// SPDX-License-Identifier: Apache-2.0
/* Where in the config a refusal comes from, for whoever wants to change it. */
#include "policy.h"
#include "set.h"

/* The first word of a body rule's name is the section that it is of. */
static const char *where_section(const Policy *policy, const char *rule) {
    const struct {
        const char *name;
        const char *origin;
    } sections[] = {
        {"containers", policy->containers_origin},
        {"exec", policy->exec_origin},
        {"build", policy->build_origin},
        {"attach", policy->attach_origin},
        {"scope", NULL},
    };

    for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
        size_t size = strlen(sections[i].name);

        if (strncmp(rule, sections[i].name, size) == 0 && (rule[size] == '.' || rule[size] == '\0'))
            return sections[i].origin ? sections[i].origin : policy->origin;
    }
    return NULL;
}

const char *policy_where(const Policy *policy, const Verdict *verdict) {
    if (!policy || (verdict->effect != EFFECT_DENY && verdict->effect != EFFECT_OBSERVE))
        return NULL;
    if (verdict->origin)
        return verdict->origin;
    if (verdict->reason == REASON_OPERATION_NOT_ALLOWED || verdict->reason == REASON_OPERATION_UNKNOWN)
        return "not allowed by any rule";
    return verdict->rule ? where_section(policy, verdict->rule) : NULL;
}
