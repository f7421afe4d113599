// SPDX-License-Identifier: Apache-2.0
/* What a judgement takes of the exchange's arena: it grows by what is found, which is bounded. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/judge.h"
#include "tests/support/bodies.h"

#include "tests/support/policies.h"

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

#define LONG_PATH 1500 /* bytes: there may be room for what is said of a path, and none for the path */

/*
 * A create that is allowed, whose paths are long. In `room`, which has all of it.
 */
static Span create_of_long_paths(char *room, size_t size) {
    char path[LONG_PATH + 1];
    int n;

    memset(path, 'x', LONG_PATH);
    path[LONG_PATH] = '\0';
    n = snprintf(room, size,
                 "{\"Image\":\"a\",\"WorkingDir\":\"/%s\",\"Volumes\":{\"/v%s\":{}},\"HostConfig\":{"
                 "\"Binds\":[\"/srv/%s:/b%s\"],\"Tmpfs\":{\"/t%s\":\"\"},"
                 "\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/srv/c%s\",\"Target\":\"/d%s\"}]}}",
                 path, path, path, path, path, path, path);
    cr_assert_lt((size_t) n, size);
    return (Span){room, (size_t) n};
}

/* Of what is allowed nothing but the want of memory is found, whichever allocation is the one that fails. */
Test(judge_memory, what_fails_is_memory) {
    static const Span policies =
        SPAN("p: {allow: [ContainerCreate], containers: {bind_mounts: [/srv/**]}}\n");
    static char room[16u << 10];
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    CLEANUP(policy_set_free_p) PolicySet *set = NULL;
    Request request = {.method = METHOD_POST};
    Span text = create_of_long_paths(room, sizeof(room));
    const char *detail = NULL;
    size_t n_failed = 0, n_allowed = 0;

    body_seed(1);
    set = policies_compile(arena, policies);
    cr_assert_eq(target_parse(arena, SPAN("/v1.43/containers/create"), &request.target, &detail), REASON_OK);
    request.operation = routes_match(METHOD_POST, &request.target, &request.object);
    for (size_t limit = 0; limit < 64u << 10; limit += 32) {
        CLEANUP(arena_free_p) Arena *small = arena_new(limit);
        CLEANUP(body_free_p) Body *body = NULL;
        Verdict verdict = {0};

        cr_assert_eq(body_parse(arena, text, &body, &detail), REASON_OK, "%s", detail);
        policy_decide(policy_set_get(set, SPAN("p")), &request, body, small, &verdict);
        n_allowed += verdict.effect == EFFECT_ALLOW;
        n_failed += verdict.reason == REASON_NO_MEMORY;
        cr_expect(verdict.effect == EFFECT_ALLOW || verdict.reason == REASON_NO_MEMORY, "%zu bytes: %s",
                  limit, verdict_detail(&verdict));
    }
    cr_expect_gt(n_failed, 4, "it never failed");
    cr_expect_gt(n_allowed, 4, "it never passed");
}
