// SPDX-License-Identifier: Apache-2.0
/*
 * A look at what goes on now: the clients' connections, and who has been denied. For who asks, not for each
 * request.
 */
#pragma once

#include "client.h"
#include "metrics_text.h"

/* Counts what is open into the places of `metrics`. */
void watch_count(Metrics *metrics, const Client *clients);

/*
 * What `quaygate top` shows, as JSON; after watch_count(). What clients have to do with is in it, safe to
 * print. 0 or −ENOMEM.
 */
int watch_write(Buffer *out, const Metrics *metrics, const MetricsNow *now, const Client *clients);
