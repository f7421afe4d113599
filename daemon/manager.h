// SPDX-License-Identifier: Apache-2.0
/*
 * What the service manager says in our environment, and what it is told, by systemd's documented protocols
 * (sd_listen_fds(3), sd_watchdog_enabled(3), sd_notify(3): "stable", and meant to be spoken without its
 * library). libsystemd would bring four libraries more that nothing here calls, compression and a second
 * cryptography, into a process that is as good as root: a fifth of the idle daemon's memory.
 */
#pragma once

#include "policy/base.h"

#define MANAGER_FIRST_FD 3 /* passed sockets begin there */

/*
 * How many sockets were passed to us; *ret_names has the name of each (FileDescriptorName=, "unknown"), to be
 * freed as *ret_names itself is. 0: none were, and *ret_names is NULL. −EINVAL where that can't be told,
 * −ENOMEM, or −errno of a descriptor that isn't there. None of them stays open over an exec.
 */
int manager_passed(char ***ret_names);

/* Whether somebody listens to manager_tell. */
bool manager_listens(void);

/* "READY=1\nSTATUS=…". Nothing happens where nobody listens; 0 or −errno, which is nobody's loss. */
int manager_tell(const char *format, ...) PRINTF_LIKE(1, 2);

/* How often it wants to hear WATCHDOG=1, at the latest; 0: it doesn't. */
uint64_t manager_watchdog_usec(void);
