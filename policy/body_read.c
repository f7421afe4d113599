// SPDX-License-Identifier: Apache-2.0
/*
 * RFC 8259 and no more, with one reading: no key twice in an object (T-033, T-034), no NUL in strings and
 * keys (T-041), no byte that isn't UTF-8, no lone surrogate, no BOM (T-039), nothing behind the value
 * (T-036); depth, keys and values are counted (T-039).
 */
#include "body_read.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "body_memory.h"
#include "json_scan.h"
#include "limits.h"
#include "text.h"

typedef struct BodyReader {
    JsonScan scan;
    size_t depth, n_keys, n_values;
    BodyFault fault;
} BodyReader;

/* The first one counts. False, for the caller to return. */
static bool reader_fail(BodyReader *reader, BodyFault fault) {
    if (reader->fault == BODY_FAULT_NONE)
        reader->fault = fault;
    return false;
}

/* Behind the token that doesn't fit: at its last byte. */
static bool reader_fail_token(BodyReader *reader, BodyFault fault) {
    reader->scan.p--;
    return reader_fail(reader, fault);
}

/* At the byte that doesn't fit. */
static bool reader_fail_here(BodyReader *reader) {
    const JsonScan *scan = &reader->scan;
    uint32_t rune;

    if (scan->p == scan->end)
        return reader_fail(reader, BODY_FAULT_END);
    if (text_take_rune(scan->p, (size_t) (scan->end - scan->p), &rune) == 0)
        return reader_fail(reader, BODY_FAULT_UTF8);
    return reader_fail(reader, BODY_FAULT_SYNTAX);
}

/* What jansson had no memory for is NULL. */
static bool reader_built(BodyReader *reader, json_t *value, json_t **ret) {
    *ret = value;
    return value || reader_fail(reader, BODY_FAULT_MEMORY);
}

/* --- Strings ---------------------------------------------------------------------------------------- */

