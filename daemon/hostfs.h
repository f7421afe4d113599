// SPDX-License-Identifier: Apache-2.0
/*
 * Where a host path leads once its symlinks are followed, as the kernel will follow them when the container
 * starts (T-073). Only where the daemon sees the host's file system: the config's `host_root` says where.
 * A link can be changed between look and start by whoever may write there; this stops those that lie ready.
 */
#pragma once

#include <limits.h>

#include "policy/compile.h"

/* How the host's file system is seen. */
typedef struct HostView {
    const char *root; /* where; NULL: nowhere */
    bool guessed; /* nobody said so: a folder that we may not search isn't seen, and judged by its letters */
} HostView;

/* The host's own /, unless we are in a container. */
HostView hostfs_guess(void);

/*
 * Resolves `path` (absolute, cleaned) below the directory `root` into ret[PATH_MAX], as a path of the host.
 * What doesn't exist yet is kept below the deepest directory that does: dockerd would make it there. −errno:
 * it can't be told, a dangling link (−ELOOP) and a directory that we may not search (−EACCES) among that.
 */
int hostfs_resolve(const char *root, const char *path, char *ret);

/*
 * Holds each host path of an allowed verdict against the policy once more, as it resolves in `view`; a
 * path that leads elsewhere, or that can't be resolved, turns *verdict into a deny (observe under a policy
 * that observes).
 */
void hostfs_check(const HostView *view, const Policy *policy, Arena *arena, Verdict *verdict);

/* Tells the set where its own bind mounts lead, once. 0, or −ENOMEM. */
int hostfs_lead(const HostView *view, PolicySet *set);
