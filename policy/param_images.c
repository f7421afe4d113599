// SPDX-License-Identifier: Apache-2.0
#include "param_images.h"

#include "text.h"

typedef struct ImageName {
    const char *operation;
    const char *name; /* the parameter; NULL: the path's */
    const char *tag;  /* the parameter that adds a tag or digest; NULL: none does */
    bool all;         /* without either the engine takes all tags of the name */
} ImageName;

static const ImageName IMAGE_NAMES[] = {
    {"ImageCreate", "fromImage", "tag", true},
    {"ImagePush", NULL, "tag", true},
    {"ImageTag", NULL, NULL, false},
    {"ImageTag", "repo", "tag", false},
    {"DistributionInspect", NULL, NULL, false},
};

typedef struct ImageJudge {
    Arena *arena;
    const PatternList *images;
    const char *field;
    Findings *findings;
} ImageJudge;

static void image_refuse(ImageJudge *j, Span shown, const char *hint) {
    size_t at = j->findings->n < LIMIT_FINDINGS ? j->findings->n : LIMIT_FINDINGS - 1;
    const char *text = text_show(j->arena, shown, LIMIT_VALUE_SHOWN);

    j->findings->items[at] = (Finding){.reason = REASON_QUERY_NOT_ALLOWED,
                                       .rule = "containers.images",
                                       .field = j->field,
                                       .detail = arena_printf(j->arena, "%s=%s", j->field, text ? text : "…"),
                                       .hint = hint};
    j->findings->n++;
}

/* A tag or a digest stands behind the last part of the name. */
static bool image_has_tag(Span name) {
    size_t i = name.size;

    while (i > 0 && name.data[i - 1] != '/')
        i--;
    for (; i < name.size; i++)
        if (name.data[i] == ':' || name.data[i] == '@')
            return true;
    return false;
}

/* `tag` may be a digest: moby's image router asks digest.Parse first. */
static Span image_join(Arena *arena, Span name, Span tag) {
    char separator = span_starts_with(tag, SPAN("sha256:")) ? '@' : ':';

    return tag.size > 0
               ? span_from(arena_printf(arena, "%.*s%c%.*s", SPAN_FMT(name), separator, SPAN_FMT(tag)))
               : name;
}

static void image_judge(ImageJudge *j, const ImageName *row, Span name, Span tag) {
    Span text = image_join(j->arena, name, tag);
    bool bare = tag.size == 0 && !image_has_tag(name);
    ImageRef ref;

    if (tag.size > 0 && image_has_tag(name))
        return image_refuse(j, text, "name one tag");
    if (!imageref_parse(j->arena, text, &ref))
        return image_refuse(j, text, "write the image as NAME, with its tag beside it");
    if (row->all && bare && !imageref_matches_all_tags(j->arena, &ref, j->images))
        image_refuse(j, text, "name a tag: without one the engine takes all of them");
    else if (!imageref_matches(j->arena, &ref, j->images))
        image_refuse(j, text, "containers: {images: […]} names what may be used");
}

void param_images_judge(Arena *arena, const Request *request, const PatternList *images, Findings *ret) {
    const char *operation = request->operation ? request->operation->id : "";

    for (size_t i = 0; i < ARRAY_SIZE(IMAGE_NAMES); i++) {
        const ImageName *row = &IMAGE_NAMES[i];
        ImageJudge j = {.arena = arena, .images = images, .field = "path", .findings = ret};
        Span name = request->object, tag = {0};

        if (strcmp(row->operation, operation) != 0)
            continue;
        if (row->name) {
            j.field = arena_printf(arena, "query.%s", row->name);
            if (!target_query_get(&request->target, row->name, &name) || name.size == 0)
                continue; /* params.c says what that means */
        }
        if (row->tag)
            (void) target_query_get(&request->target, row->tag, &tag);
        image_judge(&j, row, name, tag);
    }
}
