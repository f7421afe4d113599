// SPDX-License-Identifier: Apache-2.0
#include "found.h"

#include "bytes.h"
#include "imageref.h"

const BodyNode *found_text(const BodyNode *object, const char *key) {
    const BodyNode *node = object ? body_member(object, key) : NULL;

    return node && body_type(node) == BODY_TYPE_STRING && body_string(node).size > 0 ? node : NULL;
}

bool found_is_known(const Need *need) {
    return need->known_id && need->id && *need->id && strcmp(need->known_id, need->id) == 0;
}

bool found_has_name(const Need *need, const BodyNode *answer) {
    const BodyNode *name = need->kind == NEED_CONTAINER ? found_text(answer, "Name") : NULL;
    Span text = name ? body_string(name) : SPAN("");
    Span wanted = need->name;

    if (wanted.size > 0 && wanted.data[0] == '/')
        wanted = (Span){wanted.data + 1, wanted.size - 1};
    return need->kind != NEED_CONTAINER || (text.size > 0 && text.data[0] == '/' &&
                                            span_equals((Span){text.data + 1, text.size - 1}, wanted));
}

bool found_is_listed(Arena *arena, const PatternList *images, const BodyNode *answer) {
    static const char *const keys[] = {"RepoTags", "RepoDigests"};
    ImageRef ref;

    for (size_t k = 0; images->given && k < ARRAY_SIZE(keys); k++) {
        const BodyNode *names = body_member(answer, keys[k]);

        for (size_t i = 0; names && i < body_size(names); i++)
            if (body_type(body_at(names, i)) == BODY_TYPE_STRING &&
                imageref_parse(arena, body_string(body_at(names, i)), &ref) && ref.name &&
                imageref_matches(arena, &ref, images))
                return true;
    }
    return !images->given;
}

bool found_is_certain(const Need *need, const BodyNode *answer) {
    const BodyNode *scope = found_text(answer, "Scope");

    return need->kind != NEED_NETWORK || (need->uses & NEED_PINNED) || !bytes_are_hex(need->name) ||
           need->name.size > BYTES_ID_SIZE || (need->id && span_is(need->name, need->id)) ||
           (scope && span_is(body_string(scope), "local")) || found_is_known(need);
}
