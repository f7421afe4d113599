// SPDX-License-Identifier: Apache-2.0
/*
 * What a request names of images and needs.c can't read off a row of its table: an image's tag may stand
 * beside its name, in another parameter; and one that is given by its ID has its names at the engine alone.
 */
#pragma once

#include "needs.h"

/* Adds what must be looked at, or says in `needs` why the request can't be taken for one image. `body`: NULL,
 * none. */
void needs_images(const Policy *policy, const Request *request, Body *body, Arena *arena, Needs *needs);

/*
 * What is deleted or pushed is a name of an image, not the image: it goes to the engine as it is. But what
 * is, or could be, an ID or the beginning of one is sent whole.
 */
bool needs_image_keeps_name(Arena *arena, const Request *request);
