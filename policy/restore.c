// SPDX-License-Identifier: Apache-2.0
#include "restore.h"

#include "imageref.h"
#include "judgement.h"
#include "placeholder.h"
#include "set.h"

#define RESTORE_KEY_SIZE 32u /* no key of the tables is as long */

/* A part of the body, and where an inspect tells it; "" is the whole. */
typedef struct RestorePair {
    const char *body, *answer;
} RestorePair;

typedef struct RestoreRow {
    const char *operation;
    RestoreKind kind;
    RestorePair places[3]; /* what may be put back */
    RestorePair image;     /* must name the same image, but for tag and digest; .body NULL: none is chosen */
    RestorePair runs[3];   /* must be as they were told, or left out */
} RestoreRow;

#define SPEC "TaskTemplate.ContainerSpec."

/* moby api/types/container (InspectResponse, CreateRequest, UpdateConfig), api/types/swarm (Service). */
static const RestoreRow restore_rows[] = {
    {"ContainerCreate",
     RESTORE_CONTAINER,
     {{"", "Config"},
      {"HostConfig", "HostConfig"},
      {"NetworkingConfig.EndpointsConfig", "NetworkSettings.Networks"}},
     {"Image", "Config.Image"},
     {{"Cmd", "Config.Cmd"},
      {"Entrypoint", "Config.Entrypoint"},
      {"Healthcheck.Test", "Config.Healthcheck.Test"}}},
    {"ContainerUpdate", RESTORE_CONTAINER, {{"", "HostConfig"}}, {NULL, NULL}, {{NULL, NULL}}},
    {"ImageCommit",
     RESTORE_CONTAINER,
     {{"", "Config"}},
     {NULL, NULL},
     {{"Cmd", "Config.Cmd"},
      {"Entrypoint", "Config.Entrypoint"},
      {"Healthcheck.Test", "Config.Healthcheck.Test"}}},
    {"ServiceCreate",
     RESTORE_SERVICE,
     {{"", "Spec"}},
     {SPEC "Image", "Spec." SPEC "Image"},
     {{SPEC "Command", "Spec." SPEC "Command"},
      {SPEC "Args", "Spec." SPEC "Args"},
      {SPEC "Healthcheck.Test", "Spec." SPEC "Healthcheck.Test"}}},
    {"ServiceUpdate",
     RESTORE_SERVICE,
     {{"", "Spec"}},
     {SPEC "Image", "Spec." SPEC "Image"},
     {{SPEC "Command", "Spec." SPEC "Command"},
      {SPEC "Args", "Spec." SPEC "Args"},
      {SPEC "Healthcheck.Test", "Spec." SPEC "Healthcheck.Test"}}},
};

static const RestoreRow *restore_row(const Request *request) {
    for (size_t i = 0; request->operation && i < ARRAY_SIZE(restore_rows); i++)
        if (strcmp(restore_rows[i].operation, request->operation->id) == 0)
            return &restore_rows[i];
    return NULL;
}

static bool restore_is_of(const Request *request, const char *operation) {
    return request->operation && strcmp(request->operation->id, operation) == 0;
}

/* --- whose they are */

RestoreKind restore_tells(const Policy *policy, const Request *request) {
    if (!policy->answers.restores)
        return RESTORE_NONE;
    return restore_is_of(request, "ContainerInspect") ? RESTORE_CONTAINER
           : restore_is_of(request, "ServiceInspect") ? RESTORE_SERVICE
                                                      : RESTORE_NONE;
}

/* The member of a member: "Spec.Name". "" is the node itself; NULL: it isn't there. */
static const BodyNode *restore_find(const BodyNode *node, const char *path) {
    char key[RESTORE_KEY_SIZE];

    while (node && *path) {
        size_t n = strcspn(path, ".");

        memcpy(key, path, n);
        key[n] = '\0';
        node = body_type(node) == BODY_TYPE_OBJECT ? body_member(node, key) : NULL;
        path += n + (path[n] == '.');
    }
    return node;
}

