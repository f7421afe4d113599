// SPDX-License-Identifier: Apache-2.0
/*
 * The containers or services of a scope, by their IDs and names, from a list of the engine's: who is told of
 * in passing, as a network's members are, is held against them. Nothing is ever asked of what isn't in a
 * scope.
 */
#pragma once

#include "routes.h"
#include "scope.h"

typedef struct Members {
    const char **ids; /* and containers' names, without `/`; arena */
    size_t n;
    size_t room;
} Members;

/*
 * Adds what is in the scope in a list's text (an array). False: it can't be read for certain, or no memory.
 */
bool members_read(Members *members, Arena *arena, const Scope *scope, ScopeKind kind, Span text);

bool members_have(const Members *members, Span id);

/*
 * Whether the object that the engine told of, `answer`, names containers which `operation` would tell a
 * client: a network its members, a container those that it shares something with.
 */
bool members_are_named(const Operation *operation, const BodyNode *answer);
