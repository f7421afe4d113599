// SPDX-License-Identifier: Apache-2.0
/*
 * `until`, `when` and `zone` of an entry of `allow:`, from YAML to a Grant.
 */
#pragma once

#include "grant.h"

/* What an entry of any list has in common: whether one of the keys stands there. */
bool grant_is_given(const DocNode *entry);

/*
 * Copied into `arena`; NULL: none of the keys is there, or there are mistakes (in `errors`). `zones` gets
 * those that are named.
 */
const Grant *grant_read(Arena *arena, DocErrors *errors, ZoneList *zones, const DocNode *entry);
