// SPDX-License-Identifier: Apache-2.0
/*
 * What a request itself says of a scope: the names it gives to what it makes, the labels it sends; and the
 * labels that are put on what is made. Only under a policy with a scope.
 */
#pragma once

#include "edit.h"
#include "judge.h"
#include "request.h"
#include "scope.h"

/* Findings of what it names or labels against the scope. `body` may be NULL. */
void scope_judge(Arena *arena, const Scope *scope, const Rules *rules, const Request *request,
                 const Body *body, Findings *ret);

/*
 * Puts the scope's labels into the body of what makes a container, network, volume or service, over what
 * `containers.set` may have put there. Only after scope_judge had nothing against it. More edits are put
 * behind those in *edits. REASON_OK, or REASON_NO_MEMORY, after which `body` must not be sent. `body` may be
 * NULL.
 */
Reason scope_edit(Arena *arena, const Scope *scope, const Operation *operation, Body *body, Edits *edits);
