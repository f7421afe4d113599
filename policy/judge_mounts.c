// SPDX-License-Identifier: Apache-2.0
/*
 * What brings files of the host into a container: Binds, Mounts, and a local volume whose options are a
 * bind mount in disguise (T-071 to T-075). All three end in judge_bind_source().
 */
#include "bytes.h"
#include "hostpath.h"
#include "judgement.h"
#include "text.h"

/* Takes the part before `separator` off *rest; false when nothing is left. An empty part counts. */
static bool judge_take_part(Span *rest, char separator, Span *ret) {
    const char *end;

    if (!rest->data)
        return false;
    end = memchr(rest->data, separator, rest->size);
    if (!end) {
        *ret = *rest;
        *rest = (Span){0};
        return true;
    }
    *ret = (Span){.data = rest->data, .size = (size_t) (end - rest->data)};
    *rest = (Span){.data = end + 1, .size = rest->size - ret->size - 1};
    return true;
}

static bool judge_is_one_of(Span text, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (span_is(text, list[i]))
            return true;
    return false;
}

/* --- The host's side ------------------------------------------------------------------------------ */

typedef enum BindAnswer {
    BIND_DENIED = 0,
    BIND_READONLY, /* there is a rule, but only for read-only */
    BIND_ALLOWED,
} BindAnswer;

/*
 * `resolved`: the path is where links lead, so a rule whose own place is a link is held where that one led.
 */
static BindAnswer judge_bind_answer(const Rules *rules, Span path, bool resolved, bool readonly) {
    bool is_protected = rules_is_protected(rules, path);
    BindAnswer answer = BIND_DENIED;

    for (size_t i = 0; i < rules->n_bind_mounts; i++) {
        const BindRule *rule = &rules->bind_mounts[i];

        if ((is_protected && !glob_is_literal(rule->pattern)) ||
            !(glob_match(rule->pattern, path) || (resolved && rule->led && glob_match(rule->led, path))))
            continue;
        if (!rule->readonly || readonly)
            return BIND_ALLOWED;
        answer = BIND_READONLY;
    }
    return answer;
}

/* A path that can stand in YAML and in a sentence as it is. */
static bool judge_is_plain_path(Span path) {
    for (size_t i = 0; i < path.size; i++) {
        char c = ascii_lower(path.data[i]);

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("/._-", c)) || c == '\0')
            return false;
    }
    return true;
}

static const char *judge_bind_hint(Judgement *j, Span path, bool is_protected, BindAnswer answer) {
    if (!judge_is_plain_path(path))
        return NULL;
    if (answer == BIND_READONLY)
        return "the policy allows it read-only";
    if (is_protected)
        return arena_printf(
            j->arena,
            "%.*s gives the host away: no pattern under containers.bind_mounts allows it, only "
            "the exact path",
            SPAN_FMT(path));
    return arena_printf(j->arena, "containers: {bind_mounts: [%.*s]}", SPAN_FMT(path));
}

bool judge_host_path(const Rules *rules, Span path, bool readonly) {
    return judge_bind_answer(rules, path, true, readonly) == BIND_ALLOWED;
}

/* Kept for whoever can follow its links. */
static bool judge_keep_path(Judgement *j, const Place *place, const char *path, bool readonly) {
    Findings *findings = j->findings;

    if (findings->n_paths == LIMIT_HOST_PATHS) {
        judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, "containers.bind_mounts", NULL,
                         ": more than %u bind mounts", LIMIT_HOST_PATHS);
        return false;
    }
    findings->paths[findings->n_paths++] =
        (HostPath){.path = path, .readonly = readonly, .field = place_show(j->arena, place)};
    return true;
}

/* `value`: what the finding quotes, or NULL: there is none. */
static bool judge_bind_source(Judgement *j, const Place *place, const BodyNode *value, Span source,
                              bool readonly) {
    const char *clean = judgement_clean(j, source);
    const char *shown;
    Span path = span_from(clean);
    BindAnswer answer = BIND_DENIED;
    bool is_protected = false;

    if (clean) {
        is_protected = rules_is_protected(j->rules, path);
        answer = judge_bind_answer(j->rules, path, false, readonly);
        if (answer == BIND_ALLOWED)
            return judge_keep_path(j, place, clean, readonly);
    }
    shown = value ? body_show(j->arena, value) : "";
    judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, "containers.bind_mounts",
                     clean ? judge_bind_hint(j, path, is_protected, answer) : NULL, "=%s%s",
                     shown ? shown : "…",
                     !clean                    ? ": not an absolute path without .."
                     : answer == BIND_READONLY ? ": not read-only"
                                               : "");
    return false;
}

