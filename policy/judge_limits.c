// SPDX-License-Identifier: Apache-2.0
/*
 * `containers.limits`: memory, cpus and pids must be asked for and stay within the policy's, and none of
 * their siblings may make one void: swap, the CPU's period, the kernel's memory (T-086, T-093).
 */
#include "judgement.h"

#define RULE "containers.limits"

static void limit_object(Judgement *j, const Place *above, const char *member, int64_t value,
                         const char *what) {
    Place at = PLACE_BELOW(above, member);

    judgement_object(j, &at, REASON_FIELD_NOT_ALLOWED, RULE, NULL, "=%lld: %s", (long long) value, what);
}

static void limit_miss(Judgement *j, const Place *above, const char *member, const char *key, int64_t most) {
    Place at = PLACE_BELOW(above, member);

    judgement_object(j, &at, REASON_FIELD_NOT_ALLOWED, RULE, NULL,
                     " is not set: at most %lld must be asked for (limits.%s)", (long long) most, key);
}

static void limit_over(Judgement *j, const Place *above, const char *member, int64_t value, const char *key,
                       int64_t most) {
    Place at = PLACE_BELOW(above, member);

    judgement_object(j, &at, REASON_FIELD_NOT_ALLOWED, RULE,
                     arena_printf(j->arena, "containers: {limits: {%s: %lld}}", key, (long long) value),
                     "=%lld: not from 1 to %lld (limits.%s)", (long long) value, (long long) most, key);
}

/* Set, positive and within `most`. 0 is "not set", and for an update "as it was". */
static void limit_value(Judgement *j, const Place *above, const BodyNode *object, const char *member,
                        const char *key, int64_t most, bool must) {
    int64_t value = judgement_integer_of(object, member);

    if (most == 0)
        return;
    if (value == 0 && must)
        limit_miss(j, above, member, key, most);
    else if (value < 0 || value > most)
        limit_over(j, above, member, value, key, most);
    else
        judgement_allow(j, above, member, RULE);
}

/*
 * MemorySwap counts memory and swap together: -1 is without limit, 0 the engine's own answer (twice the
 * memory). What is written out may not be more than the policy's memory.
 */
static void limit_memory(Judgement *j, const Place *at, const BodyNode *object, bool must) {
    static const char *const siblings[] = {"MemorySwap", "MemoryReservation", "KernelMemory",
                                           "KernelMemoryTCP"};

    limit_value(j, at, object, "Memory", "memory", j->rules->memory, must);
    for (size_t i = 0; i < ARRAY_SIZE(siblings); i++)
        limit_value(j, at, object, siblings[i], "memory", j->rules->memory, false);
}

/* So small a share that the engine rounds it to no limit; below zero is limit_over()'s. */
static bool limit_is_dust(Judgement *j, const Place *at, const char *member, int64_t nano) {
    bool is = nano > 0 && nano < LIMIT_NANO_CPUS_LEAST;

    if (is)
        limit_object(j, at, member, nano, "less than 0.01 CPUs, which the engine takes for no limit");
    return is;
}

/* NanoCpus, or CpuQuota by CpuPeriod; dockerd takes no both. */
static void limit_cpus(Judgement *j, const Place *at, const BodyNode *object, bool update) {
    int64_t nano = judgement_integer_of(object, "NanoCpus"), most = j->rules->nano_cpus;
    int64_t quota = judgement_integer_of(object, "CpuQuota"),
            period = judgement_integer_of(object, "CpuPeriod");

    if (most == 0 || (update && nano == 0 && quota == 0 && period == 0))
        return;
    if (limit_is_dust(j, at, "NanoCpus", nano))
        return;
    if (nano < 0 || nano > most)
        limit_object(j, at, "NanoCpus", nano, "more than limits.cpus allows");
    else if (nano > 0 && (quota != 0 || period != 0))
        limit_object(j, at, "CpuQuota", quota, "NanoCpus is set too, and one of them would be void");
    else if (nano > 0)
        judgement_allow(j, at, "NanoCpus", RULE);
    if (nano != 0)
        return;
    if (quota == 0 && !update)
        limit_miss(j, at, "NanoCpus", "cpus", most);
    else if (quota <= 0) /* or a period of its own: the container's quota would mean another share */
        limit_object(j, at, "CpuQuota", quota, "no limit, or one that is not known");
    else if (period < 0 || (update && period == 0))
        limit_object(j, at, "CpuPeriod", period, "CpuQuota is a share of it, so it must be there");
    else if (!rules_quota_fits(quota, period, most))
        limit_object(j, at, "CpuQuota", quota, "more than limits.cpus allows");
    else
        judgement_allow(j, at, "CpuQuota", RULE);
}

void judge_limits_create(Judgement *j, const Place *place, const BodyNode *host) {
    limit_memory(j, place, host, true);
    limit_cpus(j, place, host, false);
    limit_value(j, place, host, "PidsLimit", "pids", j->rules->pids, true);
}

/* PidsLimit is a pointer: null leaves it, 0 takes the limit off. */
void judge_limits_update(Judgement *j, const BodyNode *root) {
    const BodyNode *pids = body_member(root, "PidsLimit");

    limit_memory(j, NULL, root, false);
    limit_cpus(j, NULL, root, true);
    limit_value(j, NULL, root, "PidsLimit", "pids", j->rules->pids,
                pids != NULL && body_type(pids) != BODY_TYPE_NULL);
}

void judge_limits_service(Judgement *j, const Place *place, const BodyNode *resources) {
    const BodyNode *limits = resources ? body_member(resources, "Limits") : NULL;
    Place at = PLACE_BELOW(place, "Limits");

    limit_value(j, &at, limits, "MemoryBytes", "memory", j->rules->memory, true);
    if (j->rules->nano_cpus == 0 ||
        !limit_is_dust(j, &at, "NanoCPUs", judgement_integer_of(limits, "NanoCPUs")))
        limit_value(j, &at, limits, "NanoCPUs", "cpus", j->rules->nano_cpus, true);
    limit_value(j, &at, limits, "Pids", "pids", j->rules->pids, true);
    limit_value(j, place, resources, "SwapBytes", "memory", j->rules->memory, false);
}
