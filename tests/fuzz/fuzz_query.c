// SPDX-License-Identifier: Apache-2.0
/*
 * METHOD, POLICY, BASE and a request-target: the query's judge, on its own and as the target is sent: both
 * come to the same verdict. Monotony: a policy with one `allow` less, or one `deny` more, never allows what
 * the whole one denies.
 */
#include "fuzz.h"

#include <stdio.h>

#define ARENA_BYTES (16u << 20)

/* Entries of `allow:` and `deny:`; a base has some of them. */
static const char *const ALLOWS[] = {
    "ContainerList",
    "ContainerInspect",
    "ContainerCreate",
    "ContainerStart",
    "{operation: ContainerLogs, query: {follow: [\"0\", \"\"], tail: [\"1*\"]}}",
    "ContainerLogs",
    "{request: \"GET /libpod/**\"}",
    "{request: \"* /containers/**\"}",
    "ImageCreate",
    "ImageBuild",
    "SystemEvents",
    "{operation: ContainerKill, query: {signal: [SIGHUP, HUP]}}",
    "ContainerAttach",
    "Session",
    "ContainerPrune",
    "{operation: SystemInfo, until: 2030-01-01T00:00:00Z}",
};
static const char *const DENIES[] = {
    "ContainerList",
    "ContainerLogs",
    "{request: \"GET /libpod/secrets/**\"}",
    "{request: \"GET /**\"}",
    "ContainerCreate",
    "ContainerKill",
    "ImageBuild",
    "SystemInfo",
};

#define BASES 32u

/* --- the policies: each base, and each with an allow less or a deny more; compiled once */

/* Which entries a base has: bits that follow from its number. */
static unsigned base_bits(unsigned base) {
    return (base + 1) * 2654435761u;
}

static bool write_policy(Buffer *text, unsigned allows, unsigned denies) {
    int r = buffer_append(text, SPAN("  allow:\n    - SystemPing\n"));

    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(ALLOWS); i++)
        if (allows >> i & 1u)
            r = buffer_printf(text, "    - %s\n", ALLOWS[i]);
    if (r == 0)
        r = buffer_append(text, SPAN("  deny:\n    - SwarmInit\n"));
    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(DENIES); i++)
        if (denies >> i & 1u)
            r = buffer_printf(text, "    - %s\n", DENIES[i]);
    return r == 0;
}

static void write_base(Buffer *text, unsigned base) {
    unsigned allows = base_bits(base) >> 16, denies = base_bits(base) >> 8 & 0xffu;
    bool good = buffer_printf(text, "b%u:\n", base) == 0 && write_policy(text, allows, denies);

    for (unsigned i = 0; good && i < ARRAY_SIZE(ALLOWS); i++)
        good = buffer_printf(text, "b%u-a%u:\n", base, i) == 0 &&
               write_policy(text, allows & ~(1u << i), denies);
    for (unsigned i = 0; good && i < ARRAY_SIZE(DENIES); i++)
        good =
            buffer_printf(text, "b%u-d%u:\n", base, i) == 0 && write_policy(text, allows, denies | 1u << i);
    FUZZ_CHECK(good, "no memory for the policies");
}

static const PolicySet *policies(void) {
    static PolicySet *set;
    CLEANUP(arena_free_p) Arena *arena = NULL;
    ApiVersions versions = api_versions_default();
    DocErrors errors = {.file = "policies"};
    CLEANUP(buffer_done) Buffer text = {0};

    if (set)
        return set;
    for (unsigned i = 0; i < BASES; i++)
        write_base(&text, i);
    arena = errors.arena = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    set = policy_set_compile(doc_parse(arena, buffer_span(&text), &errors), &versions, &errors);
    FUZZ_CHECK(set != NULL, "%s", errors.n > 0 ? errors.items[0].message : "no memory");
    return set;
}

static Effect effect_of(const Policy *policy, const Request *request, Arena *arena) {
    Verdict verdict = {0};

    policy_decide(policy, request, NULL, arena, &verdict);
    return verdict.effect;
}

static Effect effect_under(const char *name, const Request *request, Arena *arena) {
    return effect_of(policy_set_get(policies(), span_from(name)), request, arena);
}

/* --- what must hold */

static void check_monotony(Arena *arena, const Request *request, unsigned base) {
    char name[32];

    snprintf(name, sizeof(name), "b%u", base);
    if (effect_under(name, request, arena) == EFFECT_ALLOW)
        return;
    for (unsigned i = 0; i < ARRAY_SIZE(ALLOWS) + ARRAY_SIZE(DENIES); i++) {
        bool fewer = i < ARRAY_SIZE(ALLOWS);

        snprintf(name, sizeof(name), "b%u-%c%u", base, fewer ? 'a' : 'd',
                 fewer ? i : i - (unsigned) ARRAY_SIZE(ALLOWS));
        FUZZ_CHECK(effect_under(name, request, arena) != EFFECT_ALLOW, "%s: %s allows what b%u denies",
                   target_format(arena, &request->target), name, base);
    }
}

static void check_sent(const Policy *policy, const Request *request, Arena *arena) {
    const char *text = target_format(arena, &request->target), *detail;
    Request again = *request;

    if (!text || strlen(text) > LIMIT_TARGET_BYTES)
        return;
    FUZZ_CHECK(target_parse(arena, span_from(text), &again.target, &detail) == REASON_OK, "%s", detail);
    again.operation = routes_match(again.method, &again.target, &again.object);
    FUZZ_CHECK(effect_of(policy, request, arena) == effect_of(policy, &again, arena),
               "%s is judged otherwise when it is sent", text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(ARENA_BYTES);
    FuzzInput input = {data, size};
    Request request = {.method = METHOD_GET + fuzz_byte(&input) % METHOD_DELETE, .now = 1700000000};
    Policy *policy = fuzz_policy(fuzz_byte(&input));
    unsigned base = fuzz_byte(&input) % BASES;
    const char *detail;

    if (target_parse(arena, fuzz_rest(&input), &request.target, &detail) != REASON_OK)
        return 0;
    request.operation = routes_match(request.method, &request.target, &request.object);
    check_sent(policy, &request, arena);
    check_monotony(arena, &request, base);
    return 0;
}
