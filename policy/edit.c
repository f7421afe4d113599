// SPDX-License-Identifier: Apache-2.0
#include "edit.h"

#include <assert.h>

#include "text.h"

#define EDIT_KEY_SIZE 32u /* of a key in edit_places, with its NUL */

/* Where an operation's body has what `set` speaks of. An object's path goes down from the root. */
typedef struct EditPlaces {
    const char *operation;
    const char *needs;     /* without this object there is no container to speak of */
    const char *container; /* has User and Labels; "": the root */
    const char *resources;
    const char *memory, *cpus, *pids; /* below it */
    const char *quota, *period;       /* the CPU's in other words; NULL: there are none */
    const char *security;
    const char *options; /* a list below it */
    const char *flag;    /* or a bool for no-new-privileges, the one that a service has */
    const char *cgroup;  /* in the object of resources; NULL: a service has none */
    const char *log;
    const char *log_driver, *log_options; /* below it */
} EditPlaces;

#define SERVICE_PLACES(id)                                                                                   \
    {                                                                                                        \
        .operation = id, .needs = "TaskTemplate.ContainerSpec", .container = "TaskTemplate.ContainerSpec",   \
        .resources = "TaskTemplate.Resources.Limits", .memory = "MemoryBytes", .cpus = "NanoCPUs",           \
        .pids = "Pids", .security = "TaskTemplate.ContainerSpec.Privileges", .flag = "NoNewPrivileges",      \
        .log = "TaskTemplate.LogDriver", .log_driver = "Name", .log_options = "Options",                     \
    }

static const EditPlaces edit_places[] = {
    {
        .operation = "ContainerCreate",
        .needs = "",
        .container = "",
        .resources = "HostConfig",
        .memory = "Memory",
        .cpus = "NanoCpus",
        .pids = "PidsLimit",
        .quota = "CpuQuota",
        .period = "CpuPeriod",
        .security = "HostConfig",
        .options = "SecurityOpt",
        .cgroup = "CgroupnsMode",
        .log = "HostConfig.LogConfig",
        .log_driver = "Type",
        .log_options = "Config",
    },
    SERVICE_PLACES("ServiceCreate"),
    SERVICE_PLACES("ServiceUpdate"),
};

typedef struct Edit {
    Arena *arena;
    const EditPlaces *places;
    const RulesSet *set;
    BodyNode *root;
    Edits *edits;
    bool failed; /* out of memory */
} Edit;

static bool edit_is_left_out(const BodyNode *object, const char *key) {
    const BodyNode *value = body_member(object, key);

    return !value || body_is_zero(value);
}

/* An entry of a map is there, whatever its value; but null says nothing. */
static bool edit_is_absent(const BodyNode *map, const char *key) {
    const BodyNode *value = body_member(map, key);

    return !value || body_type(value) == BODY_TYPE_NULL;
}

static void edit_note(Edit *e, int r, const char *text) {
    if (r < 0 || !text)
        e->failed = true;
    else
        e->edits->items[e->edits->n++] = text;
}

static const char *edit_name(Edit *e, const char *path, const char *key) {
    const char *name = arena_printf(e->arena, "%s%s%s", path, *path ? "." : "", key);

    return name ? name : "";
}

/* The object at `key`, made where it is left out. NULL: another type stands there, or no memory. */
static BodyNode *edit_enter(Edit *e, BodyNode *object, const char *key) {
    BodyNode *member = body_edit_member(object, key);

    if (member && body_type(member) != BODY_TYPE_NULL)
        return body_type(member) == BODY_TYPE_OBJECT ? member : NULL;
    member = body_set_object(object, key);
    e->failed = e->failed || !member;
    return member;
}

/* Takes the first key off a path of edit_places. */
static void edit_take_key(const char **path, char ret_key[static EDIT_KEY_SIZE]) {
    size_t n = strcspn(*path, ".");

    assert(n < EDIT_KEY_SIZE); /* the table is ours */
    memcpy(ret_key, *path, n);
    ret_key[n] = '\0';
    *path += n + ((*path)[n] == '.');
}

/* The same down a path. Only called where something will be put in, or is there already. */
static BodyNode *edit_descend(Edit *e, const char *path) {
    BodyNode *object = e->root;
    char key[EDIT_KEY_SIZE];

    while (object && *path) {
        edit_take_key(&path, key);
        object = edit_enter(e, object, key);
    }
    return object;
}

