// SPDX-License-Identifier: Apache-2.0
/*
 * What an engine's answer says of the object that a request names: whether it is the very one that the engine
 * will take by that name.
 */
#pragma once

#include "needs.h"
#include "rules.h"

/* A member that is a text, and not an empty one. NULL: none is; `object` may be NULL. */
const BodyNode *found_text(const BodyNode *object, const char *key);

/* It is the one that the container was in before. */
bool found_is_known(const Need *need);

/* Another container may have been found by the beginning of its ID: then nobody has the name. */
bool found_has_name(const Need *need, const BodyNode *answer);

/* Where the policy lists images, one that it lists has such a name. */
bool found_is_listed(Arena *arena, const PatternList *images, const BodyNode *answer);

/*
 * Where a network's name is sent and no ID, the engine may find another one by it than the one that it told
 * of: it lets a container into the local network whose ID begins so before it asks the swarm for one of that
 * very name, which comes first in an inspect (moby daemon/network.go, FindNetwork; network_routes.go,
 * getNetwork). A whole ID that was found as such is nobody else's.
 */
bool found_is_certain(const Need *need, const BodyNode *answer);
