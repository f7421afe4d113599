// SPDX-License-Identifier: Apache-2.0
#include "scene_text.h"

#include <jansson.h>
#include <stdlib.h>

#define FS '\x1c'
#define GS '\x1d'
#define RS '\x1e'
#define US '\x1f'

#define FILLER_PAGE 4094u /* no power of two: what is cut at one shows */
#define PLACEHOLDER "quaygate:redacted:"
#define PLACEHOLDER_SIZE (sizeof(PLACEHOLDER) - 1 + 8) /* with its hash */

/* --- where secrets are hidden */

/* What is hidden of a text. */
typedef enum GuardKind {
    GUARD_ALL = 0,
    GUARD_VALUE,  /* NAME=value */
    GUARD_BIND,   /* /source:target */
    GUARD_OTHERS, /* of an object: all, where it isn't of the scope */
} GuardKind;

/* Of a good answer to GET PATH: what is at `place` (`*`: each). */
typedef struct Guard {
    const char *before, *behind; /* of the object's name in the path */
    const char *place[7];
    GuardKind kind;
} Guard;

static const Guard GUARDS[] = {
    {"/containers/", "/json", {"Config", "Env", "*"}, GUARD_VALUE},
    {"/containers/", "/json", {"Config", "Labels", "secret.a"}, GUARD_ALL},
    {"/images/", "/json", {"Config", "Env", "*"}, GUARD_VALUE},
    {"/images/", "/json", {"Config", "Labels", "secret.a"}, GUARD_ALL},
    {"/containers/json", "", {"*", "Labels", "secret.a"}, GUARD_ALL},
    {"/services/", "", {"Spec", "TaskTemplate", "ContainerSpec", "Env", "*"}, GUARD_VALUE},
    {"/containers/", "/json", {"HostConfig", "Binds", "*"}, GUARD_BIND},
    {"/containers/json", "", {"*"}, GUARD_OTHERS},
    {"/networks", "", {"*"}, GUARD_OTHERS},
    {"/volumes", "", {"Volumes", "*"}, GUARD_OTHERS},
};

static size_t count_secrets(const char *text) {
    size_t n = 0;

    for (const char *p = text; (p = strstr(p, SCENE_SECRET)); p++)
        n++;
    return n;
}

static size_t guard_count_text(const char *text, GuardKind kind) {
    const char *value = strchr(text, '=');

    switch (kind) {
    case GUARD_ALL:
        return count_secrets(text);
    case GUARD_VALUE:
        return value && value > text ? count_secrets(value) : 0;
    case GUARD_BIND:
        return strchr(text, ':') && *text == '/' ? count_secrets(text) : 0;
    case GUARD_OTHERS:
        break;
    }
    return 0;
}

/* As scenes.yaml has the scope of `team`. */
static size_t guard_count_other(const json_t *node) {
    const char *team = json_string_value(json_object_get(json_object_get(node, "Labels"), "team"));
    char *text = team && strcmp(team, "ci") == 0 ? NULL : json_dumps(node, JSON_ENCODE_ANY);
    size_t n = text ? count_secrets(text) : 0;

    free(text);
    return n;
}

static size_t guard_count(const json_t *node, const Guard *guard, size_t at) {
    const char *place = guard->place[at];
    size_t n = 0, index;
    json_t *item;

    if (!place && guard->kind == GUARD_OTHERS)
        return guard_count_other(node);
    if (!place)
        return json_is_string(node) ? guard_count_text(json_string_value(node), guard->kind) : 0;
    if (strcmp(place, "*") != 0)
        return guard_count(json_object_get(node, place), guard, at + 1);
    json_array_foreach(node, index, item) n += guard_count(item, guard, at + 1);
    return n;
}

static bool guard_is_of(const Guard *guard, Span path) {
    size_t before = strlen(guard->before), behind = strlen(guard->behind);

    if (!span_starts_with(path, span_from(guard->before)) || path.size < before + behind ||
        memcmp(path.data + path.size - behind, guard->behind, behind) != 0)
        return false;
    return *guard->behind || path.size == before ||
           (guard->before[before - 1] == '/' && !memchr(path.data + before, '/', path.size - before));
}

/* Of a part "kxPATH\nJSON": a good answer to one path. */
static size_t part_count_guarded(Span part, bool scoped) {
    const char *line = part.size > 2 && part.data[0] == 'k' ? memchr(part.data, '\n', part.size) : NULL;
    Span path = {line ? part.data + 2 : NULL, line ? (size_t) (line - part.data) - 2 : 0};
    SceneText plain = {.filler_left = SCENE_FILLER_BYTES};
    Buffer out = {0};
    json_t *root;
    size_t n = 0;

    if (!line || memchr(path.data, ' ', path.size))
        return 0;
    scene_text_expand(&plain, (Span){line + 1, part.size - (size_t) (line + 1 - part.data)}, SPAN(""), &out);
    root = json_loadb(buffer_span(&out).data, buffer_size(&out), JSON_REJECT_DUPLICATES, NULL);
    for (size_t i = 0; root && i < ARRAY_SIZE(GUARDS); i++)
        if (guard_is_of(&GUARDS[i], path) && (scoped || GUARDS[i].kind != GUARD_OTHERS))
            n += guard_count(root, &GUARDS[i], 0);
    json_decref(root);
    buffer_done(&out);
    return n;
}

