// SPDX-License-Identifier: Apache-2.0
#include "policy/grant.h"

#include <criterion/criterion.h>

#include "policy/limits.h"
#include "policy/time_text.h"

static Arena *arena;

static void setup(void) {
    arena = arena_new(1u << 20);
}

static void teardown(void) {
    arena = arena_free(arena);
}

TestSuite(grant, .init = setup, .fini = teardown);

static int64_t at(const char *text) {
    int64_t seconds;

    cr_assert_null(time_text_parse(span_from(text), &seconds), "%s", text);
    return seconds;
}

/* Berlin in 2026: summer from March 29th, 01:00 UTC, to October 25th, 01:00 UTC. */
static const Zone *berlin(void) {
    ZoneSpan *spans = arena_alloc_array(arena, 3, sizeof(*spans));
    Zone *zone = arena_alloc(arena, sizeof(*zone));

    spans[0] = (ZoneSpan){.since = TIME_CLOCK_FIRST, .ahead = 3600};
    spans[1] = (ZoneSpan){.since = at("2026-03-29T01:00:00Z"), .ahead = 7200};
    spans[2] = (ZoneSpan){.since = at("2026-10-25T01:00:00Z"), .ahead = 3600};
    *zone = (Zone){.name = "Europe/Berlin", .spans = spans, .n = 3};
    return zone;
}

static Grant make(const char *until, const char *one, const char *two) {
    const char *texts[] = {one, two};
    WeekWindow *windows = arena_alloc_array(arena, 2, sizeof(*windows));
    const char **kept = arena_alloc_array(arena, 2, sizeof(*kept));
    Grant grant = {
        .until_text = until, .until = until ? at(until) : 0, .windows = windows, .window_texts = kept};

    for (size_t i = 0; i < ARRAY_SIZE(texts) && texts[i]; i++) {
        cr_assert_null(week_parse(span_from(texts[i]), &windows[i]));
        kept[grant.n_windows++] = texts[i];
    }
    grant.zone = one ? berlin() : NULL;
    return grant;
}

static void expect_until(const Grant *grant, const char *now, const char *wanted) {
    int64_t got = grant_holds_until(grant, at(now));

    cr_expect_eq(got, wanted ? at(wanted) : 0, "%s: %s, not %s", now, got ? time_text_show(arena, got) : "no",
                 wanted ? wanted : "no");
}

Test(grant, without_limit) {
    cr_expect_eq(grant_holds_until(NULL, at("2026-12-01T18:00:00Z")), GRANT_FOREVER);
    cr_expect_eq(grant_holds_until(NULL, 0), GRANT_FOREVER, "it needs no clock");
    cr_expect_not(grant_is_over(NULL, INT64_MAX));
}

Test(grant, until) {
    Grant grant = make("2026-12-01T18:00:00Z", NULL, NULL);

    expect_until(&grant, "2026-11-30T00:00:00Z", "2026-12-01T18:00:00Z");
    expect_until(&grant, "2026-12-01T17:59:59Z", "2026-12-01T18:00:00Z");
    expect_until(&grant, "2026-12-01T18:00:00Z", NULL);
    expect_until(&grant, "2099-12-01T18:00:00Z", NULL);
    cr_expect_not(grant_is_over(&grant, grant.until - 1));
    cr_expect(grant_is_over(&grant, grant.until));
}

/* A clock that was never set says 1970; no table goes past 2099. */
Test(grant, clocks_that_are_wrong) {
    Grant until = make("2026-12-01T18:00:00Z", NULL, NULL), when = make(NULL, "00:00-24:00", NULL);

    cr_expect_eq(grant_holds_until(&until, 0), 0);
    cr_expect_eq(grant_holds_until(&until, TIME_CLOCK_FIRST - 1), 0);
    cr_expect_neq(grant_holds_until(&until, TIME_CLOCK_FIRST), 0);
    cr_expect_eq(grant_holds_until(&when, TIME_CLOCK_FIRST - 1), 0);
    cr_expect_neq(grant_holds_until(&when, TIME_CLOCK_LAST), 0);
    cr_expect_eq(grant_holds_until(&when, TIME_CLOCK_LAST + 1), 0);
    cr_expect_eq(grant_holds_until(&when, -1), 0);
}

Test(grant, hours_in_winter_and_summer) {
    Grant grant = make(NULL, "Mon-Fri 08:00-18:00", NULL);

    expect_until(&grant, "2026-01-07T06:59:59Z", NULL);
    expect_until(&grant, "2026-01-07T07:00:00Z", "2026-01-07T17:00:00Z");
    expect_until(&grant, "2026-01-07T16:59:59Z", "2026-01-07T17:00:00Z");
    expect_until(&grant, "2026-01-07T17:00:00Z", NULL);
    expect_until(&grant, "2026-07-01T06:00:00Z", "2026-07-01T16:00:00Z");
    expect_until(&grant, "2026-07-01T05:59:59Z", NULL);
    expect_until(&grant, "2026-07-04T10:00:00Z", NULL);
}

