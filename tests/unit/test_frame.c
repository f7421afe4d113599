// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/frame.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

static Arena *arena;
static Body *bodies[2];
static char shown[8192];

static const FrameStyle PLAIN = {"", "", ""};

static void teardown(void) {
    for (size_t i = 0; i < ARRAY_SIZE(bodies); i++)
        bodies[i] = body_free(bodies[i]);
    arena = arena_free(arena);
}

TestSuite(frame, .fini = teardown);

static const BodyNode *read_json(size_t i, const char *text) {
    const char *why;

    if (!arena)
        arena = arena_new(1u << 20);
    cr_assert_eq(body_parse(arena, span_from(text), &bodies[i], &why), REASON_OK, "%s", why);
    return body_root(bodies[i]);
}

static int show(const char *now, const char *before, double seconds, FrameSize size,
                const FrameStyle *style) {
    const BodyNode *old = before ? read_json(1, before) : NULL;
    Buffer out = {0};
    int r = frame_write(&out, arena, read_json(0, now), old, seconds, size, style);

    snprintf(shown, sizeof(shown), "%.*s", SPAN_FMT(buffer_span(&out)));
    buffer_done(&out);
    return r;
}

static size_t count_lines(void) {
    size_t n = 0;

    for (const char *c = shown; *c; c++)
        n += *c == '\n';
    return n;
}

#define HEAD "{\"version\":\"1\",\"uptime_seconds\":90061,\"engine_up\":true,\"audit_writable\":true,"
#define MANY                                                                                                 \
    HEAD "\"requests\":{\"allow\":30,\"deny\":5},\"bytes_up\":3072,\"bytes_down\":0,"                        \
         "\"rules\":[{\"rule\":\"a\",\"count\":1},{\"rule\":\"b\",\"count\":9},{\"rule\":\"c\",\"count\":4}" \
         "],"                                                                                                \
         "\"clients\":[{\"client\":\"x\",\"count\":7,\"error\":5}]}"

Test(frame, without_a_frame_before_there_are_no_rates) {
    cr_assert_eq(show(MANY, NULL, 0, (FrameSize){0}, &PLAIN), 0);
    cr_expect_not_null(strstr(shown, "quaygate 1   up 1d01h\n"));
    cr_expect_not_null(strstr(shown, "requests  allow 30   deny 5   observe 0"), "%s", shown);
    cr_expect_not_null(strstr(shown, "bytes     up 3.0 KiB   down 0 B\n"));
    cr_expect_null(strstr(shown, "/s"));
    cr_expect_null(strstr(shown, "A SECOND"));
    cr_expect_lt(strstr(shown, "\nb "), strstr(shown, "\nc "), "the largest first");
    cr_expect_lt(strstr(shown, "\nc "), strstr(shown, "\na "));
    cr_expect_not_null(strstr(shown, " ~7 "), "it may be too high");
}

Test(frame, rates) {
    static const char before[] = HEAD "\"requests\":{\"allow\":10},\"bytes_up\":1024,\"bytes_down\":0,"
                                      "\"rules\":[{\"rule\":\"b\",\"count\":5}]}";

    cr_assert_eq(show(MANY, before, 2, (FrameSize){0}, &PLAIN), 0);
    cr_expect_not_null(strstr(shown, "allow 30 (10.0/s)   deny 5 (2.5/s)"), "%s", shown);
    cr_expect_not_null(strstr(shown, "up 3.0 KiB (1.0 KiB/s)"));
    cr_expect_not_null(strstr(shown, "         9        2.0\n"), "%s", shown);
    cr_expect_not_null(strstr(shown, "         4        2.0\n"), "it is new");
    cr_expect_not_null(strstr(shown, "        ~7        1.0\n"), "of what came before it, nothing is known");
}

Test(frame, a_daemon_that_began_anew_has_no_rate) {
    static const char before[] = HEAD "\"requests\":{\"allow\":99},\"bytes_up\":9999,\"bytes_down\":0}";

    cr_assert_eq(show(MANY, before, 2, (FrameSize){0}, &PLAIN), 0);
    cr_expect_not_null(strstr(shown, "allow 30   deny 5 (2.5/s)"), "%s", shown);
    cr_expect_not_null(strstr(shown, "up 3.0 KiB   down"));
}

Test(frame, as_many_rows_and_columns_as_there_are_and_one_less) {
    size_t rows;

    cr_assert_eq(show(MANY, NULL, 0, (FrameSize){0}, &PLAIN), 0);
    rows = count_lines();
    cr_assert_eq(show(MANY, NULL, 0, (FrameSize){.rows = rows, .columns = 8}, &PLAIN), 0);
    cr_expect_eq(count_lines(), rows);
    cr_expect_eq(strncmp(shown, "quaygate\nengine  \n", 18), 0, "%s", shown);
    cr_assert_eq(show(MANY, NULL, 0, (FrameSize){.rows = rows - 1}, &PLAIN), 0);
    cr_expect_eq(count_lines(), rows - 1);
}

Test(frame, what_is_cut_keeps_its_style_and_its_characters) {
    static const FrameStyle style = {"<", "!", ">"};

    cr_assert_eq(show("{\"version\":\"\xC3\xA4\xC3\xB6\xC3\xBC\",\"requests\":{}}", NULL, 0,
                      (FrameSize){.rows = 2, .columns = 11}, &style),
                 0);
    cr_expect_str_eq(shown, "<quaygate \xC3\xA4\xC3\xB6>\n!engine    D>\n");
}

Test(frame, what_is_not_its_object) {
    cr_expect_eq(show("[]", NULL, 0, (FrameSize){0}, &PLAIN), -EPROTO);
    cr_expect_eq(show("{}", NULL, 0, (FrameSize){0}, &PLAIN), -EPROTO);
    cr_expect_eq(show("{\"requests\":7,\"rules\":{},\"clients\":[1,[],{\"client\":[]}],\"streams\":[null]}",
                      "{\"clients\":3}", 1, (FrameSize){0}, &PLAIN),
                 0, "whatever is in it");
}
