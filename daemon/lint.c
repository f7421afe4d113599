// SPDX-License-Identifier: Apache-2.0
#include "lint.h"

#include "policy/bytes.h"

static Reason lint_fail(Reason reason, const char *detail, const char **ret_detail) {
    *ret_detail = detail;
    return reason;
}

static bool lint_has_two_spaces(Span line) {
    const char *first = memchr(line.data, ' ', line.size);
    const char *last = first ? memrchr(line.data, ' ', line.size) : NULL;

    return first < last && !memchr(first + 1, ' ', (size_t) (last - first - 1));
}

/* METHOD SP TARGET SP HTTP/1.0 or HTTP/1.1, one space each. */
static Reason lint_request_line(Span line, const char **ret_detail) {
    Span version;

    if (bytes_until_control(line) < line.size || memchr(line.data, 0x7f, line.size))
        return lint_fail(REASON_HTTP_SYNTAX, "control byte in the request line", ret_detail);
    if (!lint_has_two_spaces(line))
        return lint_fail(REASON_HTTP_SYNTAX, "the request line is not METHOD TARGET HTTP/1.1, one space each",
                         ret_detail);
    if (line.size < 9)
        return lint_fail(REASON_HTTP_SYNTAX, "the request line is too short", ret_detail);
    version = (Span){line.data + line.size - 9, 9};
    if (span_is(version, " HTTP/2.0")) /* the preface of h2c, by which BuildKit would go on (T-063) */
        return lint_fail(REASON_HTTP_VERSION,
                         "HTTP/2 can't be judged: speak HTTP/1.1, and for builds set DOCKER_BUILDKIT=0",
                         ret_detail);
    if (!span_is(version, " HTTP/1.1") && !span_is(version, " HTTP/1.0"))
        return lint_fail(REASON_HTTP_VERSION, "only HTTP/1.0 and HTTP/1.1 are spoken here", ret_detail);
    return REASON_OK;
}

static Reason lint_field_line(Span line, const char **ret_detail) {
    if (line.data[0] == ' ' || line.data[0] == '\t')
        return lint_fail(REASON_HTTP_HEADER, "a folded header line", ret_detail);
    if (line.data[0] == ':')
        return lint_fail(REASON_HTTP_HEADER, "a header without a name", ret_detail);
    return REASON_OK;
}

static Reason lint_first_line(LintKind kind, Span line, const char **ret_detail) {
    if (line.size == 0)
        return lint_fail(REASON_HTTP_SYNTAX, "an empty line before the request", ret_detail);
    if (kind == LINT_REQUEST)
        return lint_request_line(line, ret_detail);
    if (!span_starts_with(line, SPAN("HTTP/1.")))
        return lint_fail(REASON_HTTP_VERSION, "the answer is not HTTP/1.x", ret_detail);
    return REASON_OK;
}

static bool lint_is_line_end(Span in, size_t i) {
    return in.size - i >= 2 && in.data[i] == '\r' && in.data[i + 1] == '\n';
}

/* A control byte that is the parser's to judge, as the tab is. */
static bool lint_is_in_line(Span in, size_t i) {
    return i < in.size && in.data[i] != '\r' && in.data[i] != '\n' && in.data[i] != '\0';
}

/* What is wrong with what stands behind a line's own bytes, at `i`, and is no CRLF; REASON_UNDECIDED: nothing
 * yet. */
static Reason lint_no_line_end(Span in, size_t i, const char **ret_detail) {
    if (i < in.size && in.data[i] == '\r') /* whatever stands behind it */
        i++;
    if (i == in.size)
        return REASON_UNDECIDED;
    if (in.data[i] == '\0')
        return lint_fail(REASON_HTTP_SYNTAX, "a NUL byte in the head", ret_detail);
    return in.data[i] == '\n' ? lint_fail(REASON_HTTP_SYNTAX, "a line that ends without CR", ret_detail)
                              : lint_fail(REASON_HTTP_SYNTAX, "a CR inside a line", ret_detail);
}

Reason lint_head(Lint *lint, LintKind kind, Span in, size_t *ret_size, const char **ret_detail) {
    size_t begin = lint->line_begin, end = lint->scanned;

    for (;;) {
        Span line;
        Reason reason;

        end += bytes_until_control((Span){in.data + end, in.size - end});
        if (!lint_is_line_end(in, end)) {
            if (lint_is_in_line(in, end)) {
                end++;
                continue;
            }
            *lint = (Lint){.scanned = end, .line_begin = begin}; /* a CR without its LF is looked at again */
            return lint_no_line_end(in, end, ret_detail);
        }
        line = (Span){in.data + begin, end - begin};
        end += 2;
        if (line.size == 0 && begin > 0) {
            *ret_size = end;
            return REASON_OK;
        }
        reason = begin > 0 ? lint_field_line(line, ret_detail) : lint_first_line(kind, line, ret_detail);
        if (reason != REASON_OK)
            return reason;
        begin = end;
    }
}