static const char *edit_show(Edit *e, const char *text) {
    const char *shown = text_show(e->arena, span_from(text), LIMIT_VALUE_SHOWN);

    return shown ? shown : "…";
}

static void edit_put_text(Edit *e, const char *path, BodyNode *object, const char *key, const char *value) {
    edit_note(e, body_set_string(object, key, value),
              arena_printf(e->arena, "%s=%s", edit_name(e, path, key), edit_show(e, value)));
}

static void edit_put_number(Edit *e, const char *path, BodyNode *object, const char *key, int64_t value) {
    if (value > 0 && edit_is_left_out(object, key))
        edit_note(e, body_set_integer(object, key, value),
                  arena_printf(e->arena, "%s=%lld", edit_name(e, path, key), (long long) value));
}

static void edit_put_entry(Edit *e, const char *path, BodyNode *map, const NamedText *text) {
    edit_note(
        e, body_set_string(map, text->name, text->value),
        arena_printf(e->arena, "%s[\"%s\"]=%s", path, edit_show(e, text->name), edit_show(e, text->value)));
}

/* A label's value is what others go by (labels.require, scopes), so here the policy has the last word. */
static void edit_labels(Edit *e, BodyNode *container) {
    BodyNode *labels = e->set->n_labels > 0 ? edit_enter(e, container, "Labels") : NULL;

    for (size_t i = 0; labels && i < e->set->n_labels; i++) {
        const NamedText *label = &e->set->labels[i];
        const BodyNode *said = body_member(labels, label->name);

        if (!said || body_type(said) != BODY_TYPE_STRING || !span_is(body_string(said), label->value))
            edit_put_entry(e, edit_name(e, e->places->container, "Labels"), labels, label);
    }
}

static void edit_container(Edit *e) {
    const RulesSet *set = e->set;
    BodyNode *container = set->user || set->n_labels > 0 ? edit_descend(e, e->places->container) : NULL;

    if (!container)
        return;
    if (set->user && edit_is_left_out(container, "User"))
        edit_put_text(e, e->places->container, container, "User", set->user);
    edit_labels(e, container);
}

static void edit_resources(Edit *e) {
    const EditPlaces *at = e->places;
    const RulesSet *set = e->set;
    bool wanted = set->memory > 0 || set->nano_cpus > 0 || set->pids > 0;
    BodyNode *object = wanted ? edit_descend(e, at->resources) : NULL;

    if (!object)
        return;
    edit_put_number(e, at->resources, object, at->memory, set->memory);
    edit_put_number(e, at->resources, object, at->pids, set->pids);
    /* dockerd takes either NanoCpus or a quota and its period: said in one way, it isn't left out. */
    if (!at->quota || (edit_is_left_out(object, at->quota) && edit_is_left_out(object, at->period)))
        edit_put_number(e, at->resources, object, at->cpus, set->nano_cpus);
}

/* "label" of "label=disable". */
static Span edit_option_key(const char *option) {
    return (Span){option, strcspn(option, "=")};
}

/* Whether one of the first `n` speaks of the same as `option`, in any spelling (T-079). */
static bool edit_has_option(Edit *e, const BodyNode *options, size_t n, const char *option) {
    const char *wanted = rules_security_opt(e->arena, span_from(option));

    for (size_t i = 0; i < n; i++) {
        const BodyNode *said = body_at(options, i);
        const char *text = body_type(said) == BODY_TYPE_STRING
                               ? rules_security_opt(e->arena, body_string(said))
                               : ""; /* the judge's to refuse */

        e->failed = e->failed || !text || !wanted;
        if (text && wanted && span_equals(edit_option_key(text), edit_option_key(wanted)))
            return true;
    }
    return false;
}

static void edit_options(Edit *e, BodyNode *object) {
    BodyNode *options = body_edit_member(object, e->places->options);
    size_t n_said;

    if (!options || body_type(options) == BODY_TYPE_NULL)
        options = body_set_array(object, e->places->options);
    e->failed = e->failed || !options;
    if (!options || body_type(options) != BODY_TYPE_ARRAY)
        return;
    n_said = body_size(options);
    for (size_t i = 0; i < e->set->n_security_opts; i++) {
        const char *option = e->set->security_opts[i];

        if (!edit_has_option(e, options, n_said, option)) {
            const char *name = edit_name(e, e->places->security, e->places->options);
            size_t at = body_size(options);

            edit_note(e, body_append_string(options, option),
                      arena_printf(e->arena, "%s[%zu]=%s", name, at, edit_show(e, option)));
        }
    }
}

