// SPDX-License-Identifier: Apache-2.0
/*
 * libyaml tells events; the tree is built here, with what YAML allows and a security policy must not:
 * a key twice (which one holds?), anchors and aliases (a page of text from one line), tags, merge keys,
 * a second document (which a reader may take for a comment). Mistakes that leave the rest readable are
 * collected; a syntax error ends the reading.
 */
#include "doc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "text.h"

typedef struct DocReader {
    Arena *arena;
    DocErrors *errors;
    yaml_parser_t parser;
    bool failed; /* no further events: syntax, depth or memory */
} DocReader;

typedef struct DocItem DocItem;

struct DocItem {
    DocItem *next;
    DocNode key; /* of a mapping */
    const DocNode *value;
};

typedef struct DocList {
    DocItem *first;
    DocItem **last;
    size_t n;
} DocList;

void doc_error(DocErrors *errors, DocMark mark, const char *format, ...) {
    char text[1024];
    const char *message;
    va_list args;

    if (errors->n++ >= LIMIT_CONFIG_ERRORS)
        return;
    va_start(args, format);
    (void) vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    message = arena_copy(errors->arena, span_from(text));
    errors->items[errors->n - 1] = (DocError){.mark = mark, .message = message ? message : "out of memory"};
}

static DocMark doc_mark(yaml_mark_t mark) {
    return (DocMark){.line = (unsigned) mark.line + 1, .column = (unsigned) mark.column + 1};
}

static void doc_fail_memory(DocReader *reader, DocMark mark) {
    doc_error(reader->errors, mark, "out of memory");
    reader->failed = true;
}

/* The reader's own errors (bytes libyaml can't decode) come with an offset, all others with a mark. */
static void doc_fail_syntax(DocReader *reader) {
    const yaml_parser_t *parser = &reader->parser;

    reader->failed = true;
    if (parser->error == YAML_MEMORY_ERROR)
        doc_fail_memory(reader, doc_mark(parser->mark));
    else if (parser->error == YAML_READER_ERROR)
        doc_error(reader->errors, doc_mark(parser->mark), "not YAML: %s at byte %zu",
                  parser->problem ? parser->problem : "unreadable", parser->problem_offset);
    else
        doc_error(reader->errors, doc_mark(parser->problem_mark), "not YAML: %s",
                  parser->problem ? parser->problem : "syntax error");
}

static bool doc_next_event(DocReader *reader, yaml_event_t *ret) {
    if (reader->failed)
        return false;
    if (yaml_parser_parse(&reader->parser, ret))
        return true;
    doc_fail_syntax(reader);
    return false;
}

static bool doc_is_null(const DocNode *node) {
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};

    for (size_t i = 0; !node->quoted && i < ARRAY_SIZE(words); i++)
        if (span_is(node->scalar, words[i]))
            return true;
    return false;
}

static void doc_refuse_extras(DocReader *reader, DocMark mark, const yaml_char_t *anchor,
                              const yaml_char_t *tag) {
    if (anchor)
        doc_error(reader->errors, mark, "anchors (&name) are not allowed here");
    if (tag)
        doc_error(reader->errors, mark, "tags (!name) are not allowed here");
}

static void doc_read_scalar(DocReader *reader, const yaml_event_t *event, DocNode *ret) {
    Span value = {.data = (const char *) event->data.scalar.value, .size = event->data.scalar.length};

    ret->mark = doc_mark(event->start_mark);
    ret->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    doc_refuse_extras(reader, ret->mark, event->data.scalar.anchor, event->data.scalar.tag);
    if (memchr(value.data, '\0', value.size)) /* whoever reads it as a C string would see another text */
        doc_error(reader->errors, ret->mark, "a NUL character is not allowed here");
    ret->scalar = (Span){.data = arena_copy(reader->arena, value), .size = value.size};
    if (!ret->scalar.data)
        doc_fail_memory(reader, ret->mark);
    else
        ret->type = doc_is_null(ret) ? DOC_NULL : DOC_SCALAR;
}

