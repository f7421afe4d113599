// SPDX-License-Identifier: Apache-2.0
#include "grant_warn.h"

#include "set.h"

size_t grant_warnings(const Policy *policy, int64_t now, Arena *arena, PolicyWarning *ret, size_t room) {
    size_t n = 0;

    for (size_t i = 0; i < policy->n_allow && n < room; i++) {
        const RequestRule *rule = &policy->allow[i];
        const char *text;

        if (!grant_is_over(rule->grant, now))
            continue;
        text = arena_printf(arena, "%s ran out at %s: this entry allows nothing any more",
                            rule->operation ? rule->operation->id : rule->pattern, rule->grant->until_text);
        if (text)
            ret[n++] = (PolicyWarning){.origin = rule->origin, .text = text};
    }
    return n;
}
