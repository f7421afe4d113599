// SPDX-License-Identifier: Apache-2.0
#include "need.h"

#include "imageref.h"

#define NEED_NO_PATH "-" /* no operation's begins like this */

typedef struct KindRow {
    const char *name;
    const char *path;      /* of the operations that name one */
    const char *look[2];   /* around the name */
    const char *absent[2]; /* likewise */
} KindRow;

/*
 * The engine's words: objNotFoundError of moby's daemon/errors.go, libnetwork's ErrNoSuchNetwork, OpErr of
 * volume/service, getService, getSecret, getConfig and getTask of daemon/cluster/helpers.go.
 */
static const KindRow NEED_KINDS[NEED_KIND_MAX_] = {
    [NEED_CONTAINER] = {"container",
                        "/containers/{id}",
                        {"/containers/", "/json"},
                        {"No such container: ", ""}},
    [NEED_EXEC] = {"exec", "/exec/{id}", {"/exec/", "/json"}, {"No such exec instance: ", ""}},
    [NEED_IMAGE] = {"image", "/images/{name:**}", {"/images/", "/json"}, {"No such image: ", ""}},
    [NEED_NETWORK] = {"network", "/networks/{id}", {"/networks/", ""}, {"network ", " not found"}},
    [NEED_VOLUME] = {"volume", "/volumes/{id}", {"/volumes/", ""}, {"get ", ": no such volume"}},
    [NEED_SERVICE] = {"service", "/services/{id}", {"/services/", ""}, {"service ", " not found"}},
    [NEED_SECRET] = {"secret", "/secrets/{id}", {"/secrets/", ""}, {"secret ", " not found"}},
    [NEED_CONFIG] = {"config", "/configs/{id}", {"/configs/", ""}, {"config ", " not found"}},
    [NEED_TASK] = {"task", "/tasks/{id}", {"/tasks/", ""}, {"task ", " not found"}},
    [NEED_CONTAINERS] = {"containers", NEED_NO_PATH, {"/containers/json", ""}, {"", ""}},
    [NEED_SERVICES] = {"services", NEED_NO_PATH, {"/services", ""}, {"", ""}},
};

const char *need_kind_name(NeedKind kind) {
    return NEED_KINDS[kind].name;
}

NeedKind need_kind_of_path(const Operation *operation) {
    for (NeedKind kind = NEED_CONTAINER; kind < NEED_KIND_MAX_; kind++)
        if (cstr_starts_with(operation->path, NEED_KINDS[kind].path))
            return kind;
    return NEED_NONE;
}

bool need_has_tag(Span name) {
    size_t i = name.size;

    while (i > 0 && name.data[i - 1] != '/')
        i--;
    return i < name.size &&
           (memchr(name.data + i, ':', name.size - i) || memchr(name.data + i, '@', name.size - i));
}

/*
 * dockerd finds a container by "/web" as by "web". Not by "/web/alias", which is another's name for a third.
 */
static Span need_bare_name(const Need *need) {
    Span name = need->name;

    if (need->kind == NEED_CONTAINER && name.size > 0 && name.data[0] == '/')
        return (Span){name.data + 1, name.size - 1};
    return name;
}

/* Letters, digits, `_.-`, as dockerd's RestrictedNamePattern has it; an image's has more, but no empty part,
 * and none of dots. */
static bool need_name_is_good(const Need *need) {
    Span name = need_bare_name(need);
    const char *more = need->kind == NEED_IMAGE ? "_.-/:@+" : "_.-";
    bool fresh = true; /* at the beginning, or of a part */

    if (name.size == 0 || name.size > LIMIT_LOOK_NAME_BYTES)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = ascii_lower(name.data[i]);
        bool alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

        if (!alnum && (fresh || c == '\0' || !strchr(more, c)))
            return false;
        fresh = name.data[i] == '/';
    }
    return !fresh;
}

