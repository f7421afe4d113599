// SPDX-License-Identifier: Apache-2.0
/*
 * `containers:` of a policy from YAML to Rules.
 */
#pragma once

#include "doc.h"
#include "rules.h"

/* Copies into `arena`. After a mistake (in `errors`) *ret must not be used. */
void rules_read(Arena *arena, DocErrors *errors, const DocNode *mapping, Rules *ret);
