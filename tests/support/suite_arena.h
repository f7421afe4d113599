// SPDX-License-Identifier: Apache-2.0
/*
 * The arena of a suite of unit tests, for its .init and .fini; bodies' keys are hashed the same in each run.
 */
#pragma once

#include "policy/body.h"

extern Arena *arena; /* the running test's */

void suite_arena_make(void);
void suite_arena_free(void);

/* To be freed; it can't fail. */
Body *suite_body(const char *json);
