// SPDX-License-Identifier: Apache-2.0
#include "placeholder.h"

#include "judgement.h"
#include "policy.h"
#include "text.h"

#define PREFIX "quaygate:redacted:"
#define PREFIX_BASE64 "cXVheWdhdGU6cmVkYWN0ZWQ6" /* of whole groups: nothing of what follows is in it */

_Static_assert((sizeof(PREFIX) - 1) % 3 == 0, "base64 of the prefix is that of the whole");

void placeholder_write(const unsigned char hash[static PLACEHOLDER_HASH_BYTES],
                       char ret[static PLACEHOLDER_SIZE]) {
    static const char digits[] = "0123456789abcdef";
    char *p = ret + sizeof(PREFIX) - 1;

    memcpy(ret, PREFIX, sizeof(PREFIX) - 1);
    for (size_t i = 0; i < PLACEHOLDER_HASH_BYTES; i++) {
        *p++ = digits[hash[i] >> 4];
        *p++ = digits[hash[i] & 15];
    }
}

void placeholder_write_base64(const unsigned char hash[static PLACEHOLDER_HASH_BYTES],
                              char ret[static PLACEHOLDER_BASE64_SIZE]) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[PLACEHOLDER_SIZE + 2] = {0};

    placeholder_write(hash, text);
    for (size_t i = 0; i < PLACEHOLDER_SIZE; i += 3) {
        const unsigned char *in = (const unsigned char *) text + i;
        uint32_t group = (uint32_t) in[0] << 16 | (uint32_t) in[1] << 8 | in[2];

        for (unsigned k = 0; k < 4; k++)
            *ret++ = i + k > PLACEHOLDER_SIZE ? '=' : letters[(group >> (18 - 6 * k)) & 63];
    }
}

static bool span_has(Span text, Span part) {
    const char *p = text.data, *end = text.data + text.size;

    while (part.size <= (size_t) (end - p)) {
        p = memchr(p, part.data[0], (size_t) (end - p) - part.size + 1);
        if (!p)
            return false;
        if (memcmp(p, part.data, part.size) == 0)
            return true;
        p++;
    }
    return false;
}

bool placeholder_is_in(Span text) {
    return text.size >= sizeof(PREFIX) - 1 &&
           (span_has(text, SPAN(PREFIX)) || span_has(text, SPAN(PREFIX_BASE64)));
}

static const char *find_name(Arena *arena, const Place *place) {
    const char *name = place_show(arena, place);

    return name ? name : "…";
}

/* The tree's depth is bounded (LIMIT_JSON_DEPTH). */
static const char *find_in(Arena *arena, const Place *parent, const BodyNode *node) {
    const BodyNode *value;
    const char *found = NULL;
    void *iter = NULL;
    Span key;

    switch (body_type(node)) {
    case BODY_TYPE_STRING:
        return placeholder_is_in(body_string(node)) ? find_name(arena, parent) : NULL;
    case BODY_TYPE_ARRAY:
        for (size_t i = 0; !found && i < body_size(node); i++) {
            Place place = {.parent = parent, .kind = PLACE_INDEX, .index = i};

            found = find_in(arena, &place, body_at(node, i));
        }
        return found;
    case BODY_TYPE_OBJECT:
        while (!found && body_next(node, &iter, &key, &value)) {
            Place place = {.parent = parent, .kind = PLACE_MEMBER, .key = key};

            found = placeholder_is_in(key) ? find_name(arena, &place) : find_in(arena, &place, value);
        }
        return found;
    case BODY_TYPE_NULL:
    case BODY_TYPE_BOOL:
    case BODY_TYPE_INTEGER:
    case BODY_TYPE_REAL:
        break;
    }
    return NULL;
}

const char *placeholder_find(Arena *arena, const Body *body) {
    return body ? find_in(arena, NULL, body_root(body)) : NULL;
}

const char *placeholder_find_query(Arena *arena, const Target *target) {
    const char *name;

    for (size_t i = 0; i < target->n_query; i++)
        if (placeholder_is_in(target->query[i].key) || placeholder_is_in(target->query[i].value)) {
            name = text_show(arena, target->query[i].key, LIMIT_VALUE_SHOWN);
            name = name ? arena_printf(arena, "query.%s", name) : NULL;
            return name ? name : "…";
        }
    return NULL;
}

Verdict placeholder_judge(Arena *arena, const Request *request, const Body *body) {
    const char *place = NULL;
    Verdict verdict;

    if (request->method == METHOD_GET || request->method == METHOD_HEAD)
        return (Verdict){0};
    place = placeholder_find(arena, body);
    if (!place)
        place = placeholder_find_query(arena, &request->target);
    if (!place)
        return (Verdict){0};
    verdict = verdict_from_reason(
        REASON_PLACEHOLDER,
        arena_printf(arena, "%s holds what stood in an answer for a hidden value (quaygate:redacted:…)",
                     place));
    verdict.field = place;
    return verdict;
}
