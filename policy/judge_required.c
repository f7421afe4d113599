// SPDX-License-Identifier: Apache-2.0
/*
 * What must be asked for, so that its absence is a finding: the walk sees only what is there (T-086). For
 * a container and a service; an update changes what is already there, and only its limits are looked at.
 */
#include "judgement.h"

/* The object below `object`, and its place on the caller's stack. */
static const BodyNode *required_below(const BodyNode *object, const char *member, const Place *above,
                                      Place *ret_place) {
    *ret_place = PLACE_BELOW(above, member);
    return object ? body_member(object, member) : NULL;
}

static void required_miss(Judgement *j, const Place *above, const char *member, const char *rule,
                          const char *hint, const char *what) {
    Place at = PLACE_BELOW(above, member);

    judgement_object(j, &at, REASON_FIELD_NOT_ALLOWED, rule, hint, " %s", what);
}

static void required_user(Judgement *j, const Place *place, const BodyNode *config) {
    if (judgement_wants_non_root(j) && judgement_text_of(config, "User").size == 0)
        required_miss(j, place, "User", "containers.user",
                      "ask for a user by a number other than 0, like 1000; or containers: {user: any}",
                      "is not set: the image's own may be root");
}

static void required_image(Judgement *j, const Place *place, const BodyNode *config) {
    if ((j->rules->images.given || j->rules->require_digest) && judgement_text_of(config, "Image").size == 0)
        required_miss(j, place, "Image", "containers.images", NULL, "is not set");
}

static void required_labels(Judgement *j, const Place *place, const BodyNode *config) {
    Place at;
    const BodyNode *labels = required_below(config, "Labels", place, &at);

    for (size_t i = 0; i < j->rules->n_labels; i++) {
        const LabelRule *rule = &j->rules->labels[i];
        const BodyNode *value = labels ? body_member(labels, rule->key) : NULL;
        Place label = {.parent = &at, .kind = PLACE_KEY, .key = span_from(rule->key)};

        if (value && body_type(value) == BODY_TYPE_STRING && glob_match(rule->value.glob, body_string(value)))
            continue;
        judgement_object(j, &label, REASON_FIELD_NOT_ALLOWED, "containers.labels",
                         arena_printf(j->arena, "ask for the label %s=%s", rule->key, rule->value.text),
                         value ? " has another value than %s" : " is not set: it must be %s",
                         rule->value.text);
    }
}

/* dockerd takes CAP_ in front and any case here too, and one string for an array (T-042). */
static bool required_drops_all(const BodyNode *drop) {
    if (drop && body_type(drop) == BODY_TYPE_STRING)
        return rules_capability(body_string(drop)) == RULES_CAPABILITY_ALL;
    for (size_t i = 0; drop && body_type(drop) == BODY_TYPE_ARRAY && i < body_size(drop); i++) {
        const BodyNode *name = body_at(drop, i);

        if (body_type(name) == BODY_TYPE_STRING &&
            rules_capability(body_string(name)) == RULES_CAPABILITY_ALL)
            return true;
    }
    return false;
}

static void required_drop(Judgement *j, const Place *place, const BodyNode *object, const char *member) {
    if (j->rules->profile == PROFILE_RESTRICTED &&
        !required_drops_all(object ? body_member(object, member) : NULL))
        required_miss(j, place, member, "containers.capabilities",
                      "ask for it: --cap-drop ALL; or containers: {profile: baseline}", "doesn't hold ALL");
}

/* T-079: the last entry wins; `security_opts` may have opened one that switches it off again. */
static bool required_has_no_new_privileges(Judgement *j, const BodyNode *options) {
    bool has = false;

    for (size_t i = 0; options && body_type(options) == BODY_TYPE_ARRAY && i < body_size(options); i++) {
        const BodyNode *option = body_at(options, i);
        ArenaMark mark = arena_mark(j->arena);
        const char *text;

        if (body_type(option) != BODY_TYPE_STRING)
            return false;
        text = rules_security_opt(j->arena, body_string(option));
        if (!text)
            return false;
        if (span_starts_with(span_from(text), SPAN("no-new-privileges")))
            has = strcmp(text, "no-new-privileges") == 0;
        arena_release(j->arena, mark);
    }
    return has;
}

static const char NO_NEW_PRIVILEGES_HINT[] =
    "ask for it: --security-opt no-new-privileges; or containers: {profile: baseline}";

