// SPDX-License-Identifier: Apache-2.0
/* The tree is jansson's: body_read.c builds it, body_memory.c has its memory. */
#include "body.h"

#include <errno.h>
#include <jansson.h>

#include "body_memory.h"
#include "body_read.h"
#include "text.h"

#define BODY_FIRST_TIMES 3u /* of what clients send the tree is three to six times the text */

/* In the memory that it names, as its tree is. A BodyNode is any node of that: jansson's need no wrapper. */
struct Body {
    BodyMemory *memory;
    json_t *root;
};

static inline const json_t *body_json(const BodyNode *node) {
    return (const json_t *) node;
}

void body_seed(size_t seed) {
    json_object_seed(seed);
}

/* What a fault is to the client. Never a part of the body: it may hold secrets. */
static const struct {
    Reason reason;
    const char *what;
} body_faults[] = {
    [BODY_FAULT_NONE] = {REASON_JSON_SYNTAX, "not valid JSON"},
    [BODY_FAULT_SYNTAX] = {REASON_JSON_SYNTAX, "not valid JSON"},
    [BODY_FAULT_UTF8] = {REASON_JSON_SYNTAX, "bytes that are no UTF-8"},
    [BODY_FAULT_END] = {REASON_JSON_SYNTAX, "ends too early"},
    [BODY_FAULT_BEHIND] = {REASON_JSON_SYNTAX, "something behind the value"},
    [BODY_FAULT_NUL_KEY] = {REASON_JSON_SYNTAX, "NUL in a key"},
    [BODY_FAULT_NUL_STRING] = {REASON_JSON_SYNTAX, "NUL in a string"},
    [BODY_FAULT_NUMBER] = {REASON_JSON_SYNTAX, "a number that is too big"},
    [BODY_FAULT_TWICE] = {REASON_JSON_AMBIGUOUS, "a key stands twice"},
    [BODY_FAULT_DEPTH] = {REASON_JSON_LIMIT, "nested too deep"},
    [BODY_FAULT_KEYS] = {REASON_JSON_LIMIT, "too many keys"},
    [BODY_FAULT_VALUES] = {REASON_JSON_LIMIT, "too many values"},
    [BODY_FAULT_MEMORY] = {REASON_NO_MEMORY, "out of memory"},
};

static Reason body_fault_tell(Arena *arena, BodyFault fault, BodyPlace place, const char **ret_detail) {
    const char *what = body_faults[fault].what;

    *ret_detail = arena_printf(arena, "line %zu, column %zu: %s", place.line, place.column, what);
    if (!*ret_detail)
        *ret_detail = what;
    return body_faults[fault].reason;
}

/* In `memory`. */
static Reason body_load(Arena *arena, BodyMemory *memory, Span text, Body **ret, const char **ret_detail) {
    BodyFault fault = BODY_FAULT_MEMORY;
    BodyPlace place = {0};
    json_t *root = NULL;
    Body *body;
    Reason reason;

    body_memory_begin_text(memory);
    body = body_memory_take(sizeof(*body));
    if (body)
        root = body_read(text, &fault, &place);
    reason = body_memory_end();
    if (reason != REASON_OK) {
        *ret_detail = reason == REASON_JSON_LIMIT ? "too much memory for its size" : "out of memory";
        return reason;
    }
    if (!root)
        return body_fault_tell(arena, fault, place, ret_detail);
    /* Go's clients send null for an absent body. */
    if (!json_is_object(root) && !json_is_array(root) && !json_is_null(root)) {
        *ret_detail = "line 1, column 1: neither an object nor an array";
        return REASON_JSON_SYNTAX;
    }
    *body = (Body){.memory = memory, .root = root};
    *ret = body;
    return REASON_OK;
}

static bool body_memory_limit(size_t size, size_t *ret) {
    return size_mul(size, LIMIT_JSON_MEMORY_TIMES, ret) && size_add(*ret, LIMIT_JSON_MEMORY_BASE, ret);
}

