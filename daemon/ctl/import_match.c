// SPDX-License-Identifier: Apache-2.0
#include "import_match.h"

#include "policy/cover.h"
#include "policy/text.h"

/* Of versions none too: most clients have one, curl in scripts has not. */
static const unsigned SAMPLE_VERSIONS[] = {0, 24, 41, 44, 51};
/* Two of each kind, that begin and end otherwise: what matches both is for names of that kind, not for some.
 */
typedef const char *const Samples[2];
static Samples SAMPLE_NAMES[] = {
    {"9f2c4e6a8b0d1f3e5a7c9b2d4f6e8a0c1b3d5f7e9a2c4b6d8f0e1a3c5b7d9f2e",
     "e05d7b1c3f9a8e2d4b6c0f1a7e9d5b3c2f8a4e6d0b1c9f7a5e3d8b2c6f4a0e17"},
    {"9f2c4e6a8b0d", "e05d7b1c3f9a"},
    {"qzx", "bkj"},
    {"q0-zx_7.k", "b8_kj-3.w"},
};
static Samples SAMPLE_IMAGES[] = {
    {"qzx", "bkj"},
    {"qzx/zk:1.2", "bkj/wq:8.7"},
    {"qzx.example.com:5000/zk/qz:1.2", "bkj.example.org:6001/wq/bk:8.7"},
    {"sha256:9f2c4e6a8b0d1f3e5a7c9b2d4f6e8a0c1b3d5f7e9a2c4b6d8f0e1a3c5b7d9f2e",
     "sha256:e05d7b1c3f9a8e2d4b6c0f1a7e9d5b3c2f8a4e6d0b1c9f7a5e3d8b2c6f4a0e17"},
};

_Static_assert(ARRAY_SIZE(SAMPLE_NAMES) == ARRAY_SIZE(SAMPLE_IMAGES), "one loop for both");

static const char *sample_path(Arena *arena, const Operation *operation, unsigned version, const char *name) {
    const char *path = cover_path(arena, operation, version, name);

    /* cover_path() writes a version where the operation has one. */
    return path && version == 0 && routes_has_version(operation) ? strchr(path + 1, '/') : path;
}

static bool sample_matches(Arena *arena, const GoRegex *regex, const char *path, bool with_query) {
    const char *longer = path && with_query ? arena_printf(arena, "%s?qzx=1", path) : NULL;

    return path && (go_regex_matches(regex, path) || (longer && go_regex_matches(regex, longer)));
}

static bool match_operation(Arena *arena, const GoRegex *regex, const Operation *operation, bool with_query) {
    bool image = strstr(operation->path, ":**}") != NULL;

    for (size_t v = 0; v < ARRAY_SIZE(SAMPLE_VERSIONS); v++)
        for (size_t i = 0; i < ARRAY_SIZE(SAMPLE_NAMES); i++) {
            const char *const *names = image ? SAMPLE_IMAGES[i] : SAMPLE_NAMES[i];
            bool both = true;

            for (size_t k = 0; k < 2 && both; k++)
                both = sample_matches(
                    arena, regex, sample_path(arena, operation, SAMPLE_VERSIONS[v], names[k]), with_query);
            if (both)
                return true;
        }
    return false;
}

/* Whether the pattern has the operation's own word in it, as a word. */
static bool match_is_meant(Span pattern, const Operation *operation) {
    Span word = imported_word(operation);

    for (size_t i = 0; word.size > 0 && i + word.size <= pattern.size; i++) {
        bool before =
            i > 0 && (ascii_lower(pattern.data[i - 1]) >= 'a' && ascii_lower(pattern.data[i - 1]) <= 'z');
        size_t end = i + word.size;
        bool after = end < pattern.size && ascii_lower(pattern.data[end]) >= 'a' &&
                     ascii_lower(pattern.data[end]) <= 'z';

        if (!before && !after && span_equals((Span){pattern.data + i, word.size}, word))
            return true;
    }
    return false;
}

void import_match(Imported *imported, const ImportPattern *pattern) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    GoRegex regex = {0};
    const char *why = arena ? go_regex_compile(arena, pattern->pattern, &regex) : "out of memory";
    size_t n = 0;

    if (why)
        imported_note(imported, IMPORT_OPEN, "%s can't be translated (it has %s), and allows nothing here",
                      pattern->by, why);
    if (regex.open)
        imported_note(
            imported, IMPORT_DANGEROUS,
            "%s: the | outside of parentheses splits its anchors: only its first part was held to the "
            "beginning of the path, and only its last to the end",
            pattern->by);
    for (size_t i = 0; !why && i < imported->n_operations; i++) {
        const Operation *operation = &imported->operations[i];

        if (operation->method != pattern->method)
            continue;
        arena_reset(arena);
        if (!match_operation(arena, &regex, operation, pattern->with_query))
            continue;
        n++;
        imported_grant(imported, operation, pattern->by, match_is_meant(pattern->pattern, operation));
    }
    if (!why && n == 0)
        imported_note(
            imported, IMPORT_OPEN,
            "%s allows no operation here: it is for certain names, which a policy can't tell apart yet, or "
            "for paths that are no operation",
            pattern->by);
    go_regex_done(&regex);
}
