// SPDX-License-Identifier: Apache-2.0
/*
 * Writes what the engine calls an object in the place of what the client called it, so that a rename, an ID's
 * beginning that somebody else's object shares, or a name that looks like an ID changes nothing between the
 * look and the act (T-012, T-103).
 */
#pragma once

#include "needs.h"

/*
 * All that have an ID: in the path and the query of request->sent, which what was judged stays beside, and in
 * the body. *ret_edits (arena) tells of those in the body, "HostConfig.PidMode=container:4f…", *ret_n of
 * them. REASON_OK, or REASON_NO_MEMORY, after which neither may be sent.
 */
Reason pin_all(const Needs *needs, Arena *arena, Request *request, const char ***ret_edits, size_t *ret_n);
