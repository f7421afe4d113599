// SPDX-License-Identifier: Apache-2.0
#include "policy/doc.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static Arena *arena;
static DocErrors errors;

static void setup(void) {
    arena = arena_new(64u << 20);
    errors = (DocErrors){.arena = arena, .file = "test.yaml"};
}

static void teardown(void) {
    arena = arena_free(arena);
}

TestSuite(doc, .init = setup, .fini = teardown);

Test(doc, tree_with_marks) {
    const DocNode *root = doc_parse(arena,
                                    SPAN("version: 1\n"
                                         "list:\n"
                                         "  - a\n"
                                         "  - \"b c\"\n"
                                         "  - {k: [x, ~]}\n"
                                         "empty:\n"
                                         "quoted: 'null'\n"
                                         "é: ü\n"),
                                    &errors);
    const DocNode *list, *inner;

    cr_assert_not_null(root);
    cr_expect_eq(root->type, DOC_MAPPING);
    cr_expect_eq(root->n, 5);
    cr_expect(span_is(doc_get(root, "version")->scalar, "1"));
    cr_expect_not(doc_get(root, "version")->quoted);
    list = doc_get(root, "list");
    cr_assert_eq(list->type, DOC_SEQUENCE);
    cr_assert_eq(list->n, 3);
    cr_expect_eq(list->items[0]->mark.line, 3);
    cr_expect_eq(list->items[0]->mark.column, 5);
    cr_expect(span_is(list->items[1]->scalar, "b c"));
    cr_expect(list->items[1]->quoted);
    inner = doc_get(list->items[2], "k");
    cr_assert_eq(inner->n, 2);
    cr_expect_eq(inner->items[1]->type, DOC_NULL);
    cr_expect_eq(inner->items[1]->mark.line, 5);
    cr_expect_eq(doc_get(root, "empty")->type, DOC_NULL);
    cr_expect_eq(doc_get(root, "quoted")->type, DOC_SCALAR);
    cr_expect_str_eq(doc_get(root, "é")->scalar.data, "ü");
    cr_expect_eq(root->pairs[1].key.mark.line, 2);
    cr_expect_eq(root->pairs[1].key.mark.column, 1);
    cr_expect_null(doc_get(root, "absent"));
    cr_expect_null(doc_get(list, "k"), "a list has no keys");
    cr_expect_null(doc_get(NULL, "k"));
}

Test(doc, empty_is_null) {
    static const char *const texts[] = {"", "\n", "# only a comment\n", "---\n", "~\n", "\xEF\xBB\xBF"};

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        const DocNode *root = doc_parse(arena, span_from(texts[i]), &errors);

        cr_assert_not_null(root, "case %zu", i);
        cr_expect_eq(root->type, DOC_NULL, "case %zu", i);
    }
}

