// SPDX-License-Identifier: Apache-2.0
#include "judge_inside.h"

#include "bytes.h"
#include "judgement.h"
#include "text.h"

#define INSIDE_KEYS                                                                                          \
    (RULES_BIT(RULES_PRIVILEGED) | RULES_BIT(RULES_BIND_MOUNTS) | RULES_BIT(RULES_VOLUMES) |                 \
     RULES_BIT(RULES_CAPABILITIES) | RULES_BIT(RULES_DEVICES) | RULES_BIT(RULES_NETWORKS) |                  \
     RULES_BIT(RULES_NAMESPACES) | RULES_BIT(RULES_SECURITY_OPTS))

bool judge_inside_matters(const Rules *rules) {
    return rules->profile != PROFILE_PRIVILEGED || (rules->given & INSIDE_KEYS) != 0;
}

bool judge_origin_matters(const Rules *rules) {
    return rules->profile != PROFILE_PRIVILEGED || rules_given(rules, RULES_BIND_MOUNTS) ||
           rules_given(rules, RULES_VOLUMES);
}

/* Where an answer is: `container["web"]`. The second is below the first. */
typedef struct InsidePlaces {
    Place kind, name;
} InsidePlaces;

static const Place *inside_places(InsidePlaces *places, const char *kind, Span name) {
    places->kind = (Place){.kind = PLACE_MEMBER, .key = span_from(kind)};
    places->name = (Place){.parent = &places->kind, .kind = PLACE_KEY, .key = name};
    return &places->name;
}

/* The engine didn't tell it: what isn't seen isn't allowed. */
static void inside_miss(Judgement *j, const Place *place, const char *what) {
    judgement_object(j, place, REASON_LOOK_UNREADABLE, NULL, NULL, " %s", what);
}

/* --- HostConfig ----------------------------------------------------------------------------------- */

/* What is judged as it stands, as the same field of a create body. */
static const char *const INSIDE_FIELDS[] = {
    "CapAdd",  "Capabilities", "SecurityOpt", "Devices",    "DeviceCgroupRules", "DeviceRequests",
    "PidMode", "IpcMode",      "UTSMode",     "UsernsMode", "NetworkMode",
};

/*
 * `default` and names of networks are as good as any bridge to who is inside; `shareable` is the default of
 * some engines, and `private` says what isn't said.
 */
static bool inside_is_harmless(const char *key, const BodyNode *value) {
    bool network = strcmp(key, "NetworkMode") == 0;
    Span text;

    if (body_type(value) != BODY_TYPE_STRING)
        return false;
    text = body_string(value);
    if (network)
        return !span_is_nocase(text, "host") && (text.size == 0 || !memchr(text.data, ':', text.size));
    return span_is(text, "private") ||
           (strcmp(key, "IpcMode") == 0 && (span_is(text, "shareable") || span_is(text, "none")));
}

static void inside_judge_member(Judgement *j, const Place *place, const BodyNode *host, const char *key) {
    const BodyNode *value = body_member(host, key);
    Place at = PLACE_BELOW(place, key);
    const Field *host_field, *field;

    if (!value || inside_is_harmless(key, value))
        return;
    if (fields_lookup(j->table->root, SPAN("HostConfig"), &host_field) == FIELD_EXACT &&
        fields_lookup(host_field, span_from(key), &field) == FIELD_EXACT)
        judge_member(j, &at, field, value);
    else /* a row that somebody took away */
        inside_miss(j, &at, "has no judge");
}

/*
 * The engine fills its own list in where none was asked for, and none where there is privilege; an empty
 * list, or another one, was a choice (T-080).
 */
static void inside_judge_masks(Judgement *j, const Place *place, const BodyNode *host) {
    static const struct {
        const char *key, *path; /* which every engine's list has */
    } rows[] = {
        {"MaskedPaths", "/proc/kcore"},           {"MaskedPaths", "/proc/keys"},
        {"MaskedPaths", "/sys/firmware"},         {"ReadonlyPaths", "/proc/sys"},
        {"ReadonlyPaths", "/proc/sysrq-trigger"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows) && !judgement_is_privileged(j); i++) {
        const BodyNode *list = body_member(host, rows[i].key);
        Place at = PLACE_BELOW(place, rows[i].key);
        bool found = false;

        if (!list || body_type(list) == BODY_TYPE_NULL)
            continue;
        for (size_t k = 0; k < body_size(list); k++)
            found = found || (body_type(body_at(list, k)) == BODY_TYPE_STRING &&
                              span_is(body_string(body_at(list, k)), rows[i].path));
        if (!found)
            judgement_object(j, &at, REASON_FIELD_NOT_ALLOWED, "containers.masked_paths", NULL,
                             " is without %s", rows[i].path);
    }
}