static Span restore_text(const BodyNode *node, const char *path) {
    const BodyNode *found = restore_find(node, path);

    return found && body_type(found) == BODY_TYPE_STRING ? body_string(found) : SPAN("");
}

/* The engine writes a container's with a slash, which clients may. */
static Span restore_bare(Span name) {
    return name.size > 0 && name.data[0] == '/' ? (Span){name.data + 1, name.size - 1} : name;
}

static bool restore_copy(Arena *arena, Span text, Span *ret) {
    char *copy = text.size > 0 ? arena_copy(arena, text) : NULL;

    *ret = (Span){copy, copy ? text.size : 0};
    return copy != NULL;
}

bool restore_read_names(Arena *arena, RestoreKind kind, Span answer, Span *ret_name, Span *ret_id) {
    CLEANUP(body_free_p) Body *body = NULL;
    const char *detail = NULL;
    const BodyNode *root;

    if (kind == RESTORE_NONE || body_parse(arena, answer, &body, &detail) != REASON_OK)
        return false;
    root = body_root(body);
    if (kind == RESTORE_CONTAINER)
        return restore_copy(arena, restore_bare(restore_text(root, "Name")), ret_name) &&
               restore_copy(arena, restore_text(root, "Id"), ret_id);
    return restore_copy(arena, restore_text(root, "Spec.Name"), ret_name) &&
           restore_copy(arena, restore_text(root, "ID"), ret_id);
}

/* "" where it isn't said, or twice. */
static Span restore_query(const Request *request, const char *key) {
    Span found = SPAN("");

    for (size_t i = 0, n = 0; i < request->target.n_query; i++)
        if (span_is(request->target.query[i].key, key))
            found = n++ == 0 ? request->target.query[i].value : SPAN("");
    return found;
}

static Span restore_name(const Request *request, const Body *body) {
    if (restore_is_of(request, "ContainerCreate"))
        return restore_query(request, "name");
    if (restore_is_of(request, "ImageCommit"))
        return restore_query(request, "container");
    if (restore_is_of(request, "ServiceCreate"))
        return restore_text(body_root(body), "Name");
    return request->object;
}

RestoreKind restore_wants(const Policy *policy, const Request *request, const Body *body, Arena *arena,
                          Span *ret_name) {
    const RestoreRow *row = policy->answers.restores && !policy->observes ? restore_row(request) : NULL;

    if (!row || !body || !placeholder_find(arena, body) ||
        !restore_copy(arena, restore_bare(restore_name(request, body)), ret_name))
        return RESTORE_NONE;
    return row->kind;
}

/* --- whether the same is run */

/* The trees' depth is bounded (LIMIT_JSON_DEPTH). Only what commands are made of. */
static bool restore_is_same(const BodyNode *a, const BodyNode *b) {
    if (body_type(a) != body_type(b))
        return false;
    if (body_type(a) == BODY_TYPE_STRING)
        return span_equals(body_string(a), body_string(b));
    if (body_type(a) != BODY_TYPE_ARRAY || body_size(a) != body_size(b))
        return false;
    for (size_t i = 0; i < body_size(a); i++)
        if (!restore_is_same(body_at(a, i), body_at(b, i)))
            return false;
    return true;
}

static bool restore_is_image(Arena *arena, Span wanted, Span told) {
    ImageRef a, b;

    return span_equals(wanted, told) ||
           (imageref_parse(arena, wanted, &a) && imageref_parse(arena, told, &b) && a.name && b.name &&
            strcmp(a.name, b.name) == 0);
}

