// SPDX-License-Identifier: Apache-2.0
/*
 * `attach: output` of a policy: who attaches to a container reads what it prints, and types nothing into it.
 * A request that asks for its input is refused, and of one that doesn't, what the client sends after the
 * upgrade goes nowhere: an engine that connects stdin all the same gets nothing to put there.
 */
#pragma once

#include "doc.h"
#include "request.h"
#include "verdict.h"

/* Reads `attach:`: `any` or `output`. Mistakes go to `errors`. */
void attach_rules_read(DocErrors *errors, const DocNode *node, bool *ret_output);

/*
 * What `attach: output` has against a request that its policy allows; REASON_UNDECIDED: nothing. Words are in
 * `arena`.
 */
Verdict attach_rules_judge(Arena *arena, const Request *request);

/* Whether the client's bytes are to be dropped once the connection is the operation's. */
bool attach_rules_drop(const Request *request);

/*
 * Whether an engine would take the value of a boolean parameter for false: moby's httputils.BoolValue
 * (daemon/server/httputils/form.go) has five words for it, in any case, with white space around. Of that only
 * ASCII's counts here, so what this takes for true may be false to dockerd, never the other way.
 */
bool attach_rules_is_false(Span value);
