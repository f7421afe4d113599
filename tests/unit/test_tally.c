// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/tally.h"

#include <criterion/criterion.h>
#include <stdio.h>

Test(tally, sorted_and_counted) {
    static const char *const texts[] = {"b", "a", "", "b", "c", "b", "a"};
    Tally tally = {0};

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        tally_add(&tally, span_from(texts[i]));
    cr_assert_eq(tally.n, 4u);
    cr_expect_str_eq(tally.items[0].text, "");
    cr_expect_str_eq(tally.items[1].text, "a");
    cr_expect_eq(tally.items[1].n, 2u);
    cr_expect_eq(tally.items[2].n, 3u);
    cr_expect(tally_drop(&tally, SPAN("a")));
    cr_expect_not(tally_drop(&tally, SPAN("a")));
    cr_assert_eq(tally.n, 3u);
    cr_expect_str_eq(tally.items[1].text, "b");
    cr_expect_eq(tally.lost, 0u);
    tally_done(&tally);
    tally_add(&tally, (Span){0});
    cr_expect_eq(tally.n, 1u);
    tally_done(&tally);
}

Test(tally, no_more_than_it_may_hold) {
    Tally tally = {0};
    char text[16];

    for (unsigned i = 0; i <= TALLY_MAX; i++) {
        (void) snprintf(text, sizeof(text), "%u", i * 7919u % 1000003u);
        cr_expect_eq(tally.lost, 0u);
        tally_add(&tally, span_from(text));
    }
    cr_expect_eq(tally.n, TALLY_MAX);
    cr_expect_eq(tally.lost, 1u);
    tally_add(&tally, SPAN("0")); /* one that is there */
    cr_expect_eq(tally.lost, 1u);
    for (size_t i = 1; i < tally.n; i++)
        cr_assert_lt(strcmp(tally.items[i - 1].text, tally.items[i].text), 0);
    tally_done(&tally);
}
