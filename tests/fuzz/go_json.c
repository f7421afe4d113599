// SPDX-License-Identifier: Apache-2.0
#include "go_json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH 200u

typedef struct GoReader {
    const unsigned char *p, *end;
    unsigned depth;
    bool bad;
} GoReader;

static GoValue *go_value(GoReader *r);

static void *go_alloc(size_t n) {
    void *p = calloc(1, n ? n : 1);

    if (!p)
        abort();
    return p;
}

static void go_space(GoReader *r) {
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\r' || *r->p == '\n'))
        r->p++;
}

static bool go_take(GoReader *r, unsigned char c) {
    if (r->p < r->end && *r->p == c) {
        r->p++;
        return true;
    }
    return false;
}

GoValue *go_json_free(GoValue *value) {
    if (!value)
        return NULL;
    for (size_t i = 0; i < value->n; i++) {
        go_json_free(value->items[i]);
        if (value->keys)
            free(value->keys[i]);
    }
    free(value->keys);
    free(value->key_sizes);
    free(value->items);
    free(value->text);
    free(value);
    return NULL;
}

/* --- strings (decode.go, unquoteBytes) */

static size_t go_encode(uint32_t rune, char *out) {
    if (rune < 0x80) {
        out[0] = (char) rune;
        return 1;
    }
    if (rune < 0x800) {
        out[0] = (char) (0xc0 | rune >> 6);
        out[1] = (char) (0x80 | (rune & 0x3f));
        return 2;
    }
    if (rune < 0x10000) {
        out[0] = (char) (0xe0 | rune >> 12);
        out[1] = (char) (0x80 | (rune >> 6 & 0x3f));
        out[2] = (char) (0x80 | (rune & 0x3f));
        return 3;
    }
    out[0] = (char) (0xf0 | rune >> 18);
    out[1] = (char) (0x80 | (rune >> 12 & 0x3f));
    out[2] = (char) (0x80 | (rune >> 6 & 0x3f));
    out[3] = (char) (0x80 | (rune & 0x3f));
    return 4;
}

/* The rune at p as utf8.DecodeRune has it: U+FFFD and one byte for what is none. */
static uint32_t go_decode(const unsigned char *p, const unsigned char *end, size_t *ret_size) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t size = *p < 0x80 ? 1 : *p >> 5 == 6 ? 2 : *p >> 4 == 14 ? 3 : *p >> 3 == 30 ? 4 : 0;
    uint32_t rune;

    *ret_size = 1;
    if (size == 1)
        return *p;
    if (size == 0 || (size_t) (end - p) < size)
        return 0xfffd;
    rune = *p & (0xffu >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if (p[i] >> 6 != 2)
            return 0xfffd;
        rune = rune << 6 | (p[i] & 0x3fu);
    }
    if (rune < least[size] || rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000))
        return 0xfffd;
    *ret_size = size;
    return rune;
}