void judge_bind_mount(Judgement *j, const Place *place, const BodyNode *value, Span source, bool readonly) {
    (void) judge_bind_source(j, place, value, source, readonly);
}

/* --- Named volumes -------------------------------------------------------------------------------- */

/* A named volume may be somebody else's; one without a name is new. */
static void judge_volume_name(Judgement *j, const Place *place, const BodyNode *value, Span name) {
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

/* --- HostConfig.Binds ----------------------------------------------------------------------------- */

/*
 * Not z and Z, which relabel the host's files, nor shared and slave, which carry mounts to the host.
 * consistent, cached and delegated mean nothing on Linux, and stand in many a compose file.
 */
static bool judge_bind_mode(Span mode, bool *ret_readonly) {
    static const char *const known[] = {"ro",      "rw",         "nocopy", "rprivate",
                                        "private", "consistent", "cached", "delegated"};
    Span token;
    bool readonly = false, writable = false;

    if (mode.size == 0) { /* "/a:/b:" is fine with dockerd, and means nothing */
        *ret_readonly = false;
        return true;
    }
    while (judge_take_part(&mode, ',', &token)) {
        if (!judge_is_one_of(token, known, ARRAY_SIZE(known)))
            return false;
        readonly = readonly || span_is(token, "ro");
        writable = writable || span_is(token, "rw");
    }
    *ret_readonly = readonly;
    return !(readonly && writable);
}

static void judge_bind_malformed(Judgement *j, const Place *place, const Field *field, const BodyNode *value,
                                 const char *what) {
    const char *shown = body_show(j->arena, value);

    judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, field->rule, NULL, "=%s: %s", shown ? shown : "…",
                     what);
}

/* linuxParser.ParseMountRaw (T-071): [SOURCE:]TARGET[:MODE], and no way to quote a colon. */
static void judge_bind(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    Span rest = body_string(value), parts[4], source = SPAN(""), mode = SPAN("");
    bool readonly = false, is_path;
    size_t n = 0;

    while (n < ARRAY_SIZE(parts) && judge_take_part(&rest, ':', &parts[n]))
        n++;
    if (n == 0 || n > 3) {
        judge_bind_malformed(j, place, field, value, "not SOURCE:TARGET or SOURCE:TARGET:MODE");
        return;
    }
    if (n > 1)
        source = parts[0];
    if (n > 2)
        mode = parts[2];

    is_path = source.size > 0 && source.data[0] == '/';
    if (is_path && !judgement_holds(j, RULES_BIND_MOUNTS))
        return;
    if (n > 1 && !is_path && !bytes_are_name(source))
        judge_bind_malformed(j, place, field, value,
                             "the source is neither an absolute path nor a volume's name");
    else if (!judge_bind_mode(mode, &readonly))
        judge_bind_malformed(j, place, field, value,
                             "only the modes ro, rw, nocopy, private, rprivate and those of consistency");
    else if (!judge_target_is_safe(j, parts[n > 1 ? 1 : 0], is_path ? source : SPAN("")))
        judge_bind_malformed(j, place, field, value, "not a path in the container to mount on");
    else if (is_path)
        judge_bind_source(j, place, value, source, readonly);
    else if (n > 1)
        judge_volume_name(j, place, value, source);
}

/* --- Mounts --------------------------------------------------------------------------------------- */

static void judge_mount_source(Judgement *j, const Place *place, const Field *field, const BodyNode *mount,
                               Span type, Span source) {
    Place at = PLACE_BELOW(place, "Source");
    const BodyNode *options = body_member(mount, "BindOptions");

    if (span_is(type, "bind")) {
        /* Read-only that leaves submounts writable is none. */
        bool readonly = judgement_flag_of(mount, "ReadOnly") &&
                        !(options && judgement_flag_of(options, "ReadOnlyNonRecursive"));

        judge_bind_source(j, &at, body_member(mount, "Source"), source, readonly);
    } else if (source.size > 0 && span_is(type, "volume") && bytes_are_name(source)) {
        judge_volume_name(j, &at, body_member(mount, "Source"), source);
    } else if (source.size > 0) {
        judgement_refuse(j, &at, field->rule, body_member(mount, "Source"));
    }
}

/*
 * Swarm takes the upper case of a type, by Unicode (convert/container.go): BIND and its like with a dotless i
 * are bind mounts (seen on 20.10 and 28.5). So what isn't all lower case is none, whoever speaks of mounts.
 */
static bool judge_is_plain_type(Span type) {
    for (size_t i = 0; i < type.size; i++)
        if (type.data[i] < 'a' || type.data[i] > 'z')
            return false;
    return type.size > 0;
}

