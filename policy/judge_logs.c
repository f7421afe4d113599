// SPDX-License-Identifier: Apache-2.0
/*
 * Where the output of a container goes: which driver, and with what options. The driver runs in the engine,
 * as root, in no container's limit.
 */
#include "bytes.h"
#include "judge.h"
#include "judgement.h"
#include "limits.h"
#include "text.h"

/* T-083: the others make dockerd dial an address of the client's choice. */
static void judge_log_driver(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    static const char *const profile[] = {"json-file", "local", "journald", "none", NULL};
    Span name = body_string(value);

    if (!judge_is_listed(&j->rules->log_drivers, profile, arena_copy(j->arena, name)))
        judgement_refuse_hinted(j, place, field->rule, value, judgement_hint(j, "log_drivers: [", name, "]"));
}

/* Takes the digits at the front of `text`. −1: there are none, or more than nine. */
static int64_t log_take_number(Span *text) {
    int64_t value = 0;
    size_t n = 0;

    for (; n < text->size && text->data[n] >= '0' && text->data[n] <= '9'; n++) {
        if (n == 9)
            return -1;
        value = value * 10 + (text->data[n] - '0');
    }
    *text = (Span){text->data + n, text->size - n};
    return n > 0 ? value : -1;
}

/* "4m", "512k", "1048576", as docker/go-units reads it: no fraction, and no unit of which one is too much. */
static bool log_buffer_fits(Span size) {
    static const struct {
        const char *unit;
        int64_t bytes;
    } units[] = {{"", 1},          {"b", 1},       {"k", 1 << 10},  {"kb", 1 << 10},
                 {"kib", 1 << 10}, {"m", 1 << 20}, {"mb", 1 << 20}, {"mib", 1 << 20}};
    int64_t value = log_take_number(&size);

    for (size_t i = 0; value >= 0 && i < ARRAY_SIZE(units); i++)
        if (span_is_nocase(size, units[i].unit))
            return value * units[i].bytes <= LIMIT_LOG_BUFFER;
    return false;
}

/* At each rotation, which may be each line, the engine renames as many files as there may be, or tries to. */
static bool log_files_fit(Span count) {
    int64_t value = log_take_number(&count);

    return count.size == 0 && value >= 0 && value <= LIMIT_LOG_FILES;
}

/* As moby's journald driver writes a label (sanitizeKeyMod: container-name is CONTAINER_NAME). A `field` that
 * ends in _ is all that begin so. */
static bool log_label_is(Span name, const char *field) {
    size_t n = strlen(field), k = 0;

    for (size_t i = 0; i < name.size; i++) {
        unsigned char c = (unsigned char) ascii_lower(name.data[i]);
        bool alnum = byte_is((char) c, BYTE_ALNUM);

        if ((!alnum && k == 0) || (c & 0xC0) == 0x80) /* and of a rune's bytes the first counts */
            continue;
        if (k == n)
            return field[n - 1] == '_';
        if ((unsigned char) ascii_lower(field[k++]) != (alnum ? c : '_'))
            return false;
    }
    return k == n;
}

/*
 * With journald a label becomes a field of an entry that root wrote: one of another container's name and ID,
 * one that `journalctl -u sshd` shows, one of the gate's own (CONTAINER_ID_FULL, seen on 20.10).
 */
static bool log_labels_are_plain(Span names) {
    static const char *const fields[] = {"CONTAINER_", "SYSLOG_", "OBJECT_",  "COREDUMP_",     "CODE_",
                                         "QUAYGATE_",  "MESSAGE", "MESSAGE_", "PRIORITY",      "USER_UNIT",
                                         "UNIT",       "ERRNO",   "TID",      "INVOCATION_ID", "IMAGE_NAME"};

    for (size_t begin = 0, i = 0; i <= names.size; i++) {
        if (i < names.size && names.data[i] != ',')
            continue;
        for (size_t k = 0; k < ARRAY_SIZE(fields); k++)
            if (log_label_is((Span){names.data + begin, i - begin}, fields[k]))
                return false;
        begin = i + 1;
    }
    return true;
}

/* Not env, env-regex, labels-regex: they copy values into the log. */
static bool log_option_is_listed(Span key) {
    static const char *const options[] = {"max-size", "max-file", "compress",       "labels",
                                          "tag",      "mode",     "max-buffer-size"};

    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        if (span_is(key, options[i]))
            return true;
    return false;
}

/* By its key, whose value may be a token (splunk-token) and stays out; and of what is a program
 * (judge_templates.c) or the engine's memory or time, by its value. */
static void judge_log_option(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    Span text = body_type(value) == BODY_TYPE_STRING ? body_string(value) : SPAN("");
    size_t actions = 0;

    if (!log_option_is_listed(place->key))
        judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, field->rule, NULL, " is set");
    if (span_is(place->key, "tag") && !judge_template_is_tame(text, &actions))
        judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, field->rule,
                         "write {{.Name}} or {{index .ContainerLabels \"x\"}}: names, and nothing else",
                         " is a template that does more than name things, or does so too often");
    if (span_is(place->key, "max-buffer-size") && text.size > 0 && !log_buffer_fits(text))
        judgement_refuse_hinted(j, place, field->rule, value, "take at most 16m");
    if (span_is(place->key, "max-file") && text.size > 0 && !log_files_fit(text))
        judgement_refuse_hinted(j, place, field->rule, value, "take at most 1000");
    if (span_is(place->key, "labels") && !log_labels_are_plain(text))
        judgement_refuse_hinted(j, place, field->rule, value,
                                "journald has fields of such a name; call the label otherwise");
}

JudgeFunction judge_logs_find(FieldJudge judge) {
    return judge == JUDGE_LOG_DRIVER ? judge_log_driver : judge == JUDGE_LOG_OPTION ? judge_log_option : NULL;
}
