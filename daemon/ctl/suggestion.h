// SPDX-License-Identifier: Apache-2.0
/*
 * The smallest policy for what was seen: an entry for each operation, and lists with nothing on them but what
 * was asked for.
 */
#pragma once

#include "seen.h"
#include "yaml_out.h"

/* As a key of `policies:`; how often each line was seen is in comments. */
void suggestion_write(YamlOut *out, const char *name, const Seen *seen);
