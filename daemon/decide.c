// SPDX-License-Identifier: Apache-2.0
#include "decide.h"

void decide_request(const Policy *policy, const HostView *view, const Request *request, Body *body,
                    Arena *arena, bool looking, Trace *trace, Verdict *ret) {
    bool passed;

    *ret = (Verdict){0};
    policy_decide_traced(policy, request, body, arena, looking, trace, ret);
    passed = ret->effect == EFFECT_ALLOW;
    hostfs_check(view, policy, arena, ret);
    if (passed && ret->effect != EFFECT_ALLOW)
        trace_verdict(trace, "body", ret);
}

void decide_look(Looks *looks, const HostView *view, unsigned status, Span body) {
    looks_take(looks, status, body);
    if (looks->over)
        return;
    hostfs_check(view, looks->policy, looks->arena, looks->verdict);
    looks->over = looks->verdict->effect != EFFECT_ALLOW;
}
