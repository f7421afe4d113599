// SPDX-License-Identifier: Apache-2.0
#include "decide.h"

void decide_request(const Policy *policy, const HostView *view, const Request *request, Body *body,
                    Arena *arena, Trace *trace, Verdict *ret) {
    bool passed;

    *ret = (Verdict){0};
    policy_decide_traced(policy, request, body, arena, trace, ret);
    passed = ret->effect == EFFECT_ALLOW;
    hostfs_check(view, policy, arena, ret);
    if (passed && ret->effect != EFFECT_ALLOW)
        trace_verdict(trace, "body", ret);
}
