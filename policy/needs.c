// SPDX-License-Identifier: Apache-2.0
#include "needs.h"

#include "judge_inside.h"
#include "needs_image.h"
#include "needs_rows.h"
#include "scope_filter.h"
#include "set.h"
#include "text.h"

typedef struct NeedWalk {
    const Policy *policy;
    Arena *arena;
    Needs *needs;
    const NeedRow *row;
    unsigned counting; /* the uses that are worth a look */
    Span step;         /* the first of the last row's path, and what it led to */
    BodyNode *stepped;
} NeedWalk;

/* A network that the policy lists by the container's very name was meant, whatever else that one has. */
static unsigned need_uses_of_network(const Policy *policy, Span mode) {
    const PatternList *networks = &policy->rules.networks;

    for (size_t i = 0; i < networks->n; i++)
        if (glob_is_literal(networks->items[i].glob) && span_is(mode, networks->items[i].text))
            return NEED_NETWORKING;
    return NEED_INSIDE;
}

/* Only what the policy judges is worth a look. */
static unsigned need_uses_that_count(const Policy *policy) {
    unsigned counting = 0;

    if (judge_inside_matters(&policy->rules))
        counting |= NEED_INSIDE | NEED_NETWORKING | NEED_COMMAND;
    if (judge_origin_matters(&policy->rules))
        counting |= NEED_ORIGIN;
    if (policy->exec.has_users || policy->exec.has_privileged || policy->exec.commands.given ||
        policy->rules.profile != PROFILE_PRIVILEGED || rules_given(&policy->rules, RULES_USER))
        counting |= NEED_COMMAND;
    if (policy->rules.images.given)
        counting |= NEED_LISTED;
    if (policy->scope.given)
        counting |= NEED_SCOPED | NEED_NAMING;
    if (policy->scope.n_labels > 0) /* by names alone nothing says whose it is */
        counting |= NEED_FREE;
    return counting;
}

static void need_found(NeedWalk *walk, Need *need, Span whole) {
    const NeedRow *row = walk->row;
    unsigned uses = row->uses;

    if (row->form == FORM_MODE && strcmp(row->path, "HostConfig.NetworkMode") == 0)
        uses = need_uses_of_network(walk->policy, whole);
    uses = (uses | row->scoped) & walk->counting;
    if (uses == 0)
        return;
    need->kind = row->kind;
    need->uses = uses | (row->uses & NEED_MAY_BE_NEW) | (row->scoped & NEED_PINNED);
    if (row->kind == NEED_CONTAINER && !(uses & NEED_NAMING))
        need->uses |= NEED_PINNED;
    /* No labels can be put on a volume that the engine makes for one of Binds. */
    if (row->form == FORM_BIND && walk->policy->scope.n_labels > 0)
        need->uses &= ~(unsigned) NEED_MAY_BE_NEW;
    /* A container's image must be there, and whose it is be known: absent, another's could come until it is
     * made. */
    if (row->kind == NEED_IMAGE && strcmp(row->operation, "ContainerCreate") == 0)
        need->uses &= ~(unsigned) NEED_MAY_BE_NEW;
    needs_add(walk->needs, need);
}

static Span need_text_of(const BodyNode *object, const char *key) {
    const BodyNode *node = body_member(object, key);

    return node && body_type(node) == BODY_TYPE_STRING ? body_string(node) : SPAN("");
}

/* A volume has no ID, so there is nothing to pin in a mount; an image that is mounted is one that is run. */
static void need_take_mount(NeedWalk *walk, const BodyNode *mount, const char *field) {
    Span type = need_text_of(mount, "Type");
    Need need = {.field = arena_printf(walk->arena, "%s.Source", field),
                 .name = need_text_of(mount, "Source")};

    if (need.name.size > 0 && span_is(type, "volume"))
        need_found(walk, &need, need.name);
    if (need.name.size > 0 && span_is(type, "image") && walk->policy->scope.n_labels > 0) {
        need.kind = NEED_IMAGE;
        need.uses = NEED_FREE;
        needs_add(walk->needs, &need);
    }
}

static void need_take_target(NeedWalk *walk, BodyNode *attachment, const char *field) {
    Span target = need_text_of(attachment, "Target");
    Need need = {.field = arena_printf(walk->arena, "%s.Target", field),
                 .place = NEED_IN_MEMBER,
                 .node = attachment,
                 .key = "Target"};

    if (needs_cut(FORM_TARGET, target, &need))
        need_found(walk, &need, target);
}

/* By its ID, which the engine holds against the name beside it. A list of the policy's says which ones may be
 * anybody's. */
static void need_take_reference(NeedWalk *walk, BodyNode *reference, const char *field) {
    bool secret = walk->row->form == FORM_SECRET;
    const char *key = secret ? "SecretID" : "ConfigID";
    Need need = {.field = arena_printf(walk->arena, "%s.%s", field, key),
                 .name = need_text_of(reference, key),
                 .place = NEED_IN_MEMBER,
                 .node = reference,
                 .key = key};

    if (!rules_given(&walk->policy->rules, secret ? RULES_SECRETS : RULES_CONFIGS))
        need_found(walk, &need, need.name);
}

