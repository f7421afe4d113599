// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/yaml_out.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

#include "policy/doc.h"

static char *printed(const YamlOut *out) {
    char *text;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    yaml_out_print(out, file);
    fclose(file);
    return text;
}

Test(yaml_out, comments_stand_at_their_lines) {
    YamlOut *out = yaml_out_new();
    char *text;

    yaml_out_map(out);
    yaml_out_text(out, "allow");
    yaml_out_comment(out, "%d in all", 3);
    yaml_out_list(out);
    yaml_out_text(out, "SystemPing");
    yaml_out_comment(out, "2");
    yaml_out_comment(out, "and a\nline");
    yaml_out_map(out);
    yaml_out_text(out, "path");
    yaml_out_text(out, "/a b");
    yaml_out_comment(out, "1");
    yaml_out_text(out, "readonly");
    yaml_out_flag(out, true);
    yaml_out_map_end(out);
    yaml_out_list_end(out);
    yaml_out_text(out, "deny");
    yaml_out_list(out);
    yaml_out_list_end(out);
    yaml_out_map_end(out);
    cr_assert_not_null(yaml_out_finish(out).data);
    yaml_out_note(out, 3, "warning: %s", "no\xE2\x80\xA8 way");
    yaml_out_note(out, 0, "the end");
    text = printed(out);
    cr_expect_str_eq(text,
                     "allow:  # 3 in all\n"
                     "- SystemPing  # 2; and a\\x0Aline\n"
                     "# warning: no\\xE2\\x80\\xA8 way\n"
                     "- path: \"/a b\"  # 1\n"
                     "  readonly: true\n"
                     "deny: []\n"
                     "# the end\n",
                     "%s", text);
    free(text);
    yaml_out_free(out);
}

/* What is read back is what was written, on one line, and as a text. */
Test(yaml_out, every_text_comes_back) {
    static const char *const texts[] = {"",
                                        "a",
                                        "null",
                                        "~",
                                        "true",
                                        "No",
                                        "y",
                                        "1",
                                        "0x1",
                                        "1.5",
                                        ".5",
                                        ".inf",
                                        "-",
                                        "- a",
                                        "a: b",
                                        "a #b",
                                        "#",
                                        "*a",
                                        "&a",
                                        "!a",
                                        "%a",
                                        "@a",
                                        "`a",
                                        "\"",
                                        "'",
                                        "\\",
                                        "a\nb",
                                        "a\tb",
                                        " a ",
                                        "\x1b[31m",
                                        "\x7f",
                                        "\xC2\x85",
                                        "\xE2\x80\xA8",
                                        "\xE2\x80\xAE",
                                        "\xEF\xBB\xBF",
                                        "\xF0\x9F\x90\xB3",
                                        "\xC3\xA9",
                                        "{a}",
                                        "[a]",
                                        "a,b",
                                        "? a",
                                        "| a",
                                        "> a",
                                        "/srv/a.b-c_d",
                                        "a/",
                                        "...",
                                        "---",
                                        "=",
                                        "<<",
                                        "2026-11-24"};
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 24);
    DocErrors errors = {.arena = arena, .file = "t"};
    YamlOut *out = yaml_out_new();
    const DocNode *root;
    Span text;

    yaml_out_list(out);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        yaml_out_text(out, texts[i]);
    yaml_out_list_end(out);
    text = yaml_out_finish(out);
    cr_assert_not_null(text.data);
    for (size_t i = 0; i < text.size; i++)
        cr_expect(text.data[i] == '\n' || (text.data[i] >= 0x20 && text.data[i] < 0x7F));
    root = doc_parse(arena, text, &errors);
    cr_assert_not_null(root, "%s", errors.items[0].message);
    cr_assert_eq(root->n, ARRAY_SIZE(texts));
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        cr_expect_eq(root->items[i]->type, DOC_SCALAR, "%s", texts[i]);
        cr_expect(span_is(root->items[i]->scalar, texts[i]), "%s", texts[i]);
        cr_expect_eq(root->items[i]->mark.line, i + 1);
    }
    yaml_out_free(out);
}

Test(yaml_out, a_long_text_is_a_line) {
    static char long_text[5000];
    YamlOut *out = yaml_out_new();
    Span text;

    memset(long_text, 'x', sizeof(long_text) - 1);
    for (size_t i = 10; i < sizeof(long_text) - 1; i += 10)
        long_text[i] = ' ';
    yaml_out_list(out);
    yaml_out_text(out, long_text);
    yaml_out_list_end(out);
    text = yaml_out_finish(out);
    cr_assert_not_null(text.data);
    cr_expect_eq(memchr(text.data, '\n', text.size), text.data + text.size - 1);
    yaml_out_free(out);
}

Test(yaml_out, no_utf_8_is_no_text) {
    YamlOut *out = yaml_out_new();

    yaml_out_list(out);
    yaml_out_text(out, "\xFF");
    yaml_out_text(out, "a");
    yaml_out_list_end(out);
    cr_expect_null(yaml_out_finish(out).data);
    yaml_out_free(out);
}

/* A line's notes stand above it in the order in which they came, whatever line they are of. */
Test(yaml_out, comments_and_notes) {
    YamlOut *out = yaml_out_new();
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    yaml_out_list(out);
    yaml_out_comment(out, "of no text");
    yaml_out_text(out, "a");
    yaml_out_comment(out, "1");
    yaml_out_comment(out, "2");
    yaml_out_text(out, "b");
    yaml_out_note(out, 2, "over b");
    yaml_out_note(out, 0, "at the end");
    yaml_out_note(out, 1, "over a");
    yaml_out_note(out, 2, "again");
    yaml_out_note(out, 9, "nowhere");
    yaml_out_list_end(out);
    (void) yaml_out_finish(out);
    yaml_out_print(out, file);
    (void) fclose(file);
    cr_expect_str_eq(text, "# over a\n- a  # 1; 2\n# over b\n# again\n- b\n# at the end\n");
    free(text);
    yaml_out_free(out);
}

/* Each line that is printed looked at each comment. */
Test(yaml_out, many_comments) {
    YamlOut *out = yaml_out_new();
    FILE *file = fopen("/dev/null", "we");
    clock_t began;

    yaml_out_list(out);
    for (unsigned i = 0; i < 80000; i++) {
        yaml_out_text(out, "x");
        yaml_out_comment(out, "%u", i);
    }
    yaml_out_list_end(out);
    cr_assert_not_null(yaml_out_finish(out).data);
    began = clock();
    yaml_out_print(out, file);
    cr_expect_lt((clock() - began) / CLOCKS_PER_SEC, 4);
    (void) fclose(file);
    yaml_out_free(out);
}
