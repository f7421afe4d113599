// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/lines.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "tests/support/scratch.h"

TestSuite(lines, .init = scratch_make, .fini = scratch_remove);

/* In the place of what is there. */
static void pack(const char *text, size_t size) {
    scratch_cut(0);
    scratch_pack(text, size);
}

static void expect(Lines *lines, LinesStatus status, const char *text, bool whole) {
    bool got_whole = false;
    Span got = {0};
    int r = 0;

    cr_assert_eq(lines_next(lines, &got, &got_whole, &r), status, "line %lu: %d", (unsigned long) lines->line,
                 r);
    if (status == LINES_LINE)
        cr_expect(span_is(got, text), "%.*s", SPAN_FMT(got));
    if (status != LINES_END)
        cr_expect_eq(got_whole, whole);
}

static void expect_all(void) {
    Lines lines;

    cr_assert_eq(lines_open(&lines, scratch_path()), 0);
    expect(&lines, LINES_LINE, "a", true);
    expect(&lines, LINES_LINE, "", true);
    expect(&lines, LINES_LINE, "bc\r", true);
    expect(&lines, LINES_LINE, "d", false);
    expect(&lines, LINES_END, NULL, false);
    expect(&lines, LINES_END, NULL, false);
    cr_expect_eq(lines.line, 4u);
    lines_close(&lines);
}

Test(lines, plain_and_compressed) {
    static const char text[] = "a\n\nbc\r\nd";

    scratch_append(text, strlen(text));
    expect_all();
    pack(text, strlen(text));
    expect_all();
}

/* At the bound, and one past it, in a line whose place among the reads differs. */
Test(lines, length) {
    for (unsigned round = 0; round < 3; round++) {
        size_t before = round * 500000u, size = before + 2 * (size_t) LINES_BYTES + 8;
        char *text = malloc(size), *end = text;
        Lines lines;

        memset(text, 'x', size);
        if (before > 0)
            text[before - 1] = '\n';
        end += before + LINES_BYTES;
        *end++ = '\n';
        end += LINES_BYTES + 1;
        *end++ = '\n';
        memcpy(end, "last\n", 5);
        if (round < 2)
            scratch_write(text, size);
        else
            pack(text, size);
        cr_assert_eq(lines_open(&lines, scratch_path()), 0);
        if (before > 0) {
            bool whole;
            Span got;
            int r;

            cr_expect_eq(lines_next(&lines, &got, &whole, &r), LINES_LINE);
            cr_expect_eq(got.size, before - 1);
        }
        text[before + LINES_BYTES] = '\0';
        expect(&lines, LINES_LINE, text + before, true);
        expect(&lines, LINES_LONG, NULL, true);
        expect(&lines, LINES_LINE, "last", true);
        expect(&lines, LINES_END, NULL, false);
        lines_close(&lines);
        free(text);
    }
}

Test(lines, that_come_later) {
    Lines lines;
    Span got;
    int r;

    scratch_append("a\nb", 3);
    cr_assert_eq(lines_open(&lines, scratch_path()), 0);
    cr_expect_eq(lines_follow(&lines, &got, &r), LINES_LINE);
    cr_expect(span_is(got, "a"));
    cr_expect_eq(lines_follow(&lines, &got, &r), LINES_END);
    scratch_append("c", 1);
    cr_expect_eq(lines_follow(&lines, &got, &r), LINES_END);
    scratch_append("d\ne\n", 4);
    cr_expect_eq(lines_follow(&lines, &got, &r), LINES_LINE);
    cr_expect(span_is(got, "bcd"));
    cr_expect_eq(lines_follow(&lines, &got, &r), LINES_LINE);
    cr_expect(span_is(got, "e"));
    cr_expect_eq(lines_follow(&lines, &got, &r), LINES_END);
    lines_close(&lines);
}

Test(lines, that_can_not_be_read) {
    char text[5000];
    bool whole;
    Lines lines;
    Span got;
    int r = 0;

    for (size_t i = 0, seed = 1; i < sizeof(text); i++) {
        seed = seed * 1103515245u + 12345u;
        text[i] = (char) (seed >> 16 & 0xFF);
    }
    pack(text, sizeof(text));
    scratch_cut(2000);
    cr_assert_eq(lines_open(&lines, scratch_path()), 0);
    while (lines_next(&lines, &got, &whole, &r) == LINES_LINE)
        continue;
    cr_expect_eq(r, -EBADMSG);
    cr_expect_str_eq(unpack_error(r), "its compressed data is broken, or cut off");
    lines_close(&lines);
    cr_expect_eq(lines_open(&lines, "/nonexistent/file"), -ENOENT);
    lines_close(&lines);
    cr_assert_eq(lines_open(&lines, "/tmp"), 0);
    cr_expect_eq(lines_next(&lines, &got, &whole, &r), LINES_FAILED);
    cr_expect_eq(r, -EISDIR);
    lines_close(&lines);
}
