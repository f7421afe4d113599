// SPDX-License-Identifier: Apache-2.0
#include "doubt.h"

#include "set.h"
#include "text.h"

bool doubt_concerns(const Policy *policy, const Need *need) {
    return policy->scope.given && !need->filters && (need->uses & (NEED_SCOPED | NEED_FREE | NEED_NAMING));
}

const char *doubt_target(Arena *arena, const Request *request, const Need *need) {
    return need_target(arena, request, &(Need){.kind = need->kind, .name = SPAN(DOUBT_NAME)});
}

bool doubt_is_settled(unsigned status) {
    return status == 200 || status == 400 || status == 404;
}

Verdict doubt_verdict(Arena *arena, const Need *need, Reason reason) {
    bool naming = (need->uses & NEED_NAMING) != 0;
    const char *shown = text_show(arena, need->name, LIMIT_VALUE_SHOWN);
    Verdict verdict = verdict_from_reason(naming ? REASON_NAME_TAKEN : REASON_OBJECT_ABSENT, NULL);

    verdict.rule = "scope";
    verdict.field = need->field;
    verdict.told = naming ? need_taken(arena, need) : need_absent(arena, need);
    verdict.detail = arena_printf(arena, "%s %s: %s, taken as out of the scope", need_kind_name(need->kind),
                                  shown ? shown : "…", reason_sentence(reason));
    return verdict.told && verdict.detail ? verdict : verdict_from_reason(REASON_NO_MEMORY, NULL);
}
