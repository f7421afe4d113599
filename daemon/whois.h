// SPDX-License-Identifier: Apache-2.0
/*
 * The name of a client's container, asked of the engine by the full ID that the kernel told: GET
 * /containers/ID/json. What is known of it then hangs on the ID: another container that takes the name later
 * is another client.
 */
#pragma once

#include "config.h"
#include "engine.h"
#include "env.h"

typedef struct Whois Whois;

typedef enum WhoisState {
    WHOIS_FAILED = 0, /* whois_why */
    WHOIS_RUNNING,
    WHOIS_DONE, /* whois_take_name */
} WhoisState;

/*
 * `container`: 64 digits. `wake` comes from the loop whenever whois_run may get further. NULL: out of memory.
 */
Whois *whois_new(const Env *env, const Config *config, const char *container, ConnNotify wake, void *arg);
Whois *whois_free(Whois *whois); /* accepts NULL, returns NULL */

/* Goes as far as it can. */
WhoisState whois_run(Whois *whois);

/* When it must be over, CLOCK_MONOTONIC; by then it has failed. */
uint64_t whois_deadline_usec(const Whois *whois);

const char *whois_why(const Whois *whois); /* for people; static */
char *whois_take_name(Whois *whois); /* without the slash; heap, the caller's; NULL: taken, or not done */
