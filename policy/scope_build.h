// SPDX-License-Identifier: Apache-2.0
/*
 * ImageBuild under a scope. What a Dockerfile names (FROM, COPY --from) is in a stream that nobody reads, and
 * would be anybody's image, by name or ID, and anybody's cached layers. So a build is made to pull what it
 * names
 * (`pull=1`: moby daemon/images/image_builder.go, GetImageAndReleasableLayer, looks at no image that is
 * there) and to use no cache (`nocache=1`: builder/dockerfile/imageprobe.go). What it makes gets the scope's
 * labels, by `labels`, which come last (dockerfile/builder.go, buildLabelOptions). Its names are looked at
 * (needs.c). BuildKit has caches and mounts that everybody shares: its builds are denied.
 */
#pragma once

#include "request.h"
#include "scope.h"

/* What is sent goes into request->sent. As scope_filter(). */
Reason scope_build(Arena *arena, const Scope *scope, Request *request, const char **ret_field,
                   const char **ret_detail);