/* March 29th, 2026: at 02:00 the clock goes to 03:00; October 25th: at 03:00 to 02:00. Both are Sundays. */
Test(grant, where_the_clock_jumps) {
    Grant gap = make(NULL, "Sun 02:30-04:00", NULL), twice = make(NULL, "Sun 02:00-02:30", NULL);
    Grant night = make(NULL, "Sat 22:00-06:00", NULL);

    expect_until(&gap, "2026-03-29T00:59:59Z", NULL);
    expect_until(&gap, "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"); /* 03:00 there */
    expect_until(&twice, "2026-03-29T01:00:00Z", NULL);
    expect_until(&twice, "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z");
    expect_until(&twice, "2026-10-25T00:45:00Z", NULL);
    expect_until(&twice, "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"); /* the wall says so again */
    /* Up to the jump it surely holds; then it is asked again. */
    expect_until(&night, "2026-03-28T22:00:00Z", "2026-03-29T01:00:00Z");
    expect_until(&night, "2026-03-29T01:00:00Z", "2026-03-29T04:00:00Z");
    expect_until(&night, "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z");
    expect_until(&night, "2026-10-25T01:00:00Z", "2026-10-25T05:00:00Z");
    expect_until(&night, "2026-10-25T05:00:00Z", NULL);
}

Test(grant, several_windows) {
    Grant grant = make(NULL, "Mon-Fri 08:00-12:00", "Mon-Fri 11:00-18:00");

    expect_until(&grant, "2026-01-07T07:30:00Z", "2026-01-07T11:00:00Z");
    expect_until(&grant, "2026-01-07T10:30:00Z", "2026-01-07T17:00:00Z");
    expect_until(&grant, "2026-01-07T17:00:00Z", NULL);
}

Test(grant, both) {
    Grant grant = make("2026-01-07T12:00:00Z", "Mon-Fri 08:00-18:00", NULL);

    expect_until(&grant, "2026-01-06T10:00:00Z", "2026-01-06T17:00:00Z");
    expect_until(&grant, "2026-01-06T18:00:00Z", NULL);
    expect_until(&grant, "2026-01-07T10:00:00Z", "2026-01-07T12:00:00Z");
    expect_until(&grant, "2026-01-07T12:00:00Z", NULL);
    expect_until(&grant, "2026-01-08T10:00:00Z", NULL);
}

/* Nobody has told of the zone: nothing holds. */
Test(grant, a_zone_without_a_table) {
    static const Zone unknown = {.name = "Europe/Berlin"};
    Grant grant = make(NULL, "00:00-24:00", NULL);

    grant.zone = &unknown;
    expect_until(&grant, "2026-01-06T10:00:00Z", NULL);
    cr_expect_null(grant_miss(arena, &grant, at("2026-01-06T10:00:00Z")).detail);
    grant.zone = NULL;
    expect_until(&grant, "2026-01-06T10:00:00Z", NULL);
}

Test(grant, misses) {
    Grant until = make("2026-01-07T12:00:00Z", NULL, NULL);
    Grant when = make(NULL, "Mon-Fri 08:00-18:00", "Sat"), both = make("2026-01-07T12:00:00Z", "Mon", NULL);
    const struct {
        const Grant *grant;
        int64_t now;
        const char *rule, *detail;
    } cases[] = {
        {&until, at("2026-01-07T12:00:00Z"), "allow.until", "ran out at 2026-01-07T12:00:00Z"},
        {&until, 60, "allow.until", "the clock can't be right: it says 1970-01-01T00:01:00Z"},
        {&when, at("2026-01-07T18:05:00Z"), "allow.when",
         "allowed Mon-Fri 08:00-18:00, Sat Europe/Berlin, and it is Wed 19:05 there"},
        {&when, at("2026-07-05T21:59:59Z"), "allow.when",
         "allowed Mon-Fri 08:00-18:00, Sat Europe/Berlin, and it is Sun 23:59 there"},
        {&when, 60, "allow.when", "the clock can't be right: it says 1970-01-01T00:01:00Z"},
        {&both, at("2026-01-06T12:00:00Z"), "allow.when",
         "allowed Mon Europe/Berlin, and it is Tue 13:00 there"},
        {&both, at("2026-01-13T12:00:00Z"), "allow.until", "ran out at 2026-01-07T12:00:00Z"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        GrantMiss miss = grant_miss(arena, cases[i].grant, cases[i].now);

        cr_expect_str_eq(miss.rule, cases[i].rule);
        cr_expect_str_eq(miss.detail, cases[i].detail);
    }
}

Test(grant, no_memory_for_words) {
    CLEANUP(arena_free_p) Arena *none = arena_new(1);
    Grant when = make(NULL, "Mon-Fri 08:00-18:00", "Sat");
    GrantMiss miss = grant_miss(none, &when, at("2026-01-07T18:05:00Z"));

    cr_expect_str_eq(miss.rule, "allow.when");
    cr_expect_null(miss.detail);
}
