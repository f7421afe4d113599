// SPDX-License-Identifier: Apache-2.0
/*
 * Entries of `allow:` and `deny:` from YAML to RequestRule. Operations are held against the catalogue,
 * patterns against what they must not name.
 */
#pragma once

#include "doc.h"
#include "rule.h"

typedef enum RuleList {
    RULE_LIST_ALLOW,
    RULE_LIST_DENY,
} RuleList;

/*
 * All entries of `list`, copied into `arena`. Mistakes go to `errors`; then the result is incomplete and
 * must not be used. `zones` gets the time zones that they name.
 */
void rule_read_list(Arena *arena, DocErrors *errors, ZoneList *zones, RuleList kind, const DocNode *list,
                    const RequestRule **ret, size_t *ret_n);

/* Copies for the compiled policy: YAML's tree may go before it. Report when there is no memory. */
const char *rule_copy_text(Arena *arena, DocErrors *errors, const DocNode *node);
const Glob *rule_read_glob(Arena *arena, DocErrors *errors, const DocNode *node, Span pattern);
