// SPDX-License-Identifier: Apache-2.0
#include "daemon/kept.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/limits.h"

static struct event_base *base;
static Kept *kept;

static void setup(void) {
    base = event_base_new();
    kept = kept_new(base, KEPT_LIMITS_RESTORE);
    cr_assert_not_null(kept);
}

static void teardown(void) {
    kept = kept_free(kept);
    event_base_free(base);
}

TestSuite(kept, .init = setup, .fini = teardown);

static void add(const char *policy, const char *name, const char *id, Span came, uint64_t now) {
    KeptItem item = {.kind = 1,
                     .policy = policy,
                     .name = span_from(name),
                     .id = span_from(id),
                     .came = came,
                     .went = SPAN("hidden")};

    kept_add(kept, &item, now);
}

static const KeptItem *find(const char *policy, const char *name, uint64_t now) {
    return kept_find(kept, policy, 1, span_from(name), now);
}

Test(kept, by_name_and_by_id) {
    const KeptItem *item;

    cr_expect_null(find("p", "web", 0));
    add("p", "web", "aaaa", SPAN("secret"), 1);
    item = find("p", "web", 2);
    cr_assert_not_null(item);
    cr_expect(span_is(item->came, "secret") && span_is(item->went, "hidden"));
    cr_expect_eq(find("p", "aaaa", 2), item);
    cr_expect_null(find("p", "aaa", 2));
    cr_expect_null(find("p", "we", 2));
    cr_expect_null(find("p", "", 2));
    cr_expect_null(find("q", "web", 2));
    cr_expect_null(kept_find(kept, "p", 2, SPAN("web"), 2));
    kept_clear(kept);
    cr_expect_null(find("p", "web", 2));
    cr_expect_eq(kept_bytes(kept), 0);
}

Test(kept, the_newest_of_a_name) {
    add("p", "web", "aaaa", SPAN("old"), 1);
    add("q", "web", "aaaa", SPAN("another policy's"), 1);
    add("p", "web", "bbbb", SPAN("new"), 2);
    cr_expect(span_is(find("p", "web", 3)->came, "new"));
    cr_expect_null(find("p", "aaaa", 3));
    cr_expect(span_is(find("q", "aaaa", 3)->came, "another policy's"));
    /* Renamed: both names are known of. */
    add("p", "web-old", "bbbb", SPAN("new"), 3);
    cr_expect(find("p", "web", 3) && find("p", "web-old", 3));
}

Test(kept, no_longer_than_its_time) {
    const uint64_t hour = TIME_KEPT_SECONDS * 1000000ull;

    add("p", "a", "a", SPAN("x"), 5);
    add("p", "b", "b", SPAN("x"), 6);
    cr_expect_not_null(find("p", "a", 4 + hour));
    cr_expect_null(find("p", "a", 5 + hour));
    cr_expect_not_null(find("p", "b", 5 + hour));
    kept_forget_old(kept, 4 + hour);
    cr_expect_not_null(find("p", "a", 6));
    kept_forget_old(kept, 5 + hour);
    cr_expect_null(find("p", "a", 6));
    cr_expect_not_null(find("p", "b", 6));
    kept_forget_old(kept, 6 + hour);
    cr_expect_eq(kept_bytes(kept), 0);
}

Test(kept, the_largest_object) {
    char *text = calloc(1, LIMIT_KEPT_OBJECT_BYTES);
    size_t others;

    add("p", "a", "i", SPAN("x"), 1);
    others = kept_bytes(kept) - 1;
    kept_clear(kept);
    add("p", "a", "i", (Span){text, LIMIT_KEPT_OBJECT_BYTES - others}, 1);
    cr_expect_not_null(find("p", "a", 1));
    cr_expect_eq(kept_bytes(kept), LIMIT_KEPT_OBJECT_BYTES);
    /* What is too large takes the place of what was there: nobody gets what isn't true any more. */
    add("p", "a", "i", (Span){text, LIMIT_KEPT_OBJECT_BYTES - others + 1}, 1);
    cr_expect_null(find("p", "a", 1));
    free(text);
}

static void add_many(const char *policy, unsigned n, Span came) {
    char name[16];

    for (unsigned i = 0; i < n; i++) {
        snprintf(name, sizeof(name), "%u", i);
        add(policy, name, name, came, 1);
    }
}

Test(kept, as_many_objects_as_may_be) {
    add("q", "mine", "mine", SPAN("x"), 1);
    add_many("p", LIMIT_KEPT_OBJECTS, SPAN("x"));
    cr_expect_not_null(find("p", "0", 9));
    add("p", "more", "more", SPAN("x"), 2);
    cr_expect_null(find("p", "0", 9));
    cr_expect(find("p", "1", 9) && find("p", "more", 9));
    cr_expect_not_null(find("q", "mine", 9)); /* one policy's clients can't push out another's */
}

Test(kept, as_many_bytes_as_may_be) {
    const unsigned n = LIMIT_KEPT_POLICY_BYTES / (200u << 10);
    char *text = calloc(1, 200u << 10);
    char policy[16];

    add_many("p", n + 1, (Span){text, 200u << 10});
    cr_expect_null(find("p", "0", 9));
    cr_expect_leq(kept_bytes(kept), LIMIT_KEPT_POLICY_BYTES);
    for (unsigned i = 0; i < LIMIT_KEPT_BYTES / LIMIT_KEPT_POLICY_BYTES + 1; i++) {
        snprintf(policy, sizeof(policy), "p%u", i);
        add_many(policy, n, (Span){text, 200u << 10});
    }
    cr_expect_leq(kept_bytes(kept), LIMIT_KEPT_BYTES);
    cr_expect_gt(kept_bytes(kept), LIMIT_KEPT_BYTES - (256u << 10));
    free(text);
}
