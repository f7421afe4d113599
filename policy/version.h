// SPDX-License-Identifier: Apache-2.0
/*
 * Which API version a request is sent with. dockerd reads an unversioned path as its newest version
 * (T-006), and that may be newer than what we know: it is sent with a version, so that what is judged
 * is what the engine reads. `outside: clamp` moves a version into the window.
 */
#pragma once

#include "policy.h"

/* Whether version_settle has to know the newest version that the engine speaks. */
bool version_needs_engine(const Request *request);

/*
 * Writes the version into request->target, before anything is judged. `engine_minor`: the engine's newest,
 * 0 if not known; then an unversioned path stays as it is.
 */
void version_settle(const ApiVersions *versions, Request *request, unsigned engine_minor);

/* "1.41" → 41; 0: not a version of that form. */
unsigned version_parse(Span text);
