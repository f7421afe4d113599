// SPDX-License-Identifier: Apache-2.0
#include "json_scan.h"

#include "text.h"

#define HIGH BYTES_EACH(0x80u)

/*
 * Whether none of eight bytes ends a run of plain ASCII: a quote, a backslash, a control byte, any from 0x80.
 * Each sum reaches a byte's high bit unless it is one of the first three; none goes over it but of one that
 * has that bit, and then the word isn't plain anyway.
 */
static inline bool word_is_plain(uint64_t word) {
    uint64_t sums = (word + BYTES_EACH(0x60u)) & ((word ^ BYTES_EACH('"')) + BYTES_EACH(0x7Fu)) &
                    ((word ^ BYTES_EACH('\\')) + BYTES_EACH(0x7Fu));

    return (sums & ~word & HIGH) == HIGH;
}

static const char *scan_plain(const char *p, const char *end) {
    while (end - p >= (ptrdiff_t) sizeof(uint64_t) && word_is_plain(bytes_load(p)))
        p += sizeof(uint64_t);
    while (p < end && *p != '"' && *p != '\\' && (unsigned char) *p >= 0x20 && (unsigned char) *p < 0x80)
        p++;
    return p;
}

static bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f');
}

/* At a backslash. */
static bool scan_escape(JsonScan *scan) {
    const char *p = scan->p + 1;

    if (p >= scan->end)
        return false;
    if (*p == 'u') {
        if (scan->end - p < 5)
            return false;
        for (int i = 1; i <= 4; i++)
            if (!is_hex(p[i]))
                return false;
        scan->p = p + 5;
        return true;
    }
    if (*p == '\0' || !strchr("\"\\/bfnrt", *p))
        return false;
    scan->p = p + 1;
    return true;
}

bool json_scan_string(JsonScan *scan, Span *ret_inside, bool *ret_escaped) {
    const char *begin = scan->p + 1;
    uint32_t rune;
    size_t n;

    if (json_scan_peek(scan) != '"')
        return false;
    *ret_escaped = false;
    scan->p = begin;
    for (;;) {
        scan->p = scan_plain(scan->p, scan->end);
        if (scan->p == scan->end)
            return false;
        if (*scan->p == '"')
            break;
        if (*scan->p == '\\') {
            *ret_escaped = true;
            if (!scan_escape(scan))
                return false;
            continue;
        }
        n = (unsigned char) *scan->p < 0x20 ? 0
                                            : text_take_rune(scan->p, (size_t) (scan->end - scan->p), &rune);
        if (n == 0)
            return false;
        scan->p += n;
    }
    *ret_inside = (Span){begin, (size_t) (scan->p - begin)};
    scan->p++;
    return true;
}

static size_t scan_digits(JsonScan *scan) {
    const char *begin = scan->p;

    while (scan->p < scan->end && *scan->p >= '0' && *scan->p <= '9')
        scan->p++;
    return (size_t) (scan->p - begin);
}

static bool scan_number(JsonScan *scan) {
    const char *first;

    if (*scan->p == '-')
        scan->p++;
    first = scan->p;
    if (scan_digits(scan) == 0 || (*first == '0' && scan->p - first > 1))
        return false;
    if (json_scan_peek(scan) == '.') {
        scan->p++;
        if (scan_digits(scan) == 0)
            return false;
    }
    if (ascii_lower(json_scan_peek(scan)) == 'e') {
        scan->p++;
        if (json_scan_peek(scan) == '+' || json_scan_peek(scan) == '-')
            scan->p++;
        return scan_digits(scan) > 0;
    }
    return true;
}

static bool scan_word(JsonScan *scan, Span word) {
    if (!span_starts_with((Span){scan->p, (size_t) (scan->end - scan->p)}, word))
        return false;
    scan->p += word.size;
    return true;
}

bool json_scan_literal(JsonScan *scan) {
    switch (json_scan_peek(scan)) {
    case 't':
        return scan_word(scan, SPAN("true"));
    case 'f':
        return scan_word(scan, SPAN("false"));
    case 'n':
        return scan_word(scan, SPAN("null"));
    case '-':
    case '0' ... '9':
        return scan_number(scan);
    default:
        return false;
    }
}