/* --- Mounts, as they are: with what came from VolumesFrom and from the image ------------------------- */

/* Read-only that leaves submounts writable is none; which of the mounts it is of, it isn't worth to tell. */
static bool inside_readonly_counts(const BodyNode *host) {
    const BodyNode *mounts = body_member(host, "Mounts");

    for (size_t i = 0; mounts && i < body_size(mounts); i++) {
        const BodyNode *options = body_member(body_at(mounts, i), "BindOptions");

        if (options && judgement_flag_of(options, "ReadOnlyNonRecursive"))
            return false;
    }
    return true;
}

static void inside_judge_bind(Judgement *j, const Place *at, const BodyNode *mount, bool readonly_counts) {
    const BodyNode *writable = body_member(mount, "RW");
    bool readonly =
        readonly_counts && writable && body_type(writable) == BODY_TYPE_BOOL && !body_bool(writable);
    Span propagation = judgement_text_of(mount, "Propagation");
    Place source = PLACE_BELOW(at, "Source"), below = PLACE_BELOW(at, "Propagation");

    if (!judgement_holds(j, RULES_BIND_MOUNTS))
        return;
    judge_bind_mount(j, &source, body_member(mount, "Source"), judgement_text_of(mount, "Source"), readonly);
    if (propagation.size > 0 && !span_is(propagation, "private") && !span_is(propagation, "rprivate"))
        judgement_refuse(j, &below, "containers.bind_mounts", body_member(mount, "Propagation"));
}

/*
 * An image's VOLUME is a volume without a word in any body. One on /dev, with an image's own /dev/null in it,
 * took the masks off (T-080, CVE-2025-31133; seen on 26.1 with runc 1.1.15: what that link leads to is
 * mounted over what is to be masked).
 */
static void inside_judge_target(Judgement *j, const Place *at, const BodyNode *mount) {
    bool bind = span_is(judgement_text_of(mount, "Type"), "bind");
    const BodyNode *target = body_member(mount, "Destination");
    Span source = bind ? judgement_text_of(mount, "Source") : SPAN("");
    Place below = PLACE_BELOW(at, "Destination");

    if (!judgement_holds(j, bind ? RULES_BIND_MOUNTS : RULES_VOLUMES))
        return;
    if (!target || body_type(target) != BODY_TYPE_STRING)
        inside_miss(j, &below, "isn't told");
    else if (!judge_target_may_be_there(j, body_string(target), source))
        judgement_refuse(j, &below, bind ? "containers.bind_mounts" : "containers.volumes", target);
}

static void inside_judge_mount(Judgement *j, const Place *at, const BodyNode *mount, bool readonly_counts) {
    Span type = judgement_text_of(mount, "Type"), name = judgement_text_of(mount, "Name");
    Place below = PLACE_BELOW(at, "Type");
    const char *shown;

    if (span_is(type, "bind"))
        return inside_judge_bind(j, at, mount, readonly_counts);
    if (span_is(type, "tmpfs") || !judgement_holds(j, RULES_VOLUMES))
        return;
    if (!span_is(type, "volume")) {
        shown = text_show(j->arena, type, LIMIT_VALUE_SHOWN);
        return judgement_object(j, &below, REASON_FIELD_NOT_ALLOWED, "containers.volumes", NULL, "=%s",
                                shown ? shown : "…");
    }
    below = PLACE_BELOW(at, "Name");
    /* A volume without a name of its own has one like an ID, which no pattern needs to know. */
    if (j->rules->volume_names.given && !bytes_are_id(name) &&
        !pattern_list_has(&j->rules->volume_names, name))
        judgement_refuse_hinted(j, &below, "containers.volumes", body_member(mount, "Name"),
                                judgement_hint(j, "volumes: {names: [", name, "]}"));
}

static void inside_judge_mounts(Judgement *j, const Place *place, const BodyNode *inspect,
                                const BodyNode *host) {
    Place list = PLACE_BELOW(place, "Mounts"), at = {.parent = &list, .kind = PLACE_INDEX};
    const BodyNode *mounts = body_member(inspect, "Mounts");
    bool readonly_counts = inside_readonly_counts(host);

    if (!mounts || (body_type(mounts) != BODY_TYPE_ARRAY && body_type(mounts) != BODY_TYPE_NULL))
        return inside_miss(j, &list, "isn't told");
    for (; at.index < body_size(mounts); at.index++) {
        inside_judge_mount(j, &at, body_at(mounts, at.index), readonly_counts);
        inside_judge_target(j, &at, body_at(mounts, at.index));
    }
}

