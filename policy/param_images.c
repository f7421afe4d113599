// SPDX-License-Identifier: Apache-2.0
#include "param_images.h"

#include "text.h"

typedef struct ImageName {
    const char *operation;
    const char *name; /* the parameter; NULL: the path's */
    const char *tag;  /* the parameter that adds a tag or digest; NULL: none does */
    bool all;         /* without either the engine takes all tags of the name */
    bool pulls;       /* require_digest holds it */
} ImageName;

static const ImageName IMAGE_NAMES[] = {
    {"ImageCreate", "fromImage", "tag", true, true},
    {"ImageCreate", "repo", "tag", false, false}, /* an import's */
    {"ImagePush", NULL, "tag", true, false},
    {"ImageTag", NULL, NULL, false, false},
    {"ImageTag", "repo", "tag", false, false},
    {"ImageCommit", "repo", "tag", false, false},
    {"ImageBuild", "t", NULL, false, false},
    {"DistributionInspect", NULL, NULL, false, false},
};

typedef struct ImageJudge {
    Arena *arena;
    const Rules *rules;
    const char *field;
    Findings *findings;
} ImageJudge;

static void image_refuse(ImageJudge *j, const char *rule, Span shown, const char *hint) {
    size_t at = j->findings->n < LIMIT_FINDINGS ? j->findings->n : LIMIT_FINDINGS - 1;
    const char *text = text_show(j->arena, shown, LIMIT_VALUE_SHOWN);

    j->findings->items[at] = (Finding){.reason = REASON_QUERY_NOT_ALLOWED,
                                       .rule = rule,
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
    static const char rule[] = "containers.images";
    const PatternList *images = &j->rules->images;
    Span text = image_join(j->arena, name, tag);
    bool bare = tag.size == 0 && !image_has_tag(name);
    ImageRef ref;

    if (tag.size > 0 && image_has_tag(name))
        return image_refuse(j, rule, text, "name one tag");
    if (!imageref_parse(j->arena, text, &ref))
        return image_refuse(j, rule, text, "write the image as NAME, with its tag beside it");
    if (images->given && row->all && bare && !imageref_matches_all_tags(j->arena, &ref, images))
        image_refuse(j, rule, text, "name a tag: without one the engine takes all of them");
    else if (images->given && !imageref_matches(j->arena, &ref, images))
        image_refuse(j, rule, text, "containers: {images: […]} names what may be used");
    else if (row->pulls && j->rules->require_digest && !(ref.name && ref.digest))
        image_refuse(j, "containers.require_digest", text, "pull the image as NAME@sha256:…");
}

/* A parameter may stand more than once: `t` of a build does. */
static void image_judge_query(ImageJudge *j, const ImageName *row, const Target *target, Span tag) {
    j->field = arena_printf(j->arena, "query.%s", row->name);
    for (size_t i = 0; i < target->n_query; i++)
        if (span_is(target->query[i].key, row->name) && target->query[i].value.size > 0)
            image_judge(j, row, target->query[i].value, tag); /* params.c says what none means */
}

/* params.c has noted the query, and nobody the path. */
static void image_note_path(Trace *trace, Span object) {
    if (trace)
        trace_note(trace, &(TraceEntry){.place = "path",
                                        .value = text_show(trace->arena, object, LIMIT_VALUE_SHOWN)});
}

void param_images_judge(Arena *arena, const Request *request, const Rules *rules, Trace *trace,
                        Findings *ret) {
    const char *operation = request->operation ? request->operation->id : "";

    for (size_t i = 0; i < ARRAY_SIZE(IMAGE_NAMES); i++) {
        const ImageName *row = &IMAGE_NAMES[i];
        ImageJudge j = {.arena = arena, .rules = rules, .field = "path", .findings = ret};
        size_t before = ret->n;
        Span tag = {0};

        if (strcmp(row->operation, operation) != 0 || (!rules->images.given && !row->pulls))
            continue;
        if (row->tag)
            (void) target_query_get(&request->target, row->tag, &tag);
        if (row->name) {
            image_judge_query(&j, row, &request->target, tag);
        } else {
            image_judge(&j, row, request->object, tag);
            image_note_path(trace, request->object);
        }
        /*
         * Findings are told later and mark what they quote; where some aren't kept, nothing passes unmarked.
         */
        if (ret->n == before || ret->n <= LIMIT_FINDINGS)
            trace_allow(trace, j.field,
                        rules->images.given ? "containers.images" : "containers.require_digest");
    }
}
