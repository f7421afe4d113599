// SPDX-License-Identifier: Apache-2.0
#include "scope_judge.h"

#include "text.h"

static const char SCOPE_RULE[] = "scope";

/* Where an operation names and labels what it makes or renames. */
typedef struct ScopePlaces {
    const char *operation;
    const char *query_name; /* NULL: none, as the others */
    const char *body_name;
    const char *labels[2]; /* maps, by path */
    const char *mounts;    /* an array, by path: volumes that it may make */
} ScopePlaces;

#define SERVICE_MOUNTS "TaskTemplate.ContainerSpec.Mounts"
#define SERVICE_LABELS                                                                                       \
    { "Labels", "TaskTemplate.ContainerSpec.Labels" }

static const ScopePlaces SCOPE_PLACES[] = {
    {"ContainerCreate", "name", NULL, {"Labels", NULL}, "HostConfig.Mounts"},
    {"ContainerRename", "name", NULL, {NULL, NULL}, NULL},
    {"NetworkCreate", NULL, "Name", {"Labels", NULL}, NULL},
    {"VolumeCreate", NULL, "Name", {"Labels", NULL}, NULL},
    {"ServiceCreate", NULL, "Name", SERVICE_LABELS, SERVICE_MOUNTS},
    {"ServiceUpdate", NULL, "Name", SERVICE_LABELS, SERVICE_MOUNTS},
    {"SecretCreate", NULL, "Name", {"Labels", NULL}, NULL},
    {"SecretUpdate", NULL, "Name", {"Labels", NULL}, NULL},
    {"ConfigCreate", NULL, "Name", {"Labels", NULL}, NULL},
    {"ConfigUpdate", NULL, "Name", {"Labels", NULL}, NULL},
    {"ImageCommit", NULL, NULL, {"Labels", NULL}, NULL},
};

static const ScopePlaces *scope_places(const Operation *operation) {
    for (size_t i = 0; i < ARRAY_SIZE(SCOPE_PLACES); i++)
        if (strcmp(SCOPE_PLACES[i].operation, operation->id) == 0)
            return &SCOPE_PLACES[i];
    return NULL;
}

typedef struct ScopeJudge {
    Arena *arena;
    const Scope *scope;
    const Rules *rules;
    Findings *findings;
} ScopeJudge;

static void scope_object(ScopeJudge *j, Reason reason, const char *field, const char *what) {
    size_t at = j->findings->n < LIMIT_FINDINGS ? j->findings->n : LIMIT_FINDINGS - 1;
    const char *detail = field && what ? arena_printf(j->arena, "%s%s", field, what) : NULL;

    j->findings->items[at] = (Finding){.reason = detail ? reason : REASON_NO_MEMORY,
                                       .rule = SCOPE_RULE,
                                       .field = field ? field : "",
                                       .detail = detail ? detail : "no memory to say which field"};
    j->findings->n++;
}

/* --- A path of keys, as in the tables --------------------------------------------------------------- */

#define SCOPE_KEY_SIZE 32u /* of one of them, with its NUL */

/* The node at `path`; `made`: objects on the way, and at its end, are made where they are left out. */
static BodyNode *scope_descend(BodyNode *node, const char *path, bool made) {
    while (node && *path) {
        char key[SCOPE_KEY_SIZE] = "";
        size_t n = strcspn(path, ".");
        BodyNode *member;

        memcpy(key, path, n < SCOPE_KEY_SIZE ? n : SCOPE_KEY_SIZE - 1);
        member = body_type(node) == BODY_TYPE_OBJECT ? body_edit_member(node, key) : NULL;
        if (made && body_type(node) == BODY_TYPE_OBJECT && (!member || body_type(member) == BODY_TYPE_NULL))
            member = body_set_object(node, key);
        node = member;
        path += n + (path[n] == '.');
    }
    return node;
}

static const BodyNode *scope_find(const Body *body, const char *path) {
    return scope_descend((BodyNode *) body_root(body), path, false);
}

/* --- Names -------------------------------------------------------------------------------------------- */

