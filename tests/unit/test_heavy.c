// SPDX-License-Identifier: Apache-2.0
#include "daemon/heavy.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void count(Heavy *heavy, const char *name, unsigned times) {
    for (unsigned i = 0; i < times; i++)
        heavy_count(heavy, name);
}

static void count_numbered(Heavy *heavy, unsigned from, unsigned to) {
    char name[16];

    for (unsigned i = from; i < to; i++) {
        snprintf(name, sizeof(name), "n%u", i);
        heavy_count(heavy, name);
    }
}

Test(heavy, counts_and_sorts) {
    const HeavyEntry *sorted[HEAVY_ENTRIES];
    Heavy heavy = {0};

    cr_expect_eq(heavy_sorted(&heavy, sorted), 0);
    count(&heavy, "b", 2);
    count(&heavy, "a", 5);
    count(&heavy, "ab", 3);
    count(&heavy, "", 1);
    cr_assert_eq(heavy_sorted(&heavy, sorted), 4);
    cr_expect_str_eq(sorted[0]->name, "a");
    cr_expect_eq(sorted[0]->count, 5);
    cr_expect_str_eq(sorted[1]->name, "ab");
    cr_expect_str_eq(sorted[2]->name, "b");
    cr_expect_str_eq(sorted[3]->name, "");
    for (size_t i = 0; i < 4; i++)
        cr_expect_eq(sorted[i]->error, 0);
}

Test(heavy, as_many_as_there_is_room_for_and_one_more) {
    const HeavyEntry *sorted[HEAVY_ENTRIES];
    Heavy heavy = {0};

    count(&heavy, "most", 9);
    count_numbered(&heavy, 1, HEAVY_ENTRIES);
    cr_assert_eq(heavy_sorted(&heavy, sorted), HEAVY_ENTRIES);
    for (size_t i = 0; i < HEAVY_ENTRIES; i++)
        cr_expect_eq(sorted[i]->error, 0, "all are exact at the bound");
    count(&heavy, "one more", 1);
    cr_assert_eq(heavy_sorted(&heavy, sorted), HEAVY_ENTRIES);
    cr_expect_str_eq(sorted[0]->name, "most");
    cr_expect_str_eq(sorted[1]->name, "one more", "in the place of one of the least");
    cr_expect_eq(sorted[1]->count, 2);
    cr_expect_eq(sorted[1]->error, 1, "its count may be too high by one");
}

Test(heavy, who_comes_often_stays_whatever_else_comes) {
    const HeavyEntry *sorted[HEAVY_ENTRIES];
    Heavy heavy = {0};

    for (unsigned i = 0; i < 10000; i++) {
        count_numbered(&heavy, 8 * i, 8 * i + 8); /* of each name one */
        count(&heavy, "often", 1);
    }
    heavy_sorted(&heavy, sorted);
    cr_expect_str_eq(sorted[0]->name, "often");
    cr_expect_geq(sorted[0]->count, 10000);
    cr_expect_leq(sorted[0]->count - sorted[0]->error, 10000);
}

Test(heavy, a_long_name_is_cut) {
    const HeavyEntry *sorted[HEAVY_ENTRIES];
    char name[HEAVY_NAME_BYTES + 2];
    Heavy heavy = {0};

    memset(name, 'x', sizeof(name));
    name[HEAVY_NAME_BYTES - 1] = '\0'; /* the longest that fits */
    heavy_count(&heavy, name);
    name[HEAVY_NAME_BYTES - 1] = 'x';
    name[HEAVY_NAME_BYTES + 1] = '\0'; /* and two more: the same to us */
    heavy_count(&heavy, name);
    cr_assert_eq(heavy_sorted(&heavy, sorted), 1);
    cr_expect_eq(sorted[0]->count, 2);
    cr_expect_eq(strlen(sorted[0]->name), HEAVY_NAME_BYTES - 1);
}