Reason body_parse(Arena *arena, Span text, Body **ret, const char **ret_detail) {
    BodyMemory *memory;
    Reason reason;
    size_t limit;

    *ret = NULL;
    if (text.size == 0)
        text = SPAN(""); /* NULL, else, in an empty buffer */
    if (!body_memory_limit(text.size, &limit)) {
        *ret_detail = "too much memory for its size";
        return REASON_JSON_LIMIT;
    }
    json_set_alloc_funcs(body_memory_take, body_memory_give);
    memory = body_memory_new(limit, BODY_FIRST_TIMES * text.size);
    if (!memory) {
        *ret_detail = "out of memory";
        return REASON_NO_MEMORY;
    }
    reason = body_load(arena, memory, text, ret, ret_detail);
    if (reason != REASON_OK)
        body_memory_free(memory);
    return reason;
}

Body *body_free(Body *body) {
    if (body)
        body_memory_free(body->memory);
    return NULL;
}

const BodyNode *body_root(const Body *body) {
    return (const BodyNode *) body->root;
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
    return (BodyNode *) body->root;
}

BodyNode *body_edit_member(BodyNode *object, const char *key) {
    return (BodyNode *) json_object_get(body_edited(object), key);
}

BodyNode *body_edit_at(BodyNode *array, size_t i) {
    return (BodyNode *) json_array_get(body_edited(array), i);
}

/* What jansson takes and gives back between these is of the node's body. False: it is of none. */
static bool body_edit_begin(const BodyNode *node) {
    bool holds = json_is_object(body_json(node)) || json_is_array(body_json(node)); /* and so is no static */
    BodyMemory *memory = holds ? body_memory_find(node) : NULL;

    if (memory)
        body_memory_begin_edit(memory);
    return memory != NULL;
}

static int body_edit_end(int r) {
    return body_memory_end() == REASON_OK && r == 0 ? 0 : -ENOMEM;
}

int body_set_string(BodyNode *object, const char *key, const char *value) {
    if (!body_edit_begin(object))
        return -ENOMEM;
    return body_edit_end(json_object_set_new(body_edited(object), key, json_string(value)));
}

int body_set_integer(BodyNode *object, const char *key, int64_t value) {
    if (!body_edit_begin(object))
        return -ENOMEM;
    return body_edit_end(json_object_set_new(body_edited(object), key, json_integer(value)));
}

int body_set_bool(BodyNode *object, const char *key, bool value) {
    if (!body_edit_begin(object))
        return -ENOMEM;
    return body_edit_end(json_object_set_new(body_edited(object), key, json_boolean(value)));
}

int body_set_null(BodyNode *object, const char *key) {
    if (!body_edit_begin(object))
        return -ENOMEM;
    return body_edit_end(json_object_set_new(body_edited(object), key, json_null()));
}

/* Takes `value`, which is NULL where there was no memory for it. */
static BodyNode *body_set_node(BodyNode *object, const char *key, json_t *value) {
    int r = json_object_set_new(body_edited(object), key, value);

    return body_edit_end(r) == 0 ? (BodyNode *) value : NULL;
}

BodyNode *body_set_object(BodyNode *object, const char *key) {
    return body_edit_begin(object) ? body_set_node(object, key, json_object()) : NULL;
}

BodyNode *body_set_array(BodyNode *object, const char *key) {
    return body_edit_begin(object) ? body_set_node(object, key, json_array()) : NULL;
}

int body_append_string(BodyNode *array, const char *value) {
    if (!body_edit_begin(array))
        return -ENOMEM;
    return body_edit_end(json_array_append_new(body_edited(array), json_string(value)));
}

int body_set_string_at(BodyNode *array, size_t i, const char *value) {
    if (!body_edit_begin(array))
        return -ENOMEM;
    return body_edit_end(json_array_set_new(body_edited(array), i, json_string(value)));
}

size_t body_dump(const Body *body, char *room, size_t size) {
    return json_dumpb(body->root, room, size, JSON_COMPACT | JSON_ENCODE_ANY);
}
