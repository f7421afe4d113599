// SPDX-License-Identifier: Apache-2.0
/*
 * The sockets that systemd passed (sd_listen_fds(3)), and which listener of a config takes which of them:
 * `fd://NAME` all of that name (FileDescriptorName=), `fd://` all that no other listener names. They stay
 * open at their numbers for as long as the daemon runs: whoever listens has duplicates, so that a reload
 * finds them again, and the nodes of unix sockets are systemd's.
 */
#pragma once

#include "config.h"

typedef struct Passed {
    size_t n;
    char **names; /* n of them; NULL where nothing was passed */
} Passed;

int passed_read(Passed *ret); /* 0, also where there are none; −errno */
void passed_done(Passed *passed);

int passed_fd(size_t i); /* the descriptor of the i-th; not to be closed */

/* Once, before the first config is loaded: no bind mount may reach them by a pattern (config_guard.h).
 * −ENOMEM. */
int passed_guard(void);

/* Whether config->listeners[index] takes the i-th. */
bool passed_is_for(const Passed *passed, size_t i, const Config *config, size_t index);

/*
 * A listener whose socket wasn't passed is −ENOENT; so is a socket that no listener takes: who connects to
 * it would wait for ever, since systemd holds it open. Logged.
 */
int passed_check(const Passed *passed, const Config *config);
