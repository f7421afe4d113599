// SPDX-License-Identifier: Apache-2.0
/*
 * The question that the daemon and the command put alike, so that what `explain` says is what the daemon
 * does. The only caller of policy_decide.
 */
#pragma once

#include "hostfs.h"
#include "policy/policy.h"

/*
 * The verdict: the policy's, and where the host's files are in `view`, what becomes of host paths behind
 * their links. `trace` hears what was looked at; it may be NULL, and changes nothing.
 */
void decide_request(const Policy *policy, const HostView *view, const Request *request, Body *body,
                    Arena *arena, Trace *trace, Verdict *ret);