static DocItem *doc_append(DocReader *reader, DocList *list) {
    DocItem *item = arena_alloc(reader->arena, sizeof(*item));

    if (!item) {
        doc_fail_memory(reader, doc_mark(reader->parser.mark));
        return NULL;
    }
    if (!list->last)
        list->last = &list->first;
    *list->last = item;
    list->last = &item->next;
    list->n++;
    return item;
}

static const DocNode *doc_read_node(DocReader *reader, const yaml_event_t *event, unsigned depth);

static void doc_read_sequence(DocReader *reader, DocNode *node, unsigned depth) {
    DocList list = {0};
    size_t i = 0;

    for (;;) {
        yaml_event_t event;
        DocItem *item;

        if (!doc_next_event(reader, &event))
            return;
        if (event.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&event);
            break;
        }
        item = doc_append(reader, &list);
        if (item)
            item->value = doc_read_node(reader, &event, depth);
        yaml_event_delete(&event);
    }

    node->items = arena_alloc_array(reader->arena, list.n + 1, sizeof(*node->items));
    if (!node->items)
        return doc_fail_memory(reader, node->mark);
    for (const DocItem *item = list.first; item; item = item->next)
        node->items[i++] = item->value;
    node->n = list.n;
}

static int doc_compare_keys(const void *a, const void *b) {
    const DocPair *x = *(const DocPair *const *) a, *y = *(const DocPair *const *) b;
    size_t size = x->key.scalar.size < y->key.scalar.size ? x->key.scalar.size : y->key.scalar.size;
    int r = memcmp(x->key.scalar.data, y->key.scalar.data, size);

    if (r == 0 && x->key.scalar.size != y->key.scalar.size)
        r = x->key.scalar.size < y->key.scalar.size ? -1 : 1;
    if (r == 0)
        r = x < y ? -1 : x > y; /* in the order of the file */
    return r;
}

/* By sorting, so that a file of nothing but keys is still read in time. */
static void doc_refuse_duplicates(DocReader *reader, const DocPair *pairs, size_t n) {
    const DocPair **sorted = arena_alloc_array(reader->arena, n + 1, sizeof(*sorted));

    if (!sorted)
        return doc_fail_memory(reader, pairs[0].key.mark);
    for (size_t i = 0; i < n; i++)
        sorted[i] = &pairs[i];
    qsort(sorted, n, sizeof(*sorted), doc_compare_keys);
    for (size_t i = 1; i < n; i++)
        if (span_equals(sorted[i - 1]->key.scalar, sorted[i]->key.scalar))
            doc_error(reader->errors, sorted[i]->key.mark, "key '%s' stands here twice, first in line %u",
                      text_show(reader->errors->arena, sorted[i]->key.scalar, LIMIT_VALUE_SHOWN),
                      sorted[i - 1]->key.mark.line);
}

static void doc_read_key(DocReader *reader, const yaml_event_t *event, DocNode *ret) {
    doc_read_scalar(reader, event, ret);
    if (!reader->failed && !ret->quoted && span_is(ret->scalar, "<<"))
        doc_error(reader->errors, ret->mark, "merge keys (<<) are not allowed here");
}

static void doc_read_mapping(DocReader *reader, DocNode *node, unsigned depth) {
    DocList list = {0};
    DocPair *pairs;
    size_t i = 0;

    for (;;) {
        yaml_event_t event;
        DocItem *item;
        bool scalar;

        if (!doc_next_event(reader, &event))
            return;
        if (event.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&event);
            break;
        }
        item = doc_append(reader, &list);
        scalar = event.type == YAML_SCALAR_EVENT;
        if (item && scalar)
            doc_read_key(reader, &event, &item->key);
        else if (item)
            doc_error(reader->errors, doc_mark(event.start_mark), "a key must be a plain word");
        yaml_event_delete(&event);
        if (!scalar) { /* what follows can't be told apart from what belongs to the key */
            reader->failed = true;
            return;
        }
        if (!item || !doc_next_event(reader, &event))
            return;
        item->value = doc_read_node(reader, &event, depth);
        yaml_event_delete(&event);
    }

    pairs = arena_alloc_array(reader->arena, list.n + 1, sizeof(*pairs));
    if (!pairs || reader->failed)
        return pairs ? (void) 0 : doc_fail_memory(reader, node->mark);
    for (const DocItem *item = list.first; item; item = item->next)
        pairs[i++] = (DocPair){.key = item->key, .value = item->value};
    node->pairs = pairs;
    node->n = list.n;
    doc_refuse_duplicates(reader, pairs, list.n);
}

