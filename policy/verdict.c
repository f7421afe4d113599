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
