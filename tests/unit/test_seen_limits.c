// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/seen_limits.h"

#include <criterion/criterion.h>

static Arena *arena;
static SeenLimits limits;

static void setup(void) {
    arena = arena_new(1u << 20);
}

static void teardown(void) {
    arena = arena_free(arena);
}

TestSuite(seen_limits, .init = setup, .fini = teardown);

static void take(const char *operation, const char *text) {
    const char *detail = NULL;
    Body *body = NULL;

    cr_assert_eq(body_parse(arena, span_from(text), &body, &detail), REASON_OK, "%s", detail);
    seen_limits_take(&limits, routes_find(span_from(operation)), body_root(body));
    body_free(body);
}

static void expect(int64_t memory, int64_t cpus, int64_t pids) {
    cr_expect_eq(seen_limits_get(&limits, SEEN_MEMORY), memory, "%lld",
                 (long long) seen_limits_get(&limits, SEEN_MEMORY));
    cr_expect_eq(seen_limits_get(&limits, SEEN_CPUS), cpus, "%lld",
                 (long long) seen_limits_get(&limits, SEEN_CPUS));
    cr_expect_eq(seen_limits_get(&limits, SEEN_PIDS), pids, "%lld",
                 (long long) seen_limits_get(&limits, SEEN_PIDS));
}

Test(seen_limits, the_most_that_all_asked_for) {
    expect(0, 0, 0);
    seen_limits_take(&limits, routes_find(SPAN("ContainerCreate")), NULL);
    take("ContainerExec", "{\"Memory\":1}");
    expect(0, 0, 0);
    take("ContainerCreate", "{\"HostConfig\":{\"Memory\":4096,\"NanoCpus\":500000000,\"PidsLimit\":7}}");
    expect(4096, 500000000, 7);
    take("ServiceCreate", "{\"TaskTemplate\":{\"Resources\":{\"Limits\":{\"MemoryBytes\":8192,\"NanoCPUs\":"
                          "250000000,\"Pids\":9}}}}");
    expect(8192, 500000000, 9);
    take("ContainerUpdate", "{\"Memory\":16384}"); /* it need not say the others */
    expect(16384, 500000000, 9);
    take("ContainerCreate", "{\"HostConfig\":{\"Memory\":4096,\"CpuQuota\":150000,\"PidsLimit\":0}}");
    expect(16384, 1500000000, 0);
    take("ContainerCreate", "{}");
    expect(0, 0, 0);
}

Test(seen_limits, without) {
    take("ContainerCreate", "{\"HostConfig\":{\"Memory\":4096,\"MemorySwap\":-1,\"PidsLimit\":7,\"CpuQuota\":"
                            "1,\"CpuPeriod\":3}}");
    expect(0, 333333334, 7);
    take("ContainerUpdate", "{\"PidsLimit\":-1}");
    expect(0, 333333334, 0);
}

Test(seen_limits, siblings_count) {
    take("ContainerCreate", "{\"HostConfig\":{\"Memory\":4096,\"MemorySwap\":8192}}");
    expect(8192, 0, 0);
    take("ContainerCreate", "{\"HostConfig\":{\"Memory\":4096,\"CpuQuota\":9223372036854775807}}");
    expect(8192, 0, 0);
}

/* An engine rounds it to none, and the config couldn't say it. */
Test(seen_limits, hardly_a_cpu_is_none) {
    take("ContainerCreate", "{\"HostConfig\":{\"NanoCpus\":10000000,\"PidsLimit\":7}}");
    expect(0, 10000000, 7);
    take("ContainerUpdate", "{\"NanoCpus\":9999999}");
    expect(0, 0, 7);
}

Test(seen_limits, as_limits_has_them) {
    cr_expect_str_eq(seen_limits_show(arena, SEEN_MEMORY, 512 << 20), "512MiB");
    cr_expect_str_eq(seen_limits_show(arena, SEEN_MEMORY, 1000), "1000");
    cr_expect_str_eq(seen_limits_show(arena, SEEN_CPUS, 2000000000), "2");
    cr_expect_str_eq(seen_limits_show(arena, SEEN_CPUS, 1500000000), "1.5");
    cr_expect_str_eq(seen_limits_show(arena, SEEN_CPUS, 333333334), "0.333333334");
    cr_expect_str_eq(seen_limits_show(arena, SEEN_PIDS, 100), "100");
}
