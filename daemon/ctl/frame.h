// SPDX-License-Identifier: Apache-2.0
/*
 * What /top says, as lines of text. Names in it are clients': they are shown through text_show().
 */
#pragma once

#include "daemon/buffer.h"
#include "policy/body.h"

/* How much there is room for; 0: as much as there is. */
typedef struct FrameSize {
    size_t rows;
    size_t columns;
} FrameSize;

typedef struct FrameStyle {
    const char *bold, *alarm, *reset; /* escape sequences, or "" */
} FrameStyle;

/*
 * Appends the frame of `now`, an object; `before` is another of some time ago, for rates, or NULL. Each line
 * ends with a newline. 0; −ENOMEM; −EPROTO: it isn't what /top says.
 */
int frame_write(Buffer *out, Arena *arena, const BodyNode *now, const BodyNode *before, double seconds,
                FrameSize size, const FrameStyle *style);