Test(doc, refused) {
    static const struct {
        Span text;
        unsigned line, column;
        const char *message; /* begins with */
    } cases[] = {
        {SPAN("a: 1\nb: 2\na: 3\n"), 3, 1, "key 'a' stands here twice, first in line 1"},
        {SPAN("a: 1\n\"a\": 3\n"), 2, 1, "key 'a' stands here twice"},
        {SPAN("x:\n  - {k: 1, k: 2}\n"), 2, 12, "key 'k' stands here twice"},
        {SPAN("a: &x 1\n"), 1, 4, "anchors"},
        {SPAN("a: &x [1]\n"), 1, 4, "anchors"},
        {SPAN("&x a: 1\n"), 1, 1, "anchors"},
        {SPAN("a: *x\n"), 1, 4, "aliases"},
        {SPAN("*x : 1\n"), 1, 1, "a key must be"},
        {SPAN("a: !!str 1\n"), 1, 4, "tags"},
        {SPAN("a: !x {b: 1}\n"), 1, 4, "tags"},
        {SPAN("a: ! 1\n"), 1, 4, "tags"},
        {SPAN("a:\n  <<: {b: 1}\n"), 2, 3, "merge keys"},
        {SPAN("a: 1\n---\nb: 2\n"), 2, 1, "a second document"},
        {SPAN("--- a\n---\n"), 2, 1, "a second document"},
        {SPAN("? [a, b]\n: 1\n"), 1, 3, "a key must be"},
        {SPAN("{a: 1}: 2\n"), 1, 1, "a key must be"},
        {SPAN("a: \"x\\0y\"\n"), 1, 4, "a NUL"},
        {SPAN("a: 1\nb: \xC3\x28\n"), 2, 1, "not UTF-8"},
        {SPAN("a: 1\nb: \xED\xA0\x80\n"), 2, 1, "not UTF-8"},
        {SPAN("\xFE\xFF\0a"), 1, 1, "not UTF-8"},
        {SPAN("a: [b]\na: # c\xE2\x80\xA8 - d\n"), 2, 1, "a line break within this line"},
        {SPAN("a: # c\xE2\x80\xA9 - d\n"), 1, 1, "a line break within this line"},
        {SPAN("a: # c\xC2\x85 - d\n"), 1, 1, "a line break within this line"},
        {SPAN("a: b # c\rd: e\n"), 1, 1, "a line break within this line"},
        {SPAN("a: b\r"), 1, 1, "a line break within this line"},
        {SPAN("a: 1\nb: [1, 2\n"), 3, 1, "not YAML: did not find expected ',' or ']'"},
        {SPAN("a: 1\n\tb: 2\n"), 2, 1, "not YAML"},
        {SPAN("a: b: c\n"), 1, 5, "not YAML"},
        {SPAN("a: \x01\n"), 1, 1, "not YAML: control characters"},
        {SPAN("a: %x\n"), 1, 4, "not YAML"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        errors.n = 0;
        cr_expect_null(doc_parse(arena, cases[i].text, &errors), "case %zu", i);
        cr_assert_geq(errors.n, 1, "case %zu", i);
        cr_expect_eq(errors.items[0].mark.line, cases[i].line, "case %zu: line %u", i,
                     errors.items[0].mark.line);
        cr_expect_eq(errors.items[0].mark.column, cases[i].column, "case %zu: column %u", i,
                     errors.items[0].mark.column);
        cr_expect(strncmp(errors.items[0].message, cases[i].message, strlen(cases[i].message)) == 0,
                  "case %zu: %s", i, errors.items[0].message);
    }
}

Test(doc, all_mistakes_are_told) {
    cr_expect_null(doc_parse(arena, SPAN("a: &x 1\na: *y\nb: !t 1\nc: {d: 1, d: 2}\n"), &errors));
    cr_expect_eq(errors.n, 5, "%zu", errors.n);
}

/* A list of `depth` levels. */
static const DocNode *parse_depth(size_t depth) {
    char text[256];

    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    errors.n = 0;
    return doc_parse(arena, (Span){text, 2 * depth}, &errors);
}

Test(doc, depth_limit) {
    cr_expect_not_null(parse_depth(LIMIT_CONFIG_DEPTH));
    cr_expect_null(parse_depth(LIMIT_CONFIG_DEPTH + 1));
    cr_expect_str_eq(errors.items[0].message, "more than 16 levels deep");
}

Test(doc, size_limit) {
    char *text = malloc(LIMIT_CONFIG_BYTES + 1);

    cr_assert_not_null(text);
    memset(text, ' ', LIMIT_CONFIG_BYTES + 1);
    cr_expect_not_null(doc_parse(arena, (Span){text, LIMIT_CONFIG_BYTES}, &errors));
    cr_expect_null(doc_parse(arena, (Span){text, LIMIT_CONFIG_BYTES + 1}, &errors));
    free(text);
}

Test(doc, error_limit) {
    for (size_t i = 0; i < LIMIT_CONFIG_ERRORS + 1; i++)
        doc_error(&errors, (DocMark){(unsigned) i + 1, 1}, "mistake %zu", i);
    cr_expect_eq(errors.n, LIMIT_CONFIG_ERRORS + 1, "counted");
    cr_expect_str_eq(errors.items[LIMIT_CONFIG_ERRORS - 1].message, "mistake 99");
}

Test(doc, no_memory_is_an_error) {
    for (size_t limit = 0; limit < 600; limit += 40) {
        CLEANUP(arena_free_p) Arena *small = arena_new(limit);

        errors.n = 0;
        cr_expect_null(doc_parse(small, SPAN("a: [b, {c: d}]\ne: f\n"), &errors), "%zu", limit);
        cr_expect_geq(errors.n, 1, "%zu", limit);
    }
}

Test(doc, nearest) {
    static const char *const words[] = {"allow", "deny", "include", "containers", "ContainerList"};
    static const struct {
        const char *word, *nearest;
    } cases[] = {
        {"alow", "allow"},
        {"Allow", "allow"},
        {"lalow", "allow"},
        {"dney", "deny"},
        {"container", "containers"},
        {"containerlist", "ContainerList"},
        {"ContainrList", "ContainerList"},
        {"x", NULL},
        {"", NULL},
        {"something else", NULL},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *nearest = doc_nearest(span_from(cases[i].word), words, ARRAY_SIZE(words));

        if (cases[i].nearest)
            cr_expect_str_eq(nearest ? nearest : "(none)", cases[i].nearest, "%s", cases[i].word);
        else
            cr_expect_null(nearest, "%s: %s", cases[i].word, nearest);
    }
}

Test(doc, nearest_of_long_words) {
    char word[200];
    const char *candidates[] = {word};

    memset(word, 'a', sizeof(word));
    word[64] = '\0';
    cr_expect_not_null(doc_nearest((Span){word, 63}, candidates, 1));
    word[64] = 'a';
    word[65] = '\0';
    cr_expect_null(doc_nearest((Span){word, 63}, candidates, 1), "a longer candidate is left out");
    cr_expect_null(doc_nearest((Span){word, 65}, candidates, 1));
}
