// SPDX-License-Identifier: Apache-2.0
/*
 * What a good config gives away, and what in it does nothing: for `--check` and `quaygate check`.
 */
#pragma once

#include "config.h"

/*
 * One line a warning, FILE:LINE: warning: policy NAME: …; how many. A preset stands in no file: where a
 * listener has it, the warning is at that listener. What has run out is told by the clock. 0 too where there
 * is no memory to look.
 */
size_t config_print_warnings(const Config *config, FILE *out);
