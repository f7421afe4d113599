// SPDX-License-Identifier: Apache-2.0
/*
 * Times as RFC 3339 writes them, from and to seconds since 1970 (UTC, no leap seconds). Nobody here asks for
 * the time.
 */
#pragma once

#include "arena.h"

/*
 * `text` is "2026-12-01T18:00:00Z" or "2026-12-01T18:00:00+01:00", fractions of a second are cut off; of the
 * years TIME_CLOCK_FIRST to TIME_CLOCK_LAST. NULL, or what is wrong with it (static, in words that go behind
 * "NAME ").
 */
const char *time_text_parse(Span text, int64_t *ret);

/* "2026-12-01T18:00:00Z" (arena). NULL: no memory. */
char *time_text_show(Arena *arena, int64_t seconds);

/*
 * Whether a clock that says so can be right: within the years that are known. One that was never set isn't.
 */
bool time_is_known(int64_t seconds);
