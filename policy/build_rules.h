// SPDX-License-Identifier: Apache-2.0
/*
 * The `build:` part of a policy: what ImageBuild may ask for in its query (T-089). All zero is the strictest
 * that still builds: the engine's default network or none, and no address that the engine would fetch.
 */
#pragma once

#include "pattern_list.h"

typedef struct BuildRules {
    bool has_networks; /* given; else `none` and `default` */
    bool any_network;  /* networks: any */
    PatternList networks;
    bool has_remote;
    bool remote;
} BuildRules;

/*
 * Reads `build:` from YAML, copying into `arena`. Mistakes go to `errors`; then the result is incomplete and
 * must not be used.
 */
void build_rules_read(Arena *arena, DocErrors *errors, const DocNode *mapping, BuildRules *ret);

/*
 * `network` as in the query; empty is the engine's `default`, as is `bridge`. `host` and `container:…` lead
 * out of the build's own network, so a pattern with a wildcard doesn't match them.
 */
bool build_rules_allow_network(const BuildRules *rules, Span network);
