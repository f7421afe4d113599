// SPDX-License-Identifier: Apache-2.0
/*
 * The container's side of what is mounted into it, and the folder it starts in: paths there that are safe to
 * stand on or to cover (T-080, T-087).
 */
#include "hostpath.h"
#include "judgement.h"

/*
 * Podman writes Volumes, Tmpfs and Mounts as options of its command line, and reads those: there a `:` in a
 * path is `-v HOST:TARGET`, and behind a `,` comes another option (its pkg/specgenutil, cliOpts). To dockerd
 * they are letters; no client needs them. `more`: what else may not stand in it.
 */
bool judge_is_one_value(Span text, const char *more) {
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];

        if ((c >= 0 && c < 0x20) || c == 0x7F || c == ',' || c == '"' || (c != '\0' && strchr(more, c)))
            return false;
    }
    return true;
}

/*
 * A mount over /proc, /sys or /dev takes their masks away, and runc's races live there (CVE-2025-31133,
 * CVE-2025-52565). /sys from the host's own /sys is what node exporters do, a node of /dev on itself what
 * needs a device; both sources pass by their exact path only. /dev/shm is for everybody to size.
 */
bool judge_target_may_be_there(Judgement *j, Span target, Span source) {
    const char *clean = judgement_clean(j, target), *clean_source = judgement_clean(j, source);
    Span path = span_from(clean), from = clean_source ? span_from(clean_source) : SPAN("");

    if (!clean || span_equals(path, SPAN("/")) || hostpath_is_in(path, SPAN("/proc")))
        return false;
    if (hostpath_is_in(path, SPAN("/sys")))
        return hostpath_is_in(from, SPAN("/sys"));
    if (hostpath_is_in(path, SPAN("/dev")))
        return hostpath_is_in(path, SPAN("/dev/shm")) || hostpath_is_in(from, SPAN("/dev"));
    return true;
}

bool judge_target_is_safe(Judgement *j, Span target, Span source) {
    return judge_target_may_be_there(j, target, source) && judge_is_one_value(target, ":");
}

void judge_target_key(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    if (!judge_target_is_safe(j, place->key, SPAN("")))
        judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, field->rule, NULL,
                         " is not a path in the container to mount on");
}

/* A name in the folder `above`, or a path: dockerd mounts a file there, and cleans what it has joined. */
static void judge_file_target(Judgement *j, const Place *place, const Field *field, const BodyNode *value,
                              const char *above) {
    Span name = body_string(value);
    bool is_path = name.size > 0 && name.data[0] == '/';
    const char *path = arena_printf(j->arena, "%s%.*s", is_path ? "" : above, SPAN_FMT(name));

    if (!path || !judge_target_is_safe(j, span_from(path), SPAN("")))
        judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, field->rule, NULL,
                         " is not a path in the container to mount on");
}

static void judge_secret_target(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    judge_file_target(j, place, field, value, "/run/secrets/");
}

static void judge_config_target(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    judge_file_target(j, place, field, value, "/");
}

/* T-087: a descriptor that runc left open leads out of the container (CVE-2024-21626). */
static void judge_working_dir(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    const char *clean = judgement_clean(j, body_string(value));
    Span path = span_from(clean);

    if (!clean || hostpath_is_in(path, SPAN("/proc")) || hostpath_is_in(path, SPAN("/dev/fd")))
        judgement_refuse(j, place, field->rule, value);
}

JudgeFunction judge_targets_find(FieldJudge judge) {
    switch ((int) judge) {
    case JUDGE_TARGET_KEY:
        return judge_target_key;
    case JUDGE_SECRET_TARGET:
        return judge_secret_target;
    case JUDGE_CONFIG_TARGET:
        return judge_config_target;
    case JUDGE_WORKING_DIR:
        return judge_working_dir;
    default:
        return NULL;
    }
}
