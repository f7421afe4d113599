// SPDX-License-Identifier: Apache-2.0
/*
 * Narrows what tells of many objects, or removes many, by the engine's own filters, merged with the client's:
 * entries of `label` hold together, so the scope's are added; its names become one regular expression, where
 * the client has none and the engine has such a filter. Lists are cut besides (scope_keep.h); what removes
 * must be held by the filters alone. What is merged goes into request->sent. Only under a policy with a
 * scope.
 */
#pragma once

#include "request.h"
#include "scope.h"

/* The filters by which `operation`, a list, tells of what is in the scope (arena). NULL: no memory. */
const char *scope_filter_text(Arena *arena, const Scope *scope, const char *operation);

/*
 * Nothing to do for what isn't SCOPE_LISTS, nor ImageCommit and ImageBuild, whose labels stand in the query
 * too, nor VolumeDelete, whose `force` reaches another volume. REASON_OK; or why it can't be narrowed, in
 * *ret_field (static) and *ret_detail (arena): QUERY_NOT_ALLOWED, SCOPE_OPERATION; or NO_MEMORY.
 */
Reason scope_filter(Arena *arena, const Scope *scope, Request *request, const char **ret_field,
                    const char **ret_detail);
