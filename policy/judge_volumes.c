// SPDX-License-Identifier: Apache-2.0
/*
 * Volumes: whose they may be, and a local one's options, which are a mount(2) by root: a bind mount in
 * disguise ends where Binds does (T-075).
 */
#include "bytes.h"
#include "judgement.h"
#include "text.h"

/* --- Names ---------------------------------------------------------------------------------------- */

void judge_volume_name(Judgement *j, const Place *place, const BodyNode *value, Span name) {
    const PatternList *names = &j->rules->volume_names;

    if (!judgement_holds(j, RULES_VOLUMES) ||
        (bytes_are_name(name) && (!names->given || pattern_list_has(names, name))))
        return;
    judgement_refuse_hinted(j, place, "containers.volumes", value,
                            judgement_hint(j, "volumes: {names: [", name, "]}"));
}

static void judge_volume_name_field(Judgement *j, const Place *place, UNUSED const Field *field,
                                    const BodyNode *value) {
    judge_volume_name(j, place, value, body_string(value));
}

/* dockerd resolves it below the volume; we want it to be plain. */
static void judge_subpath(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    Span rest = body_string(value), part;
    bool good = rest.size > 0 && rest.data[0] != '/';

    while (judge_take_part(&rest, '/', &part))
        good = good && !span_is(part, "..");
    if (!good)
        judgement_refuse(j, place, field->rule, value);
}

/* --- Drivers -------------------------------------------------------------------------------------- */

static void judge_volume_driver(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    const PatternList *drivers = &j->rules->volume_drivers;
    Span name = body_string(value);

    if (drivers->given ? pattern_list_has(drivers, name)
                       : judgement_is_privileged(j) || span_is(name, "local"))
        return;
    judgement_refuse_hinted(j, place, field->rule, value,
                            judgement_hint(j, "volumes: {drivers: [", name, "]}"));
}

typedef struct VolumeFlags {
    bool bind, recursive, readonly, writable;
} VolumeFlags;

/* False: a flag that we don't let pass, in *ret_bad. Order and repetition don't matter (T-075). */
static bool judge_volume_flags(Span flags, VolumeFlags *ret, Span *ret_bad) {
    static const char *const harmless[] = {"private", "rprivate", "nosuid",     "nodev",
                                           "noexec",  "noatime",  "nodiratime", "relatime"};
    Span flag;

    while (judge_take_part(&flags, ',', &flag)) {
        if (span_is(flag, "bind"))
            ret->bind = true;
        else if (span_is(flag, "rbind"))
            ret->bind = ret->recursive = true;
        else if (span_is(flag, "ro"))
            ret->readonly = true;
        else if (span_is(flag, "rw"))
            ret->writable = true;
        else if (!judge_is_one_of(flag, harmless, ARRAY_SIZE(harmless))) {
            *ret_bad = flag;
            return false;
        }
    }
    return true;
}

static bool judge_option_is_allowed(Judgement *j, Span key, const BodyNode *value) {
    const PatternList *options = &j->rules->volume_options;
    const char *pair;
    Span text;

    if (body_type(value) != BODY_TYPE_STRING)
        return false;
    text = body_string(value);
    pair = arena_printf(j->arena, "%.*s=%.*s", SPAN_FMT(key), SPAN_FMT(text));
    return pair && (pattern_list_has(options, key) || pattern_list_has(options, span_from(pair)));
}

/* Options can hold a password (cifs): only their keys are quoted. */
static void judge_plain_options(Judgement *j, const Place *place, const Field *field,
                                const BodyNode *options) {
    const BodyNode *value;
    void *iter = NULL;
    Place at = {.parent = place, .kind = PLACE_KEY};

    while (body_next(options, &iter, &at.key, &value))
        if (!judge_option_is_allowed(j, at.key, value))
            judgement_object(j, &at, REASON_FIELD_NOT_ALLOWED, field->rule,
                             judgement_hint(j, "volumes: {driver_opts: [", at.key, "]}"), " is set");
}

/* Of `o` only the flag's name is quoted. */
static void judge_bind_flags_refuse(Judgement *j, const Place *place, const Field *field, Span bad) {
    const char *equals = bad.size > 0 ? memchr(bad.data, '=', bad.size) : NULL;
    const char *shown;

    if (equals)
        bad.size = (size_t) (equals - bad.data);
    shown = text_show(j->arena, bad, 32);
    judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, field->rule, NULL, "%s%s",
                     bad.size > 0 ? " has the flag " : " is not a plain bind mount",
                     bad.size > 0 && shown ? shown : "");
}

/* type, o and device, and nothing else: a bind mount of a path that bind_mounts allows is as good as one
 * in Binds. */
static void judge_bind_options(Judgement *j, const Place *place, const Field *field,
                               const BodyNode *options) {
    static const char *const known[] = {"type", "o", "device"};
    Place at = {.parent = place, .kind = PLACE_KEY};
    Span type = judgement_text_of(options, "type"), bad = SPAN("");
    VolumeFlags flags = {0};
    const BodyNode *value;
    void *iter = NULL;

    while (body_next(options, &iter, &at.key, &value))
        if (!judge_is_one_of(at.key, known, ARRAY_SIZE(known)) || body_type(value) != BODY_TYPE_STRING) {
            judgement_object(j, &at, REASON_FIELD_NOT_ALLOWED, field->rule, NULL, " is set");
            return;
        }
    at.key = SPAN("type");
    if (type.size > 0 && !span_is(type, "none")) {
        judgement_refuse(j, &at, field->rule, body_member(options, "type"));
        return;
    }
    at.key = SPAN("o");
    if (!judge_volume_flags(judgement_text_of(options, "o"), &flags, &bad) || !flags.bind ||
        (flags.readonly && flags.writable)) {
        judge_bind_flags_refuse(j, &at, field, bad);
        return;
    }
    at.key = SPAN("device");
    /* A recursive bind stays writable below other mounts, whatever ro says. */
    judge_bind_mount(j, &at, body_member(options, "device"), judgement_text_of(options, "device"),
                     flags.readonly && !flags.recursive);
}

/*
 * The flags of mount(2) that take a place of the host's own tree: these are bind_mounts' to judge,
 * whatever driver_opts says.
 */
static bool judge_is_bind(const BodyNode *options) {
    static const char *const binds[] = {"bind", "rbind", "remount", "move"};
    Span flags = judgement_text_of(options, "o"), flag;

    while (judge_take_part(&flags, ',', &flag))
        if (judge_is_one_of(flag, binds, ARRAY_SIZE(binds)))
            return true;
    return false;
}

/*
 * The local driver hands type, o and device to mount(2) as root: ext4, nfs, overlay, proc are closed but
 * for what driver_opts lists, option by option (T-075).
 */
static void judge_driver_options(Judgement *j, const Place *place, const Field *field,
                                 const BodyNode *value) {
    bool binds = judgement_holds(j, RULES_BIND_MOUNTS);

    if (judge_templates_of_options(j, place, field, value))
        return;
    if (j->rules->volume_options.given && !(binds && judge_is_bind(value)))
        judge_plain_options(j, place, field, value);
    else if (binds)
        judge_bind_options(j, place, field, value);
}

JudgeFunction judge_volumes_find(FieldJudge judge) {
    switch ((int) judge) {
    case JUDGE_VOLUME_NAME:
        return judge_volume_name_field;
    case JUDGE_VOLUME_DRIVER:
        return judge_volume_driver;
    case JUDGE_DRIVER_OPTIONS:
        return judge_driver_options;
    case JUDGE_SUBPATH:
        return judge_subpath;
    default:
        return NULL;
    }
}
