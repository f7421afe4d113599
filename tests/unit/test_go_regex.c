// SPDX-License-Identifier: Apache-2.0
/* Expressions of Go's, as POSIX has them. */
#include "daemon/ctl/go_regex.h"

#include <criterion/criterion.h>

#include "policy/limits.h"

static Arena *arena;

static void setup(void) {
    arena = arena_new(LIMIT_ARENA_BYTES);
}

static void teardown(void) {
    arena = arena_free(arena);
}

TestSuite(go_regex, .init = setup, .fini = teardown);

static bool matches(const char *pattern, const char *text) {
    GoRegex regex;
    const char *why = go_regex_compile(arena, span_from(pattern), &regex);
    bool good = go_regex_matches(&regex, text);

    cr_expect_null(why, "%s: %s", pattern, why ? why : "");
    go_regex_done(&regex);
    return good;
}

Test(go_regex, matches) {
    static const struct {
        const char *pattern, *yes, *no;
    } rows[] = {
        {"/version", "/version", "/version2"},
        {"/v1\\..{1,2}/(version|containers/.*|events.*)", "/v1.41/containers/x/json", "/v1.410/version"},
        {"/_ping|/info", "/_ping", "/_pingx"},
        {"/_ping|/info", "/info", "x/info"},
        {"(?:/v[\\d\\.]+)?/info", "/v1.41/info", "/vx/info"},

        {"(?i)/INFO", "/info", "/inf"},
        {"/[^/]+/json", "/x-1/json", "/x/y/json"},
        {"/[\\w.-]+", "/a_Z.9-", "/a/"},
        {"/[]a]+", "/]a", "/["},
        {"/[\\]a\\-z]+", "/]-az", "/b"},
        {"/[\\^]", "/^", "/\\"},
        {"/[-^]x", "/^x", "/\\x"},
        {"/[a^-]x", "/-x", "/bx"},
        {"/[[.]x", "/[x", "/]x"},
        {"/[^\\W]", "/a", "/-"},
        {"/[a\\S]", "/~", "/ "},
        {"/a{2}", "/aa", "/aaa"},
        {"/a{2,}", "/aaaa", "/a"},
        {"/{id}", "/{id}", "/id"},
        {"/a{,2}", "/a{,2}", "/aa"},
        {"/a]}", "/a]}", "/a"},
        {"/a+?b??", "/aab", "/b"},
        {"/\\D\\s\\W", "/a -", "/1 -"},
        {"\\A/x\\z", "/x", "/xx"},
        {"^/x$", "/x", "/xx"},
        {"/(a|)b", "/b", "/"},
        {"/a\\/b\\.c", "/a/b.c", "/a/bxc"},
        {".*", "", NULL},
        {"", "", "/"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (rows[i].yes)
            cr_expect(matches(rows[i].pattern, rows[i].yes), "%s and %s", rows[i].pattern, rows[i].yes);
        if (rows[i].no)
            cr_expect_not(matches(rows[i].pattern, rows[i].no), "%s and %s", rows[i].pattern, rows[i].no);
    }
}

Test(go_regex, what_cannot_be) {
    static const struct {
        const char *pattern, *why;
    } rows[] = {
        {"/\\bx", "an escape that POSIX hasn't"},
        {"/\\pL", "an escape that POSIX hasn't"},
        {"/\\x41", "an escape that POSIX hasn't"},
        {"/\\Qa\\E", "an escape that POSIX hasn't"},
        {"/(a)\\1", "an escape that POSIX hasn't"},
        {"/\\", "a backslash at the end"},
        {"(?P<n>a)", "a group with flags or a name"},
        {"(?s:a)", "a group with flags or a name"},
        {"(?=a)", "a group with flags or a name"},
        {"/a(?i)b", "(?i) in the middle"},
        {"/[[:alpha:]]", "a named class ([:…:])"},
        {"/[a", "an open bracket"},
        {"/[z-a]", "something in brackets"},
        {"/[\\d-z]x", NULL},
        {"/[a-\\d]", "something in brackets"},
        {"/[\\pL]", "something in brackets"},
        {"/[^\\d\\D]", "a class that matches nothing"},
        {"/(a", "an open parenthesis"},
        {"/a)", "a parenthesis too many"},
        {"*a", "a repetition of nothing"},
        {"a**", "a repetition of nothing"},
        {"(+a)", "a repetition of nothing"},
        {"/\xc3\xa9", "a byte that is no ASCII"},
        {"/[\xc3\xa9]", "something in brackets"},
        {"/a{256}", "so many repetitions"},
        {"/a{255}", NULL},
        {"((a{128}){8}b{2})", NULL},
        {"((a{128}){8})b{3}", "so many repetitions"},
        {"((a{128}){8}b{3})", "so many repetitions"},
        {"(()*a{255}){5}", "so many repetitions"},
        {"/a{2,1}", "something that POSIX doesn't take"},
        {"((((((a+)+)+)+)+)+)+", NULL},
        {"((((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+)+)+", "so many repetitions"},
        {"((((((((((((((a{1,}){1,}){1,}){1,}){1,}){1,}){1,}){1,}){1,}){1,}){1,}){1,}){1,}){1,})+",
         "so many repetitions"},
        {"((((((((((((((()+)+)+)+)+)+)+)+)+)+)+)+)+)+)+", "so many repetitions"},
        {"(((a||||||||||){255}){255}", "so many repetitions"},
        {"(((a^^^^$$$$$$){255}){255}", "so many repetitions"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        GoRegex regex;
        const char *why = go_regex_compile(arena, span_from(rows[i].pattern), &regex);

        cr_expect_eq(why == NULL, rows[i].why == NULL, "%s: %s", rows[i].pattern, why ? why : "fine");
        if (why && rows[i].why)
            cr_expect_str_eq(why, rows[i].why, "%s", rows[i].pattern);
        cr_expect_eq(regex.compiled, why == NULL);
        if (why)
            cr_expect_not(go_regex_matches(&regex, "/"), "what can't be told matches nothing");
        go_regex_done(&regex);
    }
}

Test(go_regex, length) {
    static char pattern[GO_REGEX_BYTES + 1];
    GoRegex regex;

    memset(pattern, 'a', sizeof(pattern));
    cr_expect_null(go_regex_compile(arena, (Span){pattern, GO_REGEX_BYTES}, &regex));
    go_regex_done(&regex);
    cr_expect_str_eq(go_regex_compile(arena, (Span){pattern, GO_REGEX_BYTES + 1}, &regex),
                     "so long a pattern");
    go_regex_done(&regex);
}

Test(go_regex, depth) {
    char pattern[2 * (GO_REGEX_DEPTH + 1)];
    GoRegex regex;

    memset(pattern, '(', GO_REGEX_DEPTH + 1);
    memset(pattern + GO_REGEX_DEPTH + 1, ')', GO_REGEX_DEPTH + 1);
    cr_expect_null(go_regex_compile(arena, (Span){pattern + 1, 2 * GO_REGEX_DEPTH}, &regex));
    go_regex_done(&regex);
    cr_expect_str_eq(go_regex_compile(arena, (Span){pattern, sizeof(pattern)}, &regex),
                     "parentheses so deep");
    go_regex_done(&regex);
}

Test(go_regex, open) {
    static const struct {
        const char *pattern;
        bool open;
    } rows[] = {{"/a|/b", true}, {"(/a|/b)", false}, {"/[a|b]", false}, {"/a\\|b", false}};

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        GoRegex regex;

        cr_expect_null(go_regex_compile(arena, span_from(rows[i].pattern), &regex));
        cr_expect_eq(regex.open, rows[i].open, "%s", rows[i].pattern);
        go_regex_done(&regex);
    }
}
