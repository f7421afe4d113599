// SPDX-License-Identifier: Apache-2.0
/*
 * jansson refuses what dockerd could read otherwise than it stands: a key twice (T-033, T-034), NUL in
 * strings and keys (T-041), invalid UTF-8 and lone surrogates, a BOM, anything behind the value (T-036).
 * What it doesn't bound, depth and keys, is counted over the bytes before a tree is built; memory while it
 * is (body_memory.h).
 */
#include "body.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "body_memory.h"
#include "text.h"

/* In the memory that it names, as its tree is. A BodyNode is any node of that: jansson's need no wrapper. */
#define BODY_FIRST_TIMES 3u /* of what clients send the tree is three to six times the text */

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

/* What a byte is to a count of depth, keys and values; most are nothing. */
typedef enum Mark {
    MARK_NONE = 0,
    MARK_QUOTE,
    MARK_ESCAPE,
    MARK_COLON,
    MARK_COMMA,
    MARK_OPEN,
    MARK_CLOSE,
} Mark;

static const uint8_t body_marks[256] = {
    ['"'] = MARK_QUOTE, ['\\'] = MARK_ESCAPE, [':'] = MARK_COLON, [','] = MARK_COMMA,
    ['{'] = MARK_OPEN,  ['['] = MARK_OPEN,    ['}'] = MARK_CLOSE, [']'] = MARK_CLOSE,
};

static Mark body_mark(char c) {
    return (Mark) body_marks[(unsigned char) c];
}

typedef struct Survey {
    size_t depth, n_keys, n_values;
    size_t longest;   /* bytes between two quotes: at the least those of the longest token */
    const char *what; /* NULL: within the limits */
    size_t at;        /* where they were passed */
} Survey;

/* The bytes of a string behind its first quote, with the last one; all there are where none ends it. */
static size_t body_string_bytes(Span rest) {
    size_t i = 0;

    for (; i < rest.size; i++) {
        Mark mark = body_mark(rest.data[i]);

        if (mark == MARK_QUOTE)
            return i + 1;
        if (mark == MARK_ESCAPE)
            i++;
    }
    return rest.size;
}

/* Outside of strings. False: past a limit. */
static bool body_survey_mark(Survey *survey, Mark mark) {
    survey->n_keys += mark == MARK_COLON;
    survey->n_values += mark == MARK_COMMA || mark == MARK_OPEN;
    survey->depth += mark == MARK_OPEN;
    survey->depth -= mark == MARK_CLOSE && survey->depth > 0;
    if (survey->n_keys > LIMIT_JSON_KEYS)
        survey->what = "too many keys";
    else if (survey->n_values > LIMIT_JSON_VALUES)
        survey->what = "too many values";
    else if (survey->depth > LIMIT_JSON_DEPTH)
        survey->what = "nested too deep";
    return !survey->what;
}

/*
 * Depth, keys and values by brackets, colons and commas outside of strings. On text that is not JSON the
 * counts mean nothing, but then jansson refuses it; up to where it does, its tokens are ours.
 */
