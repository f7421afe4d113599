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

Test(ulid, no_two_alike) {
    static char ids[1000][ULID_SIZE];

    for (size_t i = 0; i < 1000; i++) {
        cr_assert_eq(ulid_new(5000, ids[i]), 0);
        for (size_t j = 0; j < i; j++)
            cr_assert_str_neq(ids[i], ids[j]);
    }
}
