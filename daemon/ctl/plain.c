// SPDX-License-Identifier: Apache-2.0
#include "plain.h"

#include <errno.h>

#include "policy/text.h"
#include "scan.h"

#define PIECE_BYTES 16u

/* Quotes end nothing here, and what the daemon has already escaped is told by backslashes. */
static bool plain_is_hidden(uint32_t rune) {
    return rune != '"' && rune != '\'' && rune != '\\' && text_is_hidden(rune);
}

/* One code point, or one byte that begins none; how many bytes of `data` it stands for. */
static size_t plain_piece(const char *data, size_t size, char *piece, size_t *ret_size, size_t *ret_columns) {
    uint32_t rune = 0;
    size_t n = text_take_rune(data, size, &rune);
    int written;

    if (n > 0 && !plain_is_hidden(rune)) {
        memcpy(piece, data, n);
        *ret_size = n;
        *ret_columns = 1;
        return n;
    }
    if (n == 0)
        written = snprintf(piece, PIECE_BYTES, "\\x%02X", (unsigned) (unsigned char) data[0]);
    else if (rune <= 0xFFFF)
        written = snprintf(piece, PIECE_BYTES, "\\u%04X", (unsigned) rune);
    else
        written = snprintf(piece, PIECE_BYTES, "\\U%08X", (unsigned) rune);
    *ret_size = *ret_columns = (size_t) written;
    return n > 0 ? n : 1;
}

int plain_text(Buffer *out, Span text, size_t columns, size_t *ret_columns) {
    size_t used = 0, last = 0; /* bytes behind the last place where it may be cut */
    int r = 0;

    for (size_t i = 0; r == 0 && i < text.size;) {
        char piece[PIECE_BYTES];
        size_t size, width, taken = plain_piece(text.data + i, text.size - i, piece, &size, &width);

        if (columns > 0 && used + width > columns) {
            while (used + 1 > columns && last > 0) { /* room for the sign that it is cut */
                out->end--;
                if (((unsigned char) out->data[out->end] & 0xC0) != 0x80)
                    used--;
                last--;
            }
            r = buffer_append(out, SPAN("…"));
            used++;
            break;
        }
        r = buffer_append(out, (Span){piece, size});
        used += width;
        last += size;
        i += taken;
    }
    if (ret_columns)
        *ret_columns = used;
    return r;
}

int plain_inside(Buffer *out, Span inside, size_t columns, size_t *ret_columns) {
    CLEANUP(buffer_done) Buffer text = {0};
    int r;

    if (inside.size == 0 || !memchr(inside.data, '\\', inside.size))
        return plain_text(out, inside, columns, ret_columns);
    r = scan_text(&text, inside);
    return r < 0 ? r : plain_text(out, buffer_span(&text), columns, ret_columns);
}

static int plain_json_rune(Buffer *out, uint32_t rune) {
    if (rune <= 0xFFFF)
        return buffer_printf(out, "\\u%04x", (unsigned) rune);
    rune -= 0x10000;
    return buffer_printf(out, "\\u%04x\\u%04x", (unsigned) (0xD800 + (rune >> 10)),
                         (unsigned) (0xDC00 + (rune & 0x3FF)));
}

/* `page`: what could end an HTML element too. None of these stands outside of strings. */
static int plain_json_text(Buffer *out, Span line, bool page) {
    size_t begin = 0, i = 0;
    int r = 0;

    while (r == 0 && i < line.size) {
        uint32_t rune = 0;
        size_t n;

        unsigned char c = (unsigned char) line.data[i];
        bool marks = page && (c == '<' || c == '>' || c == '&');

        if (c >= 0x20 && c < 0x7F && !marks) {
            i++;
            continue;
        }
        n = text_take_rune(line.data + i, line.size - i, &rune);
        if (n > 0 && !plain_is_hidden(rune) && !marks) {
            i += n;
            continue;
        }
        r = buffer_append(out, (Span){line.data + begin, i - begin});
        if (r == 0)
            r = rune == '\t' || rune == '\r'
                    ? buffer_append(out, SPAN(" ")) /* between values: no string has them */
                    : plain_json_rune(out, n > 0 ? rune : 0xFFFD);
        i += n > 0 ? n : 1;
        begin = i;
    }
    return r < 0 ? r : buffer_append(out, (Span){line.data + begin, line.size - begin});
}

int plain_json(Buffer *out, Span line) {
    return plain_json_text(out, line, false);
}

int plain_page(Buffer *out, Span json) {
    return plain_json_text(out, json, true);
}

void plain_print(FILE *out, const char *text) {
    CLEANUP(buffer_done) Buffer shown = {0};

    if (plain_text(&shown, span_from(text), 0, NULL) == 0)
        (void) fwrite(shown.data ? shown.data : "", 1, buffer_size(&shown), out);
}
