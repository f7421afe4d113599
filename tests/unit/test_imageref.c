// SPDX-License-Identifier: Apache-2.0
#include "policy/imageref.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "policy/limits.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

Test(imageref, forms) {
    static const struct {
        Span text;
        const char *full, *name; /* full NULL: refused; name NULL: an ID */
    } rows[] = {
        {SPAN("alpine"), "docker.io/library/alpine:latest", "docker.io/library/alpine"},
        {SPAN("alpine:3.20"), "docker.io/library/alpine:3.20", "docker.io/library/alpine"},
        {SPAN("library/alpine"), "docker.io/library/alpine:latest", "docker.io/library/alpine"},
        {SPAN("docker.io/alpine"), "docker.io/library/alpine:latest", "docker.io/library/alpine"},
        {SPAN("index.docker.io/alpine"), "docker.io/library/alpine:latest", "docker.io/library/alpine"},
        {SPAN("team/app"), "docker.io/team/app:latest", "docker.io/team/app"},
        {SPAN("localhost/app"), "localhost/app:latest", "localhost/app"},
        {SPAN("localhost:5000/a/b:1"), "localhost:5000/a/b:1", "localhost:5000/a/b"},
        {SPAN("[::1]:5000/a"), "[::1]:5000/a:latest", "[::1]:5000/a"},
        {SPAN("Reg.example.com/a"), "Reg.example.com/a:latest", "Reg.example.com/a"},
        {SPAN("registry.example.com/a/b@sha256:" HEX), "registry.example.com/a/b@sha256:" HEX,
         "registry.example.com/a/b"},
        {SPAN("a-b:1@sha256:" HEX), "docker.io/library/a-b:1@sha256:" HEX, "docker.io/library/a-b"},
        {SPAN("alpine:A_z.-9"), "docker.io/library/alpine:A_z.-9", "docker.io/library/alpine"},
        {SPAN("bb:latest"), "docker.io/library/bb:latest", "docker.io/library/bb"},
        {SPAN("localhost"), "docker.io/library/localhost:latest", "docker.io/library/localhost"},
        /* what may be an ID is one */
        {SPAN("bb"), "sha256:bb", NULL},
        {SPAN("7"), "sha256:7", NULL},
        {SPAN(HEX), "sha256:" HEX, NULL},
        {SPAN("sha256:" HEX), "sha256:" HEX, NULL},
        {SPAN("sha256:12"), "sha256:12", NULL},
        {SPAN(HEX "0"), NULL, NULL},
        {SPAN("sha256:"), NULL, NULL},
        {SPAN("sha256:latest"), NULL, NULL},
        /* no reference */
        {SPAN(""), NULL, NULL},
        {SPAN("Alpine"), NULL, NULL},
        {SPAN("FOO/bar"), NULL, NULL},
        {SPAN("alpine:"), NULL, NULL},
        {SPAN("alpine:-x"), NULL, NULL},
        {SPAN("alpine:.x"), NULL, NULL},
        {SPAN("alpine:a b"), NULL, NULL},
        {SPAN(" alpine"), NULL, NULL},
        {SPAN("alpine\n"), NULL, NULL},
        {SPAN("alpine\0"), NULL, NULL},
        {SPAN("reg\0.example/a"), NULL, NULL},
        {SPAN("/alpine"), NULL, NULL},
        {SPAN("a//b"), NULL, NULL},
        {SPAN("a/../b"), NULL, NULL},
        {SPAN("a/b/"), NULL, NULL},
        {SPAN("registry.example.com/"), NULL, NULL},
        {SPAN("-a"), NULL, NULL},
        {SPAN("x-"), NULL, NULL},
        {SPAN("https://registry.example.com/x"), NULL, NULL},
        {SPAN("x@sha256:" HEX "0"), NULL, NULL},
        {SPAN("x@sha256:0123"), NULL, NULL},
        {SPAN("x@sha512:" HEX HEX), NULL, NULL},
        {SPAN("x@sha256:" HEX "@sha256:" HEX), NULL, NULL},
        {SPAN("x@"), NULL, NULL},
        {SPAN("@sha256:" HEX), NULL, NULL},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 16);
        ImageRef ref = {0};
        bool good = imageref_parse(arena, rows[i].text, &ref);

        cr_expect_eq(good, rows[i].full != NULL, "%s", rows[i].text.data);
        if (!good || !rows[i].full)
            continue;
        cr_expect_str_eq(ref.text, rows[i].full);
        cr_expect_eq(ref.name == NULL, rows[i].name == NULL, "%s", rows[i].text.data);
        if (ref.name && rows[i].name)
            cr_expect_str_eq(ref.name, rows[i].name);
    }
}

/* A tag has at most 128 bytes, a reference LIMIT_PATTERN_BYTES. */
Test(imageref, bounds) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 16);
    char text[LIMIT_PATTERN_BYTES + 2];
    ImageRef ref;

    memset(text, 'x', sizeof(text));
    text[1] = ':';
    cr_expect(imageref_parse(arena, (Span){text, 2 + 128}, &ref));
    cr_expect_not(imageref_parse(arena, (Span){text, 2 + 129}, &ref));
    text[1] = 'x';
    cr_expect(imageref_parse(arena, (Span){text, LIMIT_PATTERN_BYTES}, &ref));
    cr_expect_not(imageref_parse(arena, (Span){text, LIMIT_PATTERN_BYTES + 1}, &ref));
}

Test(imageref, no_memory) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(8);
    ImageRef ref;

    cr_expect_not(imageref_parse(arena, SPAN("alpine"), &ref));
    cr_expect_not(imageref_parse(arena, SPAN("sha256:aa"), &ref));
}
