// SPDX-License-Identifier: Apache-2.0
/*
 * For `check`: what an operation's answers give away under a policy's `answers:`.
 */
#pragma once

#include "answers.h"

/* False: the operation has no row in answers_warn.def. *ret: a static sentence, or NULL: it is all hidden. */
bool answers_warning(const Answers *answers, const Operation *operation, const char **ret);

/* A key that hides what no operation that the policy allows could tell, as "redact_env"; NULL: none does. */
const char *answers_idle_key(const Answers *answers, unsigned told);
