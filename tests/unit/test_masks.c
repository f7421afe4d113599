// SPDX-License-Identifier: Apache-2.0
/* What counts as an engine's own list is in vectors/masks.yaml; here is what they don't show. */
#include "policy/masks.h"

#include <criterion/criterion.h>

#include "tests/support/suite_arena.h"

#define READONLY                                                                                             \
    "\"ReadonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\",\"/proc/sysrq-trigger\"]"
#define HOST "{\"HostConfig\":{" READONLY "}}"

TestSuite(masks, .init = suite_arena_make, .fini = suite_arena_free);

static const char *dump(const Body *body) {
    static char text[4096];

    text[body_dump(body, text, sizeof(text) - 1)] = '\0';
    return text;
}

Test(masks, are_noted_behind_what_is_there) {
    static const char *const before[] = {"HostConfig.PidsLimit=64"};
    CLEANUP(body_free_p) Body *body = suite_body(HOST);
    const char *items[] = {before[0]};
    Edits edits = {.items = items, .n = 1};
    Rules rules = {0};

    cr_assert_eq(masks_leave_out(arena, routes_find(SPAN("ContainerCreate")), &rules, body, &edits),
                 REASON_OK);
    cr_expect_str_eq(dump(body), "{\"HostConfig\":{\"ReadonlyPaths\":null}}");
    cr_assert_eq(edits.n, 2);
    cr_expect_str_eq(edits.items[0], before[0]);
    cr_expect_str_eq(edits.items[1], "HostConfig.ReadonlyPaths=null");

    /* There is nothing more to leave out. */
    cr_assert_eq(masks_leave_out(arena, routes_find(SPAN("ContainerCreate")), &rules, body, &edits),
                 REASON_OK);
    cr_expect_eq(edits.n, 2);
}

Test(masks, are_looked_for_where_they_are_judged) {
    static const struct {
        const char *operation, *json;
        Profile profile;
    } cases[] = {
        {"ContainerUpdate", HOST, PROFILE_BASELINE},
        {"ContainerCreate", HOST, PROFILE_PRIVILEGED},
        {"ContainerCreate", "{" READONLY "}", PROFILE_BASELINE},
        {"ContainerCreate", "{\"HostConfig\":[" HOST "]}", PROFILE_BASELINE},
        {"ContainerCreate", "[" HOST "]", PROFILE_BASELINE},
        {"ContainerCreate", "null", PROFILE_BASELINE},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        CLEANUP(body_free_p) Body *body = suite_body(cases[i].json);
        Rules rules = {.profile = cases[i].profile};
        Edits edits = {0};

        cr_assert_eq(masks_leave_out(arena, routes_find(span_from(cases[i].operation)), &rules, body, &edits),
                     REASON_OK);
        cr_expect_eq(edits.n, 0, "%s", cases[i].json);
        cr_expect_str_eq(dump(body), cases[i].json);
    }
}

Test(masks, without_a_body_there_are_none) {
    Edits edits = {0};
    Rules rules = {0};

    cr_expect_eq(masks_leave_out(arena, routes_find(SPAN("ContainerCreate")), &rules, NULL, &edits),
                 REASON_OK);
    cr_expect_eq(edits.n, 0);
}

Test(masks, without_memory_nothing_may_be_sent) {
    CLEANUP(body_free_p) Body *body = suite_body(HOST);
    Edits edits = {0};
    Rules rules = {0};
    Arena *small = arena_new(1);

    cr_assert_not_null(small);
    cr_expect_eq(masks_leave_out(small, routes_find(SPAN("ContainerCreate")), &rules, body, &edits),
                 REASON_NO_MEMORY);
    (void) arena_free(small);
}
