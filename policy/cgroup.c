// SPDX-License-Identifier: Apache-2.0
#include "cgroup.h"

#include "limits.h"

/*
 * What engines call a container's cgroup: these words, the ID, and maybe ".scope". Without a word the ID
 * alone is one. A helper beside it ("libpod-conmon-ID.scope") has no ID where we look for one.
 */
static const char *const cgroup_engines[] = {
    "docker-",         /* moby, systemd driver: daemon/oci_linux.go, withCgroups() */
    "libpod-",         /* podman: libpod/container.go, CgroupPath() */
    "libpod-payload-", /* podman --cgroups=split, what Quadlet takes: libpod/oci_conmon_linux.go */
    "cri-containerd-", /* containerd's CRI, systemd driver */
    "crio-",           /* CRI-O */
    "nerdctl-",        /* nerdctl, systemd driver */
};

/* Directories that root's engines make and that hold nothing but containers; "pod*" of kubelet's besides. */
static const char *const cgroup_parents[] = {
    "docker",                                                 /* moby, cgroupfs driver */
    "kubepods",      "besteffort", "burstable", "guaranteed", /* kubelet, cgroupfs driver */
    "libpod_parent",                                          /* podman, cgroupfs manager */
};

/* Services that run as root and make containers below their own cgroup. */
static const char *const cgroup_engine_services[] = {
    "docker.service", "containerd.service", /* its CRI without SystemdCgroup, on a host with systemd */
};

static const char *const cgroup_unit_types[] = {".service", ".scope", ".socket", ".mount", ".swap"};

static bool cgroup_is_one_of(Span name, const char *const *names, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (span_is(name, names[i]))
            return true;
    return false;
}

static bool cgroup_ends_with(Span text, Span end) {
    return text.size > end.size && memcmp(text.data + text.size - end.size, end.data, end.size) == 0;
}

/* --- Names ---------------------------------------------------------------------------------------- */

/* "SLICE:PREFIX:ID" is what runc makes of a systemd path when it was told to use cgroupfs. */
static Span cgroup_after_colons(Span name) {
    size_t n_colons = 0;

    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] == ':' && ++n_colons == 2)
            return (Span){.data = name.data + i + 1, .size = name.size - i - 1};
    return name;
}

static bool cgroup_container(Span name, Span *ret) {
    Span id = cgroup_after_colons(name);

    if (cgroup_ends_with(id, SPAN(".scope")))
        id.size -= sizeof(".scope") - 1;
    if (id.size > CGROUP_ID_SIZE && id.data == name.data) {
        Span word = {.data = id.data, .size = id.size - CGROUP_ID_SIZE};

        if (!cgroup_is_one_of(word, cgroup_engines, ARRAY_SIZE(cgroup_engines)))
            return false;
        id = (Span){.data = id.data + word.size, .size = CGROUP_ID_SIZE};
    } else if (id.data == name.data && id.size != name.size) {
        return false; /* "ID.scope" is no engine's */
    }
    if (!bytes_are_id(id))
        return false;
    *ret = id;
    return true;
}

/* VALID_CHARS_WITH_AT of systemd's unit-name.c */
static bool cgroup_has_unit_characters(Span name) {
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];

        if (!((c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
              strchr(":-_.\\@", c)) ||
            c == '\0')
            return false;
    }
    return name.size > 0 && name.size <= LIMIT_UNIT_BYTES;
}

bool cgroup_is_unit(Span name) {
    if (!cgroup_has_unit_characters(name))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(cgroup_unit_types); i++)
        if (cgroup_ends_with(name, span_from(cgroup_unit_types[i])))
            return true;
    return false;
}

static bool cgroup_is_slice(Span name) {
    return cgroup_has_unit_characters(name) && cgroup_ends_with(name, SPAN(".slice"));
}

/* `_` stands before a name that would be the kernel's own, or that begins with one (cg_unescape()). */
static Span cgroup_unescape(Span name) {
    if (name.size > 0 && name.data[0] == '_')
        return (Span){.data = name.data + 1, .size = name.size - 1};
    return name;
}

