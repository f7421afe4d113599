// SPDX-License-Identifier: Apache-2.0
#include "trace.h"

#include "judge.h"

const char *trace_mark_name(TraceMark mark) {
    static const char *const names[] = {
        [TRACE_UNJUDGED] = "not judged", [TRACE_UNSET] = "not set", [TRACE_FREE] = "free",
        [TRACE_ALLOWED] = "allowed",     [TRACE_DENIED] = "denied", [TRACE_INVALID] = "invalid",
        [TRACE_DROPPED] = "not sent",
    };

    return (size_t) mark < ARRAY_SIZE(names) ? names[mark] : "not judged";
}

TraceEntry *trace_note(Trace *trace, const TraceEntry *entry) {
    TraceEntry *copy;

    if (!trace)
        return NULL;
    copy = entry->place ? arena_alloc(trace->arena, sizeof(*copy)) : NULL;
    if (!copy) {
        trace->n_lost++;
        return NULL;
    }
    *copy = *entry;
    copy->next = NULL;
    if (trace->last)
        trace->last->next = copy;
    else
        trace->first = copy;
    trace->last = copy;
    return copy;
}

/* Keys of JSON differ by their case, names of headers don't. */
static bool trace_is_place(const TraceEntry *entry, const char *place) {
    return strcmp(entry->place, place) == 0 || (span_starts_with(span_from(place), SPAN("header ")) &&
                                                span_is_nocase(span_from(entry->place), place));
}

void trace_allow(Trace *trace, const char *place, const char *rule) {
    for (TraceEntry *entry = trace && place ? trace->first : NULL; entry; entry = entry->next) {
        if (entry->mark == TRACE_UNSET || !trace_is_place(entry, place))
            continue;
        entry->mark = TRACE_ALLOWED;
        entry->rule = rule;
        entry->reason = entry->hint = NULL;
    }
}

bool trace_is_told(const TraceEntry *entry, const char *reason) {
    size_t n = strlen(entry->place);

    return entry->value && reason && strncmp(reason, entry->place, n) == 0 && reason[n] == '=' &&
           strcmp(reason + n + 1, entry->value) == 0;
}

static bool trace_says(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

/*
 * Of several entries of one place (a key that stands twice) the one that the objection quotes, else one that
 * was marked already, else the first with nothing said of it yet. *ret_known: the objection stands there.
 */
static TraceEntry *trace_find(const Trace *trace, const TraceEntry *objection, bool *ret_known) {
    TraceEntry *found = NULL;
    int best = -1;

    *ret_known = false;
    for (TraceEntry *entry = trace->first; entry; entry = entry->next) {
        int rank = 2 * trace_is_told(entry, objection->reason) + (entry->mark == TRACE_DENIED);

        if (!trace_is_place(entry, objection->place))
            continue;
        *ret_known = *ret_known || (entry->reason && trace_says(entry->reason, objection->reason) &&
                                    trace_says(entry->rule, objection->rule));
        if (entry->reason || rank <= best)
            continue;
        found = entry;
        best = rank;
    }
    return found;
}

void trace_object(Trace *trace, const TraceEntry *objection, Reason reason) {
    TraceEntry *entry;
    bool known;

    if (!trace)
        return;
    if (!objection->place) {
        trace->n_lost++;
        return;
    }
    entry = trace_find(trace, objection, &known);
    if (known && !(entry && trace_is_told(entry, objection->reason))) /* the same value again is as wrong */
        return;
    if (!entry)
        entry = trace_note(trace, objection);
    if (!entry)
        return;
    entry->mark = reason_http_status(reason) == 403 ? TRACE_DENIED : TRACE_INVALID;
    entry->rule = objection->rule ? objection->rule : reason_label(reason);
    entry->reason = objection->reason ? objection->reason : reason_sentence(reason);
    entry->hint = objection->hint;
}

void trace_findings(Trace *trace, const Findings *findings) {
    size_t n = findings->n < LIMIT_FINDINGS ? findings->n : LIMIT_FINDINGS;

    for (size_t i = 0; trace && i < n; i++) {
        const Finding *finding = &findings->items[i];

        trace_object(trace,
                     &(TraceEntry){.place = finding->field && *finding->field ? finding->field : "body",
                                   .rule = finding->rule,
                                   .reason = finding->detail,
                                   .hint = finding->hint},
                     finding->reason);
    }
}

void trace_verdict(Trace *trace, const char *place, const Verdict *verdict) {
    bool has_field = verdict->field && *verdict->field;

    trace_object(trace,
                 &(TraceEntry){.place = has_field ? verdict->field : place,
                               .rule = verdict_rule(verdict),
                               .reason = verdict_detail(verdict),
                               .hint = verdict->hint},
                 verdict->reason);
}
