// SPDX-License-Identifier: Apache-2.0
#include "daemon/res_write.h"

#include <criterion/criterion.h>

static void expect_text(Buffer *out, const char *text) {
    Span got = buffer_span(out);

    cr_expect(span_is(got, text), "got:\n%.*s\nnot:\n%s", SPAN_FMT(got), text);
    buffer_done(out);
}

Test(res_write, heads) {
    static const Header type = {SPAN("Content-Type"), SPAN("text/plain")};
    static const struct {
        ResponseHead head;
        ResWriteFraming framing;
        const char *text;
    } cases[] = {
        {{.status = 200, .headers = {&type}, .n_headers = 1},
         {.chunked = true},
         "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {{.status = 200, .has_length = true, .declared_length = 5},
         {.close = true},
         "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n"},
        {{.status = 200, .has_length = true, .declared_length = 5},
         {.chunked = true},
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"}, /* never both */
        {{.status = 200, .has_length = true, .declared_length = (1ull << 32) + 1},
         {0},
         "HTTP/1.1 200 OK\r\nContent-Length: 4294967297\r\n\r\n"},
        {{.status = 200, .has_length = true, .declared_length = UINT64_MAX},
         {0},
         "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n"},
        {{.status = 204, .has_length = true}, {0}, "HTTP/1.1 204 No Content\r\n\r\n"},
        {{.status = 304, .has_length = true, .declared_length = 7},
         {0},
         "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"},
        {{.status = 101},
         {.close = true, .chunked = true},
         "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"},
        {{.status = 101, .upgrade = SPAN("h2c")},
         {0},
         "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"},
        {{.status = 299}, {0}, "HTTP/1.1 299 Unknown\r\n\r\n"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Buffer out = {0};
        cr_assert_eq(res_write_head(&out, &cases[i].head, cases[i].framing), 0);
        expect_text(&out, cases[i].text);
    }
}

Test(res_write, as_many_fields_as_there_may_be) {
    static const Header field = {SPAN("X"), SPAN("y")};
    ResponseHead head = {.status = 200, .n_headers = LIMIT_RESPONSE_HEADERS};
    Buffer out = {0};

    for (size_t i = 0; i < LIMIT_RESPONSE_HEADERS; i++)
        head.headers[i] = &field;
    cr_assert_eq(res_write_head(&out, &head, (ResWriteFraming){0}), 0);
    cr_expect_eq(buffer_size(&out), strlen("HTTP/1.1 200 OK\r\n\r\n") + 6 * LIMIT_RESPONSE_HEADERS);
    buffer_done(&out);
}

Test(res_write, answers) {
    Buffer out = {0};
    size_t n = 99;

    cr_assert_eq(res_write_answer(&out, 403, "no \"x\\y\"\n\x7f", "ID", true, false, &n), 0);
    cr_expect_eq(n, 39);
    expect_text(&out, "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 39\r\n"
                      "X-Quaygate-Request: ID\r\nConnection: close\r\n\r\n"
                      "{\"message\": \"no \\\"x\\\\y\\\"\\u000a\\u007f\"}\n");
    cr_assert_eq(res_write_answer(&out, 503, "m", NULL, false, true, &n), 0);
    cr_expect_eq(n, 0, "HEAD");
    expect_text(&out, "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
                      "Content-Length: 17\r\nRetry-After: 1\r\n\r\n");
    cr_assert_eq(res_write_answer(&out, 400, "", "", false, false, &n), 0);
    cr_expect_eq(n, 16);
    expect_text(&out,
                "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n"
                "{\"message\": \"\"}\n");
}

Test(res_write, go_on_and_phrases) {
    Buffer out = {0};

    cr_assert_eq(res_write_continue(&out), 0);
    expect_text(&out, "HTTP/1.1 100 Continue\r\n\r\n");
    cr_expect_str_eq(res_write_phrase(403), "Forbidden");
    cr_expect_str_eq(res_write_phrase(0), "Unknown");
    cr_expect_str_eq(res_write_phrase(1000), "Unknown");
}
