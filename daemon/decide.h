// SPDX-License-Identifier: Apache-2.0
/*
 * The question that the daemon and the command put alike, so that what `explain` says is what the daemon
 * does. The only caller of policy_decide_traced.
 */
#pragma once

#include "hostfs.h"
#include "policy/looks.h"

/*
 * The verdict: the policy's, and where the host's files are in `view`, what becomes of host paths behind
 * their links. `trace` hears what was looked at; it may be NULL, and changes nothing. `looking`: the caller
 * goes on with looks_begin, so this isn't the last word; without, what only a look could tell is denied.
 */
void decide_request(const Policy *policy, const HostView *view, const Request *request, Body *body,
                    Arena *arena, bool looking, Trace *trace, Verdict *ret);

/* looks_take, and the same with the host paths that the answer names. */
void decide_look(Looks *looks, const HostView *view, unsigned status, Span body);
