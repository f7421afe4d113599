// SPDX-License-Identifier: Apache-2.0
#include "text.h"

#include <errno.h>
#include <stdio.h>

static const char TEXT_HEX[] = "0123456789ABCDEF";

/*
 * Bytes of the code point that starts at `data`, or 0 where none does. RFC 3629, section 4: the second
 * byte's range depends on the first, which is what keeps overlong forms and surrogates out.
 */
size_t text_take_rune(const char *text, size_t size, uint32_t *ret_rune) {
    const unsigned char *data = (const unsigned char *) text;
    static const struct {
        unsigned char first, last; /* of byte 1 */
        unsigned char second_first, second_last;
        unsigned char size;
        unsigned char mask;
    } forms[] = {
        {0x00, 0x7F, 0x00, 0x00, 1, 0x7F}, {0xC2, 0xDF, 0x80, 0xBF, 2, 0x1F},
        {0xE0, 0xE0, 0xA0, 0xBF, 3, 0x0F}, {0xE1, 0xEC, 0x80, 0xBF, 3, 0x0F},
        {0xED, 0xED, 0x80, 0x9F, 3, 0x0F}, {0xEE, 0xEF, 0x80, 0xBF, 3, 0x0F},
        {0xF0, 0xF0, 0x90, 0xBF, 4, 0x07}, {0xF1, 0xF3, 0x80, 0xBF, 4, 0x07},
        {0xF4, 0xF4, 0x80, 0x8F, 4, 0x07},
    };

    for (size_t f = 0; f < ARRAY_SIZE(forms) && size > 0; f++) {
        uint32_t rune = data[0] & forms[f].mask;

        if (data[0] < forms[f].first || data[0] > forms[f].last)
            continue;
        if (size < forms[f].size)
            return 0;
        if (forms[f].size > 1 && (data[1] < forms[f].second_first || data[1] > forms[f].second_last))
            return 0;
        for (size_t i = 1; i < forms[f].size; i++) {
            if ((data[i] & 0xC0) != 0x80)
                return 0;
            rune = rune << 6 | (data[i] & 0x3F);
        }
        *ret_rune = rune;
        return forms[f].size;
    }
    return 0;
}

bool text_is_utf8(Span text) {
    for (size_t i = 0; i < text.size;) {
        uint32_t rune;
        size_t n =
            (unsigned char) text.data[i] < 0x80 ? 1 : text_take_rune(text.data + i, text.size - i, &rune);

        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

static int text_hex_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int text_percent_decode(Arena *arena, Span in, bool plus, Span *ret) {
    char *out = arena_alloc(arena, in.size + 1);
    size_t n = 0;

    if (!out)
        return -ENOMEM;
    for (size_t i = 0; i < in.size; i++) {
        int high, low;

        if (in.data[i] != '%') {
            out[n++] = plus && in.data[i] == '+' ? ' ' : in.data[i];
            continue;
        }
        if (in.size - i < 3)
            return -EINVAL;
        high = text_hex_value(in.data[i + 1]);
        low = text_hex_value(in.data[i + 2]);
        if (high < 0 || low < 0)
            return -EINVAL;
        out[n++] = (char) (high << 4 | low);
        i += 2;
    }
    *ret = (Span){.data = out, .size = n};
    return 0;
}

char *text_put_encoded(char *out, Span in, ByteClass keep) {
    for (size_t i = 0; i < in.size; i++) {
        unsigned char c = (unsigned char) in.data[i];

        if (byte_is(in.data[i], keep)) {
            *out++ = in.data[i];
        } else {
            *out++ = '%';
            *out++ = TEXT_HEX[c >> 4];
            *out++ = TEXT_HEX[c & 0x0F];
        }
    }
    return out;
}

char *text_percent_encode(Arena *arena, Span in, ByteClass keep) {
    size_t bytes;
    char *out;

    if (!size_mul(in.size, 3, &bytes) || !size_add(bytes, 1, &bytes))
        return NULL;
    out = arena_alloc(arena, bytes);
    if (out)
        text_put_encoded(out, in, keep);
    return out;
}

/* Code points that move, hide or break a line on a terminal, or end the quotes we put around a value. */
bool text_is_hidden(uint32_t rune) {
    static const struct {
        uint32_t first, last;
    } hidden[] = {
        {0x00, 0x1F},       {'"', '"'},       {'\'', '\''},     {'\\', '\\'},     {0x7F, 0x9F},
        {0xAD, 0xAD},       {0x61C, 0x61C},   {0x180E, 0x180E}, {0x200B, 0x200F}, /* bidi marks, zero width */
        {0x2028, 0x202E},   {0x2060, 0x206F}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB},
        {0xE0000, 0xE0FFF},
    };

    for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
        if (rune >= hidden[i].first && rune <= hidden[i].last)
            return true;
    return false;
}

/* One piece of output, at most 10 bytes; returns how many bytes of `data` it stands for. */
static size_t text_show_one(const char *data, size_t size, char piece[static 16], size_t *ret_size) {
    uint32_t rune = 0;
    size_t n = text_take_rune(data, size, &rune);
    int written;

    if (n > 0 && !text_is_hidden(rune)) {
        memcpy(piece, data, n);
        *ret_size = n;
        return n;
    }
    if (n <= 1)
        written = snprintf(piece, 16, "\\x%02X", (unsigned) (unsigned char) data[0]);
    else if (rune <= 0xFFFF)
        written = snprintf(piece, 16, "\\u%04X", (unsigned) rune);
    else
        written = snprintf(piece, 16, "\\U%08X", (unsigned) rune);
    *ret_size = (size_t) written;
    return n > 0 ? n : 1;
}

char *text_show(Arena *arena, Span text, size_t limit) {
    static const char CUT[] = "…";
    size_t room, n = 0;
    char *out;

    /* One byte in is at most four out (\xNN). */
    if (!size_mul(text.size, 4, &room))
        return NULL;
    if (room > limit)
        room = limit;
    if (!size_add(room, sizeof(CUT), &room))
        return NULL;
    out = arena_alloc(arena, room);
    if (!out)
        return NULL;
    for (size_t i = 0; i < text.size;) {
        char piece[16];
        size_t size;
        size_t taken = text_show_one(text.data + i, text.size - i, piece, &size);

        if (size > limit - n) {
            memcpy(out + n, CUT, sizeof(CUT));
            return out;
        }
        memcpy(out + n, piece, size);
        n += size;
        i += taken;
    }
    return out;
}
