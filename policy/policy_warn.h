// SPDX-License-Identifier: Apache-2.0
/*
 * What a policy gives away, and which of its rules do nothing: for `quaygate check`. Nothing here changes a
 * verdict.
 */
#pragma once

#include "policy.h"

#define POLICY_WARNINGS_MAX 256u

typedef struct PolicyWarning {
    const char *origin; /* "FILE:LINE" of the rule, or of the policy where it is the whole, or an include */
    const char *text;   /* without a full stop; static or in the arena */
} PolicyWarning;

/*
 * Fills at most POLICY_WARNINGS_MAX; how many. What it includes counts, since that allows as much. What
 * there is no memory to say is left out.
 */
size_t policy_warnings(const Policy *policy, Arena *arena, PolicyWarning ret[static POLICY_WARNINGS_MAX]);
