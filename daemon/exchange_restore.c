// SPDX-License-Identifier: Apache-2.0
/*
 * `answers: {restore: true}`: what an inspect told is kept, and put back into a body before that is judged.
 */
#include "exchange_impl.h"

/* Only of an answer that could be read for certain, and as the client gets it. */
void exchange_keep(Exchange *x) {
    RestoreKind kind = restore_tells(x->listener->policy, &x->request);
    KeptItem item = {.kind = kind, .policy = policy_name(x->listener->policy)};
    Arena *arena;

    if (kind == RESTORE_NONE || x->head->status != 200)
        return;
    item.came = filter_came(x->filter);
    item.went = filter_goes(x->filter);
    arena = item.came.size <= LIMIT_KEPT_OBJECT_BYTES ? arena_new(LIMIT_ARENA_BYTES) : NULL;
    if (arena && restore_read_names(arena, kind, item.came, &item.name, &item.id))
        kept_add(x->host.env->kept, &item, clock_monotonic_usec());
    arena_free(arena);
}

bool exchange_put_back(Exchange *x) {
    const Policy *policy = x->listener->policy;
    RestoreKind kind;
    const KeptItem *item;
    Span name;

    kind = restore_wants(policy, &x->request, x->body, x->arena, &name);
    if (kind == RESTORE_NONE)
        return true;
    item = kept_find(x->host.env->kept, policy_name(policy), kind, name, clock_monotonic_usec());
    if (!item) {
        x->restored.why = "nothing is known of an object of that name, so nothing is put back";
        return true;
    }
    return restore_body(x->arena, &x->request, x->body, item->came, item->went, &x->restored) == REASON_OK;
}

bool exchange_note_put_back(Exchange *x) {
    Verdict *verdict = &x->verdict;
    const char **edits;

    if (verdict->reason == REASON_PLACEHOLDER && x->restored.why)
        verdict->detail = arena_printf(x->arena, "%s; %s", verdict_detail(verdict), x->restored.why);
    if (x->restored.n == 0 || verdict->effect != EFFECT_ALLOW)
        return true;
    edits = arena_alloc_array(x->arena, verdict->n_edits + x->restored.n, sizeof(*edits));
    if (!edits)
        return false;
    memcpy(edits, x->restored.edits, x->restored.n * sizeof(*edits));
    if (verdict->n_edits > 0)
        memcpy(edits + x->restored.n, verdict->edits, verdict->n_edits * sizeof(*edits));
    verdict->edits = edits;
    verdict->n_edits += x->restored.n;
    return true;
}
