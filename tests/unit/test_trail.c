// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/trail.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/scratch.h"

TestSuite(trail, .init = scratch_make, .fini = scratch_remove);

static void expect(Trail *trail, TrailStatus status, unsigned long line) {
    TrailRecord record;
    const char *why = NULL;
    TrailStatus got = trail_next(trail, &record, &why);

    cr_expect_eq(got, status, "line %lu: %d, not %d: %s", line, got, status, why ? why : "");
    cr_expect_eq(trail->line, line);
    cr_expect(status != TRAIL_BROKEN || why);
}

Test(trail, lines) {
    static const char text[] = "{\"event\":\"decision\"}\n\n \t\r\n{\"event\":\"outcome\"}\r\nnope\n[]\n"
                               "{\"event\":null}\n{\"event\":\"a\"}";
    Trail trail;

    scratch_write(text, strlen(text));
    cr_assert_eq(trail_open(&trail, scratch_path()), 0);
    for (int again = 0; again < 2; again++) {
        expect(&trail, TRAIL_RECORD, 1);
        expect(&trail, TRAIL_RECORD, 4);
        expect(&trail, TRAIL_BROKEN, 5);
        expect(&trail, TRAIL_BROKEN, 6);
        expect(&trail, TRAIL_BROKEN, 7);
        expect(&trail, TRAIL_RECORD, 8);
        expect(&trail, TRAIL_END, 8);
        expect(&trail, TRAIL_END, 8);
        cr_assert_eq(trail_rewind(&trail), 0);
    }
    trail_close(&trail);
}

Test(trail, parts) {
    static const char text[] =
        "{\"event\":\"decision\",\"time\":\"t\",\"id\":\"i\",\"listener\":\"l\",\"policy\":null,\"request\":{"
        "\"method\":\"GET\",\"path\":\"/"
        "a\\u0000\",\"query\":\"\",\"operation\":7,\"bytes\":9},\"verdict\":\"deny\","
        "\"rule\":\"r\",\"field\":\"f\",\"reason\":\"w\",\"facts\":[]}\n"
        "{\"event\":\"decision\",\"time\":\"t\",\"request\":{\"path\":\"/"
        "a\",\"query\":\"\"},\"facts\":null}\n"
        "{\"event\":\"decision\",\"request\":7,\"facts\":{}}\n";
    TrailRecord record;
    const char *why;
    Trail trail;

    scratch_write(text, strlen(text));
    cr_assert_eq(trail_open(&trail, scratch_path()), 0);
    cr_expect_eq(trail_next(&trail, &record, &why), TRAIL_BROKEN); /* nobody writes a NUL there */
    cr_assert_eq(trail_next(&trail, &record, &why), TRAIL_RECORD);
    cr_expect(span_is(record.time, "t") && span_is(record.path, "/a") && span_is(record.policy, ""));
    cr_expect(record.has_path && record.has_query && !record.facts);
    cr_assert_eq(trail_next(&trail, &record, &why), TRAIL_RECORD);
    cr_expect(!record.has_path && !record.has_query && !record.facts && record.request_bytes == 0);
    trail_close(&trail);
}

/* At the bound, and one past it; then there is another line. */
Test(trail, the_longest_line) {
    static const char open[] = "{\"event\":\"", close[] = "\"}\n{\"event\":\"b\"}\n";
    char *text = malloc(TRAIL_LINE_BYTES + 64);

    for (size_t more = 0; more < 2; more++) {
        size_t n = TRAIL_LINE_BYTES - strlen(open) - 2 + more;
        Trail trail;

        memcpy(text, open, strlen(open));
        memset(text + strlen(open), 'x', n);
        memcpy(text + strlen(open) + n, close, strlen(close));
        scratch_write(text, strlen(open) + n + strlen(close));
        cr_assert_eq(trail_open(&trail, scratch_path()), 0);
        expect(&trail, more ? TRAIL_BROKEN : TRAIL_RECORD, 1);
        expect(&trail, TRAIL_RECORD, 2);
        expect(&trail, TRAIL_END, 2);
        trail_close(&trail);
    }
    free(text);
}

Test(trail, a_line_without_end_is_dropped_in_bounded_memory) {
    size_t size = 8 * (size_t) TRAIL_LINE_BYTES;
    char *text = malloc(size);
    Trail trail;

    memset(text, 'x', size);
    scratch_write(text, size);
    free(text);
    cr_assert_eq(trail_open(&trail, scratch_path()), 0);
    expect(&trail, TRAIL_BROKEN, 1);
    expect(&trail, TRAIL_END, 1);
    cr_expect_leq(trail.in.capacity, 4u * TRAIL_LINE_BYTES);
    trail_close(&trail);
}

