// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/scan.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static bool scan(const char *text, ScanRecord *ret) {
    size_t size = strlen(text);
    char *exact = malloc(size); /* so that a sanitizer sees a look behind its end */
    static char *kept;
    bool good;

    free(kept);
    memcpy(kept = exact, text, size);
    good = scan_record((Span){exact, size}, ret);
    return good;
}

Test(scan, every_member) {
    static const char line[] = "{\"seq\":42,\"time\":\"T\",\"event\":\"decision\",\"id\":\"I\",\"listener\":"
                               "\"L\",\"policy\":\"P\",\"client\":{"
                               "\"pid\":1,\"uid\":998,\"gid\":0,\"exe\":\"/"
                               "e\",\"container\":\"c\",\"address\":null,\"unit\":\"u\",\"login\":"
                               "null},\"request\":{\"method\":\"GET\",\"path\":\"/"
                               "p\",\"query\":\"\",\"operation\":\"O\",\"bytes\":512},"
                               "\"verdict\":\"deny\",\"rule\":\"r\",\"field\":null,\"reason\":\"a\\\"b\","
                               "\"facts\":[{\"field\":\"F\",\"value\":"
                               "[1,{}]},{\"lost\":3}],\"response\":{\"status\":403,\"bytes\":143},\"duration_"
                               "us\":18446744073709551615,"
                               "\"prev\":\"sha256:1\",\"hash\":null}";
    ScanRecord r;

    cr_assert(scan(line, &r));
    cr_expect_eq(r.seq, 42u);
    cr_expect(span_is(r.time, "T") && span_is(r.event, "decision") && span_is(r.id, "I"));
    cr_expect(span_is(r.listener, "L") && span_is(r.policy, "P") && span_is(r.exe, "/e"));
    cr_expect(span_is(r.container, "c") && !r.address.data && span_is(r.unit, "u"));
    cr_expect(r.pid == 1 && r.uid == 998 && r.gid == 0 && scan_has(&r, SCAN_GID));
    cr_expect(span_is(r.method, "GET") && span_is(r.path, "/p") && r.query.data && r.query.size == 0);
    cr_expect(span_is(r.operation, "O") && r.request_bytes == 512);
    cr_expect(span_is(r.verdict, "deny") && span_is(r.rule, "r") && !r.field.data,
              "of the record, not of a fact");
    cr_expect(span_is(r.reason, "a\\\"b"));
    cr_expect(r.status == 403 && r.response_bytes == 143 && r.duration_us == UINT64_MAX);
    cr_expect(span_is(r.prev, "sha256:1") && !r.hash.data);
}

Test(scan, other_forms) {
    ScanRecord r;

    cr_expect(
        scan(" { \"hash\" : \"h\" , \"event\" : \"x\" , \"new\" : [ true , -1.5e3 ] , \"seq\" : 7 } ", &r));
    cr_expect(span_is(r.hash, "h") && span_is(r.event, "x") && r.seq == 7);
    cr_expect(scan("{\"event\":\"x\",\"client\":null,\"request\":[],\"seq\":\"7\",\"policy\":{}}", &r));
    cr_expect_not(scan_has(&r, SCAN_SEQ));
    cr_expect(scan("{\"event\":\"x\",\"seq\":18446744073709551616}", &r));
    cr_expect_not(scan_has(&r, SCAN_SEQ));
    cr_expect(scan("{\"event\":\"x\",\"seq\":-1}", &r));
    cr_expect_not(scan_has(&r, SCAN_SEQ));
    cr_expect(scan("{\"event\":\"x\",\"seq\":1.5}", &r));
    cr_expect_not(scan_has(&r, SCAN_SEQ));
}

Test(scan, no_records) {
    static const char *const lines[] = {
        "",
        "{",
        "{}",
        "[]",
        "null",
        "{\"event\":null}",
        "{\"event\":\"\"}",
        "{\"event\":\"a\"",
        "{\"event\":\"a\",}",
        "{\"event\":\"a\"}}",
        "{\"event\":\"a\"} x",
        "{\"event\":\"a\" \"b\":1}",
        "{\"event\":\"a\",\"event\":\"a\"}",
        "{\"event\":\"a\",\"client\":{\"uid\":1,\"uid\":2}}",
        "{\"ev\\u0065nt\":\"a\",\"event\":\"b\"}",
        "{\"event\":\"a\n\"}",
        "{\"event\":\"\xff\"}",
        "{\"event\":\"a\",\"seq\":12",
        "{\"event\":\"a\",\"seq\":01}",
        "{\"event\":\"a\",\"x\":{\"y\" 1}}",
        "{event:\"a\"}",
    };
    ScanRecord r;

    for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
        cr_expect_not(scan(lines[i], &r), "%s", lines[i]);
    cr_expect(scan("{\"event\":\"a\",\"event2\":\"b\"}", &r));
}

Test(scan, depth) {
    ScanRecord r;

    for (unsigned depth = SCAN_DEPTH - 1; depth <= SCAN_DEPTH; depth++) {
        char line[256] = "{\"event\":\"a\",\"x\":";
        size_t n = strlen(line);

        memset(line + n, '[', depth);
        memset(line + n + depth, ']', depth);
        line[n + 2 * depth] = '}';
        line[n + 2 * depth + 1] = '\0';
        cr_expect_eq(scan(line, &r), depth < SCAN_DEPTH);
    }
}

static void expect_text(const char *inside, const char *text) {
    CLEANUP(buffer_done) Buffer out = {0};

    cr_assert_eq(scan_text(&out, span_from(inside)), 0);
    cr_expect(span_is(buffer_span(&out), text), "%s: %.*s", inside, SPAN_FMT(buffer_span(&out)));
}

Test(scan, text) {
    expect_text("", "");
    expect_text("plain é", "plain é");
    expect_text("\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t");
    expect_text("\\u0041\\u00e9\\u20AC", "Aé€");
    expect_text("\\ud83d\\ude42", "🙂");
    expect_text("\\ud83d", "\xef\xbf\xbd");
    expect_text("\\ude42x", "\xef\xbf\xbdx");
    expect_text("\\ud83d\\u0041", "\xef\xbf\xbd"
                                  "A");
    expect_text("\\ud83d\\n", "\xef\xbf\xbd\n");
}

Test(scan, time) {
    cr_expect_eq(scan_time(SPAN("1970-01-01T00:00:00.000001Z")), 1u);
    cr_expect_eq(scan_time(SPAN("2026-11-24T08:15:30.123456Z")), 1795508130123456u);
    cr_expect_eq(scan_time(SPAN("2024-02-29T23:59:59.999999Z")), 1709251199999999u);
    cr_expect_eq(scan_time(SPAN("2024-03-01T00:00:00.000000Z")), 1709251200000000u);
    cr_expect_eq(scan_time(SPAN("2100-03-01T00:00:00.000000Z")), 4107542400000000u);
    cr_expect_eq(scan_time(SPAN("2026-11-24T08:15:30Z")), 0u);
    cr_expect_eq(scan_time(SPAN("2026-13-24T08:15:30.123456Z")), 0u);
    cr_expect_eq(scan_time(SPAN("2026-11-24T24:15:30.123456Z")), 0u);
    cr_expect_eq(scan_time(SPAN("2026-11-24T08:15:30.12345xZ")), 0u);
    cr_expect_eq(scan_time((Span){0}), 0u);
}