/* "user@1000.service": the manager of that user, who owns what is below it. */
static bool cgroup_is_manager_of(Span unit, uint32_t uid) {
    static const Span before = {.data = "user@", .size = 5}, after = {.data = ".service", .size = 8};
    uint64_t number = 0;

    if (!span_starts_with(unit, before) || !cgroup_ends_with(unit, after) ||
        unit.size <= before.size + after.size)
        return false;
    for (size_t i = before.size; i < unit.size - after.size; i++) {
        if (unit.data[i] < '0' || unit.data[i] > '9' || number > UINT32_MAX)
            return false;
        number = number * 10 + (uint64_t) (unit.data[i] - '0');
    }
    return number == uid;
}

static bool cgroup_is_user_manager(Span unit) {
    return span_starts_with(unit, SPAN("user@")) && cgroup_ends_with(unit, SPAN(".service"));
}

/* --- Paths ---------------------------------------------------------------------------------------- */

/* The next name of "/a/b"; false at the end. */
static bool cgroup_take(Span *path, Span *ret) {
    size_t n = 0;

    if (path->size == 0)
        return false;
    path->data++; /* the slash */
    path->size--;
    while (n < path->size && path->data[n] != '/')
        n++;
    *ret = (Span){.data = path->data, .size = n};
    path->data += n;
    path->size -= n;
    return true;
}

static bool cgroup_is_path(Span path) {
    Span name;

    if (path.size == 0 || path.data[0] != '/')
        return false;
    if (path.size == 1)
        return true;
    while (cgroup_take(&path, &name))
        if (name.size == 0 || span_is(name, "."))
            return false;
    return true;
}

/*
 * From outside of our cgroup namespace a path is told from where that begins (cgroup_namespaces(7)):
 * "/../docker-ID.scope". What is above of that isn't seen, so whose unit it would be can't be told.
 */
static bool cgroup_leave_namespace(Span *path) {
    bool left = false;

    while (span_starts_with(*path, SPAN("/..")) && (path->size == 3 || path->data[3] == '/')) {
        path->data += 3;
        path->size -= 3;
        left = true;
    }
    return left;
}

static bool cgroup_is_parent(Span name, Span parent) {
    return cgroup_is_slice(name) || cgroup_is_one_of(name, cgroup_parents, ARRAY_SIZE(cgroup_parents)) ||
           (span_starts_with(name, SPAN("pod")) && name.size > 3) ||
           (span_is(parent, "libpod_parent") && bytes_are_id(name)); /* a pod */
}

/* Behind a container's name: whether that is all. */
static bool cgroup_is_innermost(Span path) {
    Span name, id;

    while (cgroup_take(&path, &name))
        if (cgroup_container(name, &id))
            return false;
    return true;
}

/*
 * What an engine's cgroupfs driver makes of a CgroupParent: no scope, but the ID alone (dockerd) or behind
 * the engine's word (podman). A payload is no such thing: podman makes it in the unit that it runs in itself.
 */
static bool cgroup_is_put_there(Span name) {
    Span id;

    return !cgroup_ends_with(name, SPAN(".scope")) && !span_starts_with(name, SPAN("libpod-payload-")) &&
           cgroup_container(name, &id);
}

/* Whether nothing below a unit is a container that a CgroupParent may have put there. */
static bool cgroup_is_all_of_unit(Span path) {
    Span name;

    while (cgroup_take(&path, &name))
        if (cgroup_is_put_there(name))
            return false;
    return true;
}

/* Below the manager of a user. Its units have that user's name before them; containers only if it is us. */
static bool cgroup_walk_user(Span path, bool has_units, bool ours, CgroupPlace *place) {
    Span name, whole = path;

    while (cgroup_take(&path, &name)) {
        if (ours && cgroup_container(name, &place->container)) {
            place->unit = place->user_unit = (Span){0};
            return cgroup_is_innermost(path);
        }
        if (cgroup_is_slice(name))
            continue;
        if (has_units && cgroup_is_unit(cgroup_unescape(name)) && place->user_unit.size == 0)
            place->user_unit = cgroup_unescape(name);
        if (!ours)
            break;
    }
    return cgroup_is_all_of_unit(whole);
}

