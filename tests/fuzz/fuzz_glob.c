// SPDX-License-Identifier: Apache-2.0
/*
 * PATTERN, OTHER and TEXT, a line each: a glob agrees with a matcher that is too simple to be wrong (and too
 * slow for anything but short texts), and two patterns that match the same text meet.
 */
#include "fuzz.h"

#include "policy/glob.h"

#define PATTERN_BYTES 24u
#define TEXT_BYTES 24u

/* As glob.h says it, by trying everything. */
static bool simple_match(Span pattern, Span text) {
    if (pattern.size == 0)
        return text.size == 0;
    if (span_starts_with(pattern, SPAN("**"))) {
        Span rest = {pattern.data + 2, pattern.size - 2};

        for (size_t i = 0; i <= text.size; i++)
            if (simple_match(rest, (Span){text.data + i, text.size - i}))
                return true;
        return false;
    }
    if (pattern.data[0] == '*') {
        Span rest = {pattern.data + 1, pattern.size - 1};

        for (size_t i = 0; i <= text.size; i++) {
            if (simple_match(rest, (Span){text.data + i, text.size - i}))
                return true;
            if (i < text.size && text.data[i] == '/')
                return false;
        }
        return false;
    }
    if (text.size == 0)
        return false;
    if (pattern.data[0] == '?' ? text.data[0] == '/' : pattern.data[0] != text.data[0])
        return false;
    return simple_match((Span){pattern.data + 1, pattern.size - 1}, (Span){text.data + 1, text.size - 1});
}

// `/srv/**` holds its root; `/**` doesn't hold the empty text. More stars than two are two.
static bool expected_match(Span pattern, Span text) {
    Span root = pattern;

    if (simple_match(pattern, text))
        return true;
    while (root.size > 0 && root.data[root.size - 1] == '*')
        root.size--;
    if (pattern.size - root.size < 2 || root.size < 2 || root.data[root.size - 1] != '/')
        return false;
    root.size--;
    return simple_match(root, text);
}

static bool is_short(Span text, size_t limit) {
    size_t n_stars = 0;

    for (size_t i = 0; i < text.size; i++)
        n_stars += text.data[i] == '*';
    return text.size <= limit && n_stars <= 8;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 20);
    FuzzInput input = {data, size};
    Span pattern = fuzz_line(&input), other = fuzz_line(&input), text = fuzz_rest(&input);
    const Glob *glob = glob_compile(arena, pattern), *other_glob = glob_compile(arena, other);
    bool matches, other_matches;

    if (!glob)
        return 0;
    matches = glob_match(glob, text);
    if (is_short(pattern, PATTERN_BYTES) && text.size <= TEXT_BYTES)
        FUZZ_CHECK(matches == expected_match(pattern, text), "%.*s on %.*s: %d", SPAN_FMT(pattern),
                   SPAN_FMT(text), matches);
    if (glob_is_literal(glob))
        FUZZ_CHECK(matches == span_equals(pattern, text), "%.*s is literal", SPAN_FMT(pattern));
    if (!other_glob || pattern.size > 256 || other.size > 256)
        return 0;
    other_matches = glob_match(other_glob, text);
    FUZZ_CHECK(glob_meets(glob, other_glob) == glob_meets(other_glob, glob), "meeting isn't mutual");
    if (matches && other_matches)
        FUZZ_CHECK(glob_meets(glob, other_glob), "%.*s and %.*s meet in %.*s", SPAN_FMT(pattern),
                   SPAN_FMT(other), SPAN_FMT(text));
    return 0;
}
