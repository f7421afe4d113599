// SPDX-License-Identifier: Apache-2.0
#include "scope_keep.h"

#include "set.h"

/* What is in a list; `list` NULL: at the root, or a line. What no row has is in no scope. */
static const struct {
    const char *operation;
    const char *list;
    enum { HOLD_NOTHING = 0, HOLD_ALL, HOLD_KIND, HOLD_EVENT, HOLD_TASK, HOLD_WHOLE } hold;
    ScopeKind kind;
} KEEP_ROWS[] = {
    {"ContainerList", NULL, HOLD_KIND, SCOPE_CONTAINER},
    {"ImageList", NULL, HOLD_KIND, SCOPE_IMAGE},
    {"ImageHistory", NULL, HOLD_ALL, 0}, /* of one that was looked at */
    {"NetworkList", NULL, HOLD_KIND, SCOPE_NETWORK},
    {"ServiceList", NULL, HOLD_KIND, SCOPE_SERVICE},
    {"SecretList", NULL, HOLD_KIND, SCOPE_SERVICE},
    {"ConfigList", NULL, HOLD_KIND, SCOPE_SERVICE},
    {"TaskList", NULL, HOLD_TASK, 0},
    {"SystemEvents", NULL, HOLD_EVENT, 0},
    {"VolumeList", "Volumes", HOLD_KIND, SCOPE_VOLUME},
    {"VolumeInspect", NULL, HOLD_WHOLE, SCOPE_VOLUME}, /* has no ID that would be sent: somebody may have */
    {"VolumeCreate", NULL, HOLD_WHOLE, SCOPE_VOLUME},  /* made another of its name since the look */
    {"SystemDataUsage", "Images", HOLD_KIND, SCOPE_IMAGE},
    {"SystemDataUsage", "Containers", HOLD_KIND, SCOPE_CONTAINER},
    {"SystemDataUsage", "Volumes", HOLD_KIND, SCOPE_VOLUME},
};

static ViewChoice keep_choice(bool in_scope) {
    return in_scope ? VIEW_KEEP : VIEW_DROP;
}

/* --- Objects -------------------------------------------------------------------------------------------- */

static bool keep_knows(const ScopeKeep *keep, Span id) {
    return keep->looks && members_have(&keep->looks->members, id);
}

/* From v1.52 on all four lists of system/df are called Items. */
static bool keep_item(const ScopeKeep *keep, const BodyNode *item) {
    ScopeKind kind = body_member(item, "Names")        ? SCOPE_CONTAINER
                     : body_member(item, "RepoTags")   ? SCOPE_IMAGE
                     : body_member(item, "Mountpoint") ? SCOPE_VOLUME
                                                       : SCOPE_KIND_MAX_; /* of the build cache */

    return kind != SCOPE_KIND_MAX_ && scope_has_listed(keep->scope, kind, item);
}

static bool keep_task(const ScopeKeep *keep, const BodyNode *task) {
    const BodyNode *service = body_member(task, "ServiceID");

    return service && body_type(service) == BODY_TYPE_STRING && keep_knows(keep, body_string(service));
}

static bool keep_has(const ScopeKeep *keep, Span list, const BodyNode *node) {
    const char *id = keep->request->operation->id;

    if (span_is(list, "Items"))
        return strcmp(id, "SystemDataUsage") == 0 && keep_item(keep, node);
    for (size_t i = 0; i < ARRAY_SIZE(KEEP_ROWS); i++) {
        const char *name = KEEP_ROWS[i].list ? KEEP_ROWS[i].list : "";

        if (strcmp(KEEP_ROWS[i].operation, id) != 0 || !span_is(list, name))
            continue;
        switch (KEEP_ROWS[i].hold) {
        case HOLD_ALL:
            return true;
        case HOLD_KIND:
            return scope_has_listed(keep->scope, KEEP_ROWS[i].kind, node);
        case HOLD_WHOLE:
            return scope_has(keep->scope, KEEP_ROWS[i].kind, node);
        case HOLD_EVENT:
            return scope_has_event(keep->scope, node);
        case HOLD_TASK:
            return keep_task(keep, node);
        case HOLD_NOTHING:
            break;
        }
    }
    return false;
}

