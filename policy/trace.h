// SPDX-License-Identifier: Apache-2.0
/*
 * What was looked at on the way to a verdict, for `quaygate explain --all`: an observer that decide.c,
 * judge.c and params.c tell of each place. The verdict is the same with and without it, and where there is
 * none (NULL) it costs a comparison. A value is noted as a reason would quote it, so one that may be a secret
 * isn't.
 */
#pragma once

#include "arena.h"
#include "reason.h"

typedef enum TraceMark {
    TRACE_UNJUDGED = 0, /* passes unseen: profile privileged, unknown_fields: allow */
    TRACE_UNSET,        /* there, but what it says is "not set" */
    TRACE_FREE,         /* known, and no rule speaks of it */
    TRACE_ALLOWED,      /* its rule lets it pass */
    TRACE_DENIED,
    TRACE_INVALID, /* whatever the policy says */
    TRACE_DROPPED, /* a header that doesn't go on to the engine */
} TraceMark;

/* Strings are static, the policy's, or in an arena that lives as long as the trace. */
typedef struct TraceEntry {
    const char *place;  /* "HostConfig.Privileged", "query.name", "header Host", "operation" */
    const char *value;  /* safe to print; "…" for what may be a secret; NULL: none is there */
    const char *rule;   /* NULL: none speaks of it */
    const char *reason; /* why not; NULL: it passes, or there were too many to word */
    const char *hint;   /* or NULL */
    TraceMark mark;
    struct TraceEntry *next;
} TraceEntry;

typedef struct Trace {
    Arena *arena; /* not the one that the judges use: their memory, hence the verdict, stays the same */
    TraceEntry *first, *last;
    size_t n_lost; /* entries for which there was no memory */
} Trace;

struct Findings;
struct Verdict;

/* Every function here does nothing where `trace` is NULL. */

/* One more place; a copy of `entry`. The copy, or NULL. `entry->place` may be NULL, for want of memory. */
TraceEntry *trace_note(Trace *trace, const TraceEntry *entry);

/* `rule` has looked at what was noted of `place`, and lets it pass. */
void trace_allow(Trace *trace, const char *place, const char *rule);

/* Something is wrong with `place`: marks what was noted of it, or notes it. */
void trace_object(Trace *trace, const TraceEntry *objection, Reason reason);

/* All that are worded. */
void trace_findings(Trace *trace, const struct Findings *findings);

/* Why a whole part doesn't pass: at the verdict's field, or at `place` where it names none. */
void trace_verdict(Trace *trace, const char *place, const struct Verdict *verdict);

/* The reason is `PLACE=VALUE` of this entry, and says no more than they do. */
bool trace_is_told(const TraceEntry *entry, const char *reason);

const char *trace_mark_name(TraceMark mark); /* "not set" */
