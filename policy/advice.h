// SPDX-License-Identifier: Apache-2.0
/*
 * What a client is told to do instead of an operation that can't be judged, whoever asks: BuildKit's and the
 * websocket. The sentence goes into the answer, not only into what `quaygate explain` says.
 */
#pragma once

#include "routes.h"

typedef enum AdviceCase {
    ADVICE_NOT_ALLOWED = 0, /* no entry grants it: to name the operation is another way out */
    ADVICE_DENIED,          /* an entry of `deny` speaks of it, so that no entry of `allow` would help */
} AdviceCase;

/* Static; NULL: nothing to say, also where `operation` is NULL. */
const char *advice_find(const Operation *operation, AdviceCase which);
