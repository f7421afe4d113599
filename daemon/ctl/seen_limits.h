// SPDX-License-Identifier: Apache-2.0
/*
 * What `containers: {limits: …}` would have to be: those that each container and service asked for when it
 * was made, and the most of it.
 */
#pragma once

#include "policy/body.h"
#include "policy/routes.h"

typedef enum SeenLimitKey {
    SEEN_MEMORY = 0,
    SEEN_CPUS, /* in billionths */
    SEEN_PIDS,
    SEEN_LIMITS_
} SeenLimitKey;

typedef struct SeenLimit {
    uint64_t n_asked; /* by what was made */
    int64_t most;     /* of updates too */
    bool without;     /* somebody asked for none, or for what can't be told */
} SeenLimit;

typedef struct SeenLimits {
    uint64_t n_made;
    SeenLimit items[SEEN_LIMITS_];
} SeenLimits;

void seen_limits_take(SeenLimits *limits, const Operation *operation, const BodyNode *root);

/* 0: none that would hold for all. */
int64_t seen_limits_get(const SeenLimits *limits, SeenLimitKey key);

/* "512MiB", "1.5", "100": as limits has it (arena). NULL: no memory. */
const char *seen_limits_show(Arena *arena, SeenLimitKey key, int64_t value);
