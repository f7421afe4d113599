// SPDX-License-Identifier: Apache-2.0
#include "members.h"

#include "view.h"

static Span members_text(const BodyNode *object, const char *key) {
    const BodyNode *node = object ? body_member(object, key) : NULL;

    return node && body_type(node) == BODY_TYPE_STRING ? body_string(node) : SPAN("");
}

/* --- A list --------------------------------------------------------------------------------------------- */

typedef struct MembersReader {
    Members *members;
    Arena *arena;
    const Scope *scope;
    ScopeKind kind;
} MembersReader;

static bool members_grow(Members *members, Arena *arena) {
    size_t room = members->room > 0 ? 2 * members->room : LIMIT_NEEDS;
    const char **ids = arena_alloc_array(arena, room, sizeof(*ids));

    if (!ids)
        return false;
    if (members->n > 0)
        memcpy(ids, members->ids, members->n * sizeof(*ids));
    members->ids = ids;
    members->room = room;
    return true;
}

static bool members_add(const MembersReader *reader, Span text) {
    Members *members = reader->members;
    const char *copy = arena_copy(reader->arena, text);

    if (!copy || (members->n == members->room && !members_grow(members, reader->arena)))
        return false;
    members->ids[members->n++] = copy;
    return true;
}

/* "/web"; not "/other/alias", which is what another container calls it. */
static bool members_add_names(const MembersReader *reader, const BodyNode *names) {
    for (size_t i = 0; names && i < body_size(names); i++) {
        Span name =
            body_type(body_at(names, i)) == BODY_TYPE_STRING ? body_string(body_at(names, i)) : SPAN("");

        if (name.size > 1 && name.data[0] == '/' && !memchr(name.data + 1, '/', name.size - 1) &&
            !members_add(reader, (Span){name.data + 1, name.size - 1}))
            return false;
    }
    return true;
}

/* A ViewKeep's. Nothing of the list is for anybody else, so all of it is dropped. */
static ViewChoice members_take(void *ctx, const ViewObject *object) {
    const MembersReader *reader = ctx;
    CLEANUP(body_free_p) Body *body = NULL;
    const char *detail = NULL;
    Span id;

    if (body_parse(reader->arena, object->bytes, &body, &detail) != REASON_OK)
        return VIEW_UNSURE;
    if (!scope_has_listed(reader->scope, reader->kind, body_root(body)))
        return VIEW_DROP;
    id = members_text(body_root(body), reader->kind == SCOPE_CONTAINER ? "Id" : "ID");
    if (id.size == 0 || !members_add(reader, id) ||
        !members_add_names(reader, body_member(body_root(body), "Names")))
        return VIEW_UNSURE;
    return VIEW_DROP;
}

static bool members_put(void *ctx, Span bytes) {
    (void) ctx;
    (void) bytes;
    return true;
}

bool members_read(Members *members, Arena *arena, const Scope *scope, ScopeKind kind, Span text) {
    static const Answers nothing_hidden;
    MembersReader reader = {.members = members, .arena = arena, .scope = scope, .kind = kind};
    /* Object by object, so that the length of the list isn't held against the limits of a body. */
    const View view = {
        .answers = &nothing_hidden, .lists = "", .keep = {.ask = members_take, .ctx = &reader}};
    const ViewSink nowhere = {.put = members_put};

    return view_run(&view, NULL, NULL, text, &nowhere) == REASON_OK;
}

bool members_have(const Members *members, Span id) {
    for (size_t i = 0; i < members->n; i++)
        if (span_is(id, members->ids[i]))
            return true;
    return false;
}

/* --- Whether one is needed ------------------------------------------------------------------------------ */

static bool members_is_set(const BodyNode *object, const char *key) {
    const BodyNode *node = body_member(object, key);

    return node && !body_is_zero(node);
}

static bool members_is_mode(const BodyNode *object, const char *key) {
    return span_starts_with(members_text(object, key), SPAN("container:"));
}

/* Links are the endpoints', on networks that users made. */
static bool members_are_linked(const BodyNode *answer) {
    const BodyNode *settings = body_member(answer, "NetworkSettings"), *endpoint;
    const BodyNode *networks = settings ? body_member(settings, "Networks") : NULL;
    void *iter = NULL;
    Span key;

    while (networks && body_type(networks) == BODY_TYPE_OBJECT && body_next(networks, &iter, &key, &endpoint))
        if (members_is_set(endpoint, "Links"))
            return true;
    return false;
}

bool members_are_named(const Operation *operation, const BodyNode *answer) {
    static const char *const modes[] = {"NetworkMode", "PidMode",    "IpcMode",     "Cgroup",
                                        "UTSMode",     "UsernsMode", "CgroupnsMode"};
    const BodyNode *host = body_member(answer, "HostConfig");

    if (strcmp(operation->id, "NetworkInspect") == 0)
        return members_is_set(answer, "Containers");
    if (strcmp(operation->id, "ContainerInspect") != 0 || !host)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
        if (members_is_mode(host, modes[i]))
            return true;
    return members_is_set(host, "Links") || members_is_set(host, "VolumesFrom") || members_are_linked(answer);
}
