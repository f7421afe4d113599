// SPDX-License-Identifier: Apache-2.0
/* needs.c, and pin.c, which writes where needs.c has found. Verdicts are in tests/vectors/looks.yaml. */
#include "policy/pin.h"

#include <criterion/criterion.h>

#include "policy/looks.h"
#include "tests/support/policies.h"

static Request request_of(Arena *arena, const char *method, const char *target) {
    RawHead head = {.method = span_from(method), .target = span_from(target), .http_minor = 1};
    const char *detail = NULL;
    Request request;

    head.headers[head.n_headers++] = (Header){.name = SPAN("Host"), .value = SPAN("d")};
    cr_assert_eq(request_seal(arena, &head, &request, &detail), REASON_OK, "%s", detail);
    return request;
}

Test(needs, only_some_operations_and_policies_concern_the_engine) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(4u << 20);
    CLEANUP(policy_set_free_p)
    PolicySet *set = policies_compile(
        arena,
        SPAN("p: {allow: [ContainerStart]}\n"
             "open: {allow: [ContainerStart], containers: {profile: privileged, require_digest: true}}\n"));
    const Policy *p = policy_set_get(set, SPAN("p")), *open = policy_set_get(set, SPAN("open"));
    const Request start = request_of(arena, "POST", "/v1.41/containers/c/start"),
                  stop = request_of(arena, "POST", "/v1.41/containers/c/stop"),
                  unknown = request_of(arena, "GET", "/v1.41/nothing");

    cr_expect(needs_concern(p, &start));
    cr_expect_not(needs_concern(p, &stop));
    cr_expect_not(needs_concern(p, &unknown));
    cr_expect_not(needs_concern(open, &start));
    cr_expect_not(needs_concern(policy_set_get(set, SPAN("all")), &start));
    cr_expect(needs_concern(policy_set_get(set, SPAN("monitoring")), &start));
}

/* needs.c keeps a flag for each row. */
Test(needs, the_catalogue_fits) {
    size_t n;

    (void) routes_all(&n);
    cr_expect_leq(n, 160);
}

Test(needs, targets_and_the_engines_words) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 20);
    const Request versioned = request_of(arena, "GET", "/v1.41/info"),
                  bare = request_of(arena, "GET", "/info");
    static const struct {
        NeedKind kind;
        const char *name, *target, *absent;
    } cases[] = {
        {NEED_CONTAINER, "web", "/v1.41/containers/web/json", "No such container: web"},
        {NEED_CONTAINER, "/web", "/v1.41/containers/web/json", "No such container: /web"},
        {NEED_EXEC, "e", "/v1.41/exec/e/json", "No such exec instance: e"},
        {NEED_IMAGE, "a/b:c", "/v1.41/images/a/b:c/json", "No such image: a/b:c"},
        {NEED_NETWORK, "n", "/v1.41/networks/n", "network n not found"},
        {NEED_VOLUME, "v", "/v1.41/volumes/v", "get v: no such volume"},
        {NEED_SERVICE, "s", "/v1.41/services/s", "service s not found"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Need need = {.kind = cases[i].kind, .name = span_from(cases[i].name)};

        cr_expect_str_eq(need_target(arena, &versioned, &need), cases[i].target);
        cr_expect_str_eq(need_target(arena, &bare, &need), cases[i].target + strlen("/v1.41"));
        cr_expect_str_eq(need_absent(arena, &need), cases[i].absent);
    }
}

