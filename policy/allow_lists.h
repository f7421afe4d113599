// SPDX-License-Identifier: Apache-2.0
/*
 * What a policy allows: the entries of its own `allow` list and of those that it includes. Nothing else turns
 * a decision into a yes; what they don't grant is denied with what misses to it.
 */
#pragma once

#include "question.h"

/* True: EFFECT_ALLOW in the question's verdict, by the first entry that grants it. False: why none does. */
bool allow_lists_grant(Question *question);

/* `ctx`: a Question. True where an entry that grants the request has a condition on `key` of the query. */
bool allow_lists_name_key(const void *ctx, Span key);

/* Whether the policy lets clients open BuildKit sessions: then it has given up on judging its builds. */
bool allow_lists_have_buildkit(const Policy *policy, int64_t now);
