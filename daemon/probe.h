// SPDX-License-Identifier: Apache-2.0
/*
 * A look-up of our own at the engine: one GET on a connection of its own. Now for the engine's API version;
 * an answer's body is not kept.
 */
#pragma once

#include "config.h"
#include "engine.h"
#include "env.h"

typedef struct Probe Probe;

typedef enum ProbeState {
    PROBE_FAILED = 0,
    PROBE_RUNNING,
    PROBE_DONE,
} ProbeState;

/* GET `path` (static). `wake` comes from the loop whenever probe_run may get further. NULL: out of memory. */
Probe *probe_new(const Env *env, const Config *config, const char *path, ConnNotify wake, void *arg);
Probe *probe_free(Probe *probe); /* accepts NULL, returns NULL */

/* Goes as far as it can. */
ProbeState probe_run(Probe *probe);

unsigned probe_status(const Probe *probe);    /* of the answer, when PROBE_DONE */
unsigned probe_api_minor(const Probe *probe); /* 0: the engine didn't say */
