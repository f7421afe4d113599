// SPDX-License-Identifier: Apache-2.0
/* What a judgement takes of the exchange's arena: it grows by what is found, which is bounded. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "policy/judge.h"
#include "tests/support/bodies.h"

/* LIMIT_FINDINGS sentences with a value of LIMIT_VALUE_SHOWN each, and as many places: whatever the body. */
#define MOST_BYTES (96u << 10)

/* Bytes of the arena for a ContainerCreate of that shape; 0: the body is too much for its size. */
static size_t judge(const BodyShape *shape, size_t size, Profile profile, Findings *findings) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    CLEANUP(body_free_p) Body *body = NULL;
    Rules rules = {.profile = profile};
    Span text = body_shape_write(shape, size);
    const char *detail = NULL;
    Reason reason = body_parse(arena, text, &body, &detail);
    size_t before = arena_used(arena);

    free((char *) (uintptr_t) text.data);
    *findings = (Findings){0};
    if (reason != REASON_OK)
        return 0;
    judge_body(arena, routes_find(SPAN("ContainerCreate")), 43, body, &rules, findings);
    for (size_t i = 0; i < findings->n && i < LIMIT_FINDINGS; i++) /* it is still there */
        cr_expect(strncmp(findings->items[i].detail, findings->items[i].field,
                          strlen(findings->items[i].field)) == 0);
    for (size_t i = 0; i < findings->n_paths; i++)
        cr_expect_eq(findings->paths[i].path[0], '/');
    return arena_used(arena) - before;
}

Test(judge_memory, does_not_grow_with_the_body) {
    static const Profile profiles[] = {PROFILE_PRIVILEGED, PROFILE_BASELINE, PROFILE_RESTRICTED};
    static Findings findings;
    size_t n, n_found = 0;
    const BodyShape *shapes = body_shapes_nasty(&n);

    body_seed(1);
    for (size_t i = 0; i < n; i++)
        for (size_t p = 0; p < ARRAY_SIZE(profiles); p++) {
            size_t small = judge(&shapes[i], 64u << 10, profiles[p], &findings);
            size_t large = judge(&shapes[i], 256u << 10, profiles[p], &findings);

            n_found += findings.n > LIMIT_FINDINGS;
            cr_expect_leq(small, MOST_BYTES, "%s: %zu bytes", shapes[i].name, small);
            cr_expect_leq(large, MOST_BYTES, "%s: %zu bytes", shapes[i].name, large);
        }
    cr_expect_gt(n_found, 5);
}

Test(judge_memory, of_what_passes_nothing_stays) {
    static Findings findings;

    body_seed(1);
    for (size_t size = 4096; size <= 256u << 10; size *= 4)
        cr_expect_leq(judge(body_shape_find("create labels"), size, PROFILE_BASELINE, &findings), 1024);
}
