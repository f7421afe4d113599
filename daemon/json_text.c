// SPDX-License-Identifier: Apache-2.0
#include "json_text.h"

#include <errno.h>

#include "ascii.h"
#include "policy/text.h"

static size_t json_text_put_unit(char *out, uint32_t unit) {
    static const char hex[] = "0123456789abcdef";

    out[0] = '\\';
    out[1] = 'u';
    for (unsigned i = 0; i < 4; i++)
        out[2 + i] = hex[unit >> (12 - 4 * i) & 0xF];
    return 6;
}

/* RFC 8259, section 7: code points past U+FFFF as a surrogate pair. */
static size_t json_text_put_escape(char *out, uint32_t rune) {
    if (rune == '"' || rune == '\\') {
        out[0] = '\\';
        out[1] = (char) rune;
        return 2;
    }
    if (rune <= 0xFFFF)
        return json_text_put_unit(out, rune);
    rune -= 0x10000;
    return json_text_put_unit(out, 0xD800 + (rune >> 10)) +
           json_text_put_unit(out + 6, 0xDC00 + (rune & 0x3FF));
}

/* `quoted`: a JSON text; else without its quotes, where a quote stands for itself. */
static int json_text_append_as(Buffer *out, Span text, bool quoted) {
    size_t room, i = 0;
    char *start, *to;

    /* One byte is at most six (\u0001); a pair of six stands for four. */
    if (!size_mul(text.size, 6, &room) || !size_add(room, 2, &room))
        return -ENOMEM;
    start = to = buffer_reserve(out, room);
    if (!start)
        return -ENOMEM;
    if (quoted)
        *to++ = '"';
    while (i < text.size) {
        size_t run = ascii_json((Span){text.data + i, text.size - i}), n;
        uint32_t rune = 0xFFFD;

        memcpy(to, text.data + i, run);
        to += run;
        i += run;
        if (i == text.size)
            break;
        n = text_take_rune(text.data + i, text.size - i, &rune);
        if (n > 0 && (!text_is_hidden(rune) || (!quoted && (rune == '"' || rune == '\'')))) {
            memcpy(to, text.data + i, n);
            to += n;
        } else {
            to += json_text_put_escape(to, rune);
        }
        i += n > 0 ? n : 1;
    }
    if (quoted)
        *to++ = '"';
    buffer_commit(out, (size_t) (to - start));
    return 0;
}

int json_text_append(Buffer *out, Span text) {
    return json_text_append_as(out, text, true);
}

int json_text_append_shown(Buffer *out, Span text) {
    return json_text_append_as(out, text, false);
}

int json_text_append_cstr(Buffer *out, const char *text) {
    return text ? json_text_append(out, span_from(text)) : buffer_append(out, SPAN("null"));
}

int json_text_append_number(Buffer *out, uint64_t number) {
    return buffer_append_number(out, (Span){0}, number, (Span){0});
}