static void need_take(NeedWalk *walk, BodyNode *value, Need need) {
    NeedForm form = walk->row->form;

    if (form == FORM_SECRET || form == FORM_CONFIG) {
        if (body_type(value) == BODY_TYPE_OBJECT)
            need_take_reference(walk, value, need.field);
        return;
    }

    if (form == FORM_MOUNT || form == FORM_TARGET) {
        if (body_type(value) == BODY_TYPE_OBJECT && form == FORM_MOUNT)
            need_take_mount(walk, value, need.field);
        else if (body_type(value) == BODY_TYPE_OBJECT)
            need_take_target(walk, value, need.field);
    } else if (body_type(value) == BODY_TYPE_STRING && needs_cut(form, body_string(value), &need))
        need_found(walk, &need, body_string(value));
}

static void need_walk_array(NeedWalk *walk, BodyNode *array, const char *field) {
    for (size_t i = 0; i < body_size(array); i++)
        need_take(walk, body_edit_at(array, i),
                  (Need){.field = arena_printf(walk->arena, "%s[%zu]", field, i),
                         .place = NEED_IN_ELEMENT,
                         .node = array,
                         .index = i});
}

/*
 * The network by its ID or name, which counts and not the map's key, but where that is one of the engine's
 * own (moby daemon/container_operations.go, getNetworkID). An empty key is none of those: it names nothing,
 * and the ID counts (seen on 20.10 and 28.5).
 */
static void need_walk_endpoints(NeedWalk *walk, BodyNode *map, const char *field) {
    const BodyNode *value;
    void *iter = NULL;
    Span name;

    while (body_next(map, &iter, &name, &value)) {
        const char *key = arena_copy(walk->arena, name);
        const char *shown = text_show(walk->arena, name, LIMIT_VALUE_SHOWN);
        Span id = body_type(value) == BODY_TYPE_OBJECT ? need_text_of(value, "NetworkID") : SPAN("");
        Need need = {.place = NEED_IN_MEMBER, .key = "NetworkID"};

        if ((name.size > 0 && need_network_is_known(name)) || !needs_cut(FORM_ENDPOINT, id, &need))
            continue;
        need.field = shown ? arena_printf(walk->arena, "%s[\"%s\"].NetworkID", field, shown) : NULL;
        need.node = key ? body_edit_member(map, key) : NULL;
        if (!need.field || !need.node)
            walk->needs->reason = REASON_NO_MEMORY;
        else
            need_found(walk, &need, id);
    }
}

/* Of a map the keys are the names; they stay as they are. */
static void need_walk_keys(NeedWalk *walk, const BodyNode *map, const char *field) {
    const BodyNode *value;
    void *iter = NULL;
    Span key;

    while (body_next(map, &iter, &key, &value)) {
        Need need = {.field = field};

        if (needs_cut(walk->row->form, key, &need))
            need_found(walk, &need, key);
    }
}

/* What the row's path leads to. `n`: of `path`'s last step, whose value it is, found in `object`. */
static void need_take_end(NeedWalk *walk, const char *path, size_t n, BodyNode *object, BodyNode *value) {
    const char *whole = walk->row->path;
    const char *key = arena_copy(walk->arena, (Span){path, n});
    const char *field = arena_copy(walk->arena, (Span){whole, (size_t) (path + n - whole)});

    if (!key || !field)
        walk->needs->reason = REASON_NO_MEMORY;
    else if (path[n] == '[' && body_type(value) == BODY_TYPE_ARRAY)
        need_walk_array(walk, value, field);
    else if (path[n] == '{' && body_type(value) == BODY_TYPE_OBJECT && walk->row->form == FORM_ENDPOINT)
        need_walk_endpoints(walk, value, field);
    else if (path[n] == '{' && body_type(value) == BODY_TYPE_OBJECT)
        need_walk_keys(walk, value, field);
    else if (path[n] == '\0')
        need_take(walk, value, (Need){.field = field, .place = NEED_IN_MEMBER, .node = object, .key = key});
}

/* One step down; NULL: there is none. */
static BodyNode *need_step(NeedWalk *walk, BodyNode *object, Span step) {
    char key[32]; /* longer than any step of our rows; one that were too long would deny */

    if (step.size >= sizeof(key)) {
        walk->needs->reason = REASON_NO_MEMORY;
        return NULL;
    }
    memcpy(key, step.data, step.size);
    key[step.size] = '\0';
    return body_type(object) == BODY_TYPE_OBJECT ? body_edit_member(object, key) : NULL;
}

/* The first one. Most rows go on from where the last one did. */
static BodyNode *need_step_in(NeedWalk *walk, BodyNode *root, Span step) {
    if (walk->step.size == 0 || !span_equals(step, walk->step)) {
        walk->stepped = need_step(walk, root, step);
        walk->step = step;
    }
    return walk->stepped;
}

