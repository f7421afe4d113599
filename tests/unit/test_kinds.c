// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/kinds.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned n_dropped;

static void drop(void *extra) {
    free(extra);
    n_dropped++;
}

static Kind *add(Kinds *kinds, const char *one, const char *two, uint64_t time) {
    return kinds_add(kinds, (const Span[]){span_from(one), span_from(two)}, time, 1);
}

Test(kinds, counted_and_sorted) {
    Kinds *kinds = kinds_new(8, 2, NULL);
    Kind *items;
    size_t n;

    cr_expect_eq(add(kinds, "a", "bc", 5)->n, 1u);
    cr_expect_eq(add(kinds, "ab", "c", 3)->n, 1u, "the parts, not what they make together");
    cr_expect_eq(add(kinds, "ab", "c", 9)->n, 2u);
    cr_expect_eq(add(kinds, "ab", "c", 1)->n, 3u);
    (void) add(kinds, NULL, "", 7);
    items = kinds_sort(kinds, &n);
    cr_assert_eq(n, 3u);
    cr_expect(span_is(items[0].parts[0], "ab") && items[0].n == 3 && items[0].first == 1 &&
              items[0].last == 9);
    cr_expect(items[1].last == 7 && !items[1].parts[0].data && items[1].parts[1].data);
    kinds_cut(kinds, 1);
    cr_expect_eq(kinds_others(kinds)->n, 2u);
    cr_expect_eq(kinds_others(kinds)->n_kinds, 2u);
    cr_expect_eq(kinds_others(kinds)->first, 5u);
    cr_expect_eq(kinds_others(kinds)->last, 7u);
    kinds_free(kinds);
}

/* At the bound all are there; one past it the rarer half is gone, and what is frequent stays. */
Test(kinds, no_more_than_it_may_hold) {
    Kinds *kinds = kinds_new(64, 2, drop);
    char name[16];
    size_t n;

    for (unsigned i = 0; i <= 64; i++) {
        cr_expect_eq(kinds_others(kinds)->n, i > 64 ? 32u : 0u);
        (void) snprintf(name, sizeof(name), "%u", i);
        add(kinds, name, "x", i + 1)->extra = malloc(1);
        if (i % 2)
            (void) add(kinds, name, "x", i + 1);
    }
    cr_expect_eq(kinds_others(kinds)->n, 32u);
    cr_expect_eq(n_dropped, 32u);
    cr_expect_eq(add(kinds, "1", "x", 99)->n, 3u);
    cr_expect_eq(add(kinds, "0", "x", 99)->n, 1u);
    (void) kinds_sort(kinds, &n);
    cr_expect_eq(n, 34u);
    kinds_free(kinds);
    cr_expect_eq(n_dropped, 65u); /* the one that came again has no extra */
}

Test(kinds, long_parts_are_cut) {
    Kinds *kinds = kinds_new(8, 2, NULL);
    char text[KINDS_BYTES_MAX];

    memset(text, 'x', sizeof(text));
    cr_expect_eq(
        kinds_add(kinds, (const Span[]){{text, KINDS_BYTES_MAX / 2}, SPAN("a")}, 1, 1)->parts[0].size,
        KINDS_BYTES_MAX / 2);
    cr_expect_eq(kinds_add(kinds, (const Span[]){{text, KINDS_BYTES_MAX / 2 + 1}, SPAN("a")}, 1, 1)->n, 2u);
    kinds_free(kinds);
}
