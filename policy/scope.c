// SPDX-License-Identifier: Apache-2.0
#include "scope.h"

#include "pattern_list.h"
#include "rule_read.h"

/* --- YAML ------------------------------------------------------------------------------------------ */

typedef struct ScopeReader {
    Arena *arena;
    DocErrors *errors;
    Scope *scope;
    NamedText *labels; /* with room for two more */
} ScopeReader;

static const char *scope_read_text(ScopeReader *reader, const DocNode *node, const char *what) {
    Span text;

    if (!keys_read_text(reader->errors, node, what, &text))
        return NULL;
    if (text.size == 0)
        doc_error(reader->errors, node->mark, "%s is empty", what);
    return rule_copy_text(reader->arena, reader->errors, node);
}

/*
 * Attributes of an event beside the labels (moby's daemon/events.go): a filter of labels meets them as well.
 */
static bool scope_is_attribute(const char *key) {
    static const char *const attributes[] = {"name",    "image",       "container",   "type",       "driver",
                                             "scope",   "signal",      "execID",      "exitCode",   "oldName",
                                             "comment", "destination", "propagation", "read/write", "height",
                                             "width",   "pid",         "policy"};

    for (size_t i = 0; i < ARRAY_SIZE(attributes); i++)
        if (strcmp(attributes[i], key) == 0)
            return true;
    return false;
}

static void scope_read_labels(void *ctx, const DocNode *mapping) {
    ScopeReader *reader = ctx;

    if (mapping->type != DOC_MAPPING || mapping->n == 0) {
        doc_error(reader->errors, mapping->mark, "scope.labels must be a mapping of labels to their values");
        return;
    }
    reader->labels = arena_alloc_array(reader->arena, mapping->n + 2, sizeof(*reader->labels));
    if (!reader->labels) {
        doc_error(reader->errors, mapping->mark, "out of memory");
        return;
    }
    for (size_t i = 0; i < mapping->n; i++) {
        const DocPair *pair = &mapping->pairs[i];
        const char *key = scope_read_text(reader, &pair->key, "a label");

        /* The engine's filters part them at the first `=`. */
        if (key && strchr(key, '='))
            doc_error(reader->errors, pair->key.mark, "a label's name has no '='");
        if (key && scope_is_attribute(key))
            doc_error(reader->errors, pair->key.mark,
                      "'%s' is what the engine's events have themselves: take another label", key);
        reader->labels[i] =
            (NamedText){.name = key, .value = scope_read_text(reader, pair->value, "a label's value")};
    }
    reader->scope->n_listed = mapping->n;
}

static void scope_read_names(void *ctx, const DocNode *node) {
    ScopeReader *reader = ctx;

    (void) pattern_list_read(reader->arena, reader->errors, node, "names", &reader->scope->names);
}

static void scope_read_project(void *ctx, const DocNode *node) {
    ScopeReader *reader = ctx;

    reader->scope->project = scope_read_text(reader, node, "scope.compose_project");
}

static void scope_read_own(void *ctx, const DocNode *node) {
    ScopeReader *reader = ctx;

    (void) keys_read_bool(reader->errors, node, "scope.own", &reader->scope->own);
}

static const KeyRow SCOPE_KEYS[] = {
    {"labels", scope_read_labels},
    {"names", scope_read_names},
    {"compose_project", scope_read_project},
    {"own", scope_read_own},
};

/* A label of `labels` that own or compose_project says otherwise would be a scope that nothing is in. */
static void scope_add_label(ScopeReader *reader, const DocNode *mapping, const char *name,
                            const char *value) {
    Scope *scope = reader->scope;

    for (size_t i = 0; i < scope->n_listed; i++)
        if (reader->labels[i].name && strcmp(reader->labels[i].name, name) == 0)
            doc_error(reader->errors, mapping->mark, "scope.labels has %s, which another key of scope says",
                      name);
    reader->labels[scope->n_labels++] = (NamedText){.name = name, .value = value};
}

