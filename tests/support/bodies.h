// SPDX-License-Identifier: Apache-2.0
/*
 * JSON bodies of any size, for benchmarks and for tests of limits: what clients send, and what nobody
 * sends but an attacker who wants to see a parser's memory grow.
 */
#pragma once

#include "policy/base.h"

/* `open`, then pieces with `between`, then `close`. In a piece `#` stands for its number, so keys differ. */
typedef struct BodyShape {
    const char *name;
    const char *open;
    const char *piece;
    const char *between;
    const char *close;
} BodyShape;

/* By its name; NULL: there is none. */
const BodyShape *body_shape_find(const char *name);

/* All but those that begin with "create": the nasty ones. */
const BodyShape *body_shapes_nasty(size_t *ret_n);

/* Exactly `size` bytes, which must hold at least one piece, padded with spaces at the end; to be freed. */
Span body_shape_write(const BodyShape *shape, size_t size);
