// SPDX-License-Identifier: Apache-2.0
/*
 * The smallest policy for what was seen: an entry for each operation, and lists with nothing on them but what
 * was asked for.
 */
#pragma once

#include "seen.h"
#include "yaml_out.h"

/* The pattern of its `scope: {names: …}` (arena); NULL: it has none. */
const char *suggestion_scope_names(const Seen *seen, Arena *arena);

/* As a key of `policies:`; how often each line was seen is in comments. `arena`: for words of its own. */
void suggestion_write(YamlOut *out, const char *name, const Seen *seen, Arena *arena);
