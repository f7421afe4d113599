// SPDX-License-Identifier: Apache-2.0
/*
 * How long a command waits in all for somebody who answers byte by byte.
 */
#pragma once

#include <stdint.h>

/*
 * What is left until `until_usec` (of CLOCK_MONOTONIC) goes to the next call on the socket. 0 or −errno;
 * −EAGAIN, as that call has it, when nothing is left.
 */
int patience_give(int fd, uint64_t until_usec);
