// SPDX-License-Identifier: Apache-2.0
#include "policy/week.h"

#include <criterion/criterion.h>

#define AT(day, hour, minute) ((day) *86400 + (hour) *3600 + (minute) *60)
enum { MON, TUE, WED, THU, FRI, SAT, SUN };

Test(week, good) {
    static const struct {
        const char *text;
        WeekWindow window;
    } cases[] = {
        {"Mon-Fri 08:00-18:00", {0x1f, 480, 1080}},
        {"mon-FRI 08:00-18:00", {0x1f, 480, 1080}},
        {"Mon", {0x01, 0, 1440}},
        {"Sat-Sun", {0x60, 0, 1440}},
        {"Fri-Mon", {0x71, 0, 1440}},
        {"Mon-Mon", {0x01, 0, 1440}},
        {"Tue-Mon", {0x7f, 0, 1440}},
        {"Mon,Wed,Fri 12:00-13:30", {0x15, 720, 810}},
        {"Mon-Tue,Sun 00:00-00:01", {0x43, 0, 1}},
        {"Mon,Mon", {0x01, 0, 1440}},
        {"00:00-24:00", {0x7f, 0, 1440}},
        {"22:00-06:00", {0x7f, 1320, 360}},
        {"22:00-00:00", {0x7f, 1320, 0}},
        {"Fri 23:59-24:00", {0x10, 1439, 1440}},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        WeekWindow got;
        const char *wrong = week_parse(span_from(cases[i].text), &got);

        cr_expect_null(wrong, "%s: %s", cases[i].text, wrong);
        cr_expect_eq(got.days, cases[i].window.days, "%s: %x", cases[i].text, got.days);
        cr_expect_eq(got.from, cases[i].window.from, "%s", cases[i].text);
        cr_expect_eq(got.to, cases[i].window.to, "%s", cases[i].text);
    }
}

Test(week, bad) {
    static const char *const cases[] = {
        "",
        " ",
        "Mo",
        "Monday",
        "Mon-",
        "-Fri",
        "Mon,",
        ",Mon",
        "Mon,,Tue",
        "Mon-Tue-Wed",
        "Mon 08:00",
        "Mon 08:00-",
        "Mon -18:00",
        "8:00-18:00",
        "08:00-18",
        "08:00-18:0",
        "08:00-18:000",
        "08:00-18:60",
        "08:00-25:00",
        "08:00-24:01",
        "24:00-06:00",
        "08:00-08:00",
        "00:00-00:00",
        "08:00-18:00 Mon",
        "Mon  08:00-18:00",
        "Mon 08:00-18:00 ",
        " Mon",
        "Mon ",
        "08:00-12:00,13:00-18:00",
        "Mon, Tue",
        "Mon\t08:00-18:00",
        "08.00-18.00",
        "Mon-Fri 08:00\xe2\x80\x93"
        "18:00",
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        WeekWindow got;

        cr_expect_not_null(week_parse(span_from(cases[i]), &got), "'%s'", cases[i]);
    }
}

Test(week, left) {
    static const struct {
        const char *text;
        int second, left;
    } cases[] = {
        {"Mon-Fri 08:00-18:00", AT(MON, 8, 0), 10 * 3600},
        {"Mon-Fri 08:00-18:00", AT(MON, 8, 0) - 1, 0},
        {"Mon-Fri 08:00-18:00", AT(FRI, 18, 0) - 1, 1},
        {"Mon-Fri 08:00-18:00", AT(FRI, 18, 0), 0},
        {"Mon-Fri 08:00-18:00", AT(SAT, 12, 0), 0},
        /* Over midnight, of the day on which it begins. */
        {"Fri 22:00-06:00", AT(FRI, 23, 0), 7 * 3600},
        {"Fri 22:00-06:00", AT(SAT, 5, 59), 60},
        {"Fri 22:00-06:00", AT(SAT, 6, 0), 0},
        {"Fri 22:00-06:00", AT(FRI, 5, 0), 0},
        {"Sun 22:00-06:00", AT(MON, 5, 0), 3600},
        {"Sun 22:00-06:00", AT(MON, 6, 0), 0},
        {"Mon 22:00-06:00", AT(MON, 5, 0), 0},
        {"22:00-06:00", AT(WED, 0, 0), 6 * 3600},
        {"22:00-00:00", AT(SUN, 23, 59), 60},
        {"22:00-00:00", AT(MON, 0, 0), 0},
        /* A day that follows is asked for when it has come. */
        {"Sat-Sun", AT(SAT, 0, 0), 86400},
        {"Sat-Sun", AT(SUN, 0, 0), 86400},
        {"Sat-Sun", AT(SUN, 0, 0) + 86399, 1},
        {"Sat-Sun", AT(MON, 0, 0), 0},
        /* Windows of two days over each other: the one that lasts longer. */
        {"08:00-07:00", AT(TUE, 6, 0), 3600},
        {"08:00-07:00", AT(TUE, 7, 0), 0},
        {"08:00-07:00", AT(TUE, 8, 0), 23 * 3600},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        WeekWindow window;

        cr_assert_null(week_parse(span_from(cases[i].text), &window));
        cr_expect_eq(week_left(&window, cases[i].second), cases[i].left, "%s at %d: %d", cases[i].text,
                     cases[i].second, week_left(&window, cases[i].second));
    }
}

Test(week, names) {
    cr_expect_str_eq(week_day_name(0), "Mon");
    cr_expect_str_eq(week_day_name(6), "Sun");
}
