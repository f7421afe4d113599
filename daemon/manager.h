// SPDX-License-Identifier: Apache-2.0
/*
 * What the service manager says in our environment, and what it is told: sd_listen_fds(3),
 * sd_watchdog_enabled(3) and sd_notify(3), by libsystemd, which is loaded where the environment speaks of a
 * manager. A container has none, and is spared the library with the four that it brings, compression and a
 * second cryptography: 950 KiB of the idle daemon. All of it must be asked before the sandbox is entered.
 */
#pragma once

#include "policy/base.h"

#define MANAGER_FIRST_FD 3 /* passed sockets begin there */

/* How many sockets were passed to us; 0: none. −errno as below. */
int manager_n_passed(void);

/*
 * The same; *ret_names has the name of each (FileDescriptorName=, "unknown"), to be freed as *ret_names
 * itself is, and is NULL where there are none. −EINVAL where it can't be told, −ENOMEM, −ELIBACC where the
 * library isn't there, or −errno of a descriptor that isn't. None of them stays open over an exec.
 */
int manager_passed(char ***ret_names);

/* Whether somebody listens to manager_tell. Without the library nobody does, and a warning says so. */
bool manager_listens(void);

/* "READY=1\nSTATUS=…". Nothing happens where nobody listens; 0 or −errno, which is nobody's loss. */
int manager_tell(const char *format, ...) PRINTF_LIKE(1, 2);

/* How often it wants to hear WATCHDOG=1, at the latest; 0: it doesn't. */
uint64_t manager_watchdog_usec(void);
