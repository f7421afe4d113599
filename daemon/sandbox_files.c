// SPDX-License-Identifier: Apache-2.0
/*
 * What may be opened from now on, by folders: a rule holds for a folder's inode and all below it, and a file
 * that an editor or passwd(1) has replaced is another inode. So not the config file is allowed but its
 * folder, and not /etc/passwd but /etc.
 *
 * Landlock has no say in O_PATH, stat(2), readlink(2) and connect(2): so where a bind mount's links lead
 * (hostfs.c) and the engine's socket need no rule.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox_impl.h"

/* Of versions of the interface that the headers of the build may not know. */
#define FILES_REFER (1ull << 13)     /* 2 */
#define FILES_TRUNCATE (1ull << 14)  /* 3 */
#define FILES_IOCTL_DEV (1ull << 15) /* 5 */

#define FILES_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FILES_SOCKETS                                                                                        \
    (LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE)
#define FILES_LOGS (FILES_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | FILES_TRUNCATE)

typedef struct FilesRow {
    const char *path;
    uint64_t access;
} FilesRow;

/* What is there on every host; what isn't there is left out. */
static const FilesRow files_rows[] = {
    {"/etc", FILES_READ}, /* users and groups by name, resolv.conf, hosts, localtime */
    {"/usr", FILES_READ}, /* zoneinfo; the modules of NSS */
    {"/lib", FILES_READ}, /* the same, where /lib is a folder of its own */
    {"/lib64", FILES_READ},
    {"/run/systemd/resolve", FILES_READ}, /* where /etc/resolv.conf leads, by who wrote it */
    {"/run/NetworkManager", FILES_READ},
    {"/run/resolvconf", FILES_READ},
    {"/var/lib/sss", FILES_READ}, /* users of a directory service */
    {"/proc", FILES_READ},
    {"/run/quaygate", FILES_SOCKETS},  /* where a reload finds room for new sockets … */
    {"/var/log/quaygate", FILES_LOGS}, /* … and logs */
};

typedef struct Files {
    int ruleset;
    uint64_t handled;
} Files;

static void files_close(const int *fd) {
    if (*fd >= 0)
        close(*fd);
}

static uint64_t files_handled(long version) {
    uint64_t handled = LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1; /* version 1: bits 0 to 12 */

    return handled | (version >= 2 ? FILES_REFER : 0) | (version >= 3 ? FILES_TRUNCATE : 0) |
           (version >= 5 ? FILES_IOCTL_DEV : 0);
}

static int files_allow(const Files *files, const char *path, uint64_t access) {
    int fd CLEANUP(files_close) = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct landlock_path_beneath_attr rule = {.parent_fd = fd, .allowed_access = access & files->handled};

    if (fd < 0) /* not there, or not ours to enter: nothing to allow */
        return 0;
    return syscall(SYS_landlock_add_rule, files->ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0 ? -errno
                                                                                                    : 0;
}

/* The folder of a file, and the one where its links lead. */
static int files_allow_folder_of(const Files *files, const char *path, uint64_t access) {
    char folder[PATH_MAX], real[PATH_MAX];
    const char *paths[] = {path, realpath(path, real)};
    int r = 0;

    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(paths) && paths[i]; i++) {
        const char *slash = strrchr(paths[i], '/');
        size_t size = slash ? (size_t) (slash - paths[i]) : 0;

        if (size >= sizeof(folder))
            return -ENAMETOOLONG;
        memcpy(folder, paths[i], size);
        folder[size] = '\0';
        r = files_allow(files, size > 0 ? folder : slash ? "/" : ".", access);
    }
    return r;
}

/* /etc of a host that is seen elsewhere: the engine's config is in there. */
static int files_allow_host(const Files *files, const Config *config) {
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s/etc/docker", config->host.root ? config->host.root : "");

    return n < 0 || (size_t) n >= sizeof(path) ? -ENAMETOOLONG : files_allow(files, path, FILES_READ);
}

static int files_allow_all(const Files *files, const Config *config) {
    char path[PATH_MAX];
    const char *why;
    int r = 0;

    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(files_rows); i++)
        r = files_allow(files, files_rows[i].path, files_rows[i].access);
    if (r == 0 && config->file)
        r = files_allow_folder_of(files, config->file, FILES_READ);
    if (r == 0 && config->answers_key_file)
        r = files_allow_folder_of(files, config->answers_key_file, FILES_READ);
    if (r == 0 && config_checkpoint_path(config, path, sizeof(path), &why))
        r = files_allow_folder_of(files, path, FILES_READ);
    if (r == 0)
        r = files_allow_host(files, config);
    for (size_t i = 0; r == 0 && i < config_n_sockets(config); i++)
        if (config->listeners[i].address.kind == ADDRESS_UNIX)
            r = files_allow_folder_of(files, config->listeners[i].address.socket.un.sun_path, FILES_SOCKETS);
    for (size_t i = 0; r == 0 && i < config->n_sinks; i++)
        if (config->sinks[i].kind == SINK_FILE)
            r = files_allow_folder_of(files, config->sinks[i].path, FILES_LOGS);
    return r;
}

int sandbox_files_enter(const Config *config) {
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    struct landlock_ruleset_attr attributes = {.handled_access_fs = files_handled(version)};
    int ruleset CLEANUP(files_close) = -EBADF;
    Files files;
    int r;

    if (version < 0)
        return -errno;
    ruleset = (int) syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
    if (ruleset < 0)
        return -errno;
    files = (Files){.ruleset = ruleset, .handled = attributes.handled_access_fs};
    r = files_allow_all(&files, config);
    if (r < 0)
        return r;
    return syscall(SYS_landlock_restrict_self, ruleset, 0) < 0 ? -errno : 0;
}
