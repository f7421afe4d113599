// SPDX-License-Identifier: Apache-2.0
/*
 * HostConfig.ContainerIDFile. `docker run --cidfile FILE` sends the path along though the command itself
 * writes the file; dockerd only tells it in an inspect. Podman, too, has it for who made the container, and
 * removes the file of that path with it (libpod/runtime_ctr.go), as root, on the host: so the judge has the
 * field closed. That ordinary clients get along, it is taken out of what is judged and sent.
 */
#pragma once

#include "edit.h"

/* Whether that is what stands at `key` of this HostConfig, and would be left out. */
bool cidfile_is_set(const BodyNode *host, Span key);

/*
 * Puts null in its place in a ContainerCreate, unless the policy wouldn't judge it, and adds to `edits` that
 * it did. REASON_OK; or REASON_NO_MEMORY: `body` must not be sent. `body` may be NULL.
 */
Reason cidfile_leave_out(Arena *arena, const Operation *operation, const Rules *rules, Body *body,
                         Edits *edits);
