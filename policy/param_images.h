// SPDX-License-Identifier: Apache-2.0
/*
 * Images that a path or a query names, held against `containers: {images: …}`: what may be run is what may be
 * pulled, pushed, built, committed, given another name and asked about, and no other client's images get a
 * new content (T-089, T-090, T-094). `require_digest` holds what is pulled.
 */
#pragma once

#include "imageref.h"
#include "judge.h"
#include "request.h"

/*
 * More findings are put behind those in *ret; `trace` may be NULL. Nothing is found where the operation names
 * no image.
 */
void param_images_judge(Arena *arena, const Request *request, const Rules *rules, Trace *trace,
                        Findings *ret);