/* Image, cluster, npipe and whatever comes are closed. */
static void judge_mount(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    static const char *const open[] = {"bind", "volume", "tmpfs"};
    Span type = judgement_text_of(value, "Type"), source = judgement_text_of(value, "Source");
    Span from = span_is(type, "bind") ? source : SPAN("");
    Place at = PLACE_BELOW(place, "Type");

    if (!judge_is_one_of(type, open, ARRAY_SIZE(open))) {
        const char *shown = text_show(j->arena, type, LIMIT_VALUE_SHOWN);
        bool plain = judge_is_plain_type(type);

        /* `bind_mounts` alone, beside the privileged profile, speaks of no other kind. */
        if (judgement_holds(j, RULES_VOLUMES) || !plain)
            judgement_object(j, &at, REASON_FIELD_NOT_ALLOWED, plain ? "containers.volumes" : field->rule,
                             NULL, "=%s", shown ? shown : "…");
        return;
    }
    if (span_is(type, "bind") && !judgement_holds(j, RULES_BIND_MOUNTS))
        return;
    if (judge_templates_of_mount(j, place, field, value))
        return;
    judge_mount_source(j, place, field, value, type, source);
    if (!judge_is_one_value(source, "")) {
        at = PLACE_BELOW(place, "Source");
        judgement_object(j, &at, REASON_FIELD_NOT_ALLOWED, field->rule, NULL,
                         " has a comma, a quote or a control byte, which Podman takes for more options");
    }
    if (!judge_target_is_safe(j, judgement_text_of(value, "Target"), from)) {
        at = PLACE_BELOW(place, "Target");
        judgement_object(j, &at, REASON_FIELD_NOT_ALLOWED, field->rule, NULL,
                         " is not a path in the container to mount on");
    }
}

static void judge_propagation(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    static const char *const known[] = {"private", "rprivate"};

    if (!judge_is_one_of(body_string(value), known, ARRAY_SIZE(known)))
        judgement_refuse(j, place, field->rule, value);
}

static void judge_create_mountpoint(Judgement *j, const Place *place, const Field *field,
                                    const BodyNode *value) {
    judgement_refuse(j, place, field->rule, value);
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

/* --- Volumes -------------------------------------------------------------------------------------- */

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
    judge_bind_source(j, &at, body_member(options, "device"), judgement_text_of(options, "device"),
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

/* --- tmpfs ---------------------------------------------------------------------------------------- */

/* size=64m, mode=1777, uid=1000 */
static bool judge_is_tmpfs_number(Span option, const char *name) {
    size_t n = strlen(name);

    if (option.size <= n || memcmp(option.data, name, n) != 0)
        return false;
    for (size_t i = n; i < option.size; i++) {
        char c = ascii_lower(option.data[i]);

        if (c == '\0' || ((c < '0' || c > '9') && !strchr("kmg%", c)))
            return false;
    }
    return true;
}

static bool judge_is_tmpfs_option(Span option, const char *const *names, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (judge_is_tmpfs_number(option, names[i]))
            return true;
    return false;
}

/*
 * Not suid, dev; dockerd passes every mount flag there is. What is in a tmpfs may be executed as in a volume,
 * or in the container's own root.
 */
static void judge_tmpfs(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    static const char *const known[] = {"rw",    "ro",      "noexec",     "exec",    "nosuid",
                                        "nodev", "noatime", "nodiratime", "relatime"};
    static const char *const numbers[] = {"size=", "mode=", "uid=", "gid=", "nr_inodes="};
    Span rest = body_string(value), option;
    bool good = true;

    judge_target_key(j, place, field, value);
    if (rest.size == 0)
        return;
    while (judge_take_part(&rest, ',', &option))
        good = good && (judge_is_one_of(option, known, ARRAY_SIZE(known)) ||
                        judge_is_tmpfs_option(option, numbers, ARRAY_SIZE(numbers)));
    if (!good)
        judgement_refuse(j, place, field->rule, value);
}

JudgeFunction judge_mounts_find(FieldJudge judge) {
    static const struct {
        FieldJudge judge;
        JudgeFunction function;
    } rows[] = {
        {JUDGE_BIND, judge_bind},
        {JUDGE_MOUNT, judge_mount},
        {JUDGE_PROPAGATION, judge_propagation},
        {JUDGE_CREATE_MOUNTPOINT, judge_create_mountpoint},
        {JUDGE_VOLUME_NAME, judge_volume_name_field},
        {JUDGE_VOLUME_DRIVER, judge_volume_driver},
        {JUDGE_DRIVER_OPTIONS, judge_driver_options},
        {JUDGE_SUBPATH, judge_subpath},
        {JUDGE_TMPFS, judge_tmpfs},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].judge == judge)
            return rows[i].function;
    return NULL;
}