/* Static, or NULL: there is nothing against it. */
static const char *restore_objection(Arena *arena, const RestoreRow *row, const BodyNode *root,
                                     const BodyNode *went) {
    if (row->image.body &&
        !restore_is_image(arena, restore_text(root, row->image.body), restore_text(went, row->image.answer)))
        return "it isn't of the same image, so nothing is put back";
    for (size_t i = 0; i < ARRAY_SIZE(row->runs) && row->runs[i].body; i++) {
        const BodyNode *wanted = restore_find(root, row->runs[i].body);
        const BodyNode *told = restore_find(went, row->runs[i].answer);

        if (wanted && !body_is_zero(wanted) && !(told && restore_is_same(wanted, told)))
            return "it doesn't run the same, so nothing is put back";
    }
    return NULL;
}

/* --- the values */

typedef struct Restore {
    Arena *arena;
    Restored *restored;
    size_t room; /* of restored->edits */
    bool failed; /* no memory */
} Restore;

static bool restore_is_text(const BodyNode *node) {
    return node && body_type(node) == BODY_TYPE_STRING;
}

/* The text that the engine told where the client was told `text`. NULL: none for certain. */
static const BodyNode *restore_value(const BodyNode *text, const BodyNode *went, const BodyNode *came) {
    const BodyNode *found = NULL;

    if (restore_is_text(went))
        return restore_is_text(came) && span_equals(body_string(text), body_string(went)) ? came : NULL;
    if (!went || !came || body_type(went) != BODY_TYPE_ARRAY || body_type(came) != BODY_TYPE_ARRAY ||
        body_size(went) != body_size(came))
        return NULL;
    for (size_t i = 0; i < body_size(went); i++) {
        const BodyNode *told = body_at(went, i), *meant = body_at(came, i);

        if (!restore_is_text(told) || !restore_is_text(meant) ||
            !span_equals(body_string(told), body_string(text)))
            continue;
        if (found && !span_equals(body_string(found), body_string(meant)))
            return NULL;
        found = meant;
    }
    return found;
}

static void restore_note(Restore *r, const Place *place) {
    Restored *restored = r->restored;
    const char *shown = place_show(r->arena, place);

    if (restored->n == r->room) {
        size_t room = r->room * 2 + 16;
        const char **edits = arena_alloc_array(r->arena, room, sizeof(*edits));

        if (edits && restored->n > 0)
            memcpy(edits, restored->edits, restored->n * sizeof(*edits));
        restored->edits = edits;
        r->room = edits ? room : 0;
    }
    shown = shown && restored->edits ? arena_printf(r->arena, "%s put back", shown) : NULL;
    r->failed = r->failed || !shown;
    if (!r->failed)
        restored->edits[restored->n++] = shown;
}

static void restore_walk(Restore *r, const Place *place, BodyNode *node, const BodyNode *went,
                         const BodyNode *came);

/* Strings are looked for among all of the array, for updaters leave some out; objects stay where they are. */
static void restore_array(Restore *r, const Place *parent, BodyNode *array, const BodyNode *went,
                          const BodyNode *came) {
    for (size_t i = 0; !r->failed && i < body_size(array); i++) {
        Place place = {.parent = parent, .kind = PLACE_INDEX, .index = i};
        BodyNode *node = body_edit_at(array, i);
        const BodyNode *meant;

        if (body_type(node) != BODY_TYPE_STRING) {
            restore_walk(r, &place, node, body_at(went, i), body_at(came, i));
            continue;
        }
        meant = placeholder_is_in(body_string(node)) ? restore_value(node, went, came) : NULL;
        if (!meant)
            continue;
        r->failed = body_set_string_at(array, i, body_string(meant).data) < 0;
        restore_note(r, &place);
    }
}

static void restore_object(Restore *r, const Place *parent, BodyNode *object, const BodyNode *went,
                           const BodyNode *came) {
    const BodyNode *value;
    void *iter = NULL;
    Span key;

    while (!r->failed && body_next(object, &iter, &key, &value)) {
        Place place = {.parent = parent, .kind = PLACE_MEMBER, .key = key};
        const BodyNode *told = body_member(went, key.data), *meant = body_member(came, key.data);

        if (body_type(value) != BODY_TYPE_STRING) {
            restore_walk(r, &place, body_edit_member(object, key.data), told, meant);
            continue;
        }
        meant = placeholder_is_in(body_string(value)) && restore_is_text(told)
                    ? restore_value(value, told, meant)
                    : NULL;
        if (!meant)
            continue;
        /* A key that is there keeps its place, and the iterator its own. */
        r->failed = body_set_string(object, key.data, body_string(meant).data) < 0;
        restore_note(r, &place);
    }
}

