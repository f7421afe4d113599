// SPDX-License-Identifier: Apache-2.0
#include "policy/spares.h"

#include <criterion/criterion.h>

Test(spares, so_many_wait_and_one_past_them_does_not) {
    size_t kept = SPARES_KEPT;
    Spares spares = {0};
    void *pieces[SPARES_KEPT + 1];

    for (size_t i = 0; i < ARRAY_SIZE(pieces); i++)
        cr_assert_not_null(pieces[i] = spares_take(&spares, 100));
    cr_expect_eq(spares.n, 0, "there were none");
    for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
        spares_give(&spares, pieces[i]);
        cr_expect_eq(spares.n, i < kept ? i + 1 : kept);
    }
    for (size_t i = kept; i-- > 0;)
        cr_expect_eq(spares_take(&spares, 100), pieces[i], "the warmest first");
    for (size_t i = 0; i < kept; i++)
        free(pieces[i]);
    spares_give(&spares, NULL);
    cr_expect_eq(spares.n, 0);
}
