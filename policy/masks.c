// SPDX-License-Identifier: Apache-2.0
#include "masks.h"

#define MASKS_CPU_DIGITS 5u /* CPUs of one machine: the kernel's NR_CPUS is 8192 at most */

typedef struct MaskList {
    const char *key;
    const char *always[12];  /* NULL at the end: what every engine has */
    const char *newer[3];    /* what later ones have besides */
    bool thermal_throttling; /* and a folder of each CPU */
} MaskList;

/*
 * moby's oci/defaults.go, daemon/pkg/oci/defaults.go since 28: the ten from 18.06 to 20.10 (v1.38 to v1.41);
 * powercap with GHSA-jq35-85cj-fj4p (24.0.7, and fixes of 20.10 and 23.0); the interrupts and each CPU's
 * thermal_throttle, if it has one, with GHSA-6fw5-f8r9-fgfm (28.0.2). No API version says which, for the
 * fixes of older engines have them too.
 */
static const MaskList mask_lists[] = {
    {
        .key = "MaskedPaths",
        .always = {"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
                   "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats",
                   "/sys/firmware"},
        .newer = {"/proc/interrupts", "/sys/devices/virtual/powercap"},
        .thermal_throttling = true,
    },
    {
        .key = "ReadonlyPaths",
        .always = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"},
    },
};

/* The place of `path` in `paths`; −1: it isn't there. */
static int masks_index(const char *const *paths, Span path) {
    for (int i = 0; paths[i]; i++)
        if (span_is(path, paths[i]))
            return i;
    return -1;
}

/* /sys/devices/system/cpu/cpu17/thermal_throttle */
static bool masks_is_throttling(Span path) {
    static const Span before = SPAN("/sys/devices/system/cpu/cpu"), behind = SPAN("/thermal_throttle");
    size_t at = before.size;

    if (!span_starts_with(path, before))
        return false;
    while (at < path.size && path.data[at] >= '0' && path.data[at] <= '9')
        at++;
    return at > before.size && at - before.size <= MASKS_CPU_DIGITS &&
           span_equals((Span){path.data + at, path.size - at}, behind);
}

static bool masks_cover(const MaskList *row, const BodyNode *list) {
    unsigned wanted = 0, found = 0;

    for (unsigned i = 0; row->always[i]; i++)
        wanted |= 1u << i;
    for (size_t i = 0; i < body_size(list); i++) {
        const BodyNode *item = body_at(list, i);
        Span path;
        int at;

        if (body_type(item) != BODY_TYPE_STRING)
            return false;
        path = body_string(item);
        at = masks_index(row->always, path);
        if (at >= 0)
            found |= 1u << at;
        else if (masks_index(row->newer, path) < 0 && !(row->thermal_throttling && masks_is_throttling(path)))
            return false;
    }
    return found == wanted;
}

static bool masks_is_privileged(const BodyNode *host) {
    const BodyNode *privileged = body_member(host, "Privileged");

    return privileged && !body_is_zero(privileged);
}

bool masks_are_the_engines(const BodyNode *host, Span key) {
    for (size_t i = 0; i < ARRAY_SIZE(mask_lists); i++) {
        const BodyNode *list = span_is(key, mask_lists[i].key) ? body_member(host, mask_lists[i].key) : NULL;

        if (list && body_type(list) == BODY_TYPE_ARRAY)
            return !masks_is_privileged(host) && masks_cover(&mask_lists[i], list);
    }
    return false;
}

Reason masks_leave_out(Arena *arena, const Operation *operation, const Rules *rules, Body *body,
                       Edits *edits) {
    BodyNode *host = edits_host_config(operation, rules, body);

    for (size_t i = 0; host && i < ARRAY_SIZE(mask_lists); i++) {
        const char *key = mask_lists[i].key, *text;

        if (!masks_are_the_engines(host, span_from(key)))
            continue;
        text = arena_printf(arena, "HostConfig.%s=null", key);
        if (!text || body_set_null(host, key) < 0 || !edits_note(arena, edits, text))
            return REASON_NO_MEMORY;
    }
    return REASON_OK;
}
