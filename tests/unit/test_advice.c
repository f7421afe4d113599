// SPDX-License-Identifier: Apache-2.0
#include "policy/advice.h"

#include <criterion/criterion.h>

/* Every operation that is opaque once it has left HTTP, but for those whose bytes are a container's. */
Test(advice, what_cant_be_judged_has_a_way_out) {
    size_t n, n_found = 0;
    const Operation *operations = routes_all(&n);

    for (size_t i = 0; i < n; i++) {
        const char *open = advice_find(&operations[i], ADVICE_NOT_ALLOWED);
        const char *denied = advice_find(&operations[i], ADVICE_DENIED);

        cr_expect_eq(open != NULL, operations[i].reply == REPLY_UPGRADE, "%s", operations[i].id);
        cr_expect_eq(denied != NULL, open != NULL, "%s", operations[i].id);
        if (!open || !denied)
            continue;
        n_found++;
        cr_expect_not_null(strstr(open, operations[i].id), "%s", open);
        cr_expect_not_null(strstr(open, "allowed by name"), "%s", open);
        cr_expect_null(strstr(denied, "allowed"), "%s", denied); /* no entry of `allow` would help */
    }
    cr_expect_eq(n_found, 3);
    cr_expect_null(advice_find(NULL, ADVICE_NOT_ALLOWED));
}
