// SPDX-License-Identifier: Apache-2.0
/*
 * PATH and TREE, a line each: a cleaned path is clean, cleaning it again changes nothing, and what lies below
 * something protected is protected.
 */
#include "fuzz.h"

#include "policy/hostpath.h"

static void check_clean(const char *clean) {
    size_t n = strlen(clean);

    FUZZ_CHECK(clean[0] == '/', "%s is not absolute", clean);
    FUZZ_CHECK(!strstr(clean, "//") && !strstr(clean, "/./") && !strstr(clean, "/../"), "%s", clean);
    FUZZ_CHECK(n == 1 || clean[n - 1] != '/', "%s ends with a slash", clean);
    FUZZ_CHECK(n < 2 || strcmp(clean + n - 2, "/.") != 0, "%s", clean);
    FUZZ_CHECK(n < 3 || strcmp(clean + n - 3, "/..") != 0, "%s", clean);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(16u << 20);
    FuzzInput input = {data, size};
    Span path = fuzz_line(&input), tree = fuzz_rest(&input);
    const char *clean = hostpath_clean(arena, path), *root = hostpath_clean(arena, tree);
    const char *again;

    FUZZ_CHECK((clean != NULL) == hostpath_is_sound(path), "sound, but not to be cleaned");
    if (!clean)
        return 0;
    check_clean(clean);
    again = hostpath_clean(arena, span_from(clean));
    FUZZ_CHECK(again && strcmp(clean, again) == 0, "%s became %s", clean, again);
    FUZZ_CHECK(hostpath_is_in(span_from(clean), span_from(clean)), "%s is not in itself", clean);
    FUZZ_CHECK(!hostpath_is_below_protected(span_from(clean)) || hostpath_is_protected(span_from(clean)),
               "%s is below, but not protected", clean);
    if (!root || !hostpath_is_in(span_from(clean), span_from(root)))
        return 0;
    FUZZ_CHECK(!hostpath_is_below_protected(span_from(root)) || hostpath_is_below_protected(span_from(clean)),
               "%s is in %s, which is protected", clean, root);
    FUZZ_CHECK(!hostpath_is_in(span_from(root), span_from(clean)) || strcmp(root, clean) == 0,
               "%s and %s are in each other", clean, root);
    return 0;
}
