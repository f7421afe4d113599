// SPDX-License-Identifier: Apache-2.0
#include "policies.h"

#include <criterion/criterion.h>

PolicySet *policies_compile_for(Arena *arena, Span text, const ApiVersions *versions, DocErrors *errors) {
    const DocNode *root, *below;
    PolicySet *set;

    *errors = (DocErrors){.arena = arena, .file = "p.yaml"};
    root = doc_parse(arena, text, errors);
    below = root ? doc_get(root, "policies") : NULL;
    set = root ? policy_set_compile(below ? below : root, versions, errors) : NULL;
    cr_assert_not_null(set, "%s", errors->n > 0 ? errors->items[0].message : "no memory");
    return set;
}

PolicySet *policies_compile(Arena *arena, Span text) {
    ApiVersions versions = api_versions_default();
    DocErrors errors;

    return policies_compile_for(arena, text, &versions, &errors);
}
