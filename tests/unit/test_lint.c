// SPDX-License-Identifier: Apache-2.0
#include "daemon/lint.h"

#include <criterion/criterion.h>

typedef struct Case {
    Span head;
    Reason reason; /* REASON_UNDECIDED: more is needed */
} Case;

/* One byte at a time or all at once: the verdict is the same, and never comes later than it must. */
static Reason lint_in_pieces(Span head, LintKind kind, size_t step, size_t *ret_size) {
    Lint lint = {0};
    const char *detail = NULL;
    Reason reason = REASON_UNDECIDED;

    for (size_t n = step; reason == REASON_UNDECIDED; n += step) {
        reason = lint_head(&lint, kind, (Span){head.data, n < head.size ? n : head.size}, ret_size, &detail);
        if (n >= head.size)
            break;
    }
    if (reason != REASON_OK && reason != REASON_UNDECIDED)
        cr_expect(detail && *detail, "a refusal says why");
    return reason;
}

#define GET "GET / HTTP/1.1\r\n"

static const Case cases[] = {
    {SPAN(GET "Host: x\r\n\r\n"), REASON_OK},
    {SPAN("GET / HTTP/1.0\r\n\r\n"), REASON_OK},
    {SPAN(GET "Host: x\r\n"), REASON_UNDECIDED},
    {SPAN("GET"), REASON_UNDECIDED},
    {SPAN(GET "X: a\tb \r\n\r\n"), REASON_OK},
    {SPAN(GET "X:\r\n\r\n"), REASON_OK},

    {SPAN("GET / HTTP/1.1\nHost: x\r\n\r\n"), REASON_HTTP_SYNTAX}, /* bare LF (T-056) */
    {SPAN(GET "Host: x\n\r\n"), REASON_HTTP_SYNTAX},
    {SPAN(GET "Host: x\r\n\n"), REASON_HTTP_SYNTAX},
    {SPAN(GET "X:\rYabc: z\r\n\r\n"), REASON_HTTP_SYNTAX}, /* bare CR */
    {SPAN(GET "X: a\r\r\n\r\n"), REASON_HTTP_SYNTAX},
    {SPAN(GET "X: a\0b\r\n\r\n"), REASON_HTTP_SYNTAX},
    {SPAN(GET "X: a\r\n b\r\n\r\n"), REASON_HTTP_HEADER}, /* folded (T-055) */
    {SPAN(GET "Transfer-Encoding:\r\n\tchunked\r\n\r\n"), REASON_HTTP_HEADER},
    {SPAN(GET " X: a\r\n\r\n"), REASON_HTTP_HEADER},
    {SPAN(GET ": a\r\n\r\n"), REASON_HTTP_HEADER}, /* no name (T-058) */
    {SPAN("\r\n" GET "\r\n"), REASON_HTTP_SYNTAX}, /* an empty line first */
    {SPAN("GET  / HTTP/1.1\r\n\r\n"), REASON_HTTP_SYNTAX},
    {SPAN("GET /  HTTP/1.1\r\n\r\n"), REASON_HTTP_SYNTAX},
    {SPAN(" GET / HTTP/1.1\r\n\r\n"), REASON_HTTP_SYNTAX},
    {SPAN("GET\t/\tHTTP/1.1\r\n\r\n"), REASON_HTTP_SYNTAX},
    {SPAN("GET /\x01 HTTP/1.1\r\n\r\n"), REASON_HTTP_SYNTAX},
    {SPAN("GET /\r\n\r\n"), REASON_HTTP_SYNTAX}, /* HTTP/0.9 */
    {SPAN("GET / HTTP/1.2\r\n\r\n"), REASON_HTTP_VERSION},
    {SPAN("GET / HTTP/2.0\r\n\r\n"), REASON_HTTP_VERSION},
    {SPAN("GET / http/1.1\r\n\r\n"), REASON_HTTP_VERSION},
    {SPAN("GET / HTTP/1.01\r\n\r\n"), REASON_HTTP_VERSION},
    {SPAN("GET / RTSP/1.0\r\n\r\n"), REASON_HTTP_VERSION},
    {SPAN("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), REASON_HTTP_VERSION}, /* T-063 */
    {SPAN("\x16\x03\x01\x02\n"), REASON_HTTP_SYNTAX},                /* TLS */
};

Test(lint, requests) {
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        for (size_t step = 1; step <= cases[i].head.size; step += step < 8 ? 1 : 13) {
            size_t size = 0;
            Reason reason = lint_in_pieces(cases[i].head, LINT_REQUEST, step, &size);
            cr_expect_eq(reason, cases[i].reason, "case %zu in steps of %zu: %s", i, step,
                         reason_label(reason));
            if (reason == REASON_OK)
                cr_expect_eq(size, cases[i].head.size, "case %zu", i);
        }
}

Test(lint, stops_at_the_head_s_end) {
    Lint lint = {0};
    const char *detail = NULL;
    size_t size = 0;
    Span head = SPAN(GET "\r\n\nnot \0 HTTP");

    cr_expect_eq(lint_head(&lint, LINT_REQUEST, head, &size, &detail), REASON_OK);
    cr_expect_eq(size, sizeof(GET "\r\n") - 1);
}

Test(lint, responses) {
    Lint lint = {0};
    const char *detail = NULL;
    size_t size = 0;

    cr_expect_eq(lint_head(&lint, LINT_RESPONSE, SPAN("HTTP/1.1 200 A OK\r\nX: y\r\n\r\n"), &size, &detail),
                 REASON_OK);
    lint = (Lint){0};
    cr_expect_eq(lint_head(&lint, LINT_RESPONSE, SPAN("SSH-2.0-x\r\n"), &size, &detail), REASON_HTTP_VERSION);
}

/* A client that insists on h2c is told what to do instead. */
Test(lint, preface_of_http_2) {
    Lint lint = {0};
    const char *detail = NULL;
    size_t size;

    cr_expect_eq(lint_head(&lint, LINT_REQUEST, SPAN("PRI * HTTP/2.0\r\n\r\n"), &size, &detail),
                 REASON_HTTP_VERSION);
    cr_expect_str_eq(detail, "HTTP/2 can't be judged: speak HTTP/1.1, and for builds set DOCKER_BUILDKIT=0");
}

/* What lint.h promises, a byte at a time: a second reading of it, which knows nothing of words. */
static Reason lint_slowly(Span in) {
    for (size_t i = 0; i < in.size; i++) {
        char c = in.data[i];

        if (c == '\0' || (c == '\n' && (i == 0 || in.data[i - 1] != '\r')) ||
            (c != '\n' && i > 0 && in.data[i - 1] == '\r'))
            return REASON_HTTP_SYNTAX;
        if (i >= 3 && memcmp(in.data + i - 3, "\r\n\r\n", 4) == 0)
            return REASON_OK;
    }
    return REASON_UNDECIDED;
}

/* Each byte that matters, and some that don't, at each place of a field's value, in steps of each size. */
Test(lint, each_byte_at_each_place) {
    static const char bytes[] = {'\0', '\r', '\n',        '\t',        ' ', 0x01,
                                 0x1f, 0x7f, (char) 0x80, (char) 0xff, 'a'};
    char head[] = GET "Abcdef: 0123456789012345678\r\n\r\n";
    size_t first = sizeof(GET) - 1 + 8, last = sizeof(head) - 2, size;

    for (size_t at = first; at <= last; at++)
        for (size_t i = 0; i < sizeof(bytes); i++)
            for (size_t step = 1; step <= sizeof(head); step += step < 9 ? 1 : 20) {
                char kept = head[at];
                Span in = {head, sizeof(head) - 1};

                head[at] = bytes[i];
                cr_expect_eq(lint_in_pieces(in, LINT_REQUEST, step, &size), lint_slowly(in),
                             "byte %d at %zu in steps of %zu", bytes[i], at, step);
                head[at] = kept;
            }
}
