// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/plain.h"

#include <criterion/criterion.h>

static void expect(const char *inside, size_t columns, const char *shown, size_t used) {
    CLEANUP(buffer_done) Buffer out = {0};
    size_t got = 0;

    cr_assert_eq(plain_inside(&out, span_from(inside), columns, &got), 0);
    cr_expect(span_is(buffer_span(&out), shown), "%s: '%.*s'", inside, SPAN_FMT(buffer_span(&out)));
    cr_expect_eq(got, used, "%s: %zu", inside, got);
}

Test(plain, inside) {
    expect("", 0, "", 0);
    expect("plain é", 0, "plain é", 7);
    expect("a\\\"b'\\\\x1B", 0, "a\"b'\\x1B", 8);
    expect("\\u001b[31m\\n\\u009b", 0, "\\u001B[31m\\u000A\\u009B", 22);
    expect("\\u202e\xe2\x80\xae\\udb40\\udc41", 0, "\\u202E\\u202E\\U000E0041", 22);
    expect("\xff\xc3", 0, "\\xFF\\xC3", 8);
}

Test(plain, cut) {
    expect("abc", 3, "abc", 3);
    expect("abcd", 3, "ab…", 3);
    expect("éééé", 3, "éé…", 3);
    expect("ab\\n", 3, "ab…", 3);
    expect("\\n", 3, "…", 1);
    expect("abcd", 1, "…", 1);
}

static void expect_json(const char *line, const char *shown) {
    CLEANUP(buffer_done) Buffer out = {0};

    cr_assert_eq(plain_json(&out, span_from(line)), 0);
    cr_expect(span_is(buffer_span(&out), shown), "'%.*s'", SPAN_FMT(buffer_span(&out)));
}

Test(plain, json) {
    expect_json("{\"a\":\"\\u001b é'\\\"\"}", "{\"a\":\"\\u001b é'\\\"\"}");
    expect_json("\"\xe2\x80\xae\xc2\x9b\x7f\xf3\xa0\x81\x81\"", "\"\\u202e\\u009b\\u007f\\udb40\\udc41\"");
    expect_json("{\"a\":\t1}\r", "{\"a\": 1} ");
    expect_json("\xff", "\\ufffd");
}
