// SPDX-License-Identifier: Apache-2.0
#include "daemon/denials.h"

#include <criterion/criterion.h>

#define MINUTE UINT64_C(60000000)

Test(denials, of_the_last_hour) {
    Denials denials = {0};
    uint64_t start = 1000 * MINUTE;

    cr_expect_eq(denials_count(&denials, start), 0);
    denials_add(&denials, start);
    denials_add(&denials, start + 1);
    denials_add(&denials, start + 30 * MINUTE);
    cr_expect_eq(denials_count(&denials, start + 30 * MINUTE), 3);
    cr_expect_eq(denials_count(&denials, start + 60 * MINUTE - 1), 3, "the last moment of the 60th minute");
    cr_expect_eq(denials_count(&denials, start + 60 * MINUTE), 1, "one past it");
    cr_expect_eq(denials_count(&denials, start + 90 * MINUTE - 1), 1);
    cr_expect_eq(denials_count(&denials, start + 90 * MINUTE), 0);
    denials_add(&denials, start + 90 * MINUTE);
    cr_expect_eq(denials_count(&denials, start + 9000 * MINUTE), 0, "after a long silence");
}

Test(denials, a_clock_that_stands_still) {
    Denials denials = {0};

    for (unsigned i = 0; i < 1000; i++)
        denials_add(&denials, 5);
    cr_expect_eq(denials_count(&denials, 5), 1000);
}