void scope_read(Arena *arena, DocErrors *errors, const DocNode *mapping, const char *policy, Scope *ret) {
    ScopeReader reader = {.arena = arena, .errors = errors, .scope = ret};

    *ret = (Scope){.given = true};
    if (!keys_read(errors, mapping, "scope.", SCOPE_KEYS, ARRAY_SIZE(SCOPE_KEYS), &reader))
        return;
    if (!reader.labels)
        reader.labels = arena_alloc_array(arena, 2, sizeof(*reader.labels));
    if (!reader.labels) {
        doc_error(errors, mapping->mark, "out of memory");
        return;
    }
    ret->n_labels = ret->n_listed;
    if (ret->project)
        scope_add_label(&reader, mapping, SCOPE_PROJECT_LABEL, ret->project);
    if (ret->own)
        scope_add_label(&reader, mapping, SCOPE_OWN_LABEL, policy);
    ret->labels = reader.labels;
    if (ret->n_labels == 0 && !ret->names.given)
        doc_error(errors, mapping->mark, "scope must have labels, names, compose_project or own: true");
}

/* --- Operations -------------------------------------------------------------------------------------- */

static const struct {
    const char *operation;
    ScopeWay way;
} SCOPE_WAYS[] = {
    {"SystemPing", SCOPE_FREE},
    {"SystemPingHead", SCOPE_FREE},
    {"SystemVersion", SCOPE_FREE},
    {"SystemInfo", SCOPE_FREE}, /* how many objects there are is hidden, and it tells of none */
    {"SystemAuth", SCOPE_FREE},
    {"ImageSearch", SCOPE_FREE}, /* a registry's, as the next */
    {"DistributionInspect", SCOPE_FREE},
    /*
     * Machines, as SystemInfo tells of one: `docker service create` asks for them once it has made a service.
     */
    {"NodeList", SCOPE_FREE},
    {"NodeInspect", SCOPE_FREE},

    {"ContainerArchive", SCOPE_NAMED},
    {"ContainerArchiveInfo", SCOPE_NAMED},
    {"ContainerAttach", SCOPE_NAMED},
    {"ContainerAttachWebsocket", SCOPE_NAMED},
    {"ContainerChanges", SCOPE_NAMED},
    {"ContainerDelete", SCOPE_NAMED},
    {"ContainerExec", SCOPE_NAMED},
    {"ContainerExport", SCOPE_NAMED},
    {"ContainerInspect", SCOPE_NAMED},
    {"ContainerKill", SCOPE_NAMED},
    {"ContainerLogs", SCOPE_NAMED},
    {"ContainerPause", SCOPE_NAMED},
    {"ContainerRename", SCOPE_NAMED},
    {"ContainerResize", SCOPE_NAMED},
    {"ContainerRestart", SCOPE_NAMED},
    {"ContainerStart", SCOPE_NAMED},
    {"ContainerStats", SCOPE_NAMED},
    {"ContainerStop", SCOPE_NAMED},
    {"ContainerTop", SCOPE_NAMED},
    {"ContainerUnpause", SCOPE_NAMED},
    {"ContainerUpdate", SCOPE_NAMED},
    {"ContainerWait", SCOPE_NAMED},
    {"PutContainerArchive", SCOPE_NAMED},
    {"ExecInspect", SCOPE_NAMED},
    {"ExecResize", SCOPE_NAMED},
    {"ExecStart", SCOPE_NAMED},
    {"ImageCreate", SCOPE_NAMED}, /* a pull: what it makes has the labels that its maker gave it */
    {"ImageDelete", SCOPE_NAMED},
    {"ImageGet", SCOPE_NAMED},
    {"ImageHistory", SCOPE_NAMED},
    {"ImageInspect", SCOPE_NAMED},
    {"ImagePush", SCOPE_NAMED},
    {"ImageTag", SCOPE_NAMED},
    {"NetworkConnect", SCOPE_NAMED},
    {"NetworkDelete", SCOPE_NAMED},
    {"NetworkDisconnect", SCOPE_NAMED},
    {"NetworkInspect", SCOPE_NAMED},
    {"ConfigDelete", SCOPE_NAMED},
    {"ConfigInspect", SCOPE_NAMED},
    {"SecretDelete", SCOPE_NAMED},
    {"SecretInspect", SCOPE_NAMED},
    {"ServiceDelete", SCOPE_NAMED},
    {"ServiceInspect", SCOPE_NAMED},
    {"ServiceLogs", SCOPE_NAMED},
    {"TaskInspect", SCOPE_NAMED}, /* its service's */
    {"TaskLogs", SCOPE_NAMED},
    {"VolumeDelete", SCOPE_NAMED},
    {"VolumeInspect", SCOPE_NAMED},

    {"ConfigCreate", SCOPE_MAKES},
    {"ConfigUpdate", SCOPE_MAKES},
    {"ContainerCreate", SCOPE_MAKES},
    {"ImageBuild", SCOPE_MAKES}, /* scope_build.h */
    {"ImageCommit", SCOPE_MAKES},
    {"NetworkCreate", SCOPE_MAKES},
    {"SecretCreate", SCOPE_MAKES},
    {"SecretUpdate", SCOPE_MAKES},
    {"ServiceCreate", SCOPE_MAKES},
    {"ServiceUpdate", SCOPE_MAKES},
    {"VolumeCreate", SCOPE_MAKES},

    {"ConfigList", SCOPE_LISTS},
    {"ContainerList", SCOPE_LISTS},
    {"ContainerPrune", SCOPE_LISTS},
    {"ImageList", SCOPE_LISTS},
    {"ImagePrune", SCOPE_LISTS},
    {"NetworkList", SCOPE_LISTS},
    {"NetworkPrune", SCOPE_LISTS},
    {"SecretList", SCOPE_LISTS},
    {"ServiceList", SCOPE_LISTS},
    {"SystemEvents", SCOPE_LISTS},
    {"TaskList", SCOPE_LISTS},
    {"VolumeList", SCOPE_LISTS},
    {"VolumePrune", SCOPE_LISTS},

    {"SystemDataUsage", SCOPE_CUT},
};

