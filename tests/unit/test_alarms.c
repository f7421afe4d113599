// SPDX-License-Identifier: Apache-2.0
#include "daemon/alarms.h"

#include <criterion/criterion.h>

#include "daemon/clock.h"

#define MANY 300u

static struct event_base *base;
static Alarms *alarms;
static Alarm items[MANY];
static uint64_t set_for[MANY], last_rung;
static size_t n_rung;
static Alarm *again; /* set anew, for a time that is past, whenever it rings */

static void ring(Alarm *alarm) {
    uint64_t at = set_for[alarm - items];

    cr_expect_eq(alarm->usec, 0, "no longer set");
    cr_expect(at <= clock_monotonic_usec(), "not before its time");
    cr_expect(alarm == again || at >= last_rung, "in order");
    last_rung = at;
    n_rung++;
    if (alarm == again)
        cr_expect_eq(alarms_set(alarms, alarm, 1), 0);
}

static void set(size_t i, uint64_t usec) {
    set_for[i] = usec;
    cr_assert_eq(alarms_set(alarms, &items[i], usec), 0);
}

static void setup(void) {
    base = event_base_new();
    alarms = alarms_new(base, ring);
    cr_assert_not_null(alarms);
}

static void teardown(void) {
    alarms_free(alarms);
    event_base_free(base);
}

TestSuite(alarms, .init = setup, .fini = teardown, .timeout = 60);

/*
 * Set in any order, some set anew for sooner or later, some cleared: the rest ring, each once, by their time.
 */
Test(alarms, in_order_whatever_was_changed) {
    uint64_t now = clock_monotonic_usec();
    size_t left = MANY;
    unsigned random = 1;

    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < MANY; i++) {
            random = random * 1103515245u + 12345u;
            if (round == 0 || i % 3 == 0)
                set(i, now + 1 + (random >> 16) % 50000);
        }
    for (size_t i = 0; i < MANY; i += 5, left--)
        alarms_clear(alarms, &items[i]);
    alarms_clear(alarms, &items[0]); /* twice is no harm */
    while (n_rung < left)
        cr_assert_eq(event_base_loop(base, EVLOOP_ONCE), 0);
    for (size_t i = 0; i < MANY; i++)
        cr_expect_eq(items[i].usec, 0);
    cr_expect_eq(n_rung, left);
    cr_expect_eq(event_base_loop(base, EVLOOP_NONBLOCK), 1, "nothing waits any more");
}

/* It gets its turns, and so do others. */
Test(alarms, one_that_is_always_past) {
    again = &items[0];
    set(0, 1);
    for (size_t i = 1; i <= 3; i++)
        cr_assert_eq(event_base_loop(base, EVLOOP_ONCE), 0);
    cr_expect_eq(n_rung, 3, "once a turn: %zu", n_rung);
    alarms_clear(alarms, again);
}

Test(alarms, sooner_than_the_timer) {
    uint64_t now = clock_monotonic_usec();

    set(0, now + 3600 * UINT64_C(1000000));
    set(1, now + 1000);
    cr_assert_eq(event_base_loop(base, EVLOOP_ONCE), 0);
    while (n_rung == 0)
        cr_assert_eq(event_base_loop(base, EVLOOP_ONCE), 0);
    cr_expect_eq(n_rung, 1);
    cr_expect_eq(items[1].usec, 0);
    cr_expect_neq(items[0].usec, 0);
    alarms_clear(alarms, &items[0]);
}
