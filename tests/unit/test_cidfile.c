// SPDX-License-Identifier: Apache-2.0
/* What is left out is in vectors/cidfile.yaml; here is what they don't show. */
#include "policy/cidfile.h"

#include <criterion/criterion.h>

#include "tests/support/suite_arena.h"

#define HOST "{\"HostConfig\":{\"ContainerIDFile\":\"/tmp/cid\"}}"

TestSuite(cidfile, .init = suite_arena_make, .fini = suite_arena_free);

Test(cidfile, is_noted_behind_what_is_there) {
    CLEANUP(body_free_p) Body *body = suite_body(HOST);
    const char *items[] = {"HostConfig.PidsLimit=64"};
    Edits edits = {.items = items, .n = 1};
    Rules rules = {0};

    for (unsigned times = 0; times < 2; times++) { /* the second time there is nothing more to leave out */
        cr_assert_eq(cidfile_leave_out(arena, routes_find(SPAN("ContainerCreate")), &rules, body, &edits),
                     REASON_OK);
        cr_assert_eq(edits.n, 2);
        cr_expect_str_eq(edits.items[0], "HostConfig.PidsLimit=64");
        cr_expect_str_eq(edits.items[1], "HostConfig.ContainerIDFile=null");
    }
}

Test(cidfile, without_a_host_config_there_is_none) {
    static const char *const bodies[] = {"null", "[" HOST "]", "{\"HostConfig\":[" HOST "]}", "{}"};
    Edits edits = {0};
    Rules rules = {0};

    cr_expect_eq(cidfile_leave_out(arena, routes_find(SPAN("ContainerCreate")), &rules, NULL, &edits),
                 REASON_OK);
    for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
        CLEANUP(body_free_p) Body *body = suite_body(bodies[i]);

        cr_expect_eq(cidfile_leave_out(arena, routes_find(SPAN("ContainerCreate")), &rules, body, &edits),
                     REASON_OK);
    }
    cr_expect_eq(edits.n, 0);
}
