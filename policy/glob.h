// SPDX-License-Identifier: Apache-2.0
/*
 * Patterns over names and paths: `?` one byte but `/`, `*` any run within a segment, `**` any run across
 * segments, everything else itself; no brackets, no escapes, no locale. Matching takes time pattern ×
 * input at worst, by walking the set of live positions, never by backtracking.
 */
#pragma once

#include "arena.h"

typedef struct Glob Glob;

/* NULL: empty, over LIMIT_PATTERN_BYTES, or out of memory. Lives in `arena`. */
const Glob *glob_compile(Arena *arena, Span pattern);
bool glob_match(const Glob *glob, Span text);
bool glob_is_literal(const Glob *glob); /* no wildcard in it */

/* Whether some text matches both. For tools: it takes time and room pattern × pattern. */
bool glob_meets(const Glob *a, const Glob *b);

// `/srv/**` also matches `/srv` itself: a subtree holds its root. Only a whole last segment of `**`
// does this, and `/**` never matches the empty text.
