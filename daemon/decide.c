// SPDX-License-Identifier: Apache-2.0
#include "decide.h"

void decide_request(const Policy *policy, const HostView *view, const Request *request, Body *body,
                    Arena *arena, Verdict *ret) {
    *ret = (Verdict){0};
    policy_decide(policy, request, body, arena, ret);
    hostfs_check(view, policy, arena, ret);
}
