// SPDX-License-Identifier: Apache-2.0
#include "rights.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int rights_set_mode(const char *path, mode_t mode) {
    return fchmodat(AT_FDCWD, path, mode & 07777, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/* What the kernel says of it is "Operation not permitted", of which nobody could tell what. */
static int rights_give(const char *path, const Rights *rights, const char **ret_why) {
    int r = lchown(path, rights->owner, rights->group) < 0 ? -errno : 0;

    if (r == -EPERM)
        *ret_why =
            "it can't be given to that owner or group; but for root's daemon there must be no owner, and a "
            "group that the daemon is in (of the unit: examples/systemd/groups.conf)";
    return r;
}

/* 0: they are `rights`' already; 1: they aren't, and nobody may open it now. *ret is how it was. */
static int rights_close(const char *path, const Rights *rights, struct stat *ret) {
    int r;

    if (lstat(path, ret) < 0)
        return -errno;
    if (ret->st_uid == rights->owner && ret->st_gid == rights->group)
        return 0;
    r = rights_set_mode(path, 0);
    return r < 0 ? r : 1;
}

int rights_apply(const char *path, const Rights *rights, const char **ret_why) {
    struct stat st;
    int r = rights_close(path, rights, &st);

    if (r > 0)
        r = rights_give(path, rights, ret_why);
    return r < 0 ? r : rights_set_mode(path, rights->mode);
}

int rights_try(const char *path, const Rights *rights, const char **ret_why) {
    struct stat st;
    int r = rights_close(path, rights, &st), back;

    if (r <= 0)
        return r;
    r = rights_give(path, rights, ret_why);
    /* What somebody gave it by hand may be past our giving: it has what is wanted then. */
    if (r == 0 && lchown(path, st.st_uid, st.st_gid) < 0 && errno != EPERM)
        r = -errno;
    back = rights_set_mode(path, st.st_mode);
    return r < 0 ? r : back;
}