Test(needs, names_that_no_object_has) {
    static const struct {
        NeedKind kind;
        const char *name;
        bool good;
    } cases[] = {
        {NEED_CONTAINER, "web-1.a_b", true},
        {NEED_CONTAINER, "/web", true},
        {NEED_CONTAINER, "//web", false},
        {NEED_CONTAINER, "web/db", false},
        {NEED_CONTAINER, "", false},
        {NEED_CONTAINER, "/", false},
        {NEED_CONTAINER, ".", false},
        {NEED_CONTAINER, "..", false},
        {NEED_CONTAINER, "a b", false},
        {NEED_CONTAINER, "a?b", false},
        {NEED_CONTAINER, "a%2e", false},
        {NEED_CONTAINER, "w\xC3\xA9", false},
        {NEED_VOLUME, "/web", false},
        {NEED_VOLUME, "v", true},
        {NEED_IMAGE, "a/b/c:1@sha256:ff", true},
        {NEED_IMAGE, "a//b", false},
        {NEED_IMAGE, "a/../b", false},
        {NEED_IMAGE, "a/", false},
        {NEED_IMAGE, "sha256:ff", true},
        {NEED_IMAGE, "a/.", false},
        {NEED_NETWORK, "a:b", false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 20);
        Needs needs = {.arena = arena};

        needs_add(&needs,
                  &(Need){.kind = cases[i].kind, .uses = NEED_INSIDE, .name = span_from(cases[i].name)});
        cr_expect_eq(needs.reason, cases[i].good ? REASON_UNDECIDED : REASON_LOOK_NAME, "%s", cases[i].name);
        cr_expect_eq(needs.n, cases[i].good ? 1u : 0u, "%s", cases[i].name);
    }
}

Test(needs, no_memory_for_the_first_is_a_reason) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(sizeof(Need));
    Needs needs = {.arena = arena};

    needs_add(&needs, &(Need){.kind = NEED_CONTAINER, .uses = NEED_INSIDE, .name = SPAN("web")});
    cr_expect_eq(needs.reason, REASON_NO_MEMORY);
    cr_expect_eq(needs.n, 0);
    needs_add(&needs, &(Need){.kind = NEED_IMAGE, .uses = NEED_INSIDE, .name = SPAN("a//b")});
    cr_expect_eq(needs.reason, REASON_NO_MEMORY, "the first reason stays");
}

Test(pin, the_path_and_the_query_that_are_sent) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 20);
    Request request = request_of(arena, "POST", "/v1.41/containers/web/rename?name=a&name=b");
    Need items[2];
    Needs needs = {.items = items, .n = ARRAY_SIZE(items)};
    const char **edits;
    size_t n;

    items[0] = (Need){.uses = NEED_PINNED, .place = NEED_IN_PATH, .id = "4f"};
    items[1] =
        (Need){.uses = NEED_PINNED, .place = NEED_IN_QUERY, .index = 1, .id = "5e", .before = SPAN("x:")};
    cr_assert_eq(pin_all(&needs, arena, &request, &edits, &n), REASON_OK);
    cr_expect_eq(n, 0);
    cr_expect_str_eq(target_format(arena, request.sent), "/v1.41/containers/4f/rename?name=a&name=x%3A5e");
    cr_expect_str_eq(target_format(arena, &request.target), "/v1.41/containers/web/rename?name=a&name=b");
}

Test(pin, what_has_no_id_or_is_not_to_be_pinned_stays) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 20);
    Request request = request_of(arena, "POST", "/v1.41/containers/web/start");
    Need items[2];
    Needs needs = {.items = items, .n = ARRAY_SIZE(items)};
    const char **edits;
    size_t n;

    items[0] = (Need){.uses = NEED_PINNED, .place = NEED_IN_PATH};
    items[1] = (Need){.uses = NEED_INSIDE, .place = NEED_IN_PATH, .id = "4f"};
    cr_assert_eq(pin_all(&needs, arena, &request, &edits, &n), REASON_OK);
    cr_expect_null(request.sent);
}

Test(looks, without_memory_nothing_passes) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(4u << 20);
    CLEANUP(policy_set_free_p)
    PolicySet *set = policies_compile(arena, SPAN("p: {allow: [ContainerStart]}\n"));
    Request request = request_of(arena, "POST", "/v1.41/containers/web/start");

    for (size_t limit = 0; limit < 4096; limit += 64) {
        CLEANUP(arena_free_p) Arena *small = arena_new(limit);
        Verdict verdict = {.effect = EFFECT_ALLOW};
        Looks looks;

        looks_begin(&looks, policy_set_get(set, SPAN("p")), &request, NULL, small, &verdict);
        if (looks_target(&looks))
            looks_take(&looks, 200, SPAN("{}"));
        cr_expect_neq(verdict.effect, EFFECT_ALLOW, "%zu", limit);
        cr_expect_null(looks_target(&looks));
    }
}
