// SPDX-License-Identifier: Apache-2.0
/*
 * What the engine told of objects, kept for a while. Two are made of it:
 *
 * For `answers: {restore: true}`, what clients of a policy were told by an inspect, and what the engine had
 * said: from that restore.h puts values back. An updater removes a container before it makes it anew, so that
 * by then nobody else knows them. One policy's are never another's.
 *
 * For looks, what the engine said of an exec instance and of its container (looks.h, looks_known): whose
 * request made us ask makes no difference, for each policy judges it itself.
 *
 * There are secrets in it: no more than the limits say, for no longer (a timer sees to that), overwritten
 * before they go, gone with a reload and with the daemon, which leaves no core. The newest of a name is kept;
 * where there is no room, the policy's oldest go.
 */
#pragma once

#include <event2/event.h>

#include "policy/base.h"
#include "policy/limits.h"

typedef struct Kept Kept;

typedef struct KeptLimits {
    size_t object_bytes; /* of one, with what it takes to keep it */
    size_t objects;      /* of one policy */
    size_t policy_bytes;
    size_t bytes; /* of all */
    unsigned seconds;
} KeptLimits;

#define KEPT_LIMITS_RESTORE                                                                                  \
    ((KeptLimits){LIMIT_KEPT_OBJECT_BYTES, LIMIT_KEPT_OBJECTS, LIMIT_KEPT_POLICY_BYTES, LIMIT_KEPT_BYTES,    \
                  TIME_KEPT_SECONDS})
#define KEPT_LIMITS_LOOKS                                                                                    \
    ((KeptLimits){LIMIT_KNOWN_OBJECT_BYTES, LIMIT_KNOWN_OBJECTS, LIMIT_KNOWN_BYTES, LIMIT_KNOWN_BYTES,       \
                  TIME_KNOWN_SECONDS})

Kept *kept_new(struct event_base *base, KeptLimits limits); /* NULL: out of memory */
Kept *kept_free(Kept *kept);                                /* accepts NULL, returns NULL */

typedef struct KeptItem {
    unsigned kind;      /* the keeper's own */
    const char *policy; /* "": everybody's */
    Span name, id;      /* of the object */
    Span came, went;    /* the engine's answer, and what the client got of it */
} KeptItem;

/* Copies it. Too large, or no memory: it isn't kept. `now_usec`: of the monotonic clock. */
void kept_add(Kept *kept, const KeptItem *item, uint64_t now_usec);

/* By the name or the full ID; the newest. Valid until the next call. NULL: there is none. */
const KeptItem *kept_find(const Kept *kept, const char *policy, unsigned kind, Span name, uint64_t now_usec);

void kept_forget_old(Kept *kept, uint64_t now_usec);
void kept_clear(Kept *kept);

size_t kept_bytes(const Kept *kept); /* of all that is kept */
