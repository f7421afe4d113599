// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/when.h"

#include <criterion/criterion.h>

#define NOW UINT64_C(1795508130123456) /* 2026-11-24T08:15:30.123456Z */
#define SECOND UINT64_C(1000000)

Test(when, times) {
    static const struct {
        const char *text;
        uint64_t usec;
    } times[] = {
        {"now", NOW},
        {"today", 1795478400 * SECOND},
        {"yesterday", 1795392000 * SECOND},
        {"0s", NOW},
        {"90s", NOW - 90 * SECOND},
        {"15m", NOW - 900 * SECOND},
        {"1h", NOW - 3600 * SECOND},
        {"1h30m", NOW - 5400 * SECOND},
        {"2d", NOW - 172800 * SECOND},
        {"3w", NOW - 1814400 * SECOND},
        {"5000w", 0}, /* before there was time */
        {"2026-11-24", 1795478400 * SECOND},
        {"2026-11-24T08:15:30Z", 1795508130 * SECOND},
        {"2026-11-24T08:15:30.999Z", 1795508130 * SECOND},
        {"2026-11-24T09:15:30+01:00", 1795508130 * SECOND},
    };

    for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
        uint64_t got = 1;
        const char *wrong = when_parse(times[i].text, NOW, &got);

        cr_expect_null(wrong, "%s", times[i].text);
        cr_expect_eq(got, times[i].usec, "%s: %llu", times[i].text, (unsigned long long) got);
    }
}

Test(when, none) {
    static const char *const texts[] = {"",
                                        "1",
                                        "h",
                                        "1y",
                                        "1h ",
                                        " 1h",
                                        "-1h",
                                        "1hm",
                                        "99999999999999999999s",
                                        "tomorrow",
                                        "2026-13-24",
                                        "2026-11-2x",
                                        "2026-11-24T08:15:30",
                                        "18446744073709551615w"};

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        uint64_t got;

        cr_expect_not_null(when_parse(texts[i], NOW, &got), "%s", texts[i]);
    }
}