static void required_container(Judgement *j, const BodyNode *root) {
    static const struct {
        RulesNamespace which;
        const char *member;
    } namespaces[] = {
        {RULES_NAMESPACE_PID, "PidMode"},         {RULES_NAMESPACE_IPC, "IpcMode"},
        {RULES_NAMESPACE_UTS, "UTSMode"},         {RULES_NAMESPACE_USER, "UsernsMode"},
        {RULES_NAMESPACE_CGROUP, "CgroupnsMode"},
    };
    Place at;
    const BodyNode *host = required_below(root, "HostConfig", NULL, &at);

    required_user(j, NULL, root);
    required_image(j, NULL, root);
    required_labels(j, NULL, root);
    required_drop(j, &at, host, "CapDrop");
    if (j->rules->profile == PROFILE_RESTRICTED &&
        !required_has_no_new_privileges(j, host ? body_member(host, "SecurityOpt") : NULL))
        required_miss(j, &at, "SecurityOpt", "containers.security_opts", NO_NEW_PRIVILEGES_HINT,
                      "doesn't hold no-new-privileges");
    /* The engine's default network is bridge. */
    if (j->rules->networks.given && judgement_text_of(host, "NetworkMode").size == 0 &&
        !judge_network_is_allowed(j, SPAN("bridge")))
        required_miss(j, &at, "NetworkMode", "containers.networks", "containers: {networks: [bridge]}",
                      "is not set, which means bridge");
    for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
        if (!(judge_namespace_modes(j, namespaces[i].which) & NAMESPACE_PRIVATE) &&
            judgement_text_of(host, namespaces[i].member).size == 0)
            required_miss(j, &at, namespaces[i].member, "containers.namespaces",
                          arena_printf(j->arena, "containers: {namespaces: {%s: [private]}}",
                                       rules_namespace_name(namespaces[i].which)),
                          "is not set, which means private");
    judge_limits_create(j, &at, host);
}

/*
 * T-046: an engine drops the field from an older request without a word, so there it isn't asked for,
 * whoever lets unknown fields pass.
 */
static void required_since(Judgement *j, const Place *above, const char *member, unsigned since,
                           const char *rule) {
    Place at = PLACE_BELOW(above, member);

    if (j->api_minor != 0 && j->api_minor < since)
        judgement_object(j, &at, REASON_FIELD_NOT_ALLOWED, rule,
                         arena_printf(j->arena, "use a client of API version 1.%u or newer", since),
                         " can't be asked for before API v1.%u, the request is of v1.%u", since,
                         j->api_minor);
}

/* What the policy asks for, or puts in itself (edit.c), has to reach the task. */
static void required_service_versions(Judgement *j, const Place *privileges_at, const Place *limits_at) {
    const Rules *rules = j->rules;

    if (rules->profile == PROFILE_RESTRICTED || rules_sets_no_new_privileges(&rules->set))
        required_since(j, privileges_at, "NoNewPrivileges", 44, "containers.security_opts");
    if (rules->pids > 0 || rules->set.pids > 0)
        required_since(j, limits_at, "Pids", 41, "containers.limits");
}

/* A task without networks is on its node's bridge. Both lists are read, the root's by older engines. */
static void required_service_network(Judgement *j, const Place *task_at, const BodyNode *root,
                                     const BodyNode *task) {
    const BodyNode *networks = task ? body_member(task, "Networks") : NULL,
                   *old = body_member(root, "Networks");

    if (!j->rules->networks.given || judge_network_is_allowed(j, SPAN("bridge")))
        return;
    if ((!networks || body_is_zero(networks)) && (!old || body_is_zero(old)))
        required_miss(j, task_at, "Networks", "containers.networks", "containers: {networks: [bridge]}",
                      "is not set, which means bridge");
}

static void required_service(Judgement *j, const BodyNode *root) {
    Place task_at, at, resources_at, privileges_at, limits_at;
    const BodyNode *task = required_below(root, "TaskTemplate", NULL, &task_at);
    const BodyNode *spec = required_below(task, "ContainerSpec", &task_at, &at);
    const BodyNode *resources = required_below(task, "Resources", &task_at, &resources_at);
    const BodyNode *privileges = required_below(spec, "Privileges", &at, &privileges_at);

    limits_at = PLACE_BELOW(&resources_at, "Limits");
    required_user(j, &at, spec);
    required_image(j, &at, spec);
    required_labels(j, &at, spec);
    required_drop(j, &at, spec, "CapabilityDrop");
    if (j->rules->profile == PROFILE_RESTRICTED && !judgement_flag_of(privileges, "NoNewPrivileges"))
        required_miss(j, &privileges_at, "NoNewPrivileges", "containers.security_opts",
                      NO_NEW_PRIVILEGES_HINT, "is not set");
    if (spec)
        required_service_versions(j, &privileges_at, &limits_at);
    required_service_network(j, &task_at, root, task);
    judge_limits_service(j, &resources_at, resources);
}

void judge_required(Judgement *j, const BodyNode *root) {
    const char *operation = j->table->operation;

    if (body_type(root) != BODY_TYPE_OBJECT) /* the walk has said so */
        return;
    if (strcmp(operation, "ContainerCreate") == 0)
        required_container(j, root);
    else if (strcmp(operation, "ContainerUpdate") == 0)
        judge_limits_update(j, root);
    else if (strcmp(operation, "ServiceCreate") == 0 || strcmp(operation, "ServiceUpdate") == 0)
        required_service(j, root);
}
