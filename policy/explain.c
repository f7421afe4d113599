// SPDX-License-Identifier: Apache-2.0
#include "explain.h"

#include "text.h"

/* What a sentence speaks of: "ContainerCreate", or "GET /foo" where no row knows it. */
static const char *explain_subject(Arena *arena, const Request *request) {
    const char *method, *path;

    if (!request)
        return "request";
    if (request->operation)
        return request->operation->id;
    method = method_name(request->method);
    path = text_show(arena, request->target.path, LIMIT_VALUE_SHOWN);
    if (!method || !path || path[0] == '\0')
        return "request";
    return ARENA_JOIN(arena, method, " ", path);
}

/* Whatever went into it was made safe where it was quoted; a control byte here would forge a line. */
static char *explain_disarm(char *text) {
    size_t size = text ? strlen(text) : 0;

    for (size_t i = 0; i < size; i++) {
        i += bytes_until_control((Span){.data = text + i, .size = size - i});
        if (i < size)
            text[i] = '?';
    }
    for (char *p = text; p && (p = strchr(p, 0x7f));)
        *p = '?';
    return text;
}

char *explain_sentence(Arena *arena, const Verdict *verdict, const Request *request, const char *policy,
                       const char *id) {
    static const char *const acts[] = {
        [EFFECT_DENY] = "denied",
        [EFFECT_ALLOW] = "allowed",
        [EFFECT_OBSERVE] = "would be denied",
    };
    const char *rule = verdict_rule(verdict), *detail = verdict_detail(verdict);
    const char *advice = verdict->advise && verdict->hint ? verdict->hint : NULL;
    const char *tail = id ? " [request " : "", *end = id ? "]" : "";
    const char *by = policy ? " by policy " : "", *subject;

    id = id ? id : "";
    policy = policy ? policy : "";
    /* In the engine's own words: nobody can tell what isn't there from what isn't to be seen. */
    if ((verdict->reason == REASON_OBJECT_ABSENT || verdict->reason == REASON_NAME_TAKEN) &&
        verdict->effect == EFFECT_DENY)
        return explain_disarm(arena_copy(arena, span_from(verdict->told ? verdict->told : detail)));
    if (verdict->effect == EFFECT_INVALID)
        return explain_disarm(
            ARENA_JOIN(arena, "quaygate: request refused: ", detail, " (", rule, ")", tail, id, end));
    if (verdict->effect == EFFECT_ERROR)
        return explain_disarm(ARENA_JOIN(arena, "quaygate: ", detail, " (", rule, ")", tail, id, end));

    subject = explain_subject(arena, request);
    if (verdict->effect == EFFECT_ALLOW)
        return explain_disarm(ARENA_JOIN(arena, "quaygate: ", subject, " ", acts[verdict->effect], by, policy,
                                         " (", rule, ")", tail, id, end));
    return explain_disarm(ARENA_JOIN(arena, "quaygate: ", subject, " ", acts[verdict->effect], by, policy,
                                     ": ", detail, " (", rule, ")", advice ? ": " : "", advice ? advice : "",
                                     tail, id, end));
}
