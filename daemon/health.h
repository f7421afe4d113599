// SPDX-License-Identifier: Apache-2.0
/*
 * Whether the engine answers: GET /_ping on a connection of its own, for whoever asks. However often and by
 * however many that is, the engine hears of one question in TIME_HEALTH_SECONDS.
 */
#pragma once

#include "conn.h"
#include "env.h"

typedef struct Health Health;

/* `config` is looked at with each question. `heard` comes from the loop when an answer is there. */
Health *health_new(const Env *env, Config *const *config, ConnNotify heard, void *arg); /* NULL: no memory */
Health *health_free(Health *health); /* accepts NULL, returns NULL */

/* The upstream may be another. */
void health_forget(Health *health);

/* True: *ret_up is known. False: the engine is being asked, and `heard` will come, within some seconds. */
bool health_ask(Health *health, bool *ret_up);