static ViewChoice keep_object(const ScopeKeep *keep, const ViewObject *object) {
    CLEANUP(body_free_p) Body *body = NULL;
    const char *detail = NULL;

    /* Of a network's members only their IDs count. */
    if (object->name.size > 0)
        return keep_choice(span_is(object->list, "Containers") && keep_knows(keep, object->name));
    if (body_parse(keep->arena, object->bytes, &body, &detail) != REASON_OK)
        return VIEW_UNSURE;
    return keep_choice(keep_has(keep, object->list, body_root(body)));
}

/* --- Names ---------------------------------------------------------------------------------------------- */

/* An ID in a sentence: one that was looked at and passed, or that the client itself wrote. */
static bool keep_id(const ScopeKeep *keep, Span id) {
    const Request *request = keep->request;

    for (size_t i = 0; keep->looks && i < keep->looks->needs.n; i++) {
        const Need *need = &keep->looks->needs.items[i];
        Span known = span_from(need->id), digest = SPAN("sha256:");

        if (span_starts_with(known, digest))
            known = (Span){known.data + digest.size, known.size - digest.size};
        if (span_starts_with(known, id) ||
            (need->name.size >= id.size && memmem(need->name.data, need->name.size, id.data, id.size)))
            return true;
    }
    for (size_t i = 0; i < request->target.n_query; i++) {
        Span value = request->target.query[i].value;

        if (value.size >= id.size && memmem(value.data, value.size, id.data, id.size))
            return true;
    }
    return request->target.path.size >= id.size &&
           memmem(request->target.path.data, request->target.path.size, id.data, id.size);
}

/* "web", "/web", "4f…": a container that another one names. */
static bool keep_peer(const ScopeKeep *keep, Span name) {
    if (name.size > 0 && name.data[0] == '/')
        name = (Span){name.data + 1, name.size - 1};
    return keep_knows(keep, name);
}

static ViewChoice keep_text(const ScopeKeep *keep, Span list, Span text) {
    if (text.size > 0 && memchr(text.data, '\\', text.size))
        return VIEW_DROP; /* no name has what would be escaped */
    if (span_is(list, VIEW_LIST_IDS))
        return keep_choice(keep_id(keep, text));
    if (span_is(list, VIEW_LIST_PEERS))
        return keep_choice(keep_peer(keep, text));
    if (span_is(list, "Names")) /* "/web", and what others call it that link it: "/other/alias" */
        return keep_choice(text.size > 1 && !memchr(text.data + 1, '/', text.size - 1));
    if (span_is(list, "RepoTags") || span_is(list, "RepoDigests") || span_is(list, "Tags"))
        return keep_choice(scope_has_image_name(keep->scope, text));
    return VIEW_DROP;
}

/* A ViewKeep's. */
static ViewChoice keep_ask(void *ctx, const ViewObject *object) {
    const ScopeKeep *keep = ctx;
    Span bytes = object->bytes;

    if (!keep->request->operation || bytes.size == 0)
        return VIEW_UNSURE;
    if (bytes.data[0] == '{')
        return keep_object(keep, object);
    if (bytes.size >= 2 && bytes.data[0] == '"')
        return keep_text(keep, object->list, (Span){bytes.data + 1, bytes.size - 2});
    return VIEW_UNSURE;
}

void scope_keep_begin(ScopeKeep *keep, const Policy *policy, const Request *request, const Looks *looks,
                      Arena *arena, View *view) {
    *keep = (ScopeKeep){.scope = &policy->scope, .request = request, .looks = looks, .arena = arena};
    if (view->keep.ask)
        view->keep = (ViewKeep){.ask = keep_ask, .ctx = keep};
}
