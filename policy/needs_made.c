// SPDX-License-Identifier: Apache-2.0
#include "needs_made.h"

#include "needs_rows.h"
#include "set.h"

#define MADE_USES (NEED_FREE | NEED_MAY_BE_NEW)

/* Who gets at what is in a container that hasn't started; `starts`: and lets it into its networks. */
static const struct {
    const char *operation;
    bool starts;
} MADE_ROWS[] = {
    {"ContainerStart", true},        {"ContainerRestart", true},     {"ContainerArchive", false},
    {"ContainerArchiveInfo", false}, {"PutContainerArchive", false}, {"ContainerExport", false},
    {"ImageCommit", false},
};

static Span made_text(const BodyNode *object, const char *key) {
    const BodyNode *node = object ? body_member(object, key) : NULL;

    return node && body_type(node) == BODY_TYPE_STRING ? body_string(node) : SPAN("");
}

/* `known`: the object's ID as the container has it, or empty. */
static bool made_add(Needs *needs, Arena *arena, const Need *from, NeedKind kind, Span name, Span known) {
    Need need = {.kind = kind, .uses = MADE_USES, .field = from->field};

    need.name = span_from(arena_copy(arena, name));
    need.known_id = arena_copy(arena, known);
    if (!need.name.data || !need.known_id)
        return false;
    needs_add(needs, &need);
    return true;
}

static bool made_networks(Needs *needs, Arena *arena, const Need *from, const BodyNode *answer) {
    const BodyNode *settings = body_member(answer, "NetworkSettings"), *endpoint;
    const BodyNode *networks = settings ? body_member(settings, "Networks") : NULL;
    void *iter = NULL;
    Span name;

    while (networks && body_type(networks) == BODY_TYPE_OBJECT &&
           body_next(networks, &iter, &name, &endpoint)) {
        Span id = made_text(endpoint, "NetworkID");
        bool nameless = name.size == 0 && id.size > 0; /* where it counts, as in need_walk_endpoints() */

        if (nameless && !made_add(needs, arena, from, NEED_NETWORK, id, SPAN("")))
            return false;
        if (!need_network_is_known(name) && !made_add(needs, arena, from, NEED_NETWORK, name, id))
            return false;
    }
    return true;
}

static bool made_volumes(Needs *needs, Arena *arena, const Need *from, const BodyNode *answer) {
    const BodyNode *mounts = body_member(answer, "Mounts");

    for (size_t i = 0; mounts && i < body_size(mounts); i++) {
        Span name = made_text(body_at(mounts, i), "Name");

        if (span_is(made_text(body_at(mounts, i), "Type"), "volume") && name.size > 0 &&
            !made_add(needs, arena, from, NEED_VOLUME, name, SPAN("")))
            return false;
    }
    return true;
}

bool needs_made(const Policy *policy, const Operation *operation, const Need *from, const BodyNode *answer,
                Arena *arena, Needs *needs) {
    Span status = made_text(body_member(answer, "State"), "Status"), image = made_text(answer, "Image");
    bool fresh =
        status.size == 0 || span_is(status, "created") || span_is(status, "configured"); /* Podman's */
    size_t row = 0;

    while (row < ARRAY_SIZE(MADE_ROWS) && strcmp(MADE_ROWS[row].operation, operation->id) != 0)
        row++;
    if (policy->scope.n_labels == 0 || row == ARRAY_SIZE(MADE_ROWS) || from->kind != NEED_CONTAINER ||
        !(from->uses & NEED_SCOPED))
        return true;
    if (MADE_ROWS[row].starts && !made_networks(needs, arena, from, answer))
        return false;
    if (!fresh)
        return true;
    return made_volumes(needs, arena, from, answer) &&
           (image.size == 0 || made_add(needs, arena, from, NEED_IMAGE, image, SPAN("")));
}
