// SPDX-License-Identifier: Apache-2.0
/*
 * Where a process runs, by what the kernel says in /proc/PID/cgroup: the container of an engine, or the unit
 * of systemd.
 *
 * Names of cgroups are believed as far as root has made them, and no further. What has been delegated (a
 * user's manager, a unit, the tree of an LXC guest) can hold a "docker-ID.scope" that its owner made with
 * mkdir(2), so the walk from the root ends where the first such thing begins. A container below another is
 * neither, and one below a unit isn't that: HostConfig.CgroupParent, which dockerd doesn't look at (T-083),
 * puts one there.
 */
#pragma once

#include "bytes.h"

#define CGROUP_ID_SIZE BYTES_ID_SIZE /* hexadecimal digits of a container's ID */

/* Spans of the text that was read. All empty: nothing is known. */
typedef struct CgroupPlace {
    Span container; /* 64 lower-case hexadecimal digits; then there is no unit */
    Span unit;      /* of the system's manager, as systemctl(1) shows it: "nginx.service" */
    Span user_unit; /* of a user's manager, which `unit` then is: "user@1000.service" */
} CgroupPlace;

/*
 * `text` is a whole /proc/PID/cgroup (cgroups(7)), of version 1, 2 or both. `own_uid`: who we are; below that
 * user's manager names are believed, since nobody can pretend to it but who could do all we can (rootless
 * engines). False, and *ret empty: malformed, or a container is in another or in a unit.
 */
bool cgroup_read(Span text, uint32_t own_uid, CgroupPlace *ret);

/*
 * Whether systemd has cgroups of units by this name: its type, length and characters (unit_name_is_valid()).
 */
bool cgroup_is_unit(Span name);