/* The body's depth is bounded (LIMIT_JSON_DEPTH). What isn't of one kind in all three is left as it is. */
static void restore_walk(Restore *r, const Place *place, BodyNode *node, const BodyNode *went,
                         const BodyNode *came) {
    if (!node || !went || !came || body_type(node) != body_type(went) || body_type(went) != body_type(came))
        return;
    if (body_type(node) == BODY_TYPE_OBJECT)
        restore_object(r, place, node, went, came);
    else if (body_type(node) == BODY_TYPE_ARRAY)
        restore_array(r, place, node, went, came);
}

/* A pair's place in the body, which is at most two keys deep. */
static void restore_pair(Restore *r, const RestorePair *pair, Body *body, const BodyNode *went,
                         const BodyNode *came) {
    size_t n = strcspn(pair->body, ".");
    const char *rest = pair->body[n] ? pair->body + n + 1 : "";
    Place outer = {.kind = PLACE_MEMBER, .key = {pair->body, n}};
    Place inner = {.parent = &outer, .kind = PLACE_MEMBER, .key = span_from(rest)};
    BodyNode *node = body_edit_root(body);
    char key[RESTORE_KEY_SIZE];

    memcpy(key, pair->body, n);
    key[n] = '\0';
    if (n > 0)
        node = body_edit_member(node, key);
    if (node && *rest)
        node = body_edit_member(node, rest);
    restore_walk(r,
                 *rest   ? &inner
                 : n > 0 ? &outer
                         : NULL,
                 node, restore_find(went, pair->answer), restore_find(came, pair->answer));
}

static Reason restore_from(Restore *r, const RestoreRow *row, Body *body, const BodyNode *came,
                           const BodyNode *went) {
    r->restored->why = restore_objection(r->arena, row, body_root(body), went);
    for (size_t i = 0; !r->restored->why && i < ARRAY_SIZE(row->places) && row->places[i].body; i++)
        restore_pair(r, &row->places[i], body, went, came);
    return r->failed ? REASON_NO_MEMORY : REASON_OK;
}

Reason restore_body(Arena *arena, const Request *request, Body *body, Span came, Span went, Restored *ret) {
    CLEANUP(body_free_p) Body *before = NULL;
    CLEANUP(body_free_p) Body *after = NULL;
    Restore r = {.arena = arena, .restored = ret};
    const RestoreRow *row = restore_row(request);
    const char *detail = NULL;
    Reason reason;

    *ret = (Restored){0};
    if (!row)
        return REASON_OK;
    reason = body_parse(arena, came, &before, &detail);
    if (reason == REASON_OK)
        reason = body_parse(arena, went, &after, &detail);
    if (reason == REASON_OK)
        return restore_from(&r, row, body, body_root(before), body_root(after));
    ret->why = "what was told of it can't be read";
    return reason == REASON_NO_MEMORY ? reason : REASON_OK;
}

void restore_hush(Arena *arena, Verdict *verdict) {
    const char *field = verdict->field;

    if (verdict_forwards(verdict) || verdict->reason == REASON_PLACEHOLDER) /* which quotes nothing */
        return;
    /* Of a look, the place has the object's name in it: volume["name"].Options */
    if (field && strchr(field, '['))
        field = arena_printf(arena, "%.*s", (int) strcspn(field, "["), field);
    verdict->field = field;
    verdict->detail =
        field ? arena_printf(arena, "%s, with hidden values put back", field) : "hidden values were put back";
    verdict->told = NULL;
    verdict->hint = NULL;
    verdict->advise = false;
    verdict->edits = NULL;
    verdict->n_edits = 0;
}
