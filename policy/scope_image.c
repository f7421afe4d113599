// SPDX-License-Identifier: Apache-2.0
#include "scope_image.h"

#include "imageref.h"

/* NAME:TAG, and NAME@DIGEST. */
static const char *const SCOPE_IMAGE_NAMES[] = {"RepoTags", "RepoDigests"};

typedef struct ImageWalk {
    const BodyNode *answer;
    size_t list, next;
} ImageWalk;

/* The next of its names; false: there are no more. */
static bool image_walk(ImageWalk *walk, Span *ret) {
    for (; walk->list < ARRAY_SIZE(SCOPE_IMAGE_NAMES); walk->list++, walk->next = 0) {
        const BodyNode *names = body_member(walk->answer, SCOPE_IMAGE_NAMES[walk->list]);

        while (names && body_type(names) == BODY_TYPE_ARRAY && walk->next < body_size(names)) {
            const BodyNode *name = body_at(names, walk->next++);

            *ret = body_type(name) == BODY_TYPE_STRING ? body_string(name) : SPAN("");
            return true;
        }
    }
    return false;
}

static bool image_has_by_id(const Scope *scope, const BodyNode *answer, bool all) {
    ImageWalk walk = {.answer = answer};
    Span text;
    bool one = false;

    while (image_walk(&walk, &text)) {
        bool in = text.size > 0 && scope_has_image_name(scope, text);

        if (all && !in)
            return false;
        one = one || in;
    }
    return one;
}

static bool image_is_same(const ImageRef *a, const ImageRef *b) {
    if (!b->name || strcmp(a->name, b->name) != 0)
        return false;
    if (a->digest || b->digest)
        return a->digest && b->digest && strcmp(a->digest, b->digest) == 0;
    return strcmp(a->tag, b->tag) == 0;
}

/* Podman finds a short name in registries of its own choice: localhost/app:1 by app:1. */
static bool image_has_by_short(const Scope *scope, const ImageRef *wanted, const BodyNode *answer) {
    static const char hub[] = "docker.io/library/";
    ImageWalk walk = {.answer = answer};
    Span end = span_from(wanted->text), text;
    bool one = false;

    if (!span_starts_with(end, span_from(hub)))
        return false;
    end = (Span){end.data + sizeof(hub) - 2, end.size - sizeof(hub) + 2}; /* from its slash on */
    while (image_walk(&walk, &text)) {
        if (text.size <= end.size || memcmp(text.data + text.size - end.size, end.data, end.size) != 0)
            continue;
        if (!scope_has_image_name(scope, text))
            return false;
        one = true;
    }
    return one;
}

bool scope_image_has(Arena *arena, const Scope *scope, Span name, const BodyNode *answer, bool all) {
    ImageWalk walk = {.answer = answer};
    ImageRef wanted, ref;
    Span text;

    if (!scope->names.given)
        return true;
    if (!imageref_parse(arena, name, &wanted))
        return false;
    if (!wanted.name)
        return image_has_by_id(scope, answer, all);
    while (image_walk(&walk, &text))
        if (imageref_parse(arena, text, &ref) && image_is_same(&wanted, &ref))
            return scope_has_image_name(scope, text);
    return image_has_by_short(scope, &wanted, answer);
}

/* As the engine tells of it. */
static Span image_familiar(const ImageRef *ref) {
    static const char *const hubs[] = {"docker.io/library/", "docker.io/"};
    Span text = span_from(ref->text);

    for (size_t i = 0; i < ARRAY_SIZE(hubs); i++)
        if (span_starts_with(text, span_from(hubs[i])))
            return (Span){text.data + strlen(hubs[i]), text.size - strlen(hubs[i])};
    return text;
}

bool scope_image_may_have(Arena *arena, const Scope *scope, Span name) {
    ImageRef ref;

    return scope_has_image_name(scope, name) || (imageref_parse(arena, name, &ref) && ref.name &&
                                                 scope_has_image_name(scope, image_familiar(&ref)));
}
