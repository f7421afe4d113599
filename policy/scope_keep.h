// SPDX-License-Identifier: Apache-2.0
/*
 * Holds an answer against the scope, as the View goes over it: what an element of a list is about, whom a
 * container names, which IDs a failure's sentence tells. The engine's own filters (scope_filter.h) only save
 * work: nothing is taken for in the scope because an engine listed it.
 */
#pragma once

#include "looks.h"
#include "scope.h"
#include "view.h"

typedef struct ScopeKeep {
    const Scope *scope;
    const Request *request;
    const Looks *looks; /* what was looked at for the request; NULL: nothing */
    Arena *arena;
} ScopeKeep;

/*
 * Where `view` (view_choose's) waits to be told what the scope has. `keep` and all that is borrowed by it
 * must outlive the view.
 */
void scope_keep_begin(ScopeKeep *keep, const Policy *policy, const Request *request, const Looks *looks,
                      Arena *arena, View *view);