/* --- The container as a whole ----------------------------------------------------------------------- */

void judge_inside(Arena *arena, const Rules *rules, Span name, const BodyNode *inspect, bool networking,
                  Findings *ret) {
    Judgement j = {.arena = arena, .rules = rules, .findings = ret, .table = fields_find("ContainerCreate")};
    const BodyNode *host = body_member(inspect, "HostConfig"), *privileged;
    InsidePlaces places;
    const Place *at = inside_places(&places, "container", name);
    Place below = PLACE_BELOW(at, "HostConfig"), flag = PLACE_BELOW(&below, "Privileged");
    size_t before = ret->n;

    privileged = host ? body_member(host, "Privileged") : NULL;
    if (!privileged || body_type(privileged) != BODY_TYPE_BOOL)
        return inside_miss(&j, &flag, "isn't told");
    if (networking)
        return inside_judge_member(&j, &below, host, "NetworkMode");
    inside_judge_member(&j, &below, host, "Privileged");
    /* Where the policy may make such, the rest says nothing more; but for the mounts, which it can list. */
    for (size_t i = 0; (!body_bool(privileged) || ret->n > before) && i < ARRAY_SIZE(INSIDE_FIELDS); i++)
        inside_judge_member(&j, &below, host, INSIDE_FIELDS[i]);
    if (!body_bool(privileged))
        inside_judge_masks(&j, &below, host);
    inside_judge_mounts(&j, at, inspect, host);
}

/* --- Volumes ----------------------------------------------------------------------------------------- */

void judge_origin(Arena *arena, const Rules *rules, Span name, const BodyNode *inspect, Findings *ret) {
    static const struct {
        const char *told, *asked; /* by the answer, and by the body of VolumeCreate */
    } rows[] = {{"Driver", "Driver"}, {"Options", "DriverOpts"}};
    Judgement j = {.arena = arena, .rules = rules, .findings = ret, .table = fields_find("VolumeCreate")};
    InsidePlaces places;
    const Place *at = inside_places(&places, "volume", name);
    Place below = PLACE_BELOW(at, "Driver");

    if (judgement_text_of(inspect, "Driver").size == 0)
        return inside_miss(&j, &below, "isn't told");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const BodyNode *value = body_member(inspect, rows[i].told);
        const Field *field;

        below = PLACE_BELOW(at, rows[i].told);
        if (value && fields_lookup(j.table->root, span_from(rows[i].asked), &field) == FIELD_EXACT)
            judge_member(&j, &below, field, value);
    }
}

/* --- Prepared commands --------------------------------------------------------------------------------- */

/* The body of the ContainerExec that made it, as far as it is told. */
static bool command_rebuild(Arena *arena, const BodyNode *process, BodyNode *root) {
    const BodyNode *arguments = body_member(process, "arguments");
    const char *entrypoint = arena_copy(arena, judgement_text_of(process, "entrypoint"));
    const char *user = arena_copy(arena, judgement_text_of(process, "user"));
    BodyNode *argv = body_set_array(root, "Cmd");
    bool good = argv && user && entrypoint && body_append_string(argv, entrypoint) == 0 &&
                body_set_string(root, "User", user) == 0 &&
                body_set_bool(root, "Privileged", judgement_flag_of(process, "privileged")) == 0;

    for (size_t i = 0; good && arguments && i < body_size(arguments); i++) {
        const BodyNode *argument = body_at(arguments, i);
        const char *text =
            body_type(argument) == BODY_TYPE_STRING ? arena_copy(arena, body_string(argument)) : NULL;

        good = text && body_append_string(argv, text) == 0;
    }
    return good;
}

Reason judge_command(Arena *arena, const Rules *rules, const ExecRules *exec, const BodyNode *inspect,
                     Findings *ret) {
    CLEANUP(body_free_p) Body *body = NULL;
    const BodyNode *process = body_member(inspect, "ProcessConfig");
    const char *detail = NULL;

    if (!process || judgement_text_of(process, "entrypoint").size == 0) {
        Judgement j = {.arena = arena, .rules = rules, .findings = ret};
        Place at = {.kind = PLACE_MEMBER, .key = SPAN("ProcessConfig")};

        inside_miss(&j, &at, "isn't told");
        return REASON_OK;
    }
    if (body_parse(arena, SPAN("{}"), &body, &detail) != REASON_OK ||
        !command_rebuild(arena, process, body_edit_root(body)))
        return REASON_NO_MEMORY;
    judge_body(arena, routes_find(SPAN("ContainerExec")), 0, body, rules, ret);
    exec_rules_judge(arena, exec, body, ret);
    return REASON_OK;
}
