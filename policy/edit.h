// SPDX-License-Identifier: Apache-2.0
/*
 * Puts what `containers.set` of a policy has into the body of ContainerCreate, ServiceCreate and
 * ServiceUpdate, where a client left it out: absent, null, or the zero value that Go takes for "not set".
 * What a client says, stays, and is judged; but a label that the policy names has the policy's value. An
 * object of another type than dockerd's is left to the judge. quaygate.yaml(5), Defaults, has the table.
 */
#pragma once

#include "body.h"
#include "routes.h"
#include "rules.h"

typedef struct Edits {
    const char **items; /* "HostConfig.Memory=536870912": what was put in, printable (arena) */
    size_t n;           /* 0: the body is as it came */
} Edits;

/*
 * The HostConfig of a ContainerCreate, for what is taken out of it as meaning nothing. NULL: there is none,
 * or the policy wouldn't judge it. `body` may be NULL.
 */
BodyNode *edits_host_config(const Operation *operation, const Rules *rules, Body *body);

/* One more, which must live as long as the arena. False: no memory. */
bool edits_note(Arena *arena, Edits *edits, const char *text);

/*
 * REASON_OK; or REASON_NO_MEMORY, after which `body` may have some of the edits and must not be sent.
 * `body` may be NULL. Nothing is put in twice: a second call changes nothing.
 */
Reason edit_body(Arena *arena, const Operation *operation, const Rules *rules, Body *body, Edits *ret);
