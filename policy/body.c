// SPDX-License-Identifier: Apache-2.0
/*
 * jansson refuses what dockerd could read otherwise than it stands: a key twice (T-033, T-034), NUL in
 * strings and keys (T-041), invalid UTF-8 and lone surrogates, a BOM, anything behind the value (T-036).
 * What it doesn't bound, depth and keys, is counted over the bytes before a tree is built; memory while it
 * is.
 */
#include "body.h"

#include <errno.h>
#include <jansson.h>

#include "body_memory.h"
#include "text.h"

/* jansson's tree needs no wrapper: a Body is the root, a BodyNode any node of it. */
static inline const json_t *body_json(const BodyNode *node) {
    return (const json_t *) node;
}

void body_seed(size_t seed) {
    json_object_seed(seed);
}

typedef struct Place {
    size_t line, column; /* from 1; columns count bytes */
} Place;

/*
 * Depth, keys and values by brackets, colons and commas outside of strings. On text that is not JSON the
 * counts mean nothing, but then jansson refuses it.
 */
static bool body_is_within_limits(Span bytes, Place *ret_place, const char **ret_what) {
    Place place = {.line = 1};
    size_t depth = 0, n_keys = 0, n_values = 1; /* the root; each other stands behind a comma or a bracket */
    bool in_string = false;

    for (size_t i = 0; i < bytes.size; i++) {
        char c = bytes.data[i];

        place.column++;
        if (c == '\n') {
            place = (Place){.line = place.line + 1};
        } else if (in_string) {
            if (c == '\\') {
                i++;
                place.column++;
            } else if (c == '"') {
                in_string = false;
            }
        } else if (c == '"') {
            in_string = true;
        } else if (c == ':' && ++n_keys > LIMIT_JSON_KEYS) {
            *ret_what = "too many keys";
            *ret_place = place;
            return false;
        } else if ((c == ',' || c == '{' || c == '[') && ++n_values > LIMIT_JSON_VALUES) {
            *ret_what = "too many values";
            *ret_place = place;
            return false;
        } else if ((c == '{' || c == '[') && ++depth > LIMIT_JSON_DEPTH) {
            *ret_what = "nested too deep";
            *ret_place = place;
            return false;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return true;
}

/* Our own words for jansson's codes: its texts quote the body, which may hold secrets. */
static Reason body_error_reason(const json_error_t *error, const char **ret_what) {
    static const struct {
        enum json_error_code code;
        Reason reason;
        const char *what;
    } rows[] = {
        {json_error_duplicate_key, REASON_JSON_AMBIGUOUS, "a key stands twice"},
        {json_error_stack_overflow, REASON_JSON_LIMIT, "nested too deep"},
        {json_error_out_of_memory, REASON_NO_MEMORY, "out of memory"},
        {json_error_invalid_utf8, REASON_JSON_SYNTAX, "bytes that are no UTF-8"},
        {json_error_premature_end_of_input, REASON_JSON_SYNTAX, "ends too early"},
        {json_error_end_of_input_expected, REASON_JSON_SYNTAX, "something behind the value"},
        {json_error_null_byte_in_key, REASON_JSON_SYNTAX, "NUL in a key"},
        {json_error_null_character, REASON_JSON_SYNTAX, "NUL in a string"},
        {json_error_numeric_overflow, REASON_JSON_SYNTAX, "a number that is too big"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].code == json_error_code(error)) {
            *ret_what = rows[i].what;
            return rows[i].reason;
        }
    *ret_what = "not valid JSON";
    return REASON_JSON_SYNTAX;
}

static const char *body_place_text(Arena *arena, size_t line, size_t column, const char *what) {
    const char *text = arena_printf(arena, "line %zu, column %zu: %s", line, column, what);

    return text ? text : what;
}

/* json_load_callback's: one byte at a time, and the text's end where memory is short (body_memory.h). */
static size_t body_feed(void *buffer, size_t size, void *arg) {
    Span *rest = arg;

    if (size == 0 || rest->size == 0 || body_memory_is_short())
        return 0;
    *(char *) buffer = *rest->data;
    *rest = (Span){.data = rest->data + 1, .size = rest->size - 1};
    return 1;
}

/*
 * *ret NULL with REASON_OK: see `error`. DECODE_ANY is for `null`, which Go's clients send for an absent
 * body.
 */
static Reason body_load(Span bytes, json_error_t *error, json_t **ret) {
    size_t limit, reserve;
    Reason reason;

    *ret = NULL;
    if (!size_mul(bytes.size, LIMIT_JSON_MEMORY_TIMES, &limit) ||
        !size_add(limit, LIMIT_JSON_MEMORY_BASE, &limit))
        return REASON_JSON_LIMIT;
    reserve = 2 * bytes.size + 64; /* jansson's strbuffer.c doubles: less than twice the text */
    json_set_alloc_funcs(body_memory_take, body_memory_give);
    if (!body_memory_begin(limit, reserve))
        return REASON_NO_MEMORY;
    *ret = json_load_callback(body_feed, &bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, error);
    reason = body_memory_end();
    if (reason == REASON_OK)
        return REASON_OK;
    json_decref(*ret);
    *ret = NULL;
    return reason;
}

Reason body_parse(Arena *arena, Span bytes, Body **ret, const char **ret_detail) {
    json_error_t error = {0};
    const char *what;
    Place place;
    json_t *root;
    Reason reason;

    if (!body_is_within_limits(bytes, &place, &what)) {
        *ret_detail = body_place_text(arena, place.line, place.column, what);
        return REASON_JSON_LIMIT;
    }

    reason = body_load(bytes, &error, &root);
    if (reason != REASON_OK) {
        *ret_detail = reason == REASON_JSON_LIMIT ? "too much memory for its size" : "out of memory";
        return reason;
    }
    if (!root) {
        reason = body_error_reason(&error, &what);
        *ret_detail = body_place_text(arena, (size_t) error.line, (size_t) error.column, what);
        return reason;
    }
    if (!json_is_object(root) && !json_is_array(root) && !json_is_null(root)) {
        json_decref(root);
        *ret_detail = "line 1, column 1: neither an object nor an array";
        return REASON_JSON_SYNTAX;
    }
    *ret = (Body *) root;
    return REASON_OK;
}

Body *body_free(Body *body) {
    json_decref((json_t *) body);
    return NULL;
}

const BodyNode *body_root(const Body *body) {
    return (const BodyNode *) body;
}

BodyType body_type(const BodyNode *node) {
    switch (json_typeof(body_json(node))) {
    case JSON_OBJECT:
        return BODY_TYPE_OBJECT;
    case JSON_ARRAY:
        return BODY_TYPE_ARRAY;
    case JSON_STRING:
        return BODY_TYPE_STRING;
    case JSON_INTEGER:
        return BODY_TYPE_INTEGER;
    case JSON_REAL:
        return BODY_TYPE_REAL;
    case JSON_TRUE:
    case JSON_FALSE:
        return BODY_TYPE_BOOL;
    case JSON_NULL:
        break;
    }
    return BODY_TYPE_NULL;
}

const char *body_type_name(BodyType type) {
    static const char *const names[] = {
        [BODY_TYPE_NULL] = "null",     [BODY_TYPE_BOOL] = "bool",     [BODY_TYPE_INTEGER] = "integer",
        [BODY_TYPE_REAL] = "fraction", [BODY_TYPE_STRING] = "string", [BODY_TYPE_ARRAY] = "array",
        [BODY_TYPE_OBJECT] = "object",
    };

    return (size_t) type < ARRAY_SIZE(names) ? names[type] : "unknown";
}

bool body_bool(const BodyNode *node) {
    return json_is_true(body_json(node));
}

int64_t body_integer(const BodyNode *node) {
    return json_integer_value(body_json(node));
}

Span body_string(const BodyNode *node) {
    return (Span){.data = json_string_value(body_json(node)), .size = json_string_length(body_json(node))};
}

size_t body_size(const BodyNode *node) {
    return json_is_array(body_json(node)) ? json_array_size(body_json(node))
                                          : json_object_size(body_json(node));
}

const BodyNode *body_at(const BodyNode *array, size_t i) {
    return (const BodyNode *) json_array_get(body_json(array), i);
}

const BodyNode *body_member(const BodyNode *object, const char *key) {
    return (const BodyNode *) json_object_get(body_json(object), key);
}

bool body_next(const BodyNode *object, void **iter, Span *ret_key, const BodyNode **ret_value) {
    json_t *json = (json_t *) (uintptr_t) object; /* jansson's iterators don't write, but take no const */

    *iter = *iter ? json_object_iter_next(json, *iter) : json_object_iter(json);
    if (!*iter)
        return false;
    *ret_key = (Span){.data = json_object_iter_key(*iter), .size = json_object_iter_key_len(*iter)};
    *ret_value = (const BodyNode *) json_object_iter_value(*iter);
    return true;
}

bool body_is_zero(const BodyNode *node) {
    switch (body_type(node)) {
    case BODY_TYPE_NULL:
        return true;
    case BODY_TYPE_BOOL:
        return !body_bool(node);
    case BODY_TYPE_INTEGER:
        return body_integer(node) == 0;
    case BODY_TYPE_REAL: { /* both zeros, by their bits: no -Wfloat-equal */
        double value = json_real_value(body_json(node));
        return !(value < 0.0) && !(value > 0.0);
    }
    case BODY_TYPE_STRING:
        return body_string(node).size == 0;
    case BODY_TYPE_ARRAY:
    case BODY_TYPE_OBJECT:
        return body_size(node) == 0;
    }
    return false;
}

typedef struct Shown {
    char bytes[LIMIT_VALUE_SHOWN + 1];
    size_t n;
    bool cut;
} Shown;

static int body_show_piece(const char *data, size_t size, void *arg) {
    Shown *shown = arg;

    for (size_t i = 0; i < size; i++) {
        if (shown->n == LIMIT_VALUE_SHOWN) {
            shown->cut = true;
            return -1; /* a megabyte isn't printed for the sake of its first bytes */
        }
        /* ENSURE_ASCII leaves one byte that doesn't print. */
        shown->bytes[shown->n++] = data[i] == 0x7F ? '?' : data[i];
    }
    return 0;
}

const char *body_show(Arena *arena, const BodyNode *node) {
    Shown shown = {0};

    if (body_type(node) == BODY_TYPE_STRING)
        return text_show(arena, body_string(node), LIMIT_VALUE_SHOWN);
    (void) json_dump_callback(body_json(node), body_show_piece, &shown,
                              JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    return arena_printf(arena, "%.*s%s", (int) shown.n, shown.bytes, shown.cut ? "…" : "");
}

bool body_key_take(Span *key, unsigned char *ret_folded) {
    static const struct {
        Span rune;
        unsigned char folded;
    } runes[] = {
        {SPAN("\xC5\xBF"), 's'},     /* U+017F */
        {SPAN("\xE2\x84\xAA"), 'k'}, /* U+212A */
        {SPAN("\xC4\xB0"), 'i'},     /* U+0130: not to encoding/json, but to Podman's jsoniter */
    };

    if (key->size == 0)
        return false;
    if ((unsigned char) key->data[0] >= 0x80)
        for (size_t i = 0; i < ARRAY_SIZE(runes); i++)
            if (span_starts_with(*key, runes[i].rune)) {
                *ret_folded = runes[i].folded;
                key->data += runes[i].rune.size;
                key->size -= runes[i].rune.size;
                return true;
            }
    *ret_folded = (unsigned char) ascii_lower(key->data[0]);
    key->data++;
    key->size--;
    return true;
}

bool body_key_folds_to(Span key, const char *name) {
    Span other = span_from(name);
    unsigned char a, b;

    if (span_equals(key, other))
        return false;
    while (body_key_take(&key, &a))
        if (!body_key_take(&other, &b) || a != b)
            return false;
    return other.size == 0;
}

static inline json_t *body_edited(BodyNode *node) {
    return (json_t *) node;
}

BodyNode *body_edit_root(Body *body) {
    return (BodyNode *) body;
}

BodyNode *body_edit_member(BodyNode *object, const char *key) {
    return (BodyNode *) json_object_get(body_edited(object), key);
}

/* Takes `value`, which is NULL where there was no memory for it. */
static json_t *body_put(BodyNode *object, const char *key, json_t *value) {
    return json_object_set_new(body_edited(object), key, value) == 0 ? value : NULL;
}

int body_set_string(BodyNode *object, const char *key, const char *value) {
    return body_put(object, key, json_string(value)) ? 0 : -ENOMEM;
}

int body_set_integer(BodyNode *object, const char *key, int64_t value) {
    return body_put(object, key, json_integer(value)) ? 0 : -ENOMEM;
}

int body_set_bool(BodyNode *object, const char *key, bool value) {
    return body_put(object, key, json_boolean(value)) ? 0 : -ENOMEM;
}

BodyNode *body_set_object(BodyNode *object, const char *key) {
    return (BodyNode *) body_put(object, key, json_object());
}

BodyNode *body_set_array(BodyNode *object, const char *key) {
    return (BodyNode *) body_put(object, key, json_array());
}

int body_append_string(BodyNode *array, const char *value) {
    return json_array_append_new(body_edited(array), json_string(value)) == 0 ? 0 : -ENOMEM;
}

BodyNode *body_edit_at(BodyNode *array, size_t i) {
    return (BodyNode *) json_array_get(body_edited(array), i);
}

int body_set_string_at(BodyNode *array, size_t i, const char *value) {
    return json_array_set_new(body_edited(array), i, json_string(value)) == 0 ? 0 : -ENOMEM;
}

size_t body_dump(const Body *body, char *room, size_t size) {
    return json_dumpb((const json_t *) body, room, size, JSON_COMPACT | JSON_ENCODE_ANY);
}
