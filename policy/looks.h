// SPDX-License-Identifier: Apache-2.0
/*
 * The policy's second word: what a request names is looked at, one object after the other, and judged by what
 * the engine answered. Pure: who has an engine asks it, who hasn't brings answers along, or none.
 *
 *     looks_begin → (looks_target → looks_take | looks_fail)* → looks_target says NULL
 *
 * Begun after policy_decide let the request pass: what is denied anyway isn't looked at. Answers are used and
 * forgotten one by one.
 */
#pragma once

#include "members.h"
#include "needs.h"

typedef struct Looks {
    const Policy *policy;
    Request *request;
    Body *body; /* or NULL */
    Arena *arena;
    Verdict *verdict;
    Needs needs;
    Members members; /* of NEED_CONTAINERS, NEED_SERVICES */
    size_t next;     /* of needs: not looked at yet */
    bool over;
} Looks;

/*
 * `verdict`: policy_decide's; where it isn't an allow there is nothing to look at. All of it is borrowed
 * until the end, and `request` and `body` are written to there: see pin.h. request->sent, where set, is what
 * must be sent; so is body_dump() of `body` where verdict->n_edits isn't 0.
 */
void looks_begin(Looks *looks, const Policy *policy, Request *request, Body *body, Arena *arena,
                 Verdict *verdict);

/* What to GET next (arena). NULL: nothing more, *verdict is final. */
const char *looks_target(Looks *looks);

/*
 * The engine's answer to it: `verdict` is final if it says no. Host paths that must be resolved first are
 * in verdict->host_paths, as policy_decide leaves them.
 */
void looks_take(Looks *looks, unsigned status, Span body);

/* There was none, for `reason`: LOOK_MISSING, LOOK_FAILED, LOOK_TIMEOUT, LOOK_UNREADABLE, NO_MEMORY. */
void looks_fail(Looks *looks, Reason reason);