static void scope_judge_name(ScopeJudge *j, const char *field, Span name) {
    const char *shown;

    if (!j->scope->names.given || (name.size > 0 && scope_has_name(j->scope, name)))
        return;
    shown = text_show(j->arena, name, LIMIT_VALUE_SHOWN);
    scope_object(j, REASON_QUERY_NOT_ALLOWED, field,
                 name.size == 0
                     ? " is not set, and the scope goes by names"
                     : arena_printf(j->arena, "=%s: not a name of the scope", shown ? shown : "…"));
}

static void scope_judge_names(ScopeJudge *j, const ScopePlaces *places, const Request *request,
                              const Body *body) {
    Span name = {0};

    if (places->query_name) {
        (void) target_query_get(&request->target, places->query_name, &name);
        scope_judge_name(j, arena_printf(j->arena, "query.%s", places->query_name), name);
    } else if (places->body_name && body) {
        const BodyNode *node = scope_find(body, places->body_name);

        name = node && body_type(node) == BODY_TYPE_STRING ? body_string(node) : SPAN("");
        scope_judge_name(j, places->body_name, name);
    }
}

/* --- Labels ------------------------------------------------------------------------------------------- */

/* A value of the client's own for one of the scope's labels: it would be somebody else's. */
static void scope_judge_labels(ScopeJudge *j, const char *path, const BodyNode *labels) {
    if (!labels || body_type(labels) == BODY_TYPE_NULL)
        return;
    if (body_type(labels) != BODY_TYPE_OBJECT)
        return scope_object(j, REASON_FIELD_TYPE, path,
                            ": no object, so the scope's labels can't be put into it");
    for (size_t i = 0; i < j->scope->n_labels; i++) {
        const NamedText *label = &j->scope->labels[i];
        const BodyNode *value = body_member(labels, label->name);
        const char *name = text_show(j->arena, span_from(label->name), LIMIT_VALUE_SHOWN);

        if (value && (body_type(value) != BODY_TYPE_STRING || !span_is(body_string(value), label->value)))
            scope_object(j, REASON_FIELD_NOT_ALLOWED,
                         name ? arena_printf(j->arena, "%s[\"%s\"]", path, name) : NULL,
                         " is the scope's to set");
    }
}

/* A cluster's volumes and what is to come can't be looked at. */
static void scope_judge_mounts(ScopeJudge *j, const char *path, const BodyNode *mounts) {
    for (size_t i = 0; mounts && i < body_size(mounts); i++) {
        const BodyNode *mount = body_at(mounts, i), *type = body_member(mount, "Type");
        const BodyNode *options = body_member(mount, "VolumeOptions");
        Span text = type && body_type(type) == BODY_TYPE_STRING ? body_string(type) : SPAN("");
        const char *field = arena_printf(j->arena, "%s[%zu]", path, i);

        if (!span_is(text, "bind") && !span_is(text, "volume") && !span_is(text, "tmpfs") &&
            !span_is(text, "image"))
            scope_object(j, REASON_FIELD_NOT_ALLOWED, field, " is of a type that no scope holds");
        if (options && span_is(text, "volume"))
            scope_judge_labels(j, arena_printf(j->arena, "%s.VolumeOptions.Labels", field),
                               body_member(options, "Labels"));
    }
}

/* --- What a scope can't follow --------------------------------------------------------------------- */

/* Engines up to 26.1 read these at the root, too (T-040), where nobody looks for names. */
static void scope_judge_root(ScopeJudge *j, const Body *body) {
    static const char *const keys[] = {"Binds",   "Mounts",  "VolumesFrom", "Links",
                                       "PidMode", "IpcMode", "NetworkMode", "Cgroup"};

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        const BodyNode *value = body_member(body_root(body), keys[i]);

        if (value && !body_is_zero(value))
            scope_object(j, REASON_FIELD_NOT_ALLOWED, keys[i], " stands outside of HostConfig");
    }
}

/*
 * What isn't a container of the service's own is closed, and a credential spec, which names a config in words
 * of its own.
 */
