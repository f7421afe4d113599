// SPDX-License-Identifier: Apache-2.0
#include "hostfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "policy/text.h"

static void hostfs_close(const int *fd) {
    if (*fd >= 0)
        close(*fd);
}

/* Below `root` and never out of it, whatever links say; not through /proc's magic links. */
static int hostfs_open(int root, const char *path, uint64_t flags) {
    struct open_how how = {.flags = O_PATH | O_CLOEXEC | flags,
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    long fd = syscall(SYS_openat2, root, *path ? path : "/", &how, sizeof(how));

    return fd < 0 ? -errno : (int) fd;
}

/* The path of an open file, as we see it. */
static int hostfs_name(int fd, char ret[PATH_MAX]) {
    char link[64];
    ssize_t n;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, ret, PATH_MAX - 1);
    if (n < 0)
        return -errno;
    if (n == PATH_MAX - 1 || ret[0] != '/')
        return -ENAMETOOLONG;
    ret[n] = '\0';
    return 0;
}

/* The deepest part of `path` that exists: opened; *ret_size is its length. */
static int hostfs_open_existing(int root, const char *path, size_t *ret_size) {
    char part[PATH_MAX];
    size_t size = strlen(path);

    if (size >= sizeof(part))
        return -ENAMETOOLONG;
    for (;;) {
        int fd;

        memcpy(part, path, size);
        part[size] = '\0';
        fd = hostfs_open(root, part, 0);
        if (fd != -ENOENT) {
            *ret_size = size;
            return fd;
        }
        fd = hostfs_open(root, part, O_NOFOLLOW);
        if (fd >= 0) { /* a link to nowhere: what dockerd would make of it is not for us to guess */
            close(fd);
            return -ELOOP;
        }
        if (fd != -ENOENT || size == 0)
            return fd;
        while (size > 0 && part[--size] != '/')
            ;
    }
}

int hostfs_resolve(const char *root, const char *path, char *ret) {
    CLEANUP(hostfs_close) int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    CLEANUP(hostfs_close) int fd = -EBADF;
    char base[PATH_MAX], found[PATH_MAX];
    size_t size = 0, n_base;
    int r;

    if (root_fd < 0)
        return -errno;
    fd = hostfs_open_existing(root_fd, path, &size);
    if (fd < 0)
        return fd;
    r = hostfs_name(root_fd, base);
    if (r == 0)
        r = hostfs_name(fd, found);
    if (r < 0)
        return r;
    n_base = strcmp(base, "/") == 0 ? 0 : strlen(base);
    if (strncmp(found, base, n_base) != 0 || (found[n_base] != '/' && found[n_base] != '\0'))
        return -EXDEV;
    r = snprintf(ret, PATH_MAX, "%s%s", strcmp(found + n_base, "/") == 0 ? "" : found + n_base, path + size);
    if (r < 0 || r >= PATH_MAX)
        return -ENAMETOOLONG;
    if (r == 0)
        memcpy(ret, "/", 2);
    return 0;
}

static bool hostfs_deny(Arena *arena, const HostPath *path, const char *why, Span leads_to,
                        Verdict *verdict) {
    const char *shown = text_show(arena, leads_to, LIMIT_VALUE_SHOWN);
    const char *asked = text_show(arena, span_from(path->path), LIMIT_VALUE_SHOWN);

    *verdict =
        verdict_from_reason(REASON_FIELD_NOT_ALLOWED,
                            arena_printf(arena, "%s=%s: %s%s", path->field ? path->field : "a bind mount",
                                         asked ? asked : "…", why, shown ? shown : ""));
    verdict->rule = "containers.bind_mounts";
    verdict->field = path->field;
    return false;
}

static bool hostfs_passes(const HostView *view, const Policy *policy, Arena *arena, const HostPath *path,
                          Verdict *verdict) {
    char resolved[PATH_MAX];
    int r = hostfs_resolve(view->root, path->path, resolved);

    if (r == -EACCES && view->guessed)
        return true;
    if (r < 0)
        return hostfs_deny(arena, path, "where it leads can't be told: ", span_from(strerror(-r)), verdict);
    if (policy_allows_host_path(policy, span_from(resolved), path->readonly))
        return true;
    return hostfs_deny(arena, path, "it leads to ", span_from(resolved), verdict);
}

void hostfs_check(const HostView *view, const Policy *policy, Arena *arena, Verdict *verdict) {
    const HostPath *paths = verdict->host_paths;
    size_t n = verdict->n_host_paths;

    if (!view->root || verdict->effect != EFFECT_ALLOW)
        return;
    for (size_t i = 0; i < n; i++)
        if (!hostfs_passes(view, policy, arena, &paths[i], verdict)) {
            if (policy_observes(policy))
                verdict->effect = EFFECT_OBSERVE;
            return;
        }
}

HostView hostfs_guess(void) {
    /* What container engines leave at the root for their guests to know. */
    static const char *const marks[] = {"/.dockerenv", "/run/.containerenv", "/run/systemd/container"};

    for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
        if (access(marks[i], F_OK) == 0)
            return (HostView){0};
    return (HostView){.root = "/", .guessed = true};
}

static const char *hostfs_lead_path(void *ctx, Arena *arena, const char *path) {
    const HostView *view = ctx;
    char resolved[PATH_MAX];

    if (hostfs_resolve(view->root, path, resolved) < 0 || strcmp(resolved, path) == 0)
        return NULL;
    return arena_copy(arena, span_from(resolved));
}

int hostfs_lead(const HostView *view, PolicySet *set) {
    HostView copy = *view;

    return view->root ? policy_set_lead(set, hostfs_lead_path, &copy) : 0;
}
