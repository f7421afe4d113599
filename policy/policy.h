// SPDX-License-Identifier: Apache-2.0
/*
 * A compiled, immutable policy and the question put to it. Pure: no I/O, clock, environment or loop; the
 * daemon, `quaygate explain`, the tests and the fuzzers call the same functions.
 */
#pragma once

#include "body.h"
#include "request.h"
#include "trace.h"
#include "verdict.h"

typedef struct Policy Policy; /* lives as long as its set (compile.h) */

/* `api_versions:`. Holds for every policy of a config. */
typedef struct ApiVersions {
    unsigned min_minor;        /* min: 1.24 → 24 */
    unsigned min_judged_minor; /* min_judged: where a body is judged; 40 */
    unsigned max_minor;        /* max: `known` is the newest in routes.def */
    bool clamp;                /* outside: clamp: moved into the window instead of refused */
} ApiVersions;

ApiVersions api_versions_default(void);

const char *policy_name(const Policy *policy);
bool policy_is_preset(const Policy *policy); /* built in */
bool policy_observes(const Policy *policy);  /* mode: observe */
Policy *policy_observer(Policy *policy);     /* the same in mode observe, of the same set; NULL: no memory */
bool policy_has_scope(const Policy *policy); /* its `scope:` is given */
size_t policy_n_rules(const Policy *policy); /* entries of the lists that hold: allow, joined, and deny */
const struct Rules *policy_rules(const Policy *policy); /* its `containers:`; lives as long as it */

/*
 * The verdict where not the policy but the form of a request (request_seal, body_parse) or the engine
 * decided: its effect follows from the reason's status. `detail` may be NULL.
 */
Verdict verdict_from_reason(Reason reason, const char *detail);

/*
 * Where the rule stands that refused: "FILE:LINE" of the entry, of the policy's section that the rule is of,
 * or of the policy; "not allowed by any rule" where no entry speaks of the request. NULL: nothing was refused
 * by the policy.
 */
const char *policy_where(const Policy *policy, const Verdict *verdict);

/*
 * Whether the body must be collected (at most the config's body_bytes) and given to policy_decide:
 * the operation's body is judged, and what the head says doesn't deny it already.
 */
bool policy_wants_body(const Policy *policy, const Request *request);

/*
 * The moment up to which the policy's lists surely go on to allow the head of `request`, which they do at
 * request->now; whoever lets something go on for longer asks again then. POLICY_FOREVER: without limit, as
 * under `mode: observe`. 0: not any more, and policy_decide says why. Of several entries the last counts.
 */
#define POLICY_FOREVER INT64_MAX
int64_t policy_holds_until(const Policy *policy, const Request *request);

/* Whether any of that hangs on request->now: whether an entry of its lists holds for a time. */
bool policy_hangs_on_time(const Policy *policy);

/*
 * When it ends, from request->now on: over windows that follow each other. POLICY_FOREVER: not within weeks.
 */
int64_t policy_ends_at(const Policy *policy, const Request *request);

/* What the policy's lists say of the head alone. */
void policy_decide_head(const Policy *policy, const Request *request, Arena *arena, Verdict *ret);

/*
 * Whether the policy lets a container mount `path` (absolute, cleaned): for a host path, once it is resolved.
 */
bool policy_allows_host_path(const Policy *policy, Span path, bool readonly);

/*
 * The verdict on a sealed request, at request->now. `body`: what policy_wants_body asked for, NULL when there
 * was none to read; what `containers.set` has and the client left out is put into it, and the verdict is on
 * the edited body. Where ret->n_edits isn't 0, body_dump() of it must be sent instead of the client's bytes.
 * A deny under `mode: observe` comes out as EFFECT_OBSERVE; there the client's bytes are sent as they came,
 * and nothing is in ret->edits.
 */
void policy_decide(const Policy *policy, const Request *request, Body *body, Arena *arena, Verdict *ret);

/*
 * The same, and `trace` (which may be NULL) is told of everything that is looked at; the verdict is the same.
 * But with `looking`, for who goes on with looks.h: what a look can tell is left to that.
 */
void policy_decide_traced(const Policy *policy, const Request *request, Body *body, Arena *arena,
                          bool looking, Trace *trace, Verdict *ret);
