// SPDX-License-Identifier: Apache-2.0
/*
 * Lists of paths that an engine masks by itself. dockerd fills HostConfig.MaskedPaths and ReadonlyPaths in
 * where a create left them out, and tells them in an inspect; who makes a container anew from that
 * (Watchtower, What's Up Docker) sends them back. As they stand they would be a choice (T-080), and of
 * another engine's list a bad one: a newer engine masks more. So such a list is taken for what it was before
 * dockerd filled it in, not set: null goes to the engine, which masks what it masks by itself, whatever its
 * version and the machine's CPUs.
 *
 * A list counts as an engine's own if it has all that dockerd has masked since these fields are in the API
 * (v1.38), and nothing that no engine has. One that masks less, or something of its own, is a choice, and the
 * judge's to refuse; so is any in a privileged container, for which the engine would fill in none.
 */
#pragma once

#include "edit.h"

/*
 * Whether what stands at `key` of this HostConfig is such a list. `key` is "MaskedPaths" or "ReadonlyPaths".
 */
bool masks_are_the_engines(const BodyNode *host, Span key);

/*
 * Puts null in the place of such lists in a ContainerCreate, unless the policy wouldn't judge them, and adds
 * to `edits` that it did. REASON_OK; or REASON_NO_MEMORY: `body` must not be sent. `body` may be NULL.
 */
Reason masks_leave_out(Arena *arena, const Operation *operation, const Rules *rules, Body *body,
                       Edits *edits);
