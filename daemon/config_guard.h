// SPDX-License-Identifier: Apache-2.0
/*
 * What no bind mount may reach by a pattern on this installation (T-096): the engine's socket and its data
 * root, our sockets, logs, config and key file, and what the config's `protect` names. And where the bind
 * mounts that its policies name lead.
 */
#pragma once

#include "config.h"

/*
 * What every config_guard guards besides: sockets that this process was started with (passed.h), which no
 * config has the paths of. Before the first; `paths` is borrowed for good.
 */
void config_guard_also(const char *const *paths, size_t n);

/*
 * Tells the policies of `set`: the config's, or others that are to be judged as if they were. Once, when all
 * else is read. 0; or −errno, since not everything is guarded, and in *ret_place the path at which that
 * showed (the config's), or NULL: no memory.
 */
int config_guard(Config *config, PolicySet *set, const char **ret_place);