static Survey body_survey(Span bytes) {
    Survey survey = {.n_values = 1}; /* the root; each other stands behind a comma or a bracket */
    size_t began = 0;                /* behind the last quote */

    for (size_t i = 0; i < bytes.size; i++) {
        Mark mark = body_mark(bytes.data[i]);

        if (mark == MARK_NONE)
            continue;
        if (mark == MARK_QUOTE) {
            size_t n = body_string_bytes((Span){bytes.data + i + 1, bytes.size - i - 1});

            survey.longest = i - began > survey.longest ? i - began : survey.longest;
            survey.longest = n + 1 > survey.longest ? n + 1 : survey.longest;
            i += n;
            began = i + 1;
        } else if (!body_survey_mark(&survey, mark)) {
            survey.at = i;
            return survey;
        }
    }
    survey.longest = bytes.size - began > survey.longest ? bytes.size - began : survey.longest;
    return survey;
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

static const char *body_survey_text(Arena *arena, Span bytes, const Survey *survey) {
    size_t line = 1, began = 0; /* of the line */

    for (size_t i = 0; i < survey->at; i++)
        if (bytes.data[i] == '\n') {
            line++;
            began = i + 1;
        }
    return body_place_text(arena, line, survey->at - began + 1, survey->what); /* columns count bytes */
}

/* What the text of a token asks for at once: jansson's strbuffer.c doubles when it is full, from 16 bytes on.
 */
static size_t body_reserve(size_t longest) {
    return 2 * longest + 64;
}

/* In `memory`. *ret NULL with REASON_OK: see `error`. DECODE_ANY is for `null`, which Go's clients send for
 * an absent body. */
static Reason body_load(BodyMemory *memory, char *text, size_t size, json_error_t *error, Body **ret) {
    json_t *root;
    Reason reason;

    *ret = body_memory_take(sizeof(**ret));
    root = *ret ? json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, error) : NULL;
    reason = body_memory_end();
    if (reason == REASON_OK && root)
        **ret = (Body){.memory = memory, .root = root};
    else
        *ret = NULL;
    return reason;
}

static Reason body_load_checked(Arena *arena, BodyMemory *memory, char *text, size_t size, Body **ret,
                                const char **ret_detail) {
    json_error_t error = {0};
    const char *what;
    Reason reason = body_load(memory, text, size, &error, ret);

    if (reason != REASON_OK) {
        *ret_detail = reason == REASON_JSON_LIMIT ? "too much memory for its size" : "out of memory";
        return reason;
    }
    if (!*ret) {
        reason = body_error_reason(&error, &what);
        *ret_detail = body_place_text(arena, (size_t) error.line, (size_t) error.column, what);
        return reason;
    }
    if (!json_is_object((*ret)->root) && !json_is_array((*ret)->root) && !json_is_null((*ret)->root)) {
        *ret_detail = "line 1, column 1: neither an object nor an array";
        return REASON_JSON_SYNTAX;
    }
    return REASON_OK;
}

static bool body_memory_limit(size_t size, size_t *ret) {
    return size_mul(size, LIMIT_JSON_MEMORY_TIMES, ret) && size_add(*ret, LIMIT_JSON_MEMORY_BASE, ret);
}

Reason body_parse_text(Arena *arena, char *text, size_t size, Body **ret, const char **ret_detail) {
    Survey survey = body_survey((Span){text, size});
    BodyMemory *memory;
    Reason reason;
    size_t limit;

    if (survey.what) {
        *ret_detail = body_survey_text(arena, (Span){text, size}, &survey);
        return REASON_JSON_LIMIT;
    }
    if (!body_memory_limit(size, &limit)) {
        *ret_detail = "too much memory for its size";
        return REASON_JSON_LIMIT;
    }
    json_set_alloc_funcs(body_memory_take, body_memory_give);
    memory = body_memory_new(limit, BODY_FIRST_TIMES * size);
    if (!memory || !body_memory_begin_text(memory, text, size, body_reserve(survey.longest))) {
        body_memory_free(memory);
        *ret_detail = "out of memory";
        return REASON_NO_MEMORY;
    }
    reason = body_load_checked(arena, memory, text, size, ret, ret_detail);
    if (reason != REASON_OK) {
        *ret = NULL;
        body_memory_free(memory);
    }
    return reason;
}

Reason body_parse(Arena *arena, Span bytes, Body **ret, const char **ret_detail) {
    char *copy = malloc(bytes.size + 1); /* jansson takes no NULL for an empty text */
    Reason reason;

    if (!copy) {
        *ret_detail = "out of memory";
        return REASON_NO_MEMORY;
    }
    memcpy(copy, bytes.data, bytes.size);
    reason = body_parse_text(arena, copy, bytes.size, ret, ret_detail);
    free(copy);
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
        body_memory_begin(memory);
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
