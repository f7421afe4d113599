// SPDX-License-Identifier: Apache-2.0
#include "policy/zone.h"

#include <criterion/criterion.h>

Test(zone, spans) {
    static const ZoneSpan spans[] = {{TIME_CLOCK_FIRST, 1}, {1000000000, 2}, {2000000000, 3}};
    static const Zone zone = {.name = "Z", .spans = spans, .n = 3}, empty = {.name = "E"};
    static const struct {
        int64_t at;
        int ahead; /* 0: none */
        int64_t next;
    } cases[] = {
        {TIME_CLOCK_FIRST - 1, 0, TIME_CLOCK_FIRST},
        {TIME_CLOCK_FIRST, 1, 1000000000},
        {999999999, 1, 1000000000},
        {1000000000, 2, 2000000000},
        {1999999999, 2, 2000000000},
        {2000000000, 3, INT64_MAX},
        {TIME_CLOCK_LAST, 3, INT64_MAX},
        {TIME_CLOCK_LAST + 1, 0, INT64_MAX},
    };
    int64_t next;

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const ZoneSpan *span = zone_span(&zone, cases[i].at, &next);

        cr_expect_eq(span ? span->ahead : 0, cases[i].ahead, "%lld", (long long) cases[i].at);
        cr_expect_eq(next, cases[i].next, "%lld", (long long) cases[i].at);
    }
    cr_expect_null(zone_span(&empty, 1000000000, &next));
}
