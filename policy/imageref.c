// SPDX-License-Identifier: Apache-2.0
#include "imageref.h"

#include "limits.h"

#define IMAGEREF_TAG_MAX 128u /* reference.TagRegexp */
#define IMAGEREF_HEX 64u      /* of a sha256 */

static bool char_is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool char_is_hex(char c) {
    return char_is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool char_is_lower(char c) {
    return char_is_digit(c) || (c >= 'a' && c <= 'z');
}

static bool span_is_hex(Span text) {
    for (size_t i = 0; i < text.size; i++)
        if (!char_is_hex(text.data[i]))
            return false;
    return text.size > 0;
}

static const char *span_find_last(Span text, char c) {
    return text.data && text.size > 0 ? memrchr(text.data, c, text.size) : NULL;
}

static Span span_before(Span text, const char *end) {
    return (Span){.data = text.data, .size = (size_t) (end - text.data)};
}

static Span span_behind(Span text, const char *separator) {
    return (Span){.data = separator + 1, .size = text.size - (size_t) (separator + 1 - text.data)};
}

static bool imageref_tag_is_good(Span tag) {
    for (size_t i = 0; i < tag.size; i++) {
        char c = tag.data[i];

        if (!char_is_lower(ascii_lower(c)) && c != '_' && (i == 0 || (c != '.' && c != '-')))
            return false;
    }
    return tag.size > 0 && tag.size <= IMAGEREF_TAG_MAX;
}

/* sha512 and sha384 exist and nobody's images have them. */
static bool imageref_digest_is_good(Span digest) {
    Span prefix = SPAN("sha256:");

    return span_starts_with(digest, prefix) && digest.size == prefix.size + IMAGEREF_HEX &&
           span_is_hex((Span){digest.data + prefix.size, IMAGEREF_HEX});
}

/* Components of [a-z0-9], with `.`, `_`, `-` between. */
static bool imageref_path_is_good(Span path) {
    bool at_edge = true;

    for (size_t i = 0; i < path.size; i++) {
        char c = path.data[i];

        if (char_is_lower(c)) {
            at_edge = false;
        } else if (c == '/' || c == '.' || c == '_' || c == '-') {
            bool closes = i + 1 == path.size || path.data[i + 1] == '/';

            if (at_edge || closes)
                return false;
            at_edge = c == '/';
        } else {
            return false;
        }
    }
    return path.size > 0;
}

static bool imageref_registry_is_good(Span registry) {
    for (size_t i = 0; i < registry.size; i++) {
        char c = ascii_lower(registry.data[i]);

        if (!char_is_lower(c) && !strchr(".:-[]", c))
            return false;
        if (c == '\0')
            return false;
    }
    return registry.size > 0;
}

bool imageref_has_registry(Span text) {
    const char *slash = memchr(text.data ? text.data : "", '/', text.size);
    Span first;

    if (!slash)
        return false;
    first = span_before(text, slash);
    return memchr(first.data, '.', first.size) || memchr(first.data, ':', first.size) ||
           span_is(first, "localhost");
}

/* splitDockerDomain. Newer ones take FOO/bar for a registry; here it is no path, hence nothing. */
static const char *imageref_name(Arena *arena, Span name) {
    Span registry = SPAN("docker.io"), path = name;

    if (imageref_has_registry(name)) {
        const char *slash = memchr(name.data, '/', name.size);

        registry = span_before(name, slash);
        path = span_behind(name, slash);
        if (span_is(registry, "index.docker.io"))
            registry = SPAN("docker.io");
    }
    if (!imageref_registry_is_good(registry) || !imageref_path_is_good(path))
        return NULL;
    return arena_printf(arena, "%.*s/%s%.*s", SPAN_FMT(registry),
                        span_is(registry, "docker.io") && !memchr(path.data, '/', path.size) ? "library/"
                                                                                             : "",
                        SPAN_FMT(path));
}

/* GetImage falls back to looking for an ID that begins so, `sha256:` in front or not. */
static bool imageref_take_id(Arena *arena, Span text, ImageRef *ret) {
    Span prefix = SPAN("sha256:"), hex = text;

    if (span_starts_with(text, prefix))
        hex = (Span){text.data + prefix.size, text.size - prefix.size};
    else if (!span_is_hex(text))
        return false;
    if (!span_is_hex(hex) || hex.size > IMAGEREF_HEX)
        return false;
    *ret = (ImageRef){.text = arena_printf(arena, "sha256:%.*s", SPAN_FMT(hex))};
    return ret->text != NULL;
}

static bool imageref_write(Arena *arena, ImageRef *ref) {
    ref->text = arena_printf(arena, "%s%s%s%s%s", ref->name, ref->tag ? ":" : "", ref->tag ? ref->tag : "",
                             ref->digest ? "@" : "", ref->digest ? ref->digest : "");
    return ref->text != NULL;
}

bool imageref_parse(Arena *arena, Span text, ImageRef *ret) {
    ImageRef ref = {0};
    const char *at, *colon, *slash;

    if (text.size == 0 || text.size > LIMIT_PATTERN_BYTES)
        return false;
    if (span_starts_with(text, SPAN("sha256:")) || span_is_hex(text))
        return imageref_take_id(arena, text, ret);

    at = span_find_last(text, '@');
    if (at) {
        Span digest = span_behind(text, at);

        ref.digest = imageref_digest_is_good(digest) ? arena_copy(arena, digest) : NULL;
        if (!ref.digest)
            return false;
        text = span_before(text, at);
    }
    colon = span_find_last(text, ':');
    slash = span_find_last(text, '/');
    if (colon && (!slash || colon > slash)) {
        Span tag = span_behind(text, colon);

        ref.tag = imageref_tag_is_good(tag) ? arena_copy(arena, tag) : NULL;
        if (!ref.tag)
            return false;
        text = span_before(text, colon);
    } else if (!ref.digest) {
        ref.tag = "latest";
    }
    ref.name = imageref_name(arena, text);
    if (!ref.name || !imageref_write(arena, &ref))
        return false;
    *ret = ref;
    return true;
}

/* "NAME:*" */
static bool imageref_takes_any_tag(const Pattern *pattern) {
    size_t n = strlen(pattern->text);

    return n > 2 && strcmp(pattern->text + n - 2, ":*") == 0;
}

bool imageref_matches_all_tags(Arena *arena, const ImageRef *ref, const PatternList *patterns) {
    const char *tagged = ref->name ? arena_printf(arena, "%s:any", ref->name) : NULL;

    for (size_t i = 0; tagged && i < patterns->n; i++) {
        const Pattern *pattern = &patterns->items[i];

        if (glob_match(pattern->glob, span_from(ref->name)) ||
            (imageref_takes_any_tag(pattern) && glob_match(pattern->glob, span_from(tagged))))
            return true;
    }
    return false;
}

bool imageref_matches(Arena *arena, const ImageRef *ref, const PatternList *patterns) {
    const char *whole =
        ref->name && ref->digest ? arena_printf(arena, "%s@%s", ref->name, ref->digest) : ref->text;

    if (ref->digest && imageref_matches_all_tags(arena, ref, patterns))
        return true;
    for (size_t i = 0; whole && i < patterns->n; i++) {
        const Pattern *pattern = &patterns->items[i];

        /* An ID has no name that a pattern of names could speak of (T-090). */
        if (!ref->name && !span_starts_with(span_from(pattern->text), SPAN("sha256:")))
            continue;
        if (glob_match(pattern->glob, span_from(whole)) ||
            (ref->name && glob_match(pattern->glob, span_from(ref->name))))
            return true;
    }
    return false;
}