ScopeWay scope_way(const Operation *operation) {
    for (size_t i = 0; operation && i < ARRAY_SIZE(SCOPE_WAYS); i++)
        if (strcmp(SCOPE_WAYS[i].operation, operation->id) == 0)
            return SCOPE_WAYS[i].way;
    return SCOPE_DENIED;
}

/* --- Objects ------------------------------------------------------------------------------------------ */

static const BodyNode *scope_below(const BodyNode *object, const char *key) {
    const BodyNode *node = object ? body_member(object, key) : NULL;

    return node && body_type(node) == BODY_TYPE_OBJECT ? node : NULL;
}

static const BodyNode *scope_labels(ScopeKind kind, const BodyNode *answer) {
    switch (kind) {
    case SCOPE_CONTAINER:
    case SCOPE_IMAGE:
        return scope_below(scope_below(answer, "Config"), "Labels");
    case SCOPE_SERVICE:
        return scope_below(scope_below(answer, "Spec"), "Labels");
    case SCOPE_NETWORK:
    case SCOPE_VOLUME:
    case SCOPE_KIND_MAX_:
        break;
    }
    return scope_below(answer, "Labels");
}

static bool scope_label_is(const BodyNode *labels, const NamedText *label, bool *ret_there) {
    const BodyNode *value = labels ? body_member(labels, label->name) : NULL;

    *ret_there = value != NULL;
    return value && body_type(value) == BODY_TYPE_STRING && span_is(body_string(value), label->value);
}

bool scope_has_name(const Scope *scope, Span name) {
    if (name.size > 0 && name.data[0] == '/')
        name = (Span){name.data + 1, name.size - 1};
    return !scope->names.given || pattern_list_has(&scope->names, name);
}

bool scope_has_image_name(const Scope *scope, Span name) {
    const char *at = name.size > 0 ? memchr(name.data, '@', name.size) : NULL;
    const char *end = at ? at : name.size > 0 ? memrchr(name.data, ':', name.size) : NULL;

    /* A port's colon is in front of a slash. */
    if (end && !at && memchr(end, '/', (size_t) (name.data + name.size - end)))
        end = NULL;
    return scope_has_name(scope, name) ||
           (end && scope_has_name(scope, (Span){name.data, (size_t) (end - name.data)}));
}

static Span scope_text(const BodyNode *node) {
    return node && body_type(node) == BODY_TYPE_STRING ? body_string(node) : SPAN("");
}

/* By one of its names; NAME:TAG, or NAME alone. */
static bool scope_has_image(const Scope *scope, const BodyNode *tags) {
    for (size_t i = 0; tags && i < body_size(tags); i++) {
        Span text = scope_text(body_at(tags, i));

        if (text.size > 0 && scope_has_image_name(scope, text))
            return true;
    }
    return false;
}

