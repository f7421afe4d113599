// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/rows.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define SECOND UINT64_C(1000000)

typedef struct Out {
    FILE *file;
    char *text;
    size_t size;
    Rows *rows;
} Out;

static void begin(Out *out, bool follows) {
    *out = (Out){0};
    out->file = open_memstream(&out->text, &out->size);
    out->rows = rows_new(out->file, follows);
}

static void add(Out *out, uint64_t seconds, const char *key, const char *cells) {
    cr_assert_eq(rows_add(out->rows, seconds * SECOND, 1, span_from(key), span_from(cells)), 0);
}

static size_t n_lines(Out *out) {
    size_t n = 0;

    fflush(out->file);
    for (const char *p = out->text; p && (p = strchr(p, '\n')); p++)
        n++;
    return n;
}

static void end(Out *out, const char *text) {
    fflush(out->file);
    if (text)
        cr_expect_str_eq(out->text, text);
    rows_free(out->rows);
    fclose(out->file);
    free(out->text);
}

Test(rows, joined_in_the_first_ones_place) {
    Out out;

    begin(&out, false);
    add(&out, 60, "k", "a");
    add(&out, 61, "", "b");
    add(&out, 62, "", "b");
    add(&out, 63, "k", "not shown");
    add(&out, 64, "l", "c");
    rows_finish(out.rows);
    end(&out, "1970-01-01T00:01:00Z     2  a  until 1970-01-01T00:01:03Z\n"
              "1970-01-01T00:01:01Z        b\n"
              "1970-01-01T00:01:02Z        b\n"
              "1970-01-01T00:01:04Z        c\n");
}

Test(rows, not_joined_over_a_gap) {
    Out out;

    begin(&out, false);
    add(&out, 1, "k", "a");
    add(&out, 901, "k", "a");
    add(&out, 1802, "k", "a");
    rows_finish(out.rows);
    cr_expect_eq(n_lines(&out), 2u);
    end(&out, NULL);
}

Test(rows, as_many_as_may_wait) {
    Out out;

    begin(&out, false);
    add(&out, 1, "k", "a");
    for (unsigned i = 1; i < ROWS_WAITING; i++)
        add(&out, 2, "", "b");
    add(&out, 3, "k", "a");
    cr_expect_eq(n_lines(&out), 0u);
    add(&out, 4, "", "b");
    cr_expect_eq(n_lines(&out), 1u);
    add(&out, 5, "k", "a"); /* its row is gone: another */
    rows_finish(out.rows);
    cr_expect_eq(n_lines(&out), ROWS_WAITING + 2);
    end(&out, NULL);
}

Test(rows, followed) {
    Out out;

    begin(&out, true);
    for (unsigned i = 0; i < 2 * ROWS_LAST; i++)
        add(&out, i, "", "old");
    cr_expect_eq(n_lines(&out), 0u);
    rows_begin(out.rows);
    rows_begin(out.rows);
    cr_expect_eq(n_lines(&out), ROWS_LAST);
    for (unsigned i = 1; i <= 105; i++) {
        add(&out, 100, "k", "a");
        cr_expect_eq(n_lines(&out), ROWS_LAST + 1 + (i >= 10) + (i >= 100));
    }
    add(&out, 159, "k", "a");
    cr_expect_eq(n_lines(&out), ROWS_LAST + 3);
    add(&out, 160, "k", "a");
    cr_expect_eq(n_lines(&out), ROWS_LAST + 4);
    rows_finish(out.rows);
    cr_expect_eq(n_lines(&out), ROWS_LAST + 4);
    end(&out, NULL);
}