static void scope_judge_service(ScopeJudge *j, const Body *body) {
    static const char *const paths[] = {"TaskTemplate.ContainerSpec.Privileges.CredentialSpec",
                                        "TaskTemplate.NetworkAttachmentSpec", "TaskTemplate.PluginSpec"};

    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        const BodyNode *value = scope_find(body, paths[i]);

        if (value && !body_is_zero(value))
            scope_object(j, REASON_FIELD_NOT_ALLOWED, paths[i], " is set, and names what no scope holds");
    }
}

/* A cluster's volume has secrets, which its plugin gets. */
static void scope_judge_volume(ScopeJudge *j, const Body *body) {
    static const char path[] = "ClusterVolumeSpec.Secrets";
    const BodyNode *value = scope_find(body, path);

    if (value && !body_is_zero(value))
        scope_object(j, REASON_FIELD_NOT_ALLOWED, path, " is set, and names what no scope holds");
}

/* A pull by name and tag, and nothing else that makes an image under a name. */
static void scope_judge_image_create(ScopeJudge *j, const Request *request) {
    Span text = {0};

    if (target_query_get(&request->target, "fromSrc", &text) && text.size > 0)
        scope_object(j, REASON_QUERY_NOT_ALLOWED, "query.fromSrc", ": an import is nobody's");
    text = (Span){0};
    (void) target_query_get(&request->target, "fromImage", &text);
    if (text.size == 0)
        scope_object(j, REASON_QUERY_NOT_ALLOWED, "query.fromImage", " is not set");
}

/* Without a name nobody could say that it is in a scope by names; what name it may be says a look. */
static void scope_judge_commit(ScopeJudge *j, const Request *request) {
    Span text = {0};

    (void) target_query_get(&request->target, "repo", &text);
    if (j->scope->names.given && text.size == 0)
        scope_object(j, REASON_QUERY_NOT_ALLOWED, "query.repo", " is not set, and the scope goes by names");
}

void scope_judge(Arena *arena, const Scope *scope, const Rules *rules, const Request *request,
                 const Body *body, Findings *ret) {
    ScopeJudge j = {.arena = arena, .scope = scope, .rules = rules, .findings = ret};
    const ScopePlaces *places = scope_places(request->operation);
    const char *id = request->operation->id;

    if (strcmp(id, "ImageCreate") == 0)
        scope_judge_image_create(&j, request);
    if (strcmp(id, "ImageCommit") == 0)
        scope_judge_commit(&j, request);
    if (!places)
        return;
    scope_judge_names(&j, places, request, body);
    if (!body)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(places->labels) && places->labels[i]; i++)
        scope_judge_labels(&j, places->labels[i], scope_find(body, places->labels[i]));
    if (places->mounts)
        scope_judge_mounts(&j, places->mounts, scope_find(body, places->mounts));
    if (strcmp(id, "ContainerCreate") == 0)
        scope_judge_root(&j, body);
    if (strncmp(id, "Service", strlen("Service")) == 0)
        scope_judge_service(&j, body);
    if (strcmp(id, "VolumeCreate") == 0)
        scope_judge_volume(&j, body);
}

/* --- Edits ------------------------------------------------------------------------------------------- */

typedef struct ScopeEdit {
    Arena *arena;
    const Scope *scope;
    const char **items;
    size_t n, room;
} ScopeEdit;

static bool scope_put_labels(ScopeEdit *e, const char *path, BodyNode *labels) {
    for (size_t i = 0; i < e->scope->n_labels; i++) {
        const NamedText *label = &e->scope->labels[i];
        const BodyNode *said = body_member(labels, label->name);
        const char *name, *value;

        if (said && body_type(said) == BODY_TYPE_STRING && span_is(body_string(said), label->value))
            continue;
        name = text_show(e->arena, span_from(label->name), LIMIT_VALUE_SHOWN);
        value = text_show(e->arena, span_from(label->value), LIMIT_VALUE_SHOWN);
        if (e->n == e->room || !name || !value || body_set_string(labels, label->name, label->value) < 0)
            return false;
        e->items[e->n] = arena_printf(e->arena, "%s[\"%s\"]=%s", path, name, value);
        if (!e->items[e->n++])
            return false;
    }
    return true;
}

