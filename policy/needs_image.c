// SPDX-License-Identifier: Apache-2.0
#include "needs_image.h"

#include "imageref.h"
#include "judgement.h"
#include "set.h"

bool needs_image_keeps_name(Arena *arena, const Request *request) {
    static const char *const operations[] = {"ImageDelete", "ImagePush"};
    ImageRef ref;

    for (size_t i = 0; i < ARRAY_SIZE(operations); i++)
        if (strcmp(operations[i], request->operation->id) == 0)
            return imageref_parse(arena, request->object, &ref) && ref.name;
    return false;
}

static const struct {
    const char *operation;
    const char *name; /* NULL: the path's */
    bool all;         /* without a tag the engine takes all of the name's */
    unsigned uses;
} NEED_IMAGES[] = {
    {"ImageTag", "repo", false, NEED_NAMING | NEED_MAY_BE_NEW},
    {"ImageCommit", "repo", false, NEED_NAMING | NEED_MAY_BE_NEW},
    {"ImageCreate", "fromImage", true, NEED_FREE | NEED_MAY_BE_NEW},
    {"ImagePush", NULL, true, NEED_SCOPED},
};

static void needs_take_image(const Request *request, Arena *arena, Needs *needs, size_t row) {
    const char *key = NEED_IMAGES[row].name;
    Need need = {.kind = NEED_IMAGE,
                 .uses = NEED_IMAGES[row].uses,
                 .name = request->object,
                 .field = key ? arena_printf(arena, "query.%s", key) : "path"};
    Span tag = {0};

    if (key) {
        need.name = (Span){0};
        (void) target_query_get(&request->target, key, &need.name);
    }
    (void) target_query_get(&request->target, "tag", &tag);
    if (need.name.size == 0)
        return;
    if ((tag.size == 0 && NEED_IMAGES[row].all && !need_has_tag(need.name)) ||
        (tag.size > 0 && need_has_tag(need.name))) {
        needs->reason = REASON_QUERY_NOT_ALLOWED;
        needs->field = need.field;
        needs->detail =
            tag.size > 0 ? "name one tag" : "name a tag: without one the engine takes all of them";
        return;
    }
    if (tag.size > 0)
        need.name =
            span_from(arena_printf(arena, "%.*s%c%.*s", SPAN_FMT(need.name),
                                   span_starts_with(tag, SPAN("sha256:")) ? '@' : ':', SPAN_FMT(tag)));
    needs_add(needs, &need);
}

/* What judge_things.c left to a look: an image that is given by its ID, where `images` lists names. Under a
 * scope, whose it is comes first. */
static void needs_take_unlisted(const Policy *policy, BodyNode *root, Arena *arena, Needs *needs) {
    const Rules *rules = &policy->rules;
    Need need = {.kind = NEED_IMAGE,
                 .uses = NEED_LISTED | NEED_PINNED,
                 .field = "Image",
                 .place = NEED_IN_MEMBER,
                 .node = root,
                 .key = "Image"};
    ImageRef ref;

    if (policy->scope.n_labels > 0)
        need.uses |= NEED_FREE;
    need.name = body_type(root) == BODY_TYPE_OBJECT ? judgement_text_of(root, need.key) : SPAN("");
    if (need.name.size > 0 && rules->images.given && imageref_parse(arena, need.name, &ref) && !ref.name &&
        !imageref_matches(arena, &ref, &rules->images))
        needs_add(needs, &need);
}

void needs_images(const Policy *policy, const Request *request, Body *body, Arena *arena, Needs *needs) {
    for (size_t i = 0; policy->scope.given && i < ARRAY_SIZE(NEED_IMAGES); i++)
        if (strcmp(NEED_IMAGES[i].operation, request->operation->id) == 0)
            needs_take_image(request, arena, needs, i);
    if (body && strcmp(request->operation->id, "ContainerCreate") == 0)
        needs_take_unlisted(policy, body_edit_root(body), arena, needs);
}
