// SPDX-License-Identifier: Apache-2.0
/*
 * An image has many names, and a request acts on the one that it says: what is in the scope by one of its
 * names isn't so by another.
 */
#pragma once

#include "scope.h"

/*
 * Whether the image that the engine told of as `answer` is in the scope by `name`, under which it was asked
 * for, as far as names go. By an ID it is so where any of its names is; `all`: where all of them are.
 */
bool scope_image_has(Arena *arena, const Scope *scope, Span name, const BodyNode *answer, bool all);

/* Whether an image may get the name, be it free or not; as docker.io/library/NAME, too. */
bool scope_image_may_have(Arena *arena, const Scope *scope, Span name);
