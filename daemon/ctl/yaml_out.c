// SPDX-License-Identifier: Apache-2.0
#include "yaml_out.h"

#include <stdarg.h>
#include <stdlib.h>
#include <yaml.h>

#include "policy/doc.h"

#define YAML_OUT_COMMENT_BYTES 1024u

typedef struct YamlComment {
    size_t scalar; /* behind this one's line; notes have a line instead */
    unsigned line;
    bool above;
    const char *text; /* printable */
} YamlComment;

struct YamlOut {
    yaml_emitter_t emitter;
    Buffer text;
    Arena *arena;
    size_t n_scalars;
    YamlComment *comments;
    size_t n_comments, room;
    bool failed;
};

static int yaml_out_write(void *ctx, unsigned char *bytes, size_t size) {
    YamlOut *out = ctx;

    return buffer_append(&out->text, (Span){(const char *) bytes, size}) == 0;
}

static void yaml_out_emit(YamlOut *out, yaml_event_t *event, int good) {
    if (out->failed && good)
        yaml_event_delete(event);
    else if (!good || !yaml_emitter_emit(&out->emitter, event))
        out->failed = true;
}

YamlOut *yaml_out_new(void) {
    YamlOut *out = calloc(1, sizeof(*out));
    yaml_event_t event;

    if (!out)
        return NULL;
    out->arena = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    if (!out->arena || !yaml_emitter_initialize(&out->emitter)) {
        (void) arena_free(out->arena);
        free(out);
        return NULL;
    }
    yaml_emitter_set_output(&out->emitter, yaml_out_write, out);
    yaml_emitter_set_width(&out->emitter, -1); /* an item is a line, however long */
    yaml_emitter_set_unicode(&out->emitter, 0);
    yaml_out_emit(out, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    yaml_out_emit(out, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
    return out;
}

YamlOut *yaml_out_free(YamlOut *out) {
    if (!out)
        return NULL;
    yaml_emitter_delete(&out->emitter);
    buffer_done(&out->text);
    free(out->comments);
    (void) arena_free(out->arena);
    free(out);
    return NULL;
}

void yaml_out_map(YamlOut *out) {
    yaml_event_t event;

    yaml_out_emit(out, &event,
                  yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));
}

void yaml_out_map_end(YamlOut *out) {
    yaml_event_t event;

    yaml_out_emit(out, &event, yaml_mapping_end_event_initialize(&event));
}

void yaml_out_list(YamlOut *out) {
    yaml_event_t event;

    yaml_out_emit(out, &event,
                  yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE));
}

void yaml_out_list_end(YamlOut *out) {
    yaml_event_t event;

    yaml_out_emit(out, &event, yaml_sequence_end_event_initialize(&event));
}

/* Words that stand for themselves to every reader of YAML; all else is quoted. */
static bool yaml_out_is_plain(const char *text) {
    static const char *const words[] = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
    bool letter = false;

    for (size_t i = 0; text[i]; i++) {
        char c = ascii_lower(text[i]);
        bool alpha = c >= 'a' && c <= 'z';

        if (!alpha && !(c >= '0' && c <= '9') && !strchr("/_-.", c))
            return false;
        if (i == 0 && !alpha && c != '/')
            return false;
        letter = letter || alpha || c == '/';
    }
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (span_is_nocase(span_from(text), words[i]))
            return false;
    return letter;
}

static void yaml_out_scalar(YamlOut *out, const char *text, yaml_scalar_style_t style) {
    yaml_event_t event;
    int good = yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *) text,
                                            (int) strlen(text), 1, 1, style);

    yaml_out_emit(out, &event, good);
    out->n_scalars++;
}

