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

static Reason lint_line(const Lint *lint, LintKind kind, Span line, const char **ret_detail) {
    if (lint->line_begin > 0)
        return lint_field_line(line, ret_detail);
    if (kind == LINT_REQUEST)
        return lint_request_line(line, ret_detail);
    if (!span_starts_with(line, SPAN("HTTP/1.")))
        return lint_fail(REASON_HTTP_VERSION, "the answer is not HTTP/1.x", ret_detail);
    return REASON_OK;
}

static bool lint_is_line_end(Span in, size_t i) {
    return in.size - i >= 2 && in.data[i] == '\r' && in.data[i + 1] == '\n';
}

/* How many bytes from `begin` on are a line's own: all but NUL, CR and LF. */
static size_t lint_own(Span in, size_t begin) {
    size_t i = begin + bytes_until_control((Span){in.data + begin, in.size - begin});

    while (!lint_is_line_end(in, i) && i < in.size && in.data[i] != '\0' && in.data[i] != '\r' &&
           in.data[i] != '\n')
        i += 1 + bytes_until_control((Span){in.data + i + 1, in.size - i - 1});
    return i - begin;
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
    for (;;) {
        size_t end = lint->scanned + lint_own(in, lint->scanned);
        Span line = {in.data + lint->line_begin, end - lint->line_begin};
        Reason reason;

        lint->scanned = end; /* a CR without its LF is looked at again */
        if (!lint_is_line_end(in, end))
            return lint_no_line_end(in, end, ret_detail);
        if (line.size == 0 && lint->line_begin > 0) {
            *ret_size = end + 2;
            return REASON_OK;
        }
        if (line.size == 0)
            return lint_fail(REASON_HTTP_SYNTAX, "an empty line before the request", ret_detail);
        reason = lint_line(lint, kind, line, ret_detail);
        if (reason != REASON_OK)
            return reason;
        lint->scanned = lint->line_begin = end + 2;
    }
}
