// SPDX-License-Identifier: Apache-2.0
#include "hostpath.h"

const char *hostpath_clean(Arena *arena, Span path) {
    char *out;
    size_t n = 0;

    if (!hostpath_is_sound(path))
        return NULL;
    out = arena_alloc(arena, path.size + 1);
    if (!out)
        return NULL;

    for (size_t i = 0; i < path.size;) {
        Span part = {.data = path.data + i};

        while (i < path.size && path.data[i] != '/')
            i++;
        part.size = (size_t) (path.data + i - part.data);
        i++; /* the slash */
        if (part.size == 0 || span_equals(part, SPAN(".")))
            continue;
        out[n++] = '/';
        memcpy(out + n, part.data, part.size);
        n += part.size;
    }
    if (n == 0)
        out[n++] = '/';
    return out;
}

bool hostpath_is_sound(Span path) {
    if (path.size == 0 || path.data[0] != '/' || memchr(path.data, '\0', path.size))
        return false;
    for (size_t i = 1; i < path.size; i++) {
        size_t begin = i;

        while (i < path.size && path.data[i] != '/')
            i++;
        if (span_equals((Span){path.data + begin, i - begin}, SPAN("..")))
            return false;
    }
    return true;
}

bool hostpath_is_in(Span path, Span tree) {
    if (span_equals(tree, SPAN("/")))
        return path.size > 0 && path.data[0] == '/';
    return span_starts_with(path, tree) && (path.size == tree.size || path.data[tree.size] == '/');
}

static const Span HOSTPATH_PROTECTED[] = {
    /* The kernel's: /proc/sys/kernel/core_pattern, /proc/1/root, /dev/sda, /sys/fs/cgroup. */
    SPAN("/proc"),
    SPAN("/sys"),
    SPAN("/dev"),
    /* The sockets of the engine, of containerd, of systemd and ours. /var/run is a link to /run. */
    SPAN("/run"),
    SPAN("/var/run"),
    /* The engine's data root: every image, volume and layer, and the config of every container. */
    SPAN("/var/lib/docker"),
    SPAN("/var/lib/containerd"),
    SPAN("/var/lib/containers"),
    /* Ours: who writes there writes the policy, or the past. */
    SPAN("/etc/quaygate"),
    SPAN("/var/log/quaygate"),
};

bool hostpath_is_protected(Span path) {
    for (size_t i = 0; i < ARRAY_SIZE(HOSTPATH_PROTECTED); i++)
        if (hostpath_is_in(path, HOSTPATH_PROTECTED[i]) || hostpath_is_in(HOSTPATH_PROTECTED[i], path))
            return true;
    return false;
}

bool hostpath_is_below_protected(Span path) {
    for (size_t i = 0; i < ARRAY_SIZE(HOSTPATH_PROTECTED); i++)
        if (hostpath_is_in(path, HOSTPATH_PROTECTED[i]))
            return true;
    return false;
}
