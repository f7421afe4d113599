// SPDX-License-Identifier: Apache-2.0
/*
 * Which of the engine's objects a request is about, and which of them must be looked at before the policy's
 * word on it is final: some things only the engine knows (T-012, T-075, T-076, T-103). needs_rows.h says
 * where requests name them.
 *
 * Without need of a look is a policy that wouldn't judge what the answer tells: `profile: privileged` with no
 * key beside it that speaks of it. The preset `all` costs nothing.
 */
#pragma once

#include "need.h"
#include "policy.h"

/*
 * False where nothing of such a request is ever looked at under the policy: a quick answer for most requests.
 */
bool needs_concern(const Policy *policy, const Request *request);

/* All that must be looked at, in order of place. `body` may be NULL, and is only read. */
void needs_collect(const Policy *policy, const Request *request, Body *body, Arena *arena, Needs *ret);
