// SPDX-License-Identifier: Apache-2.0
/*
 * Which entries of a policy have run out: for `quaygate check`.
 */
#pragma once

#include "policy_warn.h"

/*
 * Its own entries whose end has come at `now`, at most `room` of them; how many. What it includes says so
 * itself. What there is no memory to say is left out.
 */
size_t grant_warnings(const Policy *policy, int64_t now, Arena *arena, PolicyWarning *ret, size_t room);
