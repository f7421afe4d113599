// SPDX-License-Identifier: Apache-2.0
/*
 * Mistakes on purpose. Not part of any suite: tests/run builds it to see that valgrind and the sanitizers
 * would notice a mistake in a unit test, through Criterion and its processes.
 */
#include <criterion/criterion.h>
#include <limits.h>
#include <stdlib.h>

static void *volatile kept;

Test(planted, leak) {
    kept = malloc(33);
    cr_assert_not_null(kept);
    kept = NULL;
}

Test(planted, past_the_end) {
    char *volatile bytes = calloc(1, 8);
    volatile int i = 8;

    cr_assert_not_null(bytes);
    kept = (void *) (size_t) (unsigned char) bytes[i];
    free(bytes);
}

/* Only UBSan can see this one. */
Test(planted, overflow) {
    volatile int most = INT_MAX;

    most = most + 1;
    cr_assert_neq(most, 1);
}