/* How an engine writes the IDs of a kind. A volume has its name, which is the one that was asked for. */
bool need_has_id(const Need *need, Span id) {
    Span digest = SPAN("sha256:");
    bool letters = need->kind != NEED_CONTAINER && need->kind != NEED_EXEC && need->kind != NEED_IMAGE;

    if (need->kind == NEED_VOLUME)
        return span_equals(id, need->name);
    if (need->kind == NEED_IMAGE && span_starts_with(id, digest))
        id = (Span){id.data + digest.size, id.size - digest.size};
    for (size_t i = 0; i < id.size; i++) {
        char c = id.data[i];

        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= (letters ? 'z' : 'f')))
            return false;
    }
    return id.size == 64 || (letters && id.size == 25);
}

void needs_add(Needs *needs, const Need *need) {
    if (needs->reason != REASON_UNDECIDED)
        return;
    needs->field = need->field;
    if (!need_name_is_good(need)) {
        needs->reason = REASON_LOOK_NAME;
        return;
    }
    for (size_t i = 0; need->place == NEED_NOWHERE && i < needs->n; i++)
        if (needs->items[i].kind == need->kind && span_equals(needs->items[i].name, need->name) &&
            (needs->items[i].uses & need->uses) == need->uses)
            return;
    if (!needs->items)
        needs->items = arena_alloc_array(needs->arena, LIMIT_NEEDS, sizeof(*needs->items));
    if (!needs->items)
        needs->reason = REASON_NO_MEMORY;
    else if (needs->n == LIMIT_NEEDS)
        needs->reason = REASON_LOOK_LIMIT;
    else
        needs->items[needs->n++] = *need;
}

const char *need_target(Arena *arena, const Request *request, const Need *need) {
    const KindRow *row = &NEED_KINDS[need->kind];
    Span name = need_bare_name(need);
    const char *path = need->filters
                           ? row->look[0]
                           : arena_printf(arena, "%s%.*s%s", row->look[0], SPAN_FMT(name), row->look[1]);
    const QueryPair pairs[] = {{.key = SPAN("filters"), .value = span_from(need->filters)},
                               {.key = SPAN("all"), .value = SPAN("1")}};
    Target target = {.api_minor = request->target.api_minor};

    target.path = span_from(path);
    target.query = pairs;
    target.n_query = !need->filters ? 0 : need->kind == NEED_CONTAINERS ? 2 : 1;
    return path ? target_format(arena, &target) : NULL;
}

/* As moby's reference.FamiliarString has it: without docker.io/library, and never without a tag. */
static Span need_familiar(Arena *arena, Span name) {
    static const char *const prefixes[] = {"docker.io/library/", "docker.io/", "index.docker.io/library/"};
    ImageRef ref;

    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
        if (span_starts_with(name, span_from(prefixes[i]))) {
            name = (Span){name.data + strlen(prefixes[i]), name.size - strlen(prefixes[i])};
            break;
        }
    if (need_has_tag(name) || !imageref_parse(arena, name, &ref) || !ref.name)
        return name;
    return span_from(arena_printf(arena, "%.*s:latest", SPAN_FMT(name)));
}

const char *need_absent(Arena *arena, const Need *need) {
    NeedKind kind = need->told_kind != NEED_NONE ? need->told_kind : need->kind;
    Span name = need->told_kind != NEED_NONE ? need->told_name : need->name;
    const KindRow *row = &NEED_KINDS[kind];

    if (kind == NEED_IMAGE)
        name = need_familiar(arena, name);
    return arena_printf(arena, "%s%.*s%s", row->absent[0], SPAN_FMT(name), row->absent[1]);
}

/* What dockerd says of a name that is in use, but for whose it is. */
const char *need_taken(Arena *arena, const Need *need) {
    Span name = need_bare_name(need);

    if (need->kind == NEED_CONTAINER)
        return arena_printf(
            arena,
            "Conflict. The container name \"/%.*s\" is already in use. You have to remove (or "
            "rename) that container to be able to reuse that name.",
            SPAN_FMT(name));
    if (need->kind == NEED_VOLUME)
        return arena_printf(arena, "create %.*s: conflict: volume name must be unique", SPAN_FMT(name));
    return arena_printf(arena, "conflict: the name %.*s is in use", SPAN_FMT(name));
}
