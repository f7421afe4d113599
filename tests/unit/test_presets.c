// SPDX-License-Identifier: Apache-2.0
#include "policy/presets.h"

#include <criterion/criterion.h>

#include "policy/compile.h"

Test(presets, each_name_has_its_yaml) {
    size_t n = 0;
    const char *const *names = preset_names(&n);

    cr_assert_gt(n, 0);
    for (size_t i = 0; i < n; i++) {
        const char *yaml = preset_yaml(span_from(names[i]));

        cr_assert_not_null(yaml, "%s", names[i]);
        cr_expect_not_null(strstr(yaml, names[i]), "%s", names[i]);
        cr_expect_eq(yaml[strlen(yaml) - 1], '\n', "%s", names[i]);
        for (size_t j = 0; j < i; j++)
            cr_expect_str_neq(names[i], names[j]);
    }
}

/* A name that is nearly one must not give somebody another's rights. */
Test(presets, no_other_name) {
    static const char *const names[] = {"", "read", "read-onl", "read-only ", "Read-Only", "read_only"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        cr_expect_null(preset_yaml(span_from(names[i])), "'%s'", names[i]);
    cr_expect_null(preset_yaml((Span){0}));
    cr_expect_null(preset_yaml((Span){"read-only\0", 10}));
    cr_expect_not_null(preset_yaml((Span){"read-only-more", 9}), "a span ends where it says");
}

/* `quaygate presets NAME` prints what a file may hold. */
Test(presets, parses_as_a_file) {
    size_t n = 0;
    const char *const *names = preset_names(&n);

    for (size_t i = 0; i < n; i++) {
        Arena *arena = arena_new(LIMIT_ARENA_BYTES);
        DocErrors errors = {.file = "f", .arena = arena};

        cr_expect_not_null(doc_parse(arena, span_from(preset_yaml(span_from(names[i]))), &errors), "%s",
                           names[i]);
        cr_expect_eq(errors.n, 0, "%s", names[i]);
        arena_free(arena);
    }
}