Test(trail, what_cannot_be_read) {
    TrailRecord record;
    const char *why = NULL;
    Trail trail;

    cr_expect_eq(trail_open(&trail, "/nonexistent/file"), -ENOENT);
    trail_close(&trail);
    cr_assert_eq(trail_open(&trail, "/"), 0);
    cr_expect_eq(trail_next(&trail, &record, &why), TRAIL_FAILED);
    cr_expect_str_eq(why, strerror(EISDIR));
    trail_close(&trail);
}

/* What gzip wrote, in two members as `cat a.gz b.gz` has them. */
static void fill_compressed(const char *text, const char *more) {
    scratch_cut(0);
    scratch_pack(text, strlen(text));
    scratch_pack(more, strlen(more));
}

Test(trail, compressed) {
    Trail trail;

    fill_compressed("{\"event\":\"decision\"}\n{\"event\":", "\"a\"}\nnope\n");
    cr_assert_eq(trail_open(&trail, scratch_path()), 0);
    for (int again = 0; again < 2; again++) {
        expect(&trail, TRAIL_RECORD, 1);
        expect(&trail, TRAIL_RECORD, 2);
        expect(&trail, TRAIL_BROKEN, 3);
        expect(&trail, TRAIL_END, 3);
        cr_assert_eq(trail_rewind(&trail), 0);
    }
    trail_close(&trail);
}

static void expect_cut(void) {
    TrailStatus status;
    TrailRecord record;
    const char *why = NULL;
    Trail trail;

    cr_assert_eq(trail_open(&trail, scratch_path()), 0);
    while ((status = trail_next(&trail, &record, &why)) == TRAIL_RECORD)
        ;
    cr_expect_eq(status, TRAIL_FAILED);
    cr_expect_str_eq(why, unpack_error(-EBADMSG));
    trail_close(&trail);
}

/* Nor does what is cut off look like an end. */
Test(trail, compressed_and_broken) {
    char bytes[512];
    FILE *file;
    size_t n;

    fill_compressed("{\"event\":\"decision\"}\n", "{\"event\":\"decision\"}\n");
    file = fopen(scratch_path(), "r");
    n = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    for (size_t cut = 1; cut < 12; cut++) {
        scratch_write(bytes, n - cut);
        expect_cut();
    }
    bytes[n - 5] ^= 1; /* of the sum */
    scratch_write(bytes, n);
    expect_cut();
}

/* A pipe is kept in a file, uncompressed, to be read again. */
Test(trail, standard_input) {
    int ends[2];
    char bytes[512];
    FILE *file;
    Trail trail;

    fill_compressed("{\"event\":\"decision\"}\n", "{\"event\":\"a\"}\n");
    file = fopen(scratch_path(), "r");
    cr_assert_eq(pipe(ends), 0);
    cr_assert_gt(write(ends[1], bytes, fread(bytes, 1, sizeof(bytes), file)), 0);
    fclose(file);
    close(ends[1]);
    cr_assert_geq(dup2(ends[0], STDIN_FILENO), 0);
    close(ends[0]);
    cr_assert_eq(trail_open(&trail, "-"), 0);
    for (int again = 0; again < 2; again++) {
        cr_assert_eq(trail_rewind(&trail), 0);
        expect(&trail, TRAIL_RECORD, 1);
        expect(&trail, TRAIL_RECORD, 2);
        expect(&trail, TRAIL_END, 2);
    }
    trail_close(&trail);
}

Test(trail, filter) {
    TrailRecord record = {.event = SPAN("decision"), .listener = SPAN("l"), .policy = SPAN("p")};

    cr_expect(trail_is_wanted(&(TrailFilter){0}, &record));
    cr_expect(trail_is_wanted(&(TrailFilter){.listener = "l", .policy = "p"}, &record));
    cr_expect_not(trail_is_wanted(&(TrailFilter){.listener = "x"}, &record));
    cr_expect_not(trail_is_wanted(&(TrailFilter){.policy = "x"}, &record));
    record.event = SPAN("outcome");
    cr_expect_not(trail_is_wanted(&(TrailFilter){0}, &record));
}