static void edit_security(Edit *e) {
    const EditPlaces *at = e->places;
    bool wanted = at->options ? e->set->n_security_opts > 0 : rules_sets_no_new_privileges(e->set);
    BodyNode *object = wanted ? edit_descend(e, at->security) : NULL;

    if (object && at->options)
        edit_options(e, object);
    else if (object && edit_is_left_out(object, at->flag))
        edit_note(e, body_set_bool(object, at->flag, true),
                  arena_printf(e->arena, "%s=true", edit_name(e, at->security, at->flag)));
}

static void edit_cgroup(Edit *e) {
    const EditPlaces *at = e->places;
    BodyNode *object = e->set->private_cgroup && at->cgroup ? edit_descend(e, at->resources) : NULL;

    if (object && edit_is_left_out(object, at->cgroup))
        edit_put_text(e, at->resources, object, at->cgroup, "private");
}

/* Options are their driver's own: they only go to the policy's. */
static void edit_log(Edit *e) {
    const EditPlaces *at = e->places;
    const RulesSet *set = e->set;
    BodyNode *log = set->log_driver ? edit_descend(e, at->log) : NULL, *options;
    const BodyNode *driver;

    if (!log)
        return;
    if (edit_is_left_out(log, at->log_driver))
        edit_put_text(e, at->log, log, at->log_driver, set->log_driver);
    driver = body_member(log, at->log_driver);
    if (set->n_log_opts == 0 || !driver || body_type(driver) != BODY_TYPE_STRING ||
        !span_is(body_string(driver), set->log_driver))
        return;
    options = edit_enter(e, log, at->log_options);
    for (size_t i = 0; options && i < set->n_log_opts; i++)
        if (edit_is_absent(options, set->log_opts[i].name))
            edit_put_entry(e, edit_name(e, at->log, at->log_options), options, &set->log_opts[i]);
}

/* True where the body has a container at all: a plugin's service has none, and mustn't get one. */
static bool edit_has_container(const EditPlaces *at, const BodyNode *root) {
    const BodyNode *object = root;
    const char *path = at->needs;
    char key[EDIT_KEY_SIZE];

    while (object && *path) {
        edit_take_key(&path, key);
        object = body_member(object, key);
    }
    return object && body_type(object) == BODY_TYPE_OBJECT;
}

static const EditPlaces *edit_find_places(const char *operation) {
    for (size_t i = 0; i < ARRAY_SIZE(edit_places); i++)
        if (strcmp(edit_places[i].operation, operation) == 0)
            return &edit_places[i];
    return NULL;
}

Reason edit_body(Arena *arena, const Operation *operation, const Rules *rules, Body *body, Edits *ret) {
    const RulesSet *set = &rules->set;
    Edit e = {.arena = arena, .set = set, .edits = ret};

    *ret = (Edits){0};
    if (!set->given || !body)
        return REASON_OK;
    e.places = edit_find_places(operation->id);
    e.root = body_edit_root(body);
    if (!e.places || !edit_has_container(e.places, e.root))
        return REASON_OK;
    /* user, memory, cpus, pids, the cgroup namespace, the log driver: six more than the lists have. */
    ret->items = arena_alloc_array(arena, set->n_labels + set->n_log_opts + set->n_security_opts + 6,
                                   sizeof(*ret->items));
    if (!ret->items)
        return REASON_NO_MEMORY;
    edit_container(&e);
    edit_resources(&e);
    edit_security(&e);
    edit_cgroup(&e);
    edit_log(&e);
    return e.failed ? REASON_NO_MEMORY : REASON_OK;
}

BodyNode *edits_host_config(const Operation *operation, const Rules *rules, Body *body) {
    if (!body || rules->profile == PROFILE_PRIVILEGED || strcmp(operation->id, "ContainerCreate") != 0)
        return NULL;
    return body_edit_member(body_edit_root(body), "HostConfig");
}

/* Behind those that are there already. */
bool edits_note(Arena *arena, Edits *edits, const char *text) {
    const char **items = arena_alloc_array(arena, edits->n + 1, sizeof(*items));

    if (!items)
        return false;
    if (edits->n > 0)
        memcpy(items, edits->items, edits->n * sizeof(*items));
    items[edits->n] = text;
    *edits = (Edits){.items = items, .n = edits->n + 1};
    return true;
}
