// SPDX-License-Identifier: Apache-2.0
/*
 * Under a scope an answer to a look that says neither what is there nor that nothing is would tell that there
 * is something: whose, nobody knows. The beginning of more than one ID is such a name: dockerd answers 500
 * until it had 400 for it (20.10: daemon.GetContainer and daemon/cluster/helpers.go; 400 since, which looks
 * take for absent), Podman 500 for a network's and an image's. So is an object that is being removed just
 * then, or one of which too much is told.
 *
 * Whether it is the name or the engine says a second look, at a name that nobody has: an engine that knows of
 * that one that it isn't there is well, so it was the name, and that is answered as what is out of the scope
 * is.
 */
#pragma once

#include "need.h"
#include "policy.h"

/* No ID begins so. Should something be called so, nothing is asked of it but whether it is there. */
#define DOUBT_NAME "quaygate-nobody"

/* Whether the client must not be told of the difference. */
bool doubt_concerns(const Policy *policy, const Need *need);

/* What to GET then (arena). NULL: no memory. */
const char *doubt_target(Arena *arena, const Request *request, const Need *need);

/* Whether an engine that answers it so is well. */
bool doubt_is_settled(unsigned status);

/*
 * A deny: to the client what is out of the scope, or a name that is taken; on record `reason` (LOOK_FAILED,
 * LOOK_UNREADABLE), and that it was taken so.
 */
Verdict doubt_verdict(Arena *arena, const Need *need, Reason reason);
