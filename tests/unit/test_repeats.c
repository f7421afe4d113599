// SPDX-License-Identifier: Apache-2.0
#include "daemon/repeats.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/limits.h"

static uint64_t n_untold, last_untold_seq, seq;

static void on_untold(void *ctx, uint64_t of, uint64_t n) {
    n_untold += n;
    last_untold_seq = of;
}

static const Verdict denied = {.reason = REASON_OPERATION_NOT_ALLOWED, .rule = "allow"};

static Record denial(const char *listener) {
    return (Record){.event = RECORD_DECISION, .id = "A", .listener = listener, .verdict = &denied};
}

/* So many times, told as record 1, 2, …; how often it was told, and the sum of what these stand for. */
static uint64_t note(Repeats *repeats, const Record *record, size_t times, uint64_t now, uint64_t *ret_sum) {
    uint64_t told = 0, count;

    *ret_sum = 0;
    for (size_t i = 0; i < times; i++)
        if (repeats_note(repeats, record, &seq, now, &count)) {
            told++;
            seq++;
            *ret_sum += count;
        }
    return told;
}

Test(repeats, first_tenth_hundredth) {
    Repeats *repeats = repeats_new(on_untold, NULL);
    Record record = denial("a");
    uint64_t sum;

    cr_expect_eq(note(repeats, &record, 1, 1, &sum), 1);
    cr_expect_eq(note(repeats, &record, 8, 1, &sum), 0);
    cr_expect_eq(note(repeats, &record, 1, 1, &sum), 1);
    cr_expect_eq(sum, 9);
    cr_expect_eq(note(repeats, &record, 89, 1, &sum), 0);
    cr_expect_eq(note(repeats, &record, 1, 1, &sum), 1);
    cr_expect_eq(sum, 90);
    cr_expect_eq(note(repeats, &record, 900, 1, &sum), 1);
    cr_expect_eq(n_untold, 0);
    repeats_free(repeats);
    cr_expect_eq(n_untold, 0);
}

/* A client over TCP that connects anew for each request is one client; another host is another. */
Test(repeats, a_port_is_no_client) {
    Repeats *repeats = repeats_new(on_untold, NULL);
    Subject client = {0};
    Record record = denial("a");
    uint64_t told = 0, sum;

    record.client = &client;
    for (unsigned port = 40000; port < 40099; port++) {
        (void) snprintf(client.address, sizeof(client.address), "[fd00::1]:%u", port);
        told += note(repeats, &record, 1, 1, &sum);
    }
    cr_expect_eq(told, 2, "the first and the tenth, not %llu", (unsigned long long) told);
    (void) snprintf(client.address, sizeof(client.address), "[fd00::2]:40000");
    cr_expect_eq(note(repeats, &record, 1, 1, &sum), 1);
    repeats_free(repeats);
}

Test(repeats, once_a_minute) {
    Repeats *repeats = repeats_new(on_untold, NULL);
    Record record = denial("a");
    uint64_t sum;

    note(repeats, &record, 5, 1, &sum);
    cr_expect_eq(note(repeats, &record, 1, 60000000, &sum), 0, "not yet");
    cr_expect_eq(note(repeats, &record, 2, 60000001, &sum), 1);
    cr_expect_eq(sum, 6);
    cr_expect(repeats_sweep(repeats, 120000000), "one is left, and not a minute old");
    cr_expect_eq(n_untold, 0);
    cr_expect_not(repeats_sweep(repeats, 120000001));
    cr_expect_eq(n_untold, 1);
    cr_expect_eq(last_untold_seq, 2);
    repeats_free(repeats);
    cr_expect_eq(n_untold, 1);
}

/* Nothing is missing from the sum, whoever brings more kinds than there are places. */
Test(repeats, many_kinds) {
    Repeats *repeats = repeats_new(on_untold, NULL);
    uint64_t told = 0, sum;
    char listener[16];

    for (unsigned i = 0; i < 3 * LIMIT_AUDIT_REPEATS; i++) {
        Record record;

        snprintf(listener, sizeof(listener), "%u", i);
        record = denial(listener);
        cr_expect_geq(note(repeats, &record, 3, i, &sum), 1);
        told += sum;
    }
    cr_expect_gt(n_untold, 0, "those that had to make room");
    repeats_free(repeats);
    cr_expect_eq(told + n_untold, 9 * LIMIT_AUDIT_REPEATS);
}

Test(repeats, what_differs_is_told_by_itself) {
    Repeats *repeats = repeats_new(on_untold, NULL);
    Subject one = {.has_creds = true, .uid = 1}, two = {.has_creds = true, .uid = 2};
    Request start = {.method = METHOD_POST, .operation = routes_find(SPAN("ContainerStart"))};
    Request foo = {.method = METHOD_GET, .target.path = SPAN("/foo")};
    Request bar = {.method = METHOD_GET, .target.path = SPAN("/bar")};
    Verdict field = {.reason = REASON_FIELD_NOT_ALLOWED, .rule = "r", .field = "a"};
    Verdict other = {.reason = REASON_FIELD_NOT_ALLOWED, .rule = "r", .field = "b"};
    Verdict split = {.reason = REASON_FIELD_NOT_ALLOWED, .rule = "ra"};
    Record records[] = {denial("a"), denial("b"), denial("a"), denial("a"), denial("a"),
                        denial("a"), denial("a"), denial("a"), denial("a"), denial("a")};
    uint64_t sum;

    records[2].client = &one;
    records[3].client = &two;
    records[4].request = &start;
    records[5].request = &foo;
    records[6].request = &bar;
    records[7].verdict = &field;
    records[8].verdict = &other;
    records[9].verdict = &split;
    for (size_t i = 0; i < ARRAY_SIZE(records); i++)
        cr_expect_eq(note(repeats, &records[i], 2, 1, &sum), 1, "%zu", i);
    repeats_free(repeats);
}

Test(repeats, what_is_no_denial_is_always_told) {
    static const Verdict allowed = {.effect = EFFECT_ALLOW, .reason = REASON_OK},
                         observed = {.effect = EFFECT_OBSERVE};
    Repeats *repeats = repeats_new(on_untold, NULL);
    Record records[] = {denial("a"), denial("a"), {.event = RECORD_OUTCOME}, {.event = RECORD_LIFECYCLE}};
    uint64_t sum;

    records[0].verdict = &allowed;
    records[1].verdict = &observed;
    for (size_t i = 0; i < ARRAY_SIZE(records); i++) {
        cr_expect_eq(note(repeats, &records[i], 50, 1, &sum), 50, "%zu", i);
        cr_expect_eq(sum, 0);
    }
    repeats_free(repeats);
}
