// SPDX-License-Identifier: Apache-2.0
#include "seen_limits.h"

#include <stdio.h>

#define NANO INT64_C(1000000000)
/* Microseconds: where none is named (kernel, Documentation/scheduler/sched-bwc). */
#define CFS_PERIOD 100000

static const BodyNode *limits_member(const BodyNode *object, const char *key) {
    return object ? body_member(object, key) : NULL;
}

static int64_t limits_integer(const BodyNode *object, const char *key) {
    const BodyNode *node = limits_member(object, key);

    return node && body_type(node) == BODY_TYPE_INTEGER ? body_integer(node) : 0;
}

/* Below 0 is without limit, and so is what limits.cpus doesn't take for one. */
static void limits_ask(SeenLimits *limits, SeenLimitKey key, int64_t value, bool made) {
    SeenLimit *limit = &limits->items[key];

    if (key == SEEN_CPUS && value > 0 && value < LIMIT_NANO_CPUS_LEAST)
        value = -1;
    limit->without = limit->without || value < 0;
    limit->n_asked += made && value > 0;
    if (value > limit->most)
        limit->most = value;
}

/* NanoCpus, or a quota and its period, rounded up. */
static int64_t limits_cpus(const BodyNode *object) {
    int64_t nano = limits_integer(object, "NanoCpus"), quota = limits_integer(object, "CpuQuota");
    int64_t period = limits_integer(object, "CpuPeriod"), product;

    if (nano != 0 || quota <= 0)
        return nano != 0 ? nano : quota;
    if (period <= 0)
        period = CFS_PERIOD;
    if (__builtin_mul_overflow(quota, NANO, &product) ||
        __builtin_add_overflow(product, period - 1, &product))
        return -1;
    return product / period;
}

static void limits_take_container(SeenLimits *limits, const BodyNode *object, bool made) {
    static const char *const siblings[] = {"MemorySwap", "MemoryReservation", "KernelMemory",
                                           "KernelMemoryTCP"};

    limits_ask(limits, SEEN_MEMORY, limits_integer(object, "Memory"), made);
    for (size_t i = 0; i < ARRAY_SIZE(siblings); i++)
        limits_ask(limits, SEEN_MEMORY, limits_integer(object, siblings[i]), false);
    limits_ask(limits, SEEN_CPUS, limits_cpus(object), made);
    limits_ask(limits, SEEN_PIDS, limits_integer(object, "PidsLimit"), made);
}

static void limits_take_service(SeenLimits *limits, const BodyNode *root) {
    const BodyNode *resources = limits_member(limits_member(root, "TaskTemplate"), "Resources");
    const BodyNode *asked = limits_member(resources, "Limits");

    limits_ask(limits, SEEN_MEMORY, limits_integer(asked, "MemoryBytes"), true);
    limits_ask(limits, SEEN_MEMORY, limits_integer(resources, "SwapBytes"), false);
    limits_ask(limits, SEEN_CPUS, limits_integer(asked, "NanoCPUs"), true);
    limits_ask(limits, SEEN_PIDS, limits_integer(asked, "Pids"), true);
}

void seen_limits_take(SeenLimits *limits, const Operation *operation, const BodyNode *root) {
    if (!root)
        return;
    if (strcmp(operation->id, "ContainerUpdate") == 0)
        return limits_take_container(limits, root, false);
    if (strcmp(operation->id, "ContainerCreate") == 0)
        limits_take_container(limits, limits_member(root, "HostConfig"), true);
    else if (strcmp(operation->id, "ServiceCreate") == 0 || strcmp(operation->id, "ServiceUpdate") == 0)
        limits_take_service(limits, root);
    else
        return;
    limits->n_made++;
}

int64_t seen_limits_get(const SeenLimits *limits, SeenLimitKey key) {
    const SeenLimit *limit = &limits->items[key];

    return limits->n_made > 0 && limit->n_asked == limits->n_made && !limit->without ? limit->most : 0;
}

static const char *limits_show_cpus(Arena *arena, int64_t nano) {
    char digits[16];
    int n = snprintf(digits, sizeof(digits), "%09lld", (long long) (nano % NANO));

    while (n > 0 && digits[n - 1] == '0')
        digits[--n] = '\0';
    return arena_printf(arena, "%lld%s%s", (long long) (nano / NANO), n > 0 ? "." : "", digits);
}

const char *seen_limits_show(Arena *arena, SeenLimitKey key, int64_t value) {
    if (key == SEEN_CPUS)
        return limits_show_cpus(arena, value);
    if (key == SEEN_MEMORY && value % (1 << 20) == 0)
        return arena_printf(arena, "%lldMiB", (long long) (value >> 20));
    return arena_printf(arena, "%lld", (long long) value);
}
