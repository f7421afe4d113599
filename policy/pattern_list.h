// SPDX-License-Identifier: Apache-2.0
/*
 * A list of patterns over names, as `exec:` and `build:` have them, from YAML.
 */
#pragma once

#include "doc.h"
#include "rules.h"

/*
 * The items of `node`, copied into `arena`. False when it is no list of patterns, which is reported as a
 * mistake of `what`.
 */
bool pattern_list_read(Arena *arena, DocErrors *errors, const DocNode *node, const char *what,
                       PatternList *ret);

/* The plain word `any` in the place of a list. */
bool pattern_list_is_any(const DocNode *node);
