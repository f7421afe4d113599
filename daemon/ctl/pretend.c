// SPDX-License-Identifier: Apache-2.0
#include "pretend.h"

#include "policy/doubt.h"
#include "policy/keys.h"

void pretend_read(Arena *arena, DocErrors *errors, const DocNode *node, Pretend *ret) {
    PretendAnswer *answers;
    size_t n = 0;

    if (node->type != DOC_MAPPING) {
        doc_error(errors, node->mark, "engine must be a mapping of paths to what the engine answers");
        return;
    }
    answers = arena_alloc_array(arena, node->n + 1, sizeof(*answers));
    if (!answers) {
        doc_error(errors, node->mark, "out of memory");
        return;
    }
    for (size_t i = 0; i < node->n; i++) {
        const DocPair *pair = &node->pairs[i];

        if (!span_starts_with(pair->key.scalar, SPAN("/")))
            doc_error(errors, pair->key.mark, "a path is written without its version: /containers/NAME/json");
        else if (keys_read_text(errors, pair->value, "the engine's answer", &answers[n].text))
            answers[n++].path = pair->key.scalar;
    }
    *ret = (Pretend){.answers = answers, .n = n};
}

/* Without "/v1.41". */
static Span pretend_bare(const char *target) {
    Span path = span_from(target);

    if (path.size > 6 && span_starts_with(path, SPAN("/v1.")) && path.data[6] == '/')
        return (Span){path.data + 6, path.size - 6};
    return path;
}

Reason pretend_ask(const Pretend *engine, const char *target, unsigned *ret_status, Span *ret_text) {
    Span path = pretend_bare(target);

    for (size_t i = 0; i < engine->n; i++) {
        Span text = engine->answers[i].text;

        if (!span_equals(engine->answers[i].path, path))
            continue;
        if (span_is(text, "failing"))
            return REASON_LOOK_FAILED;
        if (span_is(text, "silent"))
            return REASON_LOOK_TIMEOUT;
        *ret_status = span_is(text, "absent") ? 404 : span_is(text, "broken") ? 500 : 200;
        *ret_text = text;
        return REASON_OK;
    }
    if (!memmem(path.data, path.size, DOUBT_NAME, strlen(DOUBT_NAME)))
        return REASON_LOOK_MISSING;
    *ret_status = 404; /* an engine is well unless it is said otherwise */
    return REASON_OK;
}
