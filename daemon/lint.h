// SPDX-License-Identifier: Apache-2.0
/*
 * Looks at the bytes of a head before the parser does, and refuses what llhttp accepts though two parsers
 * could read it differently: bare LF, bare CR, NUL, folded lines, empty field names, a request line that
 * isn't exactly METHOD SP TARGET SP HTTP/1.x (RFC 9112 §2.2, §3, §5.2; T-055, T-056, T-058, T-060, T-063).
 */
#pragma once

#include "policy/reason.h"

typedef enum LintKind {
    LINT_REQUEST = 0,
    LINT_RESPONSE,
} LintKind;

typedef struct Lint {
    size_t scanned;    /* bytes looked at so far: a head that comes byte by byte is read once */
    size_t line_begin; /* of the line that `scanned` is in */
} Lint;

/*
 * Goes on where it stopped. `in` begins with the head's first byte each time. REASON_UNDECIDED: all right
 * so far, more is needed. REASON_OK: *ret_size is the head's size, the empty line included. Anything else:
 * refused, with a static sentence in *ret_detail.
 */
Reason lint_head(Lint *lint, LintKind kind, Span in, size_t *ret_size, const char **ret_detail);
