// SPDX-License-Identifier: Apache-2.0
#include "policy/glob.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "policy/limits.h"

static bool match(Arena *arena, const char *pattern, const char *text) {
    const Glob *glob = glob_compile(arena, span_from(pattern));

    cr_assert_not_null(glob, "%s", pattern);
    return glob_match(glob, span_from(text));
}

Test(glob, table) {
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        {"a", "a", true},
        {"a", "A", false},
        {"a", "", false},
        {"a", "ab", false},
        {"?", "a", true},
        {"?", "/", false},
        {"?", "", false},
        {"*", "", true},
        {"*", "abc", true},
        {"*", "a/b", false},
        {"**", "", true},
        {"**", "a/b/c", true},
        {"***", "a/b", true},
        {"ci-*", "ci-", true},
        {"ci-*", "ci", false},
        {"*-ci", "a-ci-ci", true},
        {"a*b*c", "aXbYc", true},
        {"a*b*c", "aXcYb", false},
        {"/srv/*", "/srv/a", true},
        {"/srv/*", "/srv/a/b", false},
        {"/srv/*", "/srv", false},
        {"/srv/**", "/srv/a/b", true},
        {"/srv/**", "/srv/", true},
        {"/srv/**", "/srv", true},
        {"/srv/**", "/srvx", false},
        {"/srv/**", "/sr", false},
        {"/srv/**/x", "/srv", false},
        {"/srv/**/x", "/srv/a/b/x", true},
        {"/srv/**/x", "/srv/x", false},
        {"/srv**", "/srvx/y", true},
        {"/srv/*/**", "/srv/a", true},
        {"/srv/*/**", "/srv/a/b/c", true},
        {"/srv/*/**", "/srv", false},
        {"/**", "/", true},
        {"/**", "", false},
        {"/**", "/a/b", true},
        {"a/**", "a", true},
        {"[ab]", "a", false},
        {"[ab]", "[ab]", true},
        {"\\*", "\\x", true},
        {"\\*", "*", false},
    };
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 20);

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        cr_expect_eq(match(arena, cases[i].pattern, cases[i].text), cases[i].matches, "'%s' on '%s'",
                     cases[i].pattern, cases[i].text);
}

Test(glob, bytes_are_bytes) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 20);
    const Glob *glob = glob_compile(arena, SPAN("a\0*"));

    cr_expect(glob_match(glob, SPAN("a\0b")));
    cr_expect_not(glob_match(glob, SPAN("a")), "a NUL ends nothing");
    cr_expect_not(match(arena, "\xC3\xA9", "e"));
}

Test(glob, literal) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 20);

    cr_expect(glob_is_literal(glob_compile(arena, SPAN("/a.b[c]"))));
    cr_expect_not(glob_is_literal(glob_compile(arena, SPAN("/a?"))));
    cr_expect_not(glob_is_literal(glob_compile(arena, SPAN("*"))));
    cr_expect_not(glob_is_literal(glob_compile(arena, SPAN("/a/**"))));
}

Test(glob, limits) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 20);
    char text[LIMIT_PATTERN_BYTES + 1];
    const Glob *glob;

    memset(text, 'a', sizeof(text));
    glob = glob_compile(arena, (Span){text, LIMIT_PATTERN_BYTES});
    cr_assert_not_null(glob);
    cr_expect(glob_match(glob, (Span){text, LIMIT_PATTERN_BYTES}));
    cr_expect_not(glob_match(glob, (Span){text, LIMIT_PATTERN_BYTES + 1}));
    cr_expect_not(glob_match(glob, (Span){text, LIMIT_PATTERN_BYTES - 1}));
    cr_expect_null(glob_compile(arena, (Span){text, LIMIT_PATTERN_BYTES + 1}));
    cr_expect_null(glob_compile(arena, SPAN("")));
}

