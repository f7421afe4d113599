// SPDX-License-Identifier: Apache-2.0
/*
 * What a body would need of the lists of a policy. The body is one in the shape of its facts.
 */
#pragma once

#include "seen.h"

/* `root` may be NULL: there was none. */
void seen_take_body(Seen *seen, const Request *request, const BodyNode *root, Arena *arena);

/* A reference as patterns are held against it; `all_tags`: by its name alone. */
void seen_add_image(Seen *seen, Arena *arena, Span text, bool all_tags);
