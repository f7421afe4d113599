// SPDX-License-Identifier: Apache-2.0
#include "policy/time_text.h"

#include <criterion/criterion.h>
#include <time.h>

#include "policy/limits.h"

Test(time_text, good) {
    static const struct {
        const char *text;
        int64_t seconds;
    } cases[] = {
        {"2026-12-01T18:00:00Z", 1796148000},
        {"2026-12-01t18:00:00z", 1796148000},
        {"2026-12-01T18:00:00+01:00", 1796144400},
        {"2026-12-01T18:00:00-05:30", 1796167800},
        {"2026-12-01T18:00:00.999Z", 1796148000},
        {"2026-12-01T18:00:00.123456789+00:00", 1796148000},
        {"2026-12-01T18:00:00-00:00", 1796148000},
        {"2024-02-29T00:00:00Z", 1709164800},
        {"2000-02-29T23:59:59Z", 951868799},
        {"2000-01-01T00:00:00Z", TIME_CLOCK_FIRST},
        {"2099-12-31T23:59:59Z", TIME_CLOCK_LAST},
        {"2000-01-01T05:00:00+05:00", TIME_CLOCK_FIRST},
        {"1999-12-31T23:00:00-01:00", TIME_CLOCK_FIRST},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        int64_t got = -1;
        const char *wrong = time_text_parse(span_from(cases[i].text), &got);

        cr_expect_null(wrong, "%s: %s", cases[i].text, wrong);
        cr_expect_eq(got, cases[i].seconds, "%s: %lld", cases[i].text, (long long) got);
    }
}

Test(time_text, bad) {
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", "must be a time with its zone"},
        {"2026-12-01", "must be a time with its zone"},
        {"2026-12-01 18:00:00Z", "must be a time with its zone"},
        {"2026-12-01T18:00Z", "must be a time with its zone"},
        {"26-12-01T18:00:00Z", "must be a time with its zone"},
        {"2026-12-01T18:00:00", "has no zone"},
        {"2026-12-01T18:00:00.5", "has no zone"},
        {"2026-12-01T18:00:00.Z", "must be a time with its zone"},
        {"2026-12-01T18:00:00 Z", "must be a time with its zone"},
        {"2026-12-01T18:00:00ZZ", "must be a time with its zone"},
        {"2026-12-01T18:00:00+1:00", "must be a time with its zone"},
        {"2026-12-01T18:00:00+0100", "must be a time with its zone"},
        {"2026-12-01T18:00:00+24:00", "must be a time with its zone"},
        {"2026-12-01T18:00:00+01:60", "must be a time with its zone"},
        {"2026-12-01T18:00:00 Europe/Berlin", "must be a time with its zone"},
        {"2026-13-01T18:00:00Z", "is no day"},
        {"2026-00-01T18:00:00Z", "is no day"},
        {"2026-12-00T18:00:00Z", "is no day"},
        {"2026-12-32T18:00:00Z", "is no day"},
        {"2026-02-29T18:00:00Z", "is no day"},
        {"2100-02-29T18:00:00Z", "is no day"},
        {"2026-12-01T24:00:00Z", "is no day"},
        {"2026-12-01T18:60:00Z", "is no day"},
        {"2026-12-01T18:00:60Z", "is no day"},
        {"1999-12-31T23:59:59Z", "must be a time of the years 2000 to 2099"},
        {"2100-01-01T00:00:00Z", "must be a time of the years 2000 to 2099"},
        {"0000-01-01T00:00:00Z", "must be a time of the years 2000 to 2099"},
        {"9999-12-31T23:59:59Z", "must be a time of the years 2000 to 2099"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        int64_t got = 7;
        const char *wrong = time_text_parse(span_from(cases[i].text), &got);

        cr_assert_not_null(wrong, "%s", cases[i].text);
        cr_expect_not_null(strstr(wrong, cases[i].part), "%s: %s", cases[i].text, wrong);
        cr_expect_eq(got, 7, "%s", cases[i].text);
    }
}

/* Against libc's calendar, a day of each sort in each year. */
Test(time_text, there_and_back) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(64u << 20);

    for (int64_t at = TIME_CLOCK_FIRST; at < TIME_CLOCK_LAST; at += 86400 - 7) {
        time_t seconds = (time_t) at;
        char wanted[32];
        struct tm tm;
        int64_t back;
        const char *text = time_text_show(arena, at);

        cr_assert_not_null(text);
        strftime(wanted, sizeof(wanted), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &tm));
        cr_assert_str_eq(text, wanted);
        cr_assert_null(time_text_parse(span_from(text), &back));
        cr_assert_eq(back, at);
    }
}

Test(time_text, clocks_that_are_wrong) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 20), *none = arena_new(1);

    cr_expect_str_eq(time_text_show(arena, 0), "1970-01-01T00:00:00Z");
    cr_expect_str_eq(time_text_show(arena, -5), "1970-01-01T00:00:00Z");
    cr_expect_str_eq(time_text_show(arena, INT64_MAX), "9999-12-31T23:59:59Z");
    cr_expect_null(time_text_show(none, 0));
    cr_expect(time_is_known(TIME_CLOCK_FIRST));
    cr_expect(time_is_known(TIME_CLOCK_LAST));
    cr_expect_not(time_is_known(TIME_CLOCK_FIRST - 1));
    cr_expect_not(time_is_known(TIME_CLOCK_LAST + 1));
    cr_expect_not(time_is_known(0));
}