static bool scope_has_named(const Scope *scope, ScopeKind kind, const BodyNode *answer) {
    const BodyNode *name;

    if (!scope->names.given)
        return true;
    if (kind == SCOPE_IMAGE)
        return scope_has_image(scope, body_member(answer, "RepoTags"));
    if (kind == SCOPE_SERVICE)
        answer = scope_below(answer, "Spec");
    name = answer ? body_member(answer, "Name") : NULL;
    return name && body_type(name) == BODY_TYPE_STRING && scope_has_name(scope, body_string(name));
}

static bool scope_has_labels(const Scope *scope, const BodyNode *labels) {
    bool there;

    for (size_t i = 0; i < scope->n_labels; i++)
        if (!scope_label_is(labels, &scope->labels[i], &there))
            return false;
    return true;
}

bool scope_has(const Scope *scope, ScopeKind kind, const BodyNode *answer) {
    return scope_has_labels(scope, scope_labels(kind, answer)) && scope_has_named(scope, kind, answer);
}

/* By its own name: "/web", not "/other/alias", by which another container links it. */
static bool scope_has_container(const Scope *scope, const BodyNode *names) {
    for (size_t i = 0; names && i < body_size(names); i++) {
        Span name = scope_text(body_at(names, i));

        if (name.size > 1 && !memchr(name.data + 1, '/', name.size - 1) && scope_has_name(scope, name))
            return true;
    }
    return false;
}

bool scope_has_listed(const Scope *scope, ScopeKind kind, const BodyNode *element) {
    if (kind != SCOPE_CONTAINER && kind != SCOPE_IMAGE)
        return scope_has(scope, kind, element);
    if (!scope_has_labels(scope, scope_below(element, "Labels")))
        return false;
    if (!scope->names.given || kind == SCOPE_IMAGE)
        return scope_has_named(scope, kind, element);
    return scope_has_container(scope, body_member(element, "Names"));
}

/* Where an event of each type has its object's name: of a volume its ID is one. */
static const struct {
    const char *type;
    bool by_id;
    bool is_image;
} SCOPE_EVENTS[] = {
    {"container", false, false}, {"image", false, true},   {"network", false, false}, {"volume", true, false},
    {"service", false, false},   {"secret", false, false}, {"config", false, false},
};

bool scope_has_event(const Scope *scope, const BodyNode *event) {
    const BodyNode *actor = scope_below(event, "Actor"), *attributes = scope_below(actor, "Attributes");
    Span type = scope_text(body_member(event, "Type")), id, name;

    if (!actor || !scope_has_labels(scope, attributes))
        return false;
    id = scope_text(body_member(actor, "ID"));
    name = attributes ? scope_text(body_member(attributes, "name")) : SPAN("");
    for (size_t i = 0; i < ARRAY_SIZE(SCOPE_EVENTS); i++) {
        if (!span_is(type, SCOPE_EVENTS[i].type))
            continue;
        if (SCOPE_EVENTS[i].is_image) /* pull and tag have NAME:TAG as their ID */
            return scope_has_image_name(scope, name) || scope_has_image_name(scope, id);
        return scope_has_name(scope, SCOPE_EVENTS[i].by_id ? id : name);
    }
    return false;
}

bool scope_is_others(const Scope *scope, ScopeKind kind, const BodyNode *answer) {
    const BodyNode *labels = scope_labels(kind, answer);
    bool there;

    for (size_t i = 0; i < scope->n_labels; i++)
        if (!scope_label_is(labels, &scope->labels[i], &there) && there)
            return true;
    return false;
}

static const char *scope_value_of(const Scope *scope, const char *label) {
    for (size_t i = 0; i < scope->n_labels; i++)
        if (strcmp(scope->labels[i].name, label) == 0)
            return scope->labels[i].value;
    return NULL;
}

bool scope_reaches_into(const Scope *scope, const Scope *other) {
    bool free = other->names.given;

    if (!other->given || (scope->names.given && other->names.given))
        return false;
    for (size_t i = 0; i < other->n_labels; i++) {
        const char *value = scope_value_of(scope, other->labels[i].name);

        if (value && strcmp(value, other->labels[i].value) != 0)
            return false;
        free = free || !value;
    }
    return free;
}
