// SPDX-License-Identifier: Apache-2.0
#include "verdict.h"

const char *effect_name(Effect effect) {
    switch (effect) {
    case EFFECT_ALLOW:
        return "allow";
    case EFFECT_OBSERVE:
        return "observe";
    case EFFECT_INVALID:
        return "invalid";
    case EFFECT_ERROR:
        return "error";
    case EFFECT_DENY:
        break;
    }
    return "deny";
}

const char *verdict_rule(const Verdict *verdict) {
    return verdict->rule ? verdict->rule : reason_label(verdict->reason);
}

const char *verdict_detail(const Verdict *verdict) {
    return verdict->detail ? verdict->detail : reason_sentence(verdict->reason);
}

const char *verdict_value(const Verdict *verdict) {
    size_t size = verdict->field ? strlen(verdict->field) : 0;

    if (size == 0 || !verdict->detail || strncmp(verdict->detail, verdict->field, size) != 0 ||
        verdict->detail[size] != '=')
        return NULL;
    return verdict->detail + size + 1;
}

/* From an opening bracket to the one that closes it; empty where none does, or it is only sketched (…). */
static Span verdict_take_flow(const char *text) {
    unsigned depth = 0;
    bool quoted = false;

    for (const char *p = text; *p; p++) {
        if (strncmp(p, "…", sizeof("…") - 1) == 0)
            break;
        if (*p == '"')
            quoted = !quoted;
        depth += !quoted && (*p == '[' || *p == '{');
        if (!quoted && (*p == ']' || *p == '}') && --depth == 0)
            return (Span){.data = text, .size = (size_t) (p - text) + 1};
    }
    return (Span){0};
}

Span verdict_allow_with(const Verdict *verdict) {
    static const char *const keys[] = {"allow: ", "containers: ", "exec: ", "build: ", "attach: "};

    if (!verdict->hint || (verdict->effect != EFFECT_DENY && verdict->effect != EFFECT_OBSERVE))
        return (Span){0};
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        const char *at = strstr(verdict->hint, keys[i]);
        const char *flow = at ? at + strlen(keys[i]) : NULL;
        Span found = flow && (*flow == '[' || *flow == '{') ? verdict_take_flow(flow) : (Span){0};

        if (found.size > 0)
            return (Span){.data = at, .size = (size_t) (found.data - at) + found.size};
    }
    return (Span){0};
}
