// SPDX-License-Identifier: Apache-2.0
/*
 * `explain --all`: each place that was looked at with its verdict, as a table or as JSON.
 */
#pragma once

#include "daemon/buffer.h"
#include "policy/trace.h"

/* A line a place, with its own verdict and what is wrong there. */
void fields_print(const Trace *trace);

/* `, "fields": […], "fields_lost": N`. 0 or −ENOMEM. */
int fields_append_json(Buffer *out, const Trace *trace);
