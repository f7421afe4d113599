// SPDX-License-Identifier: Apache-2.0
/*
 * What clients of a policy with `answers: {restore: true}` were told of an object, and what the engine had
 * said: from that restore.h puts values back. An updater removes a container before it makes it anew, so that
 * by then nobody else knows them.
 *
 * They are secrets in memory: no more than the limits below, no longer than TIME_KEPT_SECONDS (a timer sees
 * to that), overwritten before they go, gone with a reload and with the daemon, which leaves no core. One
 * policy's are never another's. The newest of a name is kept; where there is no room, the policy's oldest go,
 * and then a placeholder is refused.
 */
#pragma once

#include <event2/event.h>

#include "policy/restore.h"

typedef struct Kept Kept;

Kept *kept_new(struct event_base *base); /* NULL: out of memory */
Kept *kept_free(Kept *kept);             /* accepts NULL, returns NULL */

typedef struct KeptItem {
    RestoreKind kind;
    const char *policy;
    Span name, id;   /* of the object */
    Span came, went; /* the engine's answer, and what the client got of it */
} KeptItem;

/* Copies it. Too large, or no memory: it isn't kept. `now_usec`: of the monotonic clock. */
void kept_add(Kept *kept, const KeptItem *item, uint64_t now_usec);

/* By the name or the full ID; the newest. Valid until the next call. NULL: there is none. */
const KeptItem *kept_find(const Kept *kept, const char *policy, RestoreKind kind, Span name,
                          uint64_t now_usec);

void kept_forget_old(Kept *kept, uint64_t now_usec);
void kept_clear(Kept *kept);

size_t kept_bytes(const Kept *kept); /* of all texts */
