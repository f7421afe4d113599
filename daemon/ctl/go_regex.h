// SPDX-License-Identifier: Apache-2.0
/*
 * A regular expression of Go's (RE2) as POSIX's extended ones have it, for paths in ASCII: whether a text is
 * all of what it matches, as `^(…)$`. What has no such form is said, not guessed.
 */
#pragma once

#include <regex.h>

#include "policy/arena.h"

/* Of the pattern, once its variables are filled in. */
#define GO_REGEX_BYTES 4096u
/* Atoms that repetitions add, once each {n,m} and + is written out, as regcomp does it. */
#define GO_REGEX_REPEATED 1024u
#define GO_REGEX_DEPTH 64u /* of parentheses */

typedef struct GoRegex {
    regex_t regex;
    bool compiled;
    bool open; /* it has a `|` outside of parentheses: `^a|b$` is `^a` or `b$`, and matches more than it says
                */
} GoRegex;

/* NULL, or why it can't be translated (static). To be ended with go_regex_done() in either case. */
const char *go_regex_compile(Arena *arena, Span pattern, GoRegex *ret);
void go_regex_done(GoRegex *regex);

bool go_regex_matches(const GoRegex *regex, const char *text);