/* By definition, and with backtracking: fine for short texts, and nothing like the code under test. */
static bool reference_match(Span pattern, Span text) {
    char c;
    size_t run = 0;

    if (pattern.size == 0)
        return text.size == 0;
    c = pattern.data[0];
    while (run < pattern.size && pattern.data[run] == '*')
        run++;
    if (run > 0) {
        Span rest = {pattern.data + run, pattern.size - run};

        for (size_t i = 0; i <= text.size; i++) {
            if (reference_match(rest, (Span){text.data + i, text.size - i}))
                return true;
            if (i < text.size && run == 1 && text.data[i] == '/')
                return false;
        }
        return false;
    }
    if (text.size == 0 || (c == '?' ? text.data[0] == '/' : text.data[0] != c))
        return false;
    return reference_match((Span){pattern.data + 1, pattern.size - 1}, (Span){text.data + 1, text.size - 1});
}

static bool reference_with_subtree(Span pattern, Span text) {
    size_t n = pattern.size, stars = 0;

    if (reference_match(pattern, text))
        return true;
    while (stars < n && pattern.data[n - 1 - stars] == '*')
        stars++;
    if (stars < 2 || n < stars + 2 || pattern.data[n - stars - 1] != '/')
        return false;
    return reference_match((Span){pattern.data, n - stars - 1}, text);
}

static size_t random_text(unsigned *seed, const char *alphabet, char *text, size_t max) {
    size_t n = (size_t) rand_r(seed) % (max + 1);

    for (size_t i = 0; i < n; i++)
        text[i] = alphabet[(size_t) rand_r(seed) % strlen(alphabet)];
    return n;
}

Test(glob, agrees_with_reference) {
    unsigned seed = 20261124;
    size_t n_matches = 0;

    for (size_t round = 0; round < 40000; round++) {
        CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 16);
        char pattern[9], text[11];
        Span p = {pattern, random_text(&seed, "ab/?***", pattern, sizeof(pattern))};
        Span t = {text, random_text(&seed, "aab/", text, sizeof(text))};
        bool expected = reference_with_subtree(p, t);
        const Glob *glob = glob_compile(arena, p);

        if (p.size == 0)
            continue;
        n_matches += expected;
        cr_assert_eq(glob_match(glob, t), expected, "'%.*s' on '%.*s'", SPAN_FMT(p), SPAN_FMT(t));
    }
    cr_expect_gt(n_matches, 1000, "the cases must be of both kinds");
}

/* Backtracking would need longer than the universe has. */
Test(glob, no_blow_up, .timeout = 20) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 20);
    char pattern[LIMIT_PATTERN_BYTES], text[4096];
    const Glob *glob;

    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = i % 2 ? 'a' : '*';
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = 'b';
    glob = glob_compile(arena, (Span){pattern, sizeof(pattern)});
    cr_expect_not(glob_match(glob, (Span){text, sizeof(text)}));
    cr_expect(glob_match(glob, (Span){text, sizeof(text) - 1}));
}

/* Two patterns meet where some text of up to five bytes says so; longer ones aren't needed for these. */
Test(glob, meets) {
    static const char *const patterns[] = {"a",  "*",   "**",   "?",    "/",   "a*",   "*b",  "a/**",
                                           "a/", "a/b", "/?*/", "**/a", "a?b", "*/*",  "aa*", "a/*/b",
                                           "?*", "?**", "a**b", "b/**", "b",   "**/b", "//",  "a/b/**"};
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 16);
    unsigned n_meet = 0;

    for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
        for (size_t k = 0; k < ARRAY_SIZE(patterns); k++) {
            const Glob *a = glob_compile(arena, span_from(patterns[i])),
                       *b = glob_compile(arena, span_from(patterns[k]));
            bool expected = false;

            for (unsigned n = 0; n < 4096 && !expected; n++) {
                static const char letters[] = {'a', 'b', '/', '\0'};
                char text[7] = "";

                for (unsigned d = 0; d < 6 && letters[(n >> (2 * d)) & 3]; d++)
                    text[d] = letters[(n >> (2 * d)) & 3];
                expected = glob_match(a, span_from(text)) && glob_match(b, span_from(text));
            }
            n_meet += expected;
            cr_expect_eq(glob_meets(a, b), expected, "'%s' and '%s'", patterns[i], patterns[k]);
        }
    cr_expect_gt(n_meet, 100);
}
