// SPDX-License-Identifier: Apache-2.0
#include "pin.h"

/* What is sent, begun as what was judged. NULL: no memory. */
static Target *pin_target(Arena *arena, Request *request) {
    Target *sent;

    if (request->sent)
        return request->sent;
    sent = arena_alloc(arena, sizeof(*sent));
    if (sent)
        *sent = request->target;
    return request->sent = sent;
}

/* The object is a piece of the path that was judged: the pieces around it stay. */
static bool pin_path(Arena *arena, Request *request, const char *id) {
    Target *sent = pin_target(arena, request);
    Span path = request->target.path, object = request->object;
    size_t before = (size_t) (object.data - path.data), behind = before + object.size;
    const char *text = arena_printf(arena, "%.*s%s%.*s", (int) before, path.data, id,
                                    (int) (path.size - behind), path.data + behind);

    if (!sent || !text)
        return false;
    sent->path = span_from(text);
    return true;
}

static bool pin_query(Arena *arena, Request *request, size_t index, const char *text) {
    Target *sent = pin_target(arena, request);
    QueryPair *pairs = sent ? arena_alloc_array(arena, sent->n_query, sizeof(*pairs)) : NULL;

    if (!pairs)
        return false;
    memcpy(pairs, sent->query, sent->n_query * sizeof(*pairs));
    pairs[index].value = span_from(text);
    sent->query = pairs;
    return true;
}

static bool pin_one(const Need *need, Arena *arena, Request *request, const char *text) {
    switch (need->place) {
    case NEED_IN_PATH:
        return pin_path(arena, request, need->id);
    case NEED_IN_QUERY:
        return pin_query(arena, request, need->index, text);
    case NEED_IN_MEMBER:
        return body_set_string(need->node, need->key, text) == 0;
    case NEED_IN_ELEMENT:
        return body_set_string_at(need->node, need->index, text) == 0;
    case NEED_NOWHERE:
        break;
    }
    return true;
}

Reason pin_all(const Needs *needs, Arena *arena, Request *request, const char ***ret_edits, size_t *ret_n) {
    const char **edits = arena_alloc_array(arena, needs->n + 1, sizeof(*edits));
    size_t n = 0;

    if (!edits)
        return REASON_NO_MEMORY;
    for (size_t i = 0; i < needs->n; i++) {
        const Need *need = &needs->items[i];
        bool in_body = need->place == NEED_IN_MEMBER || need->place == NEED_IN_ELEMENT;
        const char *text;

        if (!need->id || !(need->uses & NEED_PINNED))
            continue;
        text = arena_printf(arena, "%.*s%s%.*s", SPAN_FMT(need->before), need->id, SPAN_FMT(need->after));
        if (!text || !pin_one(need, arena, request, text))
            return REASON_NO_MEMORY;
        if (in_body && !(edits[n++] = arena_printf(arena, "%s=%s", need->field, text)))
            return REASON_NO_MEMORY;
    }
    *ret_edits = edits;
    *ret_n = n;
    return REASON_OK;
}
