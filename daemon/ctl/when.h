// SPDX-License-Identifier: Apache-2.0
/*
 * Times as people give them on the command line.
 */
#pragma once

#include "policy/base.h"

/*
 * RFC 3339 (policy/time_text.h); a date, 2026-12-01, for its beginning; `now`, `today`, `yesterday`; or how
 * long ago: 90s, 15m, 1h, 2d, 3w, also one behind the other (1h30m). Days are UTC's, as records are. `now`
 * and *ret: microseconds since 1970. NULL, or what is wrong with it (static).
 */
const char *when_parse(const char *text, uint64_t now, uint64_t *ret);
