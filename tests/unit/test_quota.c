// SPDX-License-Identifier: Apache-2.0
#include "daemon/quota.h"

#include <criterion/criterion.h>
#include <errno.h>

Test(quota, at_the_limits_and_one_past_them) {
    ConfigLimits limits = {.connections = 5, .connections_per_client = 3};
    Quota *quota = quota_new();
    Subject alice = {.has_creds = true, .uid = 1}, bob = {.has_creds = true, .uid = 1 + 256};

    for (int i = 0; i < 3; i++)
        cr_expect_eq(quota_charge(quota, &alice, &limits), 0);
    cr_expect_eq(quota_charge(quota, &alice, &limits), -EMFILE, "one past the client's");
    cr_expect_eq(quota_charge(quota, &bob, &limits), 0, "another in the same bucket has its own");
    cr_expect_eq(quota_charge(quota, &bob, &limits), 0);
    cr_expect_eq(quota_charge(quota, &bob, &limits), -EMFILE, "one past all");
    cr_expect_eq(quota_connections(quota), 5);
    quota_refund(quota, &alice);
    cr_expect_eq(quota_charge(quota, &bob, &limits), 0, "a refund makes room");
    for (int i = 0; i < 2; i++)
        quota_refund(quota, &alice);
    for (int i = 0; i < 3; i++)
        quota_refund(quota, &bob);
    cr_expect_eq(quota_connections(quota), 0);
    quota_free(quota);
}