/* False: two containers, or one below a unit. */
static bool cgroup_walk(Span path, uint32_t own_uid, CgroupPlace *ret) {
    bool outside = cgroup_leave_namespace(&path);
    bool in_slices = !outside;
    Span parent = {0}, name;

    *ret = (CgroupPlace){0};
    for (; cgroup_take(&path, &name); parent = name) {
        Span unit = cgroup_unescape(name);

        if (cgroup_is_parent(name, parent)) {
            in_slices = in_slices && cgroup_is_slice(name); /* systemd has units nowhere else */
            continue;
        }
        if (cgroup_container(name, &ret->container)) {
            ret->unit = (Span){0};
            return cgroup_is_innermost(path);
        }
        if (ret->unit.size > 0 || !cgroup_is_unit(unit))
            break;
        if (in_slices)
            ret->unit = unit;
        if (cgroup_is_user_manager(unit))
            return cgroup_walk_user(path, in_slices, cgroup_is_manager_of(unit, own_uid), ret);
        if (!cgroup_is_one_of(unit, cgroup_engine_services, ARRAY_SIZE(cgroup_engine_services)))
            break;
    }
    return ret->unit.size == 0 || cgroup_is_all_of_unit(path);
}

/* --- Lines ---------------------------------------------------------------------------------------- */

/* "4:memory:/docker/ID": a hierarchy's number, its controllers and the path in it. */
typedef struct CgroupLine {
    bool unified; /* "0::" */
    bool systemd; /* "name=systemd" */
    Span path;
} CgroupLine;

static bool cgroup_parse_line(Span line, CgroupLine *ret) {
    const char *first = memchr(line.data, ':', line.size), *second;
    size_t left;
    Span controllers;

    if (!first || first == line.data)
        return false;
    for (const char *c = line.data; c < first; c++)
        if (*c < '0' || *c > '9')
            return false;
    left = line.size - (size_t) (first + 1 - line.data);
    second = left > 0 ? memchr(first + 1, ':', left) : NULL;
    if (!second)
        return false;
    controllers = (Span){.data = first + 1, .size = (size_t) (second - first - 1)};
    *ret = (CgroupLine){
        .unified = controllers.size == 0,
        .systemd = span_is(controllers, "name=systemd"),
        .path = {.data = second + 1, .size = line.size - (size_t) (second + 1 - line.data)},
    };
    return cgroup_is_path(ret->path);
}

/* One container in all hierarchies that have one. */
static bool cgroup_agree(const CgroupPlace *place, Span *container) {
    if (place->container.size == 0)
        return true;
    if (container->size > 0)
        return span_equals(*container, place->container);
    *container = place->container;
    return true;
}

static bool cgroup_take_line(Span *text, Span *ret) {
    const char *end = text->size ? memchr(text->data, '\n', text->size) : NULL;

    if (!end)
        return false;
    *ret = (Span){.data = text->data, .size = (size_t) (end - text->data)};
    text->data = end + 1;
    text->size -= ret->size + 1;
    return true;
}

/*
 * Which hierarchy tells the unit: systemd's own. With version 1 and 2 at once a container's process may have
 * been left in its engine's unit in the second, so that one counts only where there is nothing in the first.
 */
bool cgroup_read(Span text, uint32_t own_uid, CgroupPlace *ret) {
    CgroupPlace systemd = {0}, unified = {0};
    bool has_systemd = false;
    Span container = {0}, bytes;

    *ret = (CgroupPlace){0};
    while (cgroup_take_line(&text, &bytes)) {
        CgroupLine line;
        CgroupPlace place;

        if (!cgroup_parse_line(bytes, &line))
            return false;
        if (!cgroup_walk(line.path, own_uid, &place) || !cgroup_agree(&place, &container))
            return false;
        if (line.unified)
            unified = place;
        if (line.systemd && line.path.size > 1) {
            systemd = place;
            has_systemd = true;
        }
    }
    if (text.size > 0) /* half a line */
        return false;
    if (container.size > 0)
        ret->container = container;
    else
        *ret = has_systemd ? systemd : unified;
    return true;
}