void yaml_out_text(YamlOut *out, const char *text) {
    yaml_out_scalar(out, text,
                    yaml_out_is_plain(text) ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

void yaml_out_flag(YamlOut *out, bool flag) {
    yaml_out_scalar(out, flag ? "true" : "false", YAML_PLAIN_SCALAR_STYLE);
}

Span yaml_out_finish(YamlOut *out) {
    yaml_event_t event;

    yaml_out_emit(out, &event, yaml_document_end_event_initialize(&event, 1));
    yaml_out_emit(out, &event, yaml_stream_end_event_initialize(&event));
    if (!out->failed && !yaml_emitter_flush(&out->emitter))
        out->failed = true;
    return yaml_out_written(out);
}

Span yaml_out_written(const YamlOut *out) {
    return out->failed ? (Span){0} : buffer_span(&out->text);
}

/* --- comments */

const char *yaml_out_show(Arena *arena, Span text) {
    char *shown = arena_alloc(arena, 4 * text.size + 1);
    size_t n = 0;

    for (size_t i = 0; shown && i < text.size; i++) {
        unsigned char c = (unsigned char) text.data[i];

        if (c >= 0x20 && c <= 0x7E)
            shown[n++] = (char) c;
        else
            n += (size_t) snprintf(shown + n, 5, "\\x%02X", c);
    }
    return shown;
}

static void yaml_out_add_comment(YamlOut *out, YamlComment comment, const char *format, va_list args) {
    char text[YAML_OUT_COMMENT_BYTES];

    (void) vsnprintf(text, sizeof(text), format, args);
    if (out->n_comments == out->room) {
        size_t room = out->room > 0 ? 2 * out->room : 64;
        YamlComment *more = realloc(out->comments, room * sizeof(*more));

        if (!more)
            return; /* it is only a comment */
        out->comments = more;
        out->room = room;
    }
    comment.text = yaml_out_show(out->arena, span_from(text));
    if (comment.text)
        out->comments[out->n_comments++] = comment;
}

void yaml_out_comment(YamlOut *out, const char *format, ...) {
    va_list args;

    va_start(args, format);
    yaml_out_add_comment(out, (YamlComment){.scalar = out->n_scalars}, format, args);
    va_end(args);
}

void yaml_out_note(YamlOut *out, unsigned line, const char *format, ...) {
    va_list args;

    va_start(args, format);
    yaml_out_add_comment(out, (YamlComment){.line = line, .above = true}, format, args);
    va_end(args);
}

/* The lines of the texts, in order: as our own reader finds them. */
static void yaml_out_find_lines(const DocNode *node, unsigned *lines, size_t room, size_t *n) {
    if (node->type == DOC_MAPPING) {
        for (size_t i = 0; i < node->n; i++) {
            yaml_out_find_lines(&node->pairs[i].key, lines, room, n);
            yaml_out_find_lines(node->pairs[i].value, lines, room, n);
        }
    } else if (node->type == DOC_SEQUENCE) {
        for (size_t i = 0; i < node->n; i++)
            yaml_out_find_lines(node->items[i], lines, room, n);
    } else if (*n < room) {
        lines[(*n)++] = node->mark.line;
    }
}

/* Which line each comment is of (0: behind all lines, or nowhere), in their order. */
typedef struct YamlPlace {
    unsigned line;
    size_t number; /* of the comment */
} YamlPlace;

static int yaml_out_compare(const void *one, const void *two) {
    const YamlPlace *a = one, *b = two;

    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

static void yaml_out_sort(const YamlOut *out, const unsigned *lines, size_t n_lines, YamlPlace *ret) {
    for (size_t i = 0; i < out->n_comments; i++) {
        const YamlComment *comment = &out->comments[i];
        bool known = comment->scalar > 0 && comment->scalar <= n_lines;

        ret[i].number = i;
        ret[i].line = comment->above ? comment->line : known ? lines[comment->scalar - 1] : 0;
    }
    if (out->n_comments > 0)
        qsort(ret, out->n_comments, sizeof(*ret), yaml_out_compare);
}

/* Comments of a line, `n` of them, then the line's own end. */
static void yaml_out_print_line(const YamlOut *out, Span line, const YamlPlace *places, size_t n,
                                FILE *file) {
    size_t indent = 0;
    const char *separator = "  # ";

    while (indent < line.size && line.data[indent] == ' ')
        indent++;
    for (size_t i = 0; i < n; i++)
        if (out->comments[places[i].number].above)
            fprintf(file, "%*s# %s\n", (int) indent, "", out->comments[places[i].number].text);
    if (line.size > 0)
        fwrite(line.data, 1, line.size, file);
    for (size_t i = 0; i < n; i++) {
        if (out->comments[places[i].number].above)
            continue;
        fprintf(file, "%s%s", separator, out->comments[places[i].number].text);
        separator = "; ";
    }
    fputc('\n', file);
}

void yaml_out_print(const YamlOut *out, FILE *file) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    DocErrors errors = {.arena = arena};
    const DocNode *root = arena ? doc_parse(arena, buffer_span(&out->text), &errors) : NULL;
    unsigned *lines = arena ? arena_alloc_array(arena, out->n_scalars + 1, sizeof(*lines)) : NULL;
    YamlPlace *places = arena ? arena_alloc_array(arena, out->n_comments + 1, sizeof(*places)) : NULL;
    size_t n_comments = places ? out->n_comments : 0, n = 0, at = 0;
    Span rest = buffer_span(&out->text);
    unsigned number = 0;

    if (root && lines)
        yaml_out_find_lines(root, lines, out->n_scalars, &n);
    if (places)
        yaml_out_sort(out, lines, n, places);
    while (at < n_comments && places[at].line == 0)
        at++;
    while (rest.size > 0) {
        const char *end = memchr(rest.data, '\n', rest.size);
        size_t size = end ? (size_t) (end - rest.data) : rest.size, behind = at;

        number++;
        while (behind < n_comments && places[behind].line == number)
            behind++;
        yaml_out_print_line(out, (Span){rest.data, size}, places ? &places[at] : NULL, behind - at, file);
        at = behind;
        rest = (Span){rest.data + size, rest.size - size};
        if (end)
            rest = (Span){rest.data + 1, rest.size - 1};
    }
    for (size_t i = 0; i < out->n_comments; i++)
        if (out->comments[i].above && out->comments[i].line == 0)
            fprintf(file, "# %s\n", out->comments[i].text);
}
