// SPDX-License-Identifier: Apache-2.0
/*
 * What a policy's `containers:` gives away, for `quaygate check`: each rule that leads to root on the host,
 * with how, and what a pattern means that no string can hold (T-073).
 */
#pragma once

#include "rules.h"

#define RULES_WARNINGS_MAX 64u

/*
 * Sentences without a full stop, at most RULES_WARNINGS_MAX, static or in `arena`; how many. What there is
 * no memory to say is left out.
 */
size_t rules_warnings(const Rules *rules, Arena *arena, const char *ret[static RULES_WARNINGS_MAX]);
