// SPDX-License-Identifier: Apache-2.0
#include "grant_read.h"

#include "keys.h"
#include "time_text.h"

typedef struct GrantReader {
    Arena *arena;
    DocErrors *errors;
    Grant *grant;
} GrantReader;

bool grant_is_given(const DocNode *entry) {
    return doc_get(entry, "until") || doc_get(entry, "when") || doc_get(entry, "zone");
}

static const char *grant_copy(GrantReader *reader, const DocNode *node) {
    const char *text = arena_copy(reader->arena, node->scalar);

    if (!text)
        doc_error(reader->errors, node->mark, "out of memory");
    return text;
}

static void grant_read_until(GrantReader *reader, const DocNode *node) {
    const char *wrong;
    Span text;

    if (!keys_read_text(reader->errors, node, "until", &text))
        return;
    wrong = time_text_parse(text, &reader->grant->until);
    if (wrong)
        doc_error(reader->errors, node->mark, "until %s", wrong);
    else
        reader->grant->until_text = grant_copy(reader, node);
}

static void grant_read_window(GrantReader *reader, const DocNode *node, WeekWindow *window,
                              const char **text) {
    const char *wrong;
    Span given;

    if (!keys_read_text(reader->errors, node, "when", &given))
        return;
    wrong = week_parse(given, window);
    if (wrong)
        doc_error(reader->errors, node->mark, "when %s", wrong);
    *text = grant_copy(reader, node);
}

/* One window, or a list of them. */
static void grant_read_when(GrantReader *reader, const DocNode *node) {
    size_t n = node->type == DOC_SEQUENCE ? node->n : 1;
    WeekWindow *windows;
    const char **texts;

    if (n == 0 || n > LIMIT_WHEN_WINDOWS) {
        doc_error(reader->errors, node->mark, "when has 1 to %u windows", LIMIT_WHEN_WINDOWS);
        return;
    }
    windows = arena_alloc_array(reader->arena, n, sizeof(*windows));
    texts = arena_alloc_array(reader->arena, n, sizeof(*texts));
    if (!windows || !texts) {
        doc_error(reader->errors, node->mark, "out of memory");
        return;
    }
    for (size_t i = 0; i < n; i++)
        grant_read_window(reader, node->type == DOC_SEQUENCE ? node->items[i] : node, &windows[i], &texts[i]);
    reader->grant->windows = windows;
    reader->grant->window_texts = texts;
    reader->grant->n_windows = n;
}

const Grant *grant_read(Arena *arena, DocErrors *errors, ZoneList *zones, const DocNode *entry) {
    const DocNode *until = doc_get(entry, "until"), *when = doc_get(entry, "when"),
                  *zone = doc_get(entry, "zone");
    GrantReader reader = {.arena = arena, .errors = errors};
    size_t n_before = errors->n;

    if (!grant_is_given(entry))
        return NULL;
    reader.grant = arena_alloc(arena, sizeof(*reader.grant));
    if (!reader.grant) {
        doc_error(errors, entry->mark, "out of memory");
        return NULL;
    }
    if (until)
        grant_read_until(&reader, until);
    if (when)
        grant_read_when(&reader, when);
    if (zone)
        reader.grant->zone = zone_list_get(zones, arena, errors, zone);
    if (when && !zone)
        doc_error(errors, when->mark,
                  "'when' goes with a zone: Europe/Berlin, UTC or the like, or local for the host's");
    if (zone && !when)
        doc_error(errors, zone->mark, "'zone' goes with 'when': a time of 'until' has its own");
    return errors->n == n_before ? reader.grant : NULL;
}