/* The node that `event` begins. NULL once reading has failed. */
static const DocNode *doc_read_node(DocReader *reader, const yaml_event_t *event, unsigned depth) {
    DocNode *node = arena_alloc(reader->arena, sizeof(*node));

    if (!node) {
        doc_fail_memory(reader, doc_mark(event->start_mark));
        return NULL;
    }
    node->mark = doc_mark(event->start_mark);
    node->scalar = SPAN("");
    if (event->type == YAML_SCALAR_EVENT) {
        doc_read_scalar(reader, event, node);
        return node;
    }
    if (event->type == YAML_ALIAS_EVENT) {
        doc_error(reader->errors, node->mark, "aliases (*name) are not allowed here");
        return node;
    }
    if (depth >= LIMIT_CONFIG_DEPTH) {
        doc_error(reader->errors, node->mark, "more than %u levels deep", LIMIT_CONFIG_DEPTH);
        reader->failed = true;
        return NULL;
    }
    if (event->type == YAML_SEQUENCE_START_EVENT) {
        doc_refuse_extras(reader, node->mark, event->data.sequence_start.anchor,
                          event->data.sequence_start.tag);
        node->type = DOC_SEQUENCE;
        doc_read_sequence(reader, node, depth + 1);
    } else {
        doc_refuse_extras(reader, node->mark, event->data.mapping_start.anchor,
                          event->data.mapping_start.tag);
        node->type = DOC_MAPPING;
        doc_read_mapping(reader, node, depth + 1);
    }
    return node;
}

/* Stream start, one document, stream end. An empty file is a null node. */
static const DocNode *doc_read_stream(DocReader *reader) {
    const DocNode *root = NULL;
    bool end = false;

    while (!end) {
        yaml_event_t event;

        if (!doc_next_event(reader, &event))
            return NULL;
        end = event.type == YAML_STREAM_END_EVENT;
        if (event.type == YAML_DOCUMENT_START_EVENT && root) {
            doc_error(reader->errors, doc_mark(event.start_mark), "a second document (---) is not allowed");
            end = true;
        } else if (event.type == YAML_SCALAR_EVENT || event.type == YAML_SEQUENCE_START_EVENT ||
                   event.type == YAML_MAPPING_START_EVENT || event.type == YAML_ALIAS_EVENT) {
            root = doc_read_node(reader, &event, 0);
        }
        yaml_event_delete(&event);
    }
    if (!root) {
        static const DocNode empty = {.type = DOC_NULL, .mark = {1, 1}, .scalar = {"", 0}};

        root = &empty;
    }
    return root;
}

static DocMark doc_find_bad_byte(Span bytes) {
    DocMark mark = {1, 1};
    size_t start = 0;

    for (size_t i = 0; i < bytes.size; i++)
        if (bytes.data[i] == '\n') {
            if (!text_is_utf8((Span){bytes.data + start, i - start}))
                break;
            start = i + 1;
            mark.line++;
        }
    return mark;
}

/*
 * A line's end to libyaml (YAML 1.1), but not to YAML 1.2, grep, or whoever looks at a comment: U+0085,
 * U+2028, U+2029, and a CR without LF. Rules behind one would be read in two ways.
 */