/* Four digits of \uXXXX, which the scan has seen. */
static uint32_t hex4(const char *digits) {
    uint32_t value = 0;

    for (size_t i = 0; i < 4; i++) {
        char c = ascii_lower(digits[i]);

        value = value << 4 | (uint32_t) (c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return value;
}

static size_t rune_write(uint32_t rune, char out[static 4]) {
    size_t n = rune < 0x80 ? 1 : rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0x00, 0xC0, 0xE0, 0xF0};

    for (size_t i = n; i-- > 1; rune >>= 6)
        out[i] = (char) (0x80 | (rune & 0x3F));
    out[0] = (char) (first[n] | rune);
    return n;
}

/* \uXXXX at `*in`, which goes behind it, and behind the second half of a pair. False: half a pair. */
static bool unescape_rune(const char **in, const char *end, uint32_t *ret) {
    uint32_t rune = hex4(*in + 2), low;

    *in += 6;
    *ret = rune;
    if (rune < 0xD800 || rune > 0xDFFF)
        return true;
    if (rune > 0xDBFF || end - *in < 6 || (*in)[0] != '\\' || (*in)[1] != 'u')
        return false;
    low = hex4(*in + 2);
    if (low < 0xDC00 || low > 0xDFFF)
        return false;
    *in += 6;
    *ret = 0x10000 + ((rune & 0x3FF) << 10 | (low & 0x3FF));
    return true;
}

/* The byte that a backslash and `c` stand for. */
static char unescape_byte(char c) {
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *found = strchr(from, c);

    return found ? to[found - from] : c;
}

/* `inside` is what json_scan_string() took; `out` has room for as many bytes. */
static BodyFault unescape(Span inside, BodyFault on_nul, char *out, size_t *ret_size) {
    const char *in = inside.data, *end = in + inside.size;
    char *begin = out;
    uint32_t rune;

    while (in < end) {
        if (*in != '\\') {
            *out++ = *in++;
        } else if (in[1] != 'u') {
            *out++ = unescape_byte(in[1]);
            in += 2;
        } else if (!unescape_rune(&in, end, &rune)) {
            return BODY_FAULT_SYNTAX;
        } else if (rune == 0) {
            return on_nul;
        } else {
            out += rune_write(rune, out);
        }
    }
    *ret_size = (size_t) (out - begin);
    return BODY_FAULT_NONE;
}

/*
 * *ret is the string, in the text, or where it has escapes in *ret_room, which is to be given back. False:
 * failed.
 */
static bool read_text(BodyReader *reader, BodyFault on_nul, Span *ret, char **ret_room) {
    bool escaped;
    BodyFault fault;

    *ret_room = NULL;
    if (!json_scan_string(&reader->scan, ret, &escaped))
        return reader_fail_here(reader);
    if (!escaped)
        return true;
    *ret_room = body_memory_take(ret->size);
    if (!*ret_room)
        return reader_fail(reader, BODY_FAULT_MEMORY);
    fault = unescape(*ret, on_nul, *ret_room, &ret->size);
    ret->data = *ret_room;
    if (fault == BODY_FAULT_NONE)
        return true;
    body_memory_give(TAKE_PTR(*ret_room));
    return reader_fail_token(reader, fault);
}

static bool read_string(BodyReader *reader, json_t **ret) {
    char *room;
    Span text;

    if (!read_text(reader, BODY_FAULT_NUL_STRING, &text, &room))
        return false;
    *ret = json_stringn_nocheck(text.data, text.size);
    body_memory_give(room);
    return reader_built(reader, *ret, ret);
}

/* --- Numbers and words ------------------------------------------------------------------------------ */

/* Digits, perhaps behind a minus. False: no int64. */
static bool integer_value(Span literal, int64_t *ret) {
    bool negative = literal.data[0] == '-';
    int64_t value = 0;

    for (size_t i = negative; i < literal.size; i++) {
        int digit = literal.data[i] - '0';

        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return false;
    }
    *ret = value;
    return true;
}

static bool read_real(BodyReader *reader, Span literal, json_t **ret) {
    char *copy = body_memory_take(literal.size + 1), *end;
    double value;
    bool whole;

    if (!copy)
        return reader_fail(reader, BODY_FAULT_MEMORY);
    memcpy(copy, literal.data, literal.size);
    copy[literal.size] = '\0';
    value = strtod(copy, &end);
    whole = *end == '\0'; /* not in a locale that writes 1,5, which nobody has set */
    body_memory_give(copy);
    if (!whole)
        return reader_fail(reader, BODY_FAULT_SYNTAX);
    if (!isfinite(value))
        return reader_fail_token(reader, BODY_FAULT_NUMBER);
    return reader_built(reader, json_real(value), ret);
}

static bool is_real(Span literal) {
    for (size_t i = 0; i < literal.size; i++)
        if (literal.data[i] == '.' || ascii_lower(literal.data[i]) == 'e')
            return true;
    return false;
}

/* A number, true, false or null. */
static bool read_literal(BodyReader *reader, json_t **ret) {
    const char *begin = reader->scan.p;
    Span literal;
    int64_t value;

    if (!json_scan_literal(&reader->scan))
        return reader_fail_here(reader);
    literal = (Span){begin, (size_t) (reader->scan.p - begin)};
    if (*begin == 'n' || *begin == 't' || *begin == 'f')
        return reader_built(reader, *begin == 'n' ? json_null() : json_boolean(*begin == 't'), ret);
    if (is_real(literal))
        return read_real(reader, literal, ret);
    if (!integer_value(literal, &value))
        return reader_fail_token(reader, BODY_FAULT_NUMBER);
    return reader_built(reader, json_integer(value), ret);
}

/* --- Objects and arrays ----------------------------------------------------------------------------- */

static bool read_value(BodyReader *reader, json_t **ret);

/* Each bracket and each comma begins a value, or what may be one. */
static bool reader_count_value(BodyReader *reader) {
    return ++reader->n_values <= LIMIT_JSON_VALUES || reader_fail(reader, BODY_FAULT_VALUES);
}

/* At the bracket that opens an object or array. */
static bool reader_open(BodyReader *reader, char open) {
    if (reader->depth == LIMIT_JSON_DEPTH)
        return reader_fail(reader, BODY_FAULT_DEPTH);
    reader->depth++;
    (void) json_scan_byte(&reader->scan, open);
    return reader_count_value(reader);
}

/* Behind what it holds. */
static bool reader_close(BodyReader *reader, char close) {
    if (json_scan_peek(&reader->scan) != close)
        return reader_fail_here(reader);
    reader->scan.p++;
    reader->depth--;
    return true;
}

/* Whether another member or element follows, behind the comma then. */
static bool reader_goes_on(BodyReader *reader) {
    json_scan_space(&reader->scan);
    return json_scan_byte(&reader->scan, ',') && reader_count_value(reader);
}

/* The colon and the value of `key`. */
static bool read_member_value(BodyReader *reader, json_t *object, Span key) {
    json_t *value;

    if (++reader->n_keys > LIMIT_JSON_KEYS)
        return reader_fail_token(reader, BODY_FAULT_KEYS);
    if (json_object_getn(object, key.data, key.size))
        return reader_fail_token(reader, BODY_FAULT_TWICE);
    json_scan_space(&reader->scan);
    if (!json_scan_byte(&reader->scan, ':'))
        return reader_fail_here(reader);
    if (!read_value(reader, &value))
        return false;
    /* It takes the value whether it fails or not. */
    return json_object_setn_new_nocheck(object, key.data, key.size, value) == 0 ||
           reader_fail(reader, BODY_FAULT_MEMORY);
}

static bool read_member(BodyReader *reader, json_t *object) {
    char *room;
    Span key;
    bool good;

    if (!read_text(reader, BODY_FAULT_NUL_KEY, &key, &room))
        return false;
    good = read_member_value(reader, object, key);
    body_memory_give(room);
    return good;
}

static bool read_object(BodyReader *reader, json_t **ret) {
    if (!reader_open(reader, '{') || !reader_built(reader, json_object(), ret))
        return false;
    if (json_scan_peek(&reader->scan) != '}') {
        do
            if (!read_member(reader, *ret))
                return false;
        while (reader_goes_on(reader));
    }
    return reader_close(reader, '}');
}

static bool read_element(BodyReader *reader, json_t *array) {
    json_t *value;

    if (!read_value(reader, &value))
        return false;
    /* It takes the value whether it fails or not. */
    return json_array_append_new(array, value) == 0 || reader_fail(reader, BODY_FAULT_MEMORY);
}

static bool read_array(BodyReader *reader, json_t **ret) {
    if (!reader_open(reader, '[') || !reader_built(reader, json_array(), ret))
        return false;
    if (json_scan_peek(&reader->scan) != ']') {
        do
            if (!read_element(reader, *ret))
                return false;
        while (reader_goes_on(reader));
    }
    return reader_close(reader, ']');
}

/* It calls itself as deep as LIMIT_JSON_DEPTH. */
static bool read_value(BodyReader *reader, json_t **ret) {
    switch (json_scan_peek(&reader->scan)) {
    case '{':
        return read_object(reader, ret);
    case '[':
        return read_array(reader, ret);
    case '"':
        return read_string(reader, ret);
    default:
        return read_literal(reader, ret);
    }
}

/* --- The whole -------------------------------------------------------------------------------------- */

/* Columns count characters, as jansson's: bytes that continue one are none. */
static BodyPlace reader_place(Span text, const JsonScan *scan) {
    const char *begin = text.data; /* of the line */
    BodyPlace place = {.line = 1};

    for (const char *p = text.data; p < scan->p; p++)
        if (*p == '\n') {
            place.line++;
            begin = p + 1;
        }
    for (const char *p = begin; p < scan->p; p++)
        place.column += ((unsigned char) *p & 0xC0) != 0x80;
    place.column += scan->p < scan->end; /* the one that doesn't fit, too */
    return place;
}

static bool reader_read(BodyReader *reader, json_t **ret) {
    json_scan_space(&reader->scan);
    if (!read_value(reader, ret))
        return false;
    json_scan_space(&reader->scan);
    return reader->scan.p == reader->scan.end || reader_fail(reader, BODY_FAULT_BEHIND);
}

json_t *body_read(Span text, BodyFault *ret_fault, BodyPlace *ret_place) {
    BodyReader reader = {.scan = {.p = text.data, .end = text.data + text.size}, .n_values = 1};
    json_t *root;
    bool good = reader_read(&reader, &root);

    *ret_fault = reader.fault;
    *ret_place = good ? (BodyPlace){0} : reader_place(text, &reader.scan);
    return good ? root : NULL;
}
