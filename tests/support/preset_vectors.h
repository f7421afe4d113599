// SPDX-License-Identifier: Apache-2.0
/*
 * The vectors of a preset, a file each: that there is one, that they are all about it, and that they say all
 * of it: what it allows is in its file, and nothing beside; and of the ways out of a container, whether it
 * has them.
 */
#pragma once

#include "daemon/buffer.h"
#include "daemon/ctl/vector.h"

/* A line each of what the file of the preset lacks, appended to `why`. */
void preset_vectors_check(const Config *config, const char *preset, const VectorFile *file, Buffer *why);

/* The files of the folder that are no preset's, appended to `why`. */
void preset_vectors_check_folder(const char *folder, Buffer *why);