static size_t part_count_all(Span part) {
    const char *p = part.data, *end = part.data + part.size;
    size_t n = 0;

    for (; p < end && (p = memchr(p, GS, (size_t) (end - p))); p++)
        n++;
    /* Written out, it is one that isn't ours to follow. */
    return n + (memmem(part.data, part.size, SCENE_SECRET, sizeof(SCENE_SECRET) - 1) ? SIZE_MAX / 4 : 0);
}

/* --- */

void scene_text_read(SceneText *text, Span input, bool hides, bool scoped) {
    size_t n_secrets = 0, n_guarded = 0;

    *text = (SceneText){.filler_left = SCENE_FILLER_BYTES};
    while (input.size > 0 && text->n < SCENE_PARTS) {
        const char *end = memchr(input.data, RS, input.size);
        size_t size = end ? (size_t) (end - input.data) : input.size;

        text->parts[text->n++] = (Span){input.data, size};
        input = (Span){input.data + size + (end != NULL), input.size - size - (end != NULL)};
    }
    for (size_t i = 0; i < text->n; i++)
        n_secrets += part_count_all(text->parts[i]);
    if (n_secrets == 0 || n_secrets > 64 || !hides)
        return;
    for (size_t i = 0; i < text->n; i++)
        n_guarded += part_count_guarded(text->parts[i], scoped);
    text->guarded = n_guarded == n_secrets;
}

/* Lengths of it, and where it was cut, show in its bytes. */
static const char *filler_page(void) {
    static char page[FILLER_PAGE];

    for (size_t i = 0; page[0] == '\0' && i < sizeof(page); i++)
        page[sizeof(page) - 1 - i] = (char) ('a' + i % 23);
    return page;
}

static void expand_filler(SceneText *text, size_t size, Buffer *out) {
    char *room;

    if (size > text->filler_left)
        size = text->filler_left;
    text->filler_left -= size;
    if (size == 0)
        return;
    room = buffer_reserve(out, size);
    FUZZ_CHECK(room != NULL, "no memory");
    for (size_t i = 0; i < size; i += FILLER_PAGE)
        memcpy(room + i, filler_page(), size - i < FILLER_PAGE ? size - i : FILLER_PAGE);
    buffer_commit(out, size);
}

static Span find_placeholder(Span heard, unsigned n) {
    Span found = SPAN(PLACEHOLDER "00000000");

    for (unsigned i = 0; i <= n; i++) {
        const char *p = memmem(heard.data, heard.size, PLACEHOLDER, sizeof(PLACEHOLDER) - 1);
        size_t at = p ? (size_t) (p - heard.data) : 0;

        if (!p || heard.size - at < PLACEHOLDER_SIZE)
            break;
        found = (Span){p, PLACEHOLDER_SIZE};
        heard = (Span){p + PLACEHOLDER_SIZE, heard.size - at - PLACEHOLDER_SIZE};
    }
    return found;
}

/* How far it is to the next of the bytes that stand for something. */
static size_t plain_size(Span text) {
    static const char bytes[] = {FS, GS, US};
    size_t size = text.size;

    for (size_t i = 0; i < sizeof(bytes); i++) {
        const char *p = size > 0 ? memchr(text.data, bytes[i], size) : NULL;

        size = p ? (size_t) (p - text.data) : size;
    }
    return size;
}

void scene_text_expand(SceneText *text, Span part, Span heard, Buffer *out) {
    while (part.size > 0) {
        size_t plain = plain_size(part), taken = plain;
        char c = plain < part.size ? part.data[plain] : '\0';
        unsigned next = plain + 1 < part.size ? (unsigned char) part.data[plain + 1] : 0;

        FUZZ_CHECK(buffer_append(out, (Span){part.data, plain}) == 0, "no memory");
        if (c == US)
            expand_filler(text, (next % 128 + 1) << 12, out);
        else if (c != '\0')
            FUZZ_CHECK(
                buffer_append(out, c == GS ? SPAN(SCENE_SECRET) : find_placeholder(heard, next % 16)) == 0,
                "no memory");
        if (c != '\0')
            taken += c == GS || plain + 1 == part.size ? 1 : 2;
        part = (Span){part.data + taken, part.size - taken};
    }
}

size_t scene_text_line_size(Span text) {
    const char *end = text.size > 0 ? memchr(text.data, '\n', text.size) : NULL;

    return end ? (size_t) (end - text.data) : text.size;
}

Span scene_text_behind_line(Span text) {
    size_t size = scene_text_line_size(text);

    size += size < text.size;
    return (Span){text.data + size, text.size - size};
}
