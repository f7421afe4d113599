// SPDX-License-Identifier: Apache-2.0
#include "kept.h"

#include <stdlib.h>

#include "clock.h"

#define KEPT_LOOK_SECONDS 30 /* how often it is looked for what is too old */

/* One allocation: the texts stand behind it. */
typedef struct KeptNode {
    struct KeptNode *next; /* older */
    uint64_t added_usec;
    size_t size; /* of the allocation */
    KeptItem item;
} KeptNode;

struct Kept {
    KeptNode *newest;
    size_t bytes;
    struct event *timer;
    KeptLimits limits;
};

static void kept_drop(Kept *kept, KeptNode **link) {
    KeptNode *node = *link;

    *link = node->next;
    kept->bytes -= node->size;
    explicit_bzero(node, node->size);
    free(node);
}

/* --- age */

static bool kept_is_old(const Kept *kept, const KeptNode *node, uint64_t now_usec) {
    return now_usec - node->added_usec >= kept->limits.seconds * 1000000ull;
}

void kept_forget_old(Kept *kept, uint64_t now_usec) {
    KeptNode **link = &kept->newest;

    while (*link && !kept_is_old(kept, *link, now_usec))
        link = &(*link)->next;
    while (*link) /* whatever is behind is older still */
        kept_drop(kept, link);
}

/* While there is something. */
static void kept_arm(Kept *kept) {
    const struct timeval pause = {.tv_sec = KEPT_LOOK_SECONDS};

    if (kept->newest && !event_pending(kept->timer, EV_TIMEOUT, NULL))
        (void) event_add(kept->timer, &pause);
}

static void kept_on_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    kept_forget_old(arg, clock_monotonic_usec());
    kept_arm(arg);
}

/* --- its life */

Kept *kept_new(struct event_base *base, KeptLimits limits) {
    Kept *kept = calloc(1, sizeof(*kept));

    if (!kept)
        return NULL;
    kept->limits = limits;
    kept->timer = evtimer_new(base, kept_on_timer, kept);
    return kept->timer ? kept : kept_free(kept);
}

void kept_clear(Kept *kept) {
    while (kept->newest)
        kept_drop(kept, &kept->newest);
}

Kept *kept_free(Kept *kept) {
    if (!kept)
        return NULL;
    kept_clear(kept);
    if (kept->timer)
        event_free(kept->timer);
    free(kept);
    return NULL;
}

size_t kept_bytes(const Kept *kept) {
    return kept->bytes;
}

/* --- room */

/* Links to the oldest, of a policy or (NULL) of all; *ret_n, *ret_bytes: what there is. */
static KeptNode **kept_oldest(Kept *kept, const char *policy, size_t *ret_n, size_t *ret_bytes) {
    KeptNode **oldest = NULL;

    *ret_n = *ret_bytes = 0;
    for (KeptNode **link = &kept->newest; *link; link = &(*link)->next) {
        if (policy && strcmp((*link)->item.policy, policy) != 0)
            continue;
        oldest = link;
        ++*ret_n;
        *ret_bytes += (*link)->size;
    }
    return oldest;
}

static void kept_make_room(Kept *kept, const char *policy, size_t size) {
    KeptNode **oldest;
    size_t n, bytes;

    while ((oldest = kept_oldest(kept, policy, &n, &bytes)) &&
           (n >= kept->limits.objects || bytes + size > kept->limits.policy_bytes))
        kept_drop(kept, oldest);
    while ((oldest = kept_oldest(kept, NULL, &n, &bytes)) && bytes + size > kept->limits.bytes)
        kept_drop(kept, oldest);
}

/* --- objects */

static bool kept_is_of(const KeptNode *node, const char *policy, unsigned kind) {
    return node->item.kind == kind && strcmp(node->item.policy, policy) == 0;
}

static char *kept_copy(char *to, Span from, Span *ret) {
    if (from.size > 0)
        memcpy(to, from.data, from.size);
    *ret = (Span){to, from.size};
    return to + from.size;
}

static KeptNode *kept_new_node(const KeptItem *item, size_t size) {
    KeptNode *node = malloc(size);
    Span policy;
    char *at;

    if (!node)
        return NULL;
    *node = (KeptNode){.size = size, .item = {.kind = item->kind}};
    at = kept_copy((char *) (node + 1), (Span){item->policy, strlen(item->policy) + 1}, &policy);
    node->item.policy = policy.data;
    at = kept_copy(at, item->name, &node->item.name);
    at = kept_copy(at, item->id, &node->item.id);
    at = kept_copy(at, item->came, &node->item.came);
    (void) kept_copy(at, item->went, &node->item.went);
    return node;
}

void kept_add(Kept *kept, const KeptItem *item, uint64_t now_usec) {
    size_t size = sizeof(KeptNode) + strlen(item->policy) + 1 + item->name.size + item->id.size +
                  item->came.size + item->went.size;
    KeptNode *node;

    kept_forget_old(kept, now_usec);
    for (KeptNode **link = &kept->newest; *link;)
        if (kept_is_of(*link, item->policy, item->kind) && span_equals((*link)->item.name, item->name))
            kept_drop(kept, link);
        else
            link = &(*link)->next;
    if (size > kept->limits.object_bytes)
        return;
    kept_make_room(kept, item->policy, size);
    node = kept_new_node(item, size);
    if (!node)
        return;
    node->added_usec = now_usec;
    node->next = kept->newest;
    kept->newest = node;
    kept->bytes += size;
    kept_arm(kept);
}

const KeptItem *kept_find(const Kept *kept, const char *policy, unsigned kind, Span name, uint64_t now_usec) {
    for (const KeptNode *node = kept->newest; node && !kept_is_old(kept, node, now_usec); node = node->next)
        if (kept_is_of(node, policy, kind) &&
            (span_equals(node->item.name, name) || span_equals(node->item.id, name)))
            return &node->item;
    return NULL;
}
