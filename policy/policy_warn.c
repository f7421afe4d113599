// SPDX-License-Identifier: Apache-2.0
#include "policy_warn.h"

#include "rules_warn.h"
#include "set.h"

typedef struct Warned {
    const Policy *policy;
    Arena *arena;
    PolicyWarning *items;
    size_t n;
} Warned;

static void warned_add(Warned *warned, const char *origin, const char *text) {
    if (text && warned->n < POLICY_WARNINGS_MAX)
        warned->items[warned->n++] = (PolicyWarning){.origin = origin, .text = text};
}

static const char *warned_sentence(const Operation *operation) {
    static const struct {
        const char *id;
        const char *sentence;
    } rows[] = {
#define WARN(id, sentence) {#id, sentence},
#include "policy_warn.def"
#undef WARN
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (strcmp(rows[i].id, operation->id) == 0)
            return rows[i].sentence;
    /* What has a body is judged by `containers:`, which has warnings of its own. */
    return operation->risk == RISK_HOST && operation->body != BODY_JSON ? "leads to the host" : NULL;
}

/* Whether some version that passes has the operation. */
static bool warned_in_window(const Operation *operation, const ApiVersions *versions) {
    return operation->since_minor <= versions->max_minor &&
           (operation->until_minor == 0 || operation->until_minor >= versions->min_minor);
}

static const RequestRule *warned_deny_of(const Policy *policy, const Operation *operation) {
    for (size_t i = 0; i < policy->n_deny; i++)
        if (policy->deny[i].operation == operation)
            return &policy->deny[i];
    return NULL;
}

static void warned_allow(Warned *warned, const RequestRule *rule) {
    const Operation *operation = rule->operation;
    const RequestRule *deny;
    const char *sentence;

    if (!operation)
        return;
    deny = warned_deny_of(warned->policy, operation);
    if (deny)
        warned_add(
            warned, rule->origin,
            arena_printf(warned->arena, "%s is never allowed: %s denies it", operation->id, deny->origin));
    else if (!warned_in_window(operation, &warned->policy->set->versions))
        warned_add(warned, rule->origin,
                   arena_printf(warned->arena,
                                "%s can never match: no version between api_versions.min and max has it",
                                operation->id));
    else if ((sentence = warned_sentence(operation)))
        warned_add(warned, rule->origin, arena_printf(warned->arena, "%s %s", operation->id, sentence));
}

/* Whether anything the policy allows could meet a deny of an operation. */
static bool warned_is_allowed(const Policy *policy, const Operation *operation) {
    for (size_t m = 0; m < policy->n_members; m++)
        for (size_t i = 0; i < policy->members[m]->n_allow; i++) {
            const RequestRule *rule = &policy->members[m]->allow[i];

            if (rule->operation == operation || (!rule->operation && operation->risk != RISK_HOST))
                return true;
        }
    return false;
}

static void warned_deny(Warned *warned, const RequestRule *rule) {
    if (rule->operation && !warned_is_allowed(warned->policy, rule->operation))
        warned_add(warned, rule->origin,
                   arena_printf(warned->arena, "%s needs no deny: nothing allows it", rule->operation->id));
}

static void warned_rules(Warned *warned) {
    const char *sentences[RULES_WARNINGS_MAX];
    size_t n = rules_warnings(&warned->policy->rules, warned->arena, sentences);

    for (size_t i = 0; i < n; i++)
        warned_add(warned, NULL, sentences[i]);
}

size_t policy_warnings(const Policy *policy, Arena *arena, PolicyWarning ret[static POLICY_WARNINGS_MAX]) {
    Warned warned = {.policy = policy, .arena = arena, .items = ret};

    for (size_t i = 0; i < policy->n_allow; i++)
        warned_allow(&warned, &policy->allow[i]);
    for (size_t i = 0; i < policy->n_deny; i++)
        warned_deny(&warned, &policy->deny[i]);
    if (policy->observes)
        warned_add(&warned, NULL, "mode is observe: nothing is denied, only recorded");
    warned_rules(&warned);
    return warned.n;
}
