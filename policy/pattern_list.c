// SPDX-License-Identifier: Apache-2.0
#include "pattern_list.h"

#include "keys.h"
#include "rule_read.h"

bool pattern_list_is_any(const DocNode *node) {
    return node->type == DOC_SCALAR && span_is(node->scalar, "any");
}

bool pattern_list_read(Arena *arena, DocErrors *errors, const DocNode *node, const char *what,
                       PatternList *ret) {
    Pattern *items;

    if (node->type != DOC_SEQUENCE) {
        doc_error(errors, node->mark, "%s must be a list, or the word any", what);
        return false;
    }
    items = arena_alloc_array(arena, node->n + 1, sizeof(*items));
    if (!items) {
        doc_error(errors, node->mark, "out of memory");
        return false;
    }
    for (size_t i = 0; i < node->n; i++) {
        const DocNode *item = node->items[i];
        Span text;

        if (!keys_read_text(errors, item, what, &text))
            return false;
        items[i].text = rule_copy_text(arena, errors, item);
        items[i].glob = rule_read_glob(arena, errors, item, text);
        if (!items[i].text || !items[i].glob)
            return false;
    }
    *ret = (PatternList){.given = true, .items = items, .n = node->n};
    return true;
}
