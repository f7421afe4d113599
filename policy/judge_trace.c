// SPDX-License-Identifier: Apache-2.0
/*
 * What the walk over a body tells a trace. Values are shown as reasons quote them: the audit trail has the
 * same rules.
 */
#include "judgement.h"

/*
 * Whether a reason would quote a text that stands here: its own judge does, or that of the object it is in. A
 * map's values never are, and what no judge looks at may be anything (Env, Cmd).
 */
static bool judge_may_quote(const Field *field) {
    if (field->judge == JUDGE_ENV) /* which looks at names */
        return false;
    if (field->rule)
        return !span_is(field->name, "{}");
    switch ((int) (field->parent ? field->parent->judge : JUDGE_FREE)) {
    case JUDGE_MOUNT:
    case JUDGE_DEVICE:
    case JUDGE_DEVICE_LIMIT:
    case JUDGE_PORT:
    case JUDGE_SERVICE_PORT:
        return true;
    default:
        return false;
    }
}

/* NULL: no memory. `field` is NULL where nobody knows one. */
static const char *judge_show(Arena *arena, const Field *field, const BodyNode *value) {
    BodyType type = body_type(value);

    if (type == BODY_TYPE_NULL)
        return "null";
    if (!field || !judge_type_fits(field->type, type))
        return "…";
    switch (type) {
    case BODY_TYPE_OBJECT:
        return arena_printf(arena, "%zu keys", body_size(value));
    case BODY_TYPE_ARRAY:
        return arena_printf(arena, "%zu elements", body_size(value));
    case BODY_TYPE_STRING:
        if (body_string(value).size == 0)
            return "\"\"";
        return judge_may_quote(field) ? body_show(arena, value) : "…";
    case BODY_TYPE_NULL:
    case BODY_TYPE_BOOL:
    case BODY_TYPE_INTEGER:
    case BODY_TYPE_REAL:
        break;
    }
    return body_show(arena, value);
}

/* Whether a field is only there to hold others. */
static bool judge_only_holds(const Field *field, const BodyNode *value) {
    bool holds = field && (field->type == FIELD_OBJECT || field->type == FIELD_MAP ||
                           field->type == FIELD_ARRAY || field->type == FIELD_STRSLICE);

    return holds && !field->rule && judge_type_fits(field->type, body_type(value)) && !body_is_zero(value);
}

TraceEntry *judgement_note(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    if (!j->trace || !place || judge_only_holds(field, value))
        return NULL;
    return trace_note(j->trace, &(TraceEntry){.place = place_show(j->trace->arena, place),
                                              .value = judge_show(j->trace->arena, field, value),
                                              .rule = field ? field->rule : NULL});
}

void judgement_mark(Judgement *j, TraceEntry *entry, size_t before, TraceMark mark) {
    if (entry && entry->reason == NULL)
        entry->mark = j->findings->n > before ? TRACE_DENIED : mark;
}

void judgement_trace_rest(Judgement *j, const Place *place, Reason reason, const Finding *finding,
                          const char *text) {
    TraceEntry objection = {.place = place_show(j->trace->arena, place), .rule = finding->rule};

    if (objection.place)
        objection.reason = arena_printf(j->trace->arena, "%s%s", objection.place, text);
    trace_object(j->trace, &objection, reason);
}

void judgement_allow(Judgement *j, const Place *above, const char *member, const char *rule) {
    Place at = PLACE_BELOW(above, member);

    if (j->trace)
        trace_allow(j->trace, place_show(j->trace->arena, &at), rule);
}
