// SPDX-License-Identifier: Apache-2.0
#include "lint.h"

#include "ascii.h"

static Reason lint_fail(Reason reason, const char *detail, const char **ret_detail) {
    *ret_detail = detail;
    return reason;
}

/* METHOD SP TARGET SP HTTP/1.0 or HTTP/1.1, one space each. */
static Reason lint_request_line(Span line, const char **ret_detail) {
    size_t spaces = 0;
    Span version;

    for (size_t i = 0; i < line.size; i++) {
        if (line.data[i] == ' ')
            spaces++;
        else if ((unsigned char) line.data[i] < 0x21 || line.data[i] == 0x7f)
            return lint_fail(REASON_HTTP_SYNTAX, "control byte in the request line", ret_detail);
    }
    if (spaces != 2)
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

/* The byte at `i`, where only its neighbours before it are needed. */
static Reason lint_byte(Span in, size_t i, const char **ret_detail) {
    char c = in.data[i];

    if (c == '\0')
        return lint_fail(REASON_HTTP_SYNTAX, "a NUL byte in the head", ret_detail);
    if (c == '\n' && (i == 0 || in.data[i - 1] != '\r'))
        return lint_fail(REASON_HTTP_SYNTAX, "a line that ends without CR", ret_detail);
    if (c != '\n' && i > 0 && in.data[i - 1] == '\r')
        return lint_fail(REASON_HTTP_SYNTAX, "a CR inside a line", ret_detail);
    return REASON_OK;
}

/* Where the next byte is that lint_byte() must see: none of a line's own, unless a CR stands before it. */
static size_t lint_skip(Span in, size_t i) {
    if (i > 0 && in.data[i - 1] == '\r')
        return i;
    return i + ascii_line((Span){in.data + i, in.size - i});
}

Reason lint_head(Lint *lint, LintKind kind, Span in, size_t *ret_size, const char **ret_detail) {
    Reason reason;

    for (size_t i = lint_skip(in, lint->scanned); i < in.size; i = lint_skip(in, i + 1)) {
        reason = lint_byte(in, i, ret_detail);
        if (reason != REASON_OK)
            return reason;
        lint->scanned = i + 1;
        if (in.data[i] != '\n')
            continue;

        Span line = {in.data + lint->line_begin, i - 1 - lint->line_begin};
        if (line.size == 0 && lint->line_begin > 0) {
            *ret_size = i + 1;
            return REASON_OK;
        }
        if (line.size == 0)
            return lint_fail(REASON_HTTP_SYNTAX, "an empty line before the request", ret_detail);
        reason = lint_line(lint, kind, line, ret_detail);
        if (reason != REASON_OK)
            return reason;
        lint->line_begin = i + 1;
    }
    lint->scanned = in.size;
    return REASON_UNDECIDED;
}
