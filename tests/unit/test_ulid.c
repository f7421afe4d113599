// SPDX-License-Identifier: Apache-2.0
#include "daemon/ulid.h"

#include <criterion/criterion.h>

Test(ulid, shape_and_order) {
    char before[ULID_SIZE], after[ULID_SIZE], epoch[ULID_SIZE];

    cr_assert_eq(ulid_new(1000, before), 0);
    cr_assert_eq(ulid_new(1764000000000000u, after), 0);
    cr_expect_eq(strlen(before), 26);
    cr_expect_eq(strspn(after, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), 26);
    cr_expect_lt(strncmp(before, after, 10), 0, "sorts by time");
    cr_assert_eq(ulid_new(0, epoch), 0);
    cr_expect_eq(strncmp(epoch, "0000000000", 10), 0);
    cr_assert_eq(ulid_new(((1ull << 48) - 1) * 1000, epoch), 0);
    cr_expect_eq(strncmp(epoch, "7ZZZZZZZZZ", 10), 0);
}

/* The letters of a millisecond are kept: none are told in another's place, nor any that there aren't. */
Test(ulid, times_one_after_the_other) {
    static const struct {
        uint64_t usec;
        const char *letters;
    } cases[] = {
        {0, "0000000000"},
        {1764000000000000u, "01KAV9FT00"},
        {1764000000000999u, "01KAV9FT00"},
        {1764000000001000u, "01KAV9FT01"},
        {1764000000000000u, "01KAV9FT00"},
        {0, "0000000000"},
        {(1ull << 48) * 1000 + 33000, "0000000011"},
    };
    char id[ULID_SIZE];

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cr_assert_eq(ulid_new(cases[i].usec, id), 0);
        cr_expect_eq(strncmp(id, cases[i].letters, 10), 0, "%s: %s", cases[i].letters, id);
    }
}

/* Each of the 32 at each place: no bit of them stands still (but once in 10^11 runs). */
Test(ulid, all_letters_are_random) {
    uint64_t seen[ULID_SIZE - 1] = {0};
    char id[ULID_SIZE];

    for (size_t i = 0; i < 1000; i++) {
        cr_assert_eq(ulid_new(5000, id), 0);
        for (size_t at = 0; at < ULID_SIZE - 1; at++)
            seen[at] |= UINT64_C(1) << (id[at] <= '9' ? id[at] - '0' : id[at] - 'A' + 10);
    }
    for (size_t at = 10; at < ULID_SIZE - 1; at++)
        cr_expect_eq(__builtin_popcountll(seen[at]), 32, "place %zu", at);
}

Test(ulid, no_two_alike) {
    static char ids[1000][ULID_SIZE];

    for (size_t i = 0; i < 1000; i++) {
        cr_assert_eq(ulid_new(5000, ids[i]), 0);
        for (size_t j = 0; j < i; j++)
            cr_assert_str_neq(ids[i], ids[j]);
    }
}
