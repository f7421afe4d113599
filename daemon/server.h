// SPDX-License-Identifier: Apache-2.0
/*
 * Owns the lot: loop, listeners, clients, audit trail, the config in force. Signals come in here, and with
 * them reload and end.
 */
#pragma once

#include "config.h"

typedef struct Server Server;

/* Opens the audit sinks and every listener. −errno, logged. `config` is referenced. */
int server_new(Config *config, Server **ret);
int server_ring(const Server *server); /* the descriptor of its io_uring, for the sandbox; −EBADF: none */
Server *server_free(Server *server);   /* accepts NULL, returns NULL */

/* Serves until SIGTERM or SIGINT has been obeyed. 0, or −errno when the loop itself failed. */
int server_run(Server *server);
