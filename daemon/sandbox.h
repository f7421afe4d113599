// SPDX-License-Identifier: Apache-2.0
/*
 * What the daemon gives up once everything is open, whoever started it: a second fence behind the one that
 * the unit builds (systemd/quaygate.service), and the only one where there is no systemd. From here on
 *
 *   - no program that is executed gains rights (PR_SET_NO_NEW_PRIVS), and no core is dumped, which would hold
 *     what clients sent;
 *   - of root's capabilities those stay that a reload may need (sandbox.c has the table); nobody else has
 *     any;
 *   - files are opened where a reload, a look-up or a log needs it (sandbox_files.c), if the kernel has
 *     Landlock;
 *   - system calls are those of a table (sandbox_calls.c).
 *
 * What can't be had (an old kernel, a container that forbids it) is logged once, and the gate serves without.
 */
#pragma once

#include "config.h"

/*
 * Once, from the main thread, before the loop. `ring`: the io_uring that may be used (ring.h); −EBADF: none.
 */
void sandbox_enter(const Config *config, int ring);

/* Whether opening files is confined: what a reload names elsewhere is −EACCES then. */
bool sandbox_confines_files(void);