/* Four hexadecimal digits; −1: they aren't. */
static int32_t go_hex4(const unsigned char *p, const unsigned char *end) {
    int32_t value = 0;

    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        unsigned char c = p[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;

        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static uint32_t go_unicode_escape(GoReader *r) {
    int32_t high = go_hex4(r->p, r->end), low;

    if (high < 0) {
        r->bad = true;
        return 0;
    }
    r->p += 4;
    if (high < 0xd800 || high > 0xdfff)
        return (uint32_t) high;
    if (high < 0xdc00 && r->end - r->p >= 6 && r->p[0] == '\\' && r->p[1] == 'u') {
        low = go_hex4(r->p + 2, r->end);
        if (low >= 0xdc00 && low < 0xe000) {
            r->p += 6;
            return 0x10000u + ((uint32_t) (high - 0xd800) << 10) + (uint32_t) (low - 0xdc00);
        }
    }
    return 0xfffd;
}

static uint32_t go_escape(GoReader *r) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *at;

    if (r->p == r->end) {
        r->bad = true;
        return 0;
    }
    if (*r->p == 'u') {
        r->p++;
        return go_unicode_escape(r);
    }
    at = *r->p ? strchr(from, *r->p) : NULL;
    r->bad = r->bad || !at;
    r->p++;
    return at ? (uint32_t) (unsigned char) to[at - from] : 0;
}

static char *go_string(GoReader *r, size_t *ret_size) {
    /* A byte that is no UTF-8 becomes three. */
    char *out = go_alloc(3 * (size_t) (r->end - r->p) + 1);
    size_t n = 0;

    if (!go_take(r, '"'))
        r->bad = true;
    while (!r->bad && !(r->p < r->end && *r->p == '"')) {
        size_t size = 1;

        if (r->p == r->end || *r->p < 0x20) {
            r->bad = true;
        } else if (*r->p == '\\') {
            r->p++;
            n += go_encode(go_escape(r), out + n);
        } else {
            n += go_encode(go_decode(r->p, r->end, &size), out + n);
            r->p += size;
        }
    }
    r->p += !r->bad;
    out[n] = '\0';
    *ret_size = n;
    return out;
}

/* --- the others */

static size_t go_digits(GoReader *r) {
    const unsigned char *begin = r->p;

    while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
        r->p++;
    return (size_t) (r->p - begin);
}

static void go_number(GoReader *r, GoValue *value) {
    const unsigned char *begin = r->p;
    bool zero;

    (void) go_take(r, '-');
    zero = r->p < r->end && *r->p == '0';
    if (zero)
        r->p++;
    else if (go_digits(r) == 0)
        r->bad = true;
    if (go_take(r, '.') && go_digits(r) == 0)
        r->bad = true;
    if (go_take(r, 'e') || go_take(r, 'E')) {
        if (!go_take(r, '+'))
            (void) go_take(r, '-');
        if (go_digits(r) == 0)
            r->bad = true;
    }
    value->type = GO_NUMBER;
    value->size = (size_t) (r->p - begin);
    value->text = go_alloc(value->size + 1);
    memcpy(value->text, begin, value->size);
}

static void go_add(GoValue *value, char *key, size_t key_size, GoValue *item) {
    if ((value->n & (value->n - 1)) == 0) {
        size_t room = value->n ? 2 * value->n : 1;

        value->items = realloc(value->items, room * sizeof(*value->items));
        if (value->type == GO_OBJECT) {
            value->keys = realloc(value->keys, room * sizeof(*value->keys));
            value->key_sizes = realloc(value->key_sizes, room * sizeof(*value->key_sizes));
        }
    }
    if (value->type == GO_OBJECT) {
        value->keys[value->n] = key;
        value->key_sizes[value->n] = key_size;
    }
    value->items[value->n++] = item;
}

static void go_member(GoReader *r, GoValue *value) {
    size_t size = 0;
    char *key;

    go_space(r);
    key = go_string(r, &size);
    go_space(r);
    if (!go_take(r, ':'))
        r->bad = true;
    go_add(value, key, size, go_value(r));
}

static void go_container(GoReader *r, GoValue *value, unsigned char close) {
    r->p++;
    if (++r->depth > DEPTH)
        r->bad = true;
    go_space(r);
    if (!r->bad && go_take(r, close)) {
        r->depth--;
        return;
    }
    while (!r->bad) {
        if (value->type == GO_OBJECT)
            go_member(r, value);
        else
            go_add(value, NULL, 0, go_value(r));
        go_space(r);
        if (go_take(r, close))
            break;
        if (!go_take(r, ','))
            r->bad = true;
    }
    r->depth--;
}

static void go_word(GoReader *r, GoValue *value) {
    static const struct {
        const char *word;
        GoType type;
        bool flag;
    } words[] = {{"null", GO_NULL, false}, {"true", GO_BOOL, true}, {"false", GO_BOOL, false}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t n = strlen(words[i].word);

        if ((size_t) (r->end - r->p) >= n && memcmp(r->p, words[i].word, n) == 0) {
            value->type = words[i].type;
            value->flag = words[i].flag;
            r->p += n;
            return;
        }
    }
    r->bad = true;
}

static GoValue *go_value(GoReader *r) {
    GoValue *value = go_alloc(sizeof(*value));

    go_space(r);
    if (r->bad || r->p == r->end) {
        r->bad = true;
    } else if (*r->p == '{') {
        value->type = GO_OBJECT;
        go_container(r, value, '}');
    } else if (*r->p == '[') {
        value->type = GO_ARRAY;
        go_container(r, value, ']');
    } else if (*r->p == '"') {
        value->type = GO_STRING;
        value->text = go_string(r, &value->size);
    } else if (*r->p == '-' || (*r->p >= '0' && *r->p <= '9')) {
        go_number(r, value);
    } else {
        go_word(r, value);
    }
    return value;
}

GoValue *go_json_parse(const char *text, size_t size) {
    GoReader r = {.p = (const unsigned char *) text, .end = (const unsigned char *) text + size};
    GoValue *value = go_value(&r);

    go_space(&r);
    if (r.bad || r.p != r.end)
        return go_json_free(value);
    return value;
}

/* --- keys */

static uint32_t go_fold(uint32_t rune) {
    if (rune >= 'A' && rune <= 'Z')
        return rune + 'a' - 'A';
    if (rune == 0x17f)
        return 's';
    if (rune == 0x212a)
        return 'k';
    return rune;
}

bool go_json_folds(const char *key, size_t key_size, const char *name, size_t name_size) {
    const unsigned char *a = (const unsigned char *) key, *b = (const unsigned char *) name;
    const unsigned char *a_end = a + key_size, *b_end = b + name_size;

    while (a < a_end && b < b_end) {
        size_t a_size, b_size;

        if (go_fold(go_decode(a, a_end, &a_size)) != go_fold(go_decode(b, b_end, &b_size)))
            return false;
        a += a_size;
        b += b_size;
    }
    return a == a_end && b == b_end;
}
