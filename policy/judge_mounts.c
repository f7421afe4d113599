// SPDX-License-Identifier: Apache-2.0
/*
 * What is mounted into a container: Binds, Mounts and tmpfs (T-071 to T-074). What brings files of the host,
 * also a volume's options (judge_volumes.c), ends in judge_bind_source().
 */
#include "bytes.h"
#include "judgement.h"
#include "text.h"

bool judge_take_part(Span *rest, char separator, Span *ret) {
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

bool judge_is_one_of(Span text, const char *const *list, size_t n) {
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
        {JUDGE_TMPFS, judge_tmpfs},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].judge == judge)
            return rows[i].function;
    return NULL;
}