/*
 * So that a volume which the engine makes for the mount is the scope's. One that is there keeps what it has.
 */
static bool scope_put_mounts(ScopeEdit *e, const char *path, BodyNode *mounts) {
    bool good = true;

    for (size_t i = 0; good && mounts && body_type(mounts) == BODY_TYPE_ARRAY && i < body_size(mounts); i++) {
        BodyNode *mount = body_edit_at(mounts, i);
        const BodyNode *type = body_member(mount, "Type");
        const char *at = arena_printf(e->arena, "%s[%zu].VolumeOptions.Labels", path, i);
        BodyNode *labels;

        if (!type || body_type(type) != BODY_TYPE_STRING || !span_is(body_string(type), "volume"))
            continue;
        labels = scope_descend(mount, "VolumeOptions.Labels", true);
        good = at && labels && body_type(labels) == BODY_TYPE_OBJECT && scope_put_labels(e, at, labels);
    }
    return good;
}

/*
 * Engines to 24 (API v1.43) make a second network of a name where they aren't asked not to, and then neither
 * is found by it any more, be the first another tenant's (seen on 20.10).
 */
static bool scope_put_unique(ScopeEdit *e, BodyNode *root) {
    static const char key[] = "CheckDuplicate";
    const BodyNode *said = body_member(root, key);
    bool is_flag = said && body_type(said) == BODY_TYPE_BOOL;

    if (said && body_type(said) != BODY_TYPE_NULL && (!is_flag || body_bool(said)))
        return true;
    if (e->n == e->room || body_set_bool(root, key, true) < 0)
        return false;
    e->items[e->n++] = "CheckDuplicate=true";
    return true;
}

/* Room for every label at every place, and one more, behind what is there. */
static bool scope_edit_begin(ScopeEdit *e, const BodyNode *mounts, const Edits *edits) {
    size_t places = 2 + (mounts ? body_size(mounts) : 0);

    e->room = edits->n + places * e->scope->n_labels + 1;
    e->items = arena_alloc_array(e->arena, e->room + 1, sizeof(*e->items));
    if (!e->items)
        return false;
    if (edits->n > 0)
        memcpy(e->items, edits->items, edits->n * sizeof(*e->items));
    e->n = edits->n;
    return true;
}

/* A service without a container, a plugin's, has none to be labelled, and mustn't get one. */
static bool scope_put_map(ScopeEdit *e, const char *path, BodyNode *root) {
    static const char spec[] = "TaskTemplate.ContainerSpec";
    BodyNode *labels;

    if (strncmp(path, spec, sizeof(spec) - 1) == 0 && !scope_descend(root, spec, false))
        return true;
    labels = scope_descend(root, path, true);
    return labels && body_type(labels) == BODY_TYPE_OBJECT && scope_put_labels(e, path, labels);
}

Reason scope_edit(Arena *arena, const Scope *scope, const Operation *operation, Body *body, Edits *edits) {
    ScopeEdit e = {.arena = arena, .scope = scope};
    const ScopePlaces *places = scope_places(operation);
    BodyNode *root = body ? body_edit_root(body) : NULL, *mounts = NULL;

    if (!places || !root || scope_way(operation) != SCOPE_MAKES || operation->body != BODY_JSON ||
        scope->n_labels == 0 || body_type(root) != BODY_TYPE_OBJECT)
        return REASON_OK;
    if (places->mounts)
        mounts = scope_descend(root, places->mounts, false);
    if (!scope_edit_begin(&e, mounts, edits))
        return REASON_NO_MEMORY;
    for (size_t i = 0; i < ARRAY_SIZE(places->labels) && places->labels[i]; i++)
        if (!scope_put_map(&e, places->labels[i], root))
            return REASON_NO_MEMORY;
    if (!scope_put_mounts(&e, places->mounts, mounts))
        return REASON_NO_MEMORY;
    if (strcmp(operation->id, "NetworkCreate") == 0 && !scope_put_unique(&e, root))
        return REASON_NO_MEMORY;
    *edits = (Edits){.items = e.items, .n = e.n};
    return REASON_OK;
}
