// SPDX-License-Identifier: Apache-2.0
/*
 * The built-in policies, as the YAML that anybody could have written: they go through the same compiler
 * as a file's.
 */
#pragma once

#include "base.h"

/* A preset's YAML as `quaygate presets NAME` prints it; NULL: no such preset. */
const char *preset_yaml(Span name);
const char *const *preset_names(size_t *ret_n);