/* Down the row's path. Most rows are of members that a body hasn't got: for those nothing is made. */
static void need_walk_body(NeedWalk *walk, BodyNode *root) {
    const char *path = walk->row->path;
    BodyNode *object = root;

    for (;;) {
        size_t n = strcspn(path, ".[{");
        Span step = {.data = path, .size = n};
        BodyNode *value =
            path == walk->row->path ? need_step_in(walk, root, step) : need_step(walk, object, step);

        if (!value)
            return;
        if (path[n] != '.') {
            need_take_end(walk, path, n, object, value);
            return;
        }
        path += n + 1;
        object = value;
    }
}

static void need_walk_query(NeedWalk *walk, const Target *target) {
    for (size_t i = 0; i < target->n_query; i++) {
        Need need = {.field = arena_printf(walk->arena, "query.%s", walk->row->path),
                     .place = NEED_IN_QUERY,
                     .index = i};

        if (span_is(target->query[i].key, walk->row->path) &&
            needs_cut(walk->row->form, target->query[i].value, &need))
            need_found(walk, &need, target->query[i].value);
    }
}

/* What a policy may run, it may look at: docker-compose does so before it creates a container. */
static unsigned need_scoped_path(const Request *request) {
    const char *id = request->operation->id;

    if (strcmp(id, "ImagePush") == 0) /* with its tag, below */
        return 0;
    return strcmp(id, "ImageInspect") == 0 ? NEED_FREE | NEED_SCOPED : NEED_SCOPED;
}

static void need_collect_path(NeedWalk *walk, const Request *request) {
    NeedKind kind = need_kind_of_path(request->operation);
    unsigned uses = walk->policy->scope.given ? need_scoped_path(request) : 0;

    if (kind == NEED_NONE)
        return;
    uses |= needs_path_uses(request->operation);
    uses &= walk->counting;
    if (kind != NEED_IMAGE || !needs_image_keeps_name(walk->arena, request))
        uses |= uses ? NEED_PINNED : 0;
    if (uses)
        needs_add(
            walk->needs,
            &(Need){
                .kind = kind, .uses = uses, .name = request->object, .field = "path", .place = NEED_IN_PATH});
}

/*
 * A task is its service's, so the scope's services are asked for. The engine says of a service that is
 * filtered for whether there is one (daemon/cluster/tasks.go).
 */
static void need_collect_tasks(NeedWalk *walk, const Request *request) {
    CLEANUP(body_free_p) Body *filters = NULL;
    Need all = {.kind = NEED_SERVICES, .uses = NEED_SCOPED, .name = SPAN("all"), .field = "path"};
    const BodyNode *services, *value;
    const char *detail = NULL;
    void *iter = NULL;
    Span text = {0};

    all.filters = scope_filter_text(walk->arena, &walk->policy->scope, "ServiceList");
    if (all.filters)
        needs_add(walk->needs, &all);
    else
        walk->needs->reason = REASON_NO_MEMORY;
    (void) target_query_get(&request->target, "filters", &text);
    if (text.size == 0 || body_parse(walk->arena, text, &filters, &detail) != REASON_OK)
        return; /* scope_filter refuses it */
    services = body_member(body_root(filters), "service");
    for (size_t i = 0; services && i < body_size(services); i++) {
        Need need = {.kind = NEED_SERVICE, .uses = NEED_SCOPED, .field = "query.filters"};
        Span name = {0};

        if (body_type(services) == BODY_TYPE_OBJECT)
            (void) body_next(services, &iter, &name, &value);
        else if (body_type(body_at(services, i)) == BODY_TYPE_STRING)
            name = body_string(body_at(services, i));
        need.name = span_from(arena_copy(walk->arena, name));
        needs_add(walk->needs, &need);
    }
}

bool needs_concern(const Policy *policy, const Request *request) {
    if (policy->scope.given)
        return request->operation && scope_way(request->operation) != SCOPE_FREE;
    return request->operation && needs_are_listed(request->operation) && need_uses_that_count(policy) != 0;
}

/*
 * Whether the policy would look at what the row names, as need_found() asks of each; of a network's mode that
 * names a container, what counts there counts together.
 */
static bool need_row_counts(const NeedWalk *walk) {
    return ((walk->row->uses | walk->row->scoped) & walk->counting) != 0;
}

void needs_collect(const Policy *policy, const Request *request, Body *body, Arena *arena, Needs *ret) {
    NeedWalk walk = {
        .policy = policy, .arena = arena, .needs = ret, .counting = need_uses_that_count(policy)};

    needs_clear(ret, arena);
    if (!needs_concern(policy, request))
        return;
    need_collect_path(&walk, request);
    if (strcmp(request->operation->id, "TaskList") == 0)
        need_collect_tasks(&walk, request);
    needs_images(policy, request, body, arena, ret);
    for (walk.row = needs_rows_of(request->operation); needs_row_is_of(walk.row, request->operation);
         walk.row++) {
        if (!need_row_counts(&walk))
            continue;
        if (walk.row->in_query)
            need_walk_query(&walk, &request->target);
        else if (body)
            need_walk_body(&walk, body_edit_root(body));
    }
}
