// SPDX-License-Identifier: Apache-2.0
/*
 * Host paths as dockerd reads them: Go's filepath.Clean, lexically (T-071, T-072). Symlinks are the
 * kernel's and out of reach here (T-073).
 */
#pragma once

#include "arena.h"

/*
 * The cleaned path (arena), or NULL: not absolute, has a NUL or a `..` component, or no memory. A `..`
 * could be cleaned as dockerd does, but what it means changes where a component before it is a symlink.
 */
const char *hostpath_clean(Arena *arena, Span path);

/* Absolute, without NUL and `..`: what hostpath_clean() takes. */
bool hostpath_is_sound(Span path);

/*
 * Component by component: /srv/data/x is in /srv/data, as is /srv/data itself; /srv/database isn't (T-072).
 */
bool hostpath_is_in(Span path, Span tree);

/*
 * True for a path that gives the host away by itself: kernel file systems, the engine's and quaygate's
 * own places (T-096), whatever is below them, and their parents. Takes a cleaned path.
 */
bool hostpath_is_protected(Span path);

/* The same without the parents: all below such a `path` is protected too. */
bool hostpath_is_below_protected(Span path);
