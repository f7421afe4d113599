// SPDX-License-Identifier: Apache-2.0
/*
 * What a container names by name since it was made, and who may have taken that name meanwhile: the looks of
 * ContainerCreate say whose an image, a volume or a network is at that moment, and the engine finds each by
 * its name a little later; a network, whenever the container starts (moby daemon/container_operations.go,
 * allocateNetwork). So who starts, or reads, a container that hasn't started yet is held against what it has
 * got.
 *
 * What nobody's label is on passes: who may do so gave it to the container. So does a network that it was in
 * before. By names alone a name is whose it was, and nothing is asked.
 */
#pragma once

#include "needs.h"

/*
 * Adds what must be looked at; `from`: the need that `answer`, a ContainerInspect's, is of. False: no memory.
 */
bool needs_made(const Policy *policy, const Operation *operation, const Need *from, const BodyNode *answer,
                Arena *arena, Needs *needs);