static bool doc_is_hidden_break(Span rest) {
    static const Span breaks[] = {SPAN_INIT("\xC2\x85"), SPAN_INIT("\xE2\x80\xA8"),
                                  SPAN_INIT("\xE2\x80\xA9")};

    if (rest.data[0] == '\r')
        return rest.size < 2 || rest.data[1] != '\n';
    for (size_t i = 0; i < ARRAY_SIZE(breaks); i++)
        if (span_starts_with(rest, breaks[i]))
            return true;
    return false;
}

static bool doc_find_hidden_break(Span bytes, DocMark *ret) {
    *ret = (DocMark){1, 1};
    for (size_t i = 0; i < bytes.size; i++)
        if (bytes.data[i] == '\n')
            ret->line++;
        else if (doc_is_hidden_break((Span){bytes.data + i, bytes.size - i}))
            return true;
    return false;
}

const DocNode *doc_parse(Arena *arena, Span bytes, DocErrors *errors) {
    DocReader reader = {.arena = arena, .errors = errors};
    size_t n_before = errors->n;
    const DocNode *root;
    DocMark mark;

    if (bytes.size > LIMIT_CONFIG_BYTES) {
        doc_error(errors, (DocMark){1, 1}, "larger than %u bytes", LIMIT_CONFIG_BYTES);
        return NULL;
    }
    if (!text_is_utf8(bytes)) {
        doc_error(errors, doc_find_bad_byte(bytes), "not UTF-8 in this line");
        return NULL;
    }
    if (doc_find_hidden_break(bytes, &mark)) {
        doc_error(errors, mark,
                  "a line break within this line that only some readers take for one: write a newline");
        return NULL;
    }
    if (!yaml_parser_initialize(&reader.parser)) {
        doc_error(errors, (DocMark){1, 1}, "out of memory");
        return NULL;
    }
    /* Named, so that a byte-order mark can't make it UTF-16. */
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *) bytes.data, bytes.size);
    root = doc_read_stream(&reader);
    yaml_parser_delete(&reader.parser);
    return errors->n == n_before ? root : NULL;
}

const DocNode *doc_get(const DocNode *mapping, const char *key) {
    for (size_t i = 0; mapping && mapping->type == DOC_MAPPING && i < mapping->n; i++)
        if (span_is(mapping->pairs[i].key.scalar, key))
            return mapping->pairs[i].value;
    return NULL;
}

#define WORD_BYTES 64u /* longer words have no near neighbour among ours */

/* Edits (insert, delete, change, swap of neighbours) from `a` to `b`, letters without case. */
static size_t doc_edit_distance(Span a, Span b) {
    size_t rows[3][WORD_BYTES + 1] = {0};

    for (size_t j = 0; j <= b.size; j++)
        rows[1][j] = j;
    for (size_t i = 1; i <= a.size; i++) {
        size_t *now = rows[(i + 1) % 3], *last = rows[i % 3], *older = rows[(i + 2) % 3];

        now[0] = i;
        for (size_t j = 1; j <= b.size; j++) {
            char x = ascii_lower(a.data[i - 1]), y = ascii_lower(b.data[j - 1]);
            size_t best = last[j - 1] + (x != y);

            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && x == ascii_lower(b.data[j - 2]) && ascii_lower(a.data[i - 2]) == y &&
                older[j - 2] + 1 < best)
                best = older[j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[(a.size + 1) % 3][b.size];
}

const char *doc_nearest(Span word, const char *const *candidates, size_t n) {
    const char *nearest = NULL;
    size_t limit = word.size / 3 + 1, least = limit + 1;

    if (word.size == 0 || word.size > WORD_BYTES)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        Span candidate = span_from(candidates[i]);
        size_t distance;

        if (candidate.size > WORD_BYTES)
            continue;
        distance = doc_edit_distance(word, candidate);
        if (distance < least && distance < candidate.size) {
            least = distance;
            nearest = candidates[i];
        }
    }
    return nearest;
}
