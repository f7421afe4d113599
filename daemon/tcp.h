// SPDX-License-Identifier: Apache-2.0
/* What a connection over TCP is told, to a client or to the engine. */
#pragma once

/*
 * No delay, and a peer that has vanished is noticed after two minutes, even in a stream that is quiet for
 * days (TIME_KEEPALIVE_…). Linux hands all of it down from a listening socket to those it accepts. What fails
 * is left out: 0, or the first failure's −errno.
 */
int tcp_set_options(int fd);
