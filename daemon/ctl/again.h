// SPDX-License-Identifier: Apache-2.0
/*
 * A recorded decision as a request again, to be put to another policy: the target as it came, and of the body
 * what its facts say. Where the verdict hangs on something that isn't on record (a withheld value, a body
 * without facts, headers), the answer is that it can't be told.
 */
#pragma once

#include "dry_run.h"
#include "trail.h"

typedef struct Again {
    const char *untold; /* why no verdict can be had of this record at all (static); NULL: one can */
    Span method, target;
    int64_t now;                  /* when it was asked, in seconds since 1970; 0: not known */
    bool was_allowed, was_denied; /* of what was denied by its head nobody has looked at the rest */
    bool was_looked;              /* and denied for what the engine said of an object */
    bool has_body;
    Span body;             /* JSON in the shape of the body; withheld values have a stand-in */
    Span other;            /* the same with another stand-in; .data NULL: nothing is withheld */
    const char **withheld; /* places of these: "Labels[\"a\"]", "query.buildargs" */
    size_t n_withheld;
    bool redacted;     /* a value of the query is among them */
    bool body_is_told; /* false: there was one, and not all that is judged of it is on record */
} Again;

/* Everything in *ret is in `arena`, which is of one record, or of the record. */
void again_read(Arena *arena, const TrailRecord *record, Again *ret);

/* Whether a text of the body or the query only stands for one that is withheld. */
bool again_is_stand_in(Span text);

typedef struct AgainVerdict {
    bool told;
    const char *why; /* where it isn't (static) */
    DryRun run;      /* its request and verdict; to be ended with dry_run_done */
} AgainVerdict;

/* `config` has the limits, versions and the view of the host. */
void again_judge(const Again *again, const Config *config, const Policy *policy, Arena *arena,
                 AgainVerdict *ret);
