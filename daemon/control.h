// SPDX-License-Identifier: Apache-2.0
/*
 * The other server: /metrics, /healthz, /readyz and /top on the socket of `metrics:`. It has connections,
 * limits and times of its own, so that nobody can use up there what the gate's clients need.
 *
 *   /healthz  200: the loop turns
 *   /readyz   200: the engine answers, and the audit trail can be written; else 503, and what is wrong
 *   /metrics  Prometheus' text
 *   /top      JSON, for `quaygate top`
 */
#pragma once

#include "client.h"

typedef struct Control Control;

/* What it looks at, in the server; all outlive it. env->metrics must be there. */
typedef struct ControlView {
    const Env *env;
    Config *const *config;
    Client *const *clients;
} ControlView;

Control *control_new(const ControlView *view); /* NULL: out of memory */
Control *control_free(Control *control);       /* closes all; accepts NULL, returns NULL */

/* A new connection, whose `fd` it takes; `allowed`: by the rules of its listener. */
void control_accept(Control *control, int fd, bool allowed);

/* The config is another, and so may the engine be. */
void control_update(Control *control);
