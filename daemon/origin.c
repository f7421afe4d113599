// SPDX-License-Identifier: Apache-2.0
#include "origin.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buffer.h"
#include "policy/limits.h"

/* Debian 12's libc doesn't know it yet; the number is that of asm-generic, as SO_PEERCRED's 17 is. */
#if !defined(SO_PEERPIDFD) && SO_PEERCRED == 17
#define SO_PEERPIDFD 77
#endif

#define ORIGIN_DESCRIPTORS 3u /* that a look takes: the process, its folder, a file in it */

static const char origin_no_pid[] = "the client is in no pid namespace that the gate sees: run the gate on "
                                    "the host, or its container with pid: host";
static const char origin_other_proc[] = "the gate's /proc is another pid namespace's";
static const char origin_gone[] = "the process that connected has ended";
static const char origin_no_cgroup[] = "the client's cgroup can't be read";
static const char origin_unclear[] = "the client's cgroup can't be understood";
static const char origin_nowhere[] =
    "the client is in no container and in no unit, as far as its cgroup tells";
static const char origin_no_memory[] = "out of memory";

/* --- The process ----------------------------------------------------------------------------------- */

/*
 * /proc, held since it was seen to speak of the pids that SO_PEERCRED does (a container may have the host's
 * mounted there): it named our own. A mount of it stays with the pid namespace that it was made in
 * (fs/proc/root.c, proc_fill_super), and so do we; what is mounted over it later is not looked into.
 */
static struct {
    int fd;
    uid_t uid; /* ours, effective */
    int spare[ORIGIN_DESCRIPTORS];
    size_t n_spare;
} origin_proc = {.fd = -EBADF};

static bool origin_names_us(int proc) {
    char self[16], link[16];
    ssize_t n = readlinkat(proc, "self", link, sizeof(link));

    snprintf(self, sizeof(self), "%d", (int) getpid());
    return n > 0 && (size_t) n == strlen(self) && memcmp(link, self, (size_t) n) == 0;
}

/*
 * Who has just been accepted may have taken the last descriptor, and so may a crowd with him: some are kept
 * for a look at each of them.
 */
static void origin_save(void) {
    while (origin_proc.n_spare < ORIGIN_DESCRIPTORS) {
        int fd = fcntl(origin_proc.fd, F_DUPFD_CLOEXEC, 0);

        if (fd < 0)
            return;
        origin_proc.spare[origin_proc.n_spare++] = fd;
    }
}

/* True: there are some again, so what has failed for want of them can be had. */
static bool origin_spend(int error) {
    if (error != EMFILE || origin_proc.n_spare == 0)
        return false;
    while (origin_proc.n_spare > 0)
        close(origin_proc.spare[--origin_proc.n_spare]);
    return true;
}

static int origin_openat(int folder, const char *name, int flags) {
    int fd = openat(folder, name, flags | O_CLOEXEC);

    if (fd < 0 && origin_spend(errno))
        fd = openat(folder, name, flags | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

bool origin_open_proc(void) {
    int fd;

    if (origin_proc.fd >= 0)
        return true;
    fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    if (!origin_names_us(fd)) {
        close(fd);
        return false;
    }
    origin_proc.fd = fd;
    origin_proc.uid = geteuid();
    origin_save();
    return true;
}

/* Held open: reading through it fails once the process has ended, also when its pid is another's by then. */
static int origin_open(pid_t pid) {
    char name[16];

    snprintf(name, sizeof(name), "%d", (int) pid);
    return origin_openat(origin_proc.fd, name, O_PATH | O_DIRECTORY);
}

/*
 * −ENOPROTOOPT: a kernel before 6.5. What has been reaped is an error there, and from 6.16 on a dead pidfd.
 */
static int origin_pin(int fd) {
#ifdef SO_PEERPIDFD
    int pidfd = -1, r;
    socklen_t size = sizeof(pidfd);

    r = getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size);
    if (r < 0 && origin_spend(errno))
        r = getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size);
    return r < 0 ? -errno : pidfd;
#else
    (void) fd;
    return -ENOPROTOOPT;
#endif
}

/* A pidfd can be read from once its process has ended. */
static bool origin_is_alive(int pidfd) {
    struct pollfd look = {.fd = pidfd, .events = POLLIN};
    int r;

    do
        r = poll(&look, 1, 0);
    while (r < 0 && errno == EINTR);
    return r == 0;
}

/*
 * 0 or −errno; −EFBIG: more than `limit`. A file of /proc/PID gives all its text to the first read that has
 * room for it (fs/seq_file.c, seq_read_iter, of a single show; fs/libfs.c, simple_read_from_buffer): one that
 * leaves room has it all.
 */
static int origin_read_file(int process, const char *name, size_t limit, Buffer *ret) {
    int fd = origin_openat(process, name, O_RDONLY | O_NOFOLLOW), r = 0;
    ssize_t n = BUFFER_READ_BYTES;

    if (fd < 0)
        return fd;
    while (r == 0 && n == BUFFER_READ_BYTES && buffer_size(ret) <= limit) {
        char *room = buffer_reserve(ret, BUFFER_READ_BYTES);

        n = room ? read(fd, room, BUFFER_READ_BYTES) : 0;
        if (n > 0)
            buffer_commit(ret, (size_t) n);
        else if (n < 0 || !room)
            r = room ? -errno : -ENOMEM;
    }
    close(fd);
    return r == 0 && buffer_size(ret) > limit ? -EFBIG : r;
}

/* --- What it tells --------------------------------------------------------------------------------- */

static void origin_take_place(Origin *origin, const CgroupPlace *place) {
    if (place->container.size > 0) {
        memcpy(origin->container, place->container.data, CGROUP_ID_SIZE);
        return;
    }
    if (place->unit.size == 0) {
        origin->unknown = origin_nowhere;
        return;
    }
    if (place->user_unit.size == 0)
        origin->unit = strndup(place->unit.data, place->unit.size);
    else if (asprintf(&origin->unit, "%.*s/%.*s", SPAN_FMT(place->unit), SPAN_FMT(place->user_unit)) < 0)
        origin->unit = NULL;
    if (!origin->unit)
        origin->unknown = origin_no_memory;
}

static uid_t origin_own_uid(void) {
    return origin_proc.fd >= 0 ? origin_proc.uid : geteuid();
}

static void origin_read_cgroup(Origin *origin, int process) {
    Buffer text = {0};
    CgroupPlace place;
    int r = origin_read_file(process, "cgroup", LIMIT_CGROUP_BYTES, &text);

    if (r < 0)
        origin->unknown = r == -ESRCH ? origin_gone : origin_no_cgroup;
    else if (!cgroup_read(buffer_span(&text), origin_own_uid(), &place))
        origin->unknown = origin_unclear;
    else
        origin_take_place(origin, &place);
    buffer_done(&text);
}

/* −1 (4294967295): nobody has logged in, as with services. Not there: a kernel without audit. */
static void origin_read_login(Origin *origin, int process) {
    Buffer text = {0};
    uint64_t uid = 0;
    bool good =
        origin_read_file(process, "loginuid", LIMIT_LOGIN_BYTES, &text) == 0 && buffer_size(&text) > 0;
    Span digits = buffer_span(&text);

    for (size_t i = 0; good && i < digits.size; i++) {
        good = digits.data[i] >= '0' && digits.data[i] <= '9';
        uid = uid * 10 + (uint64_t) (digits.data[i] - '0');
    }
    if (good && uid < UINT32_MAX) {
        origin->has_login = true;
        origin->login = (uint32_t) uid;
    }
    buffer_done(&text);
}

/*
 * Best effort, and for people only: the process may have become another by exec between its connect and now.
 * Never decides anything.
 */
static void origin_read_exe(Origin *origin, int process) {
    char path[PATH_MAX];
    ssize_t n = readlinkat(process, "exe", path, sizeof(path));

    if (n > 0 && (size_t) n < sizeof(path))
        origin->exe = strndup(path, (size_t) n);
}

void origin_read_process(int process, Origin *ret) {
    origin_read_cgroup(ret, process);
    origin_read_login(ret, process);
    origin_read_exe(ret, process);
}

static Origin origin_unknown(const char *why) {
    return (Origin){.unknown = why};
}

/*
 * Without a pidfd: a pid that was reused between connect(2) and our open would be told as the client. The
 * kernels of Debian 12 and before have no better.
 */
Origin origin_read(int fd, pid_t pid) {
    int pidfd, process;
    Origin origin = {0};

    if (pid <= 0)
        return origin_unknown(origin_no_pid);
    if (!origin_open_proc())
        return origin_unknown(origin_other_proc);
    if (origin_proc.n_spare < ORIGIN_DESCRIPTORS)
        origin_save();
    pidfd = origin_pin(fd);
    if (pidfd < 0 && pidfd != -ENOPROTOOPT)
        return origin_unknown(origin_gone);
    process = origin_open(pid);
    if (process < 0) {
        origin.unknown = process == -ENOENT ? origin_gone : origin_no_cgroup;
    } else {
        origin_read_process(process, &origin);
        close(process);
    }
    if (pidfd >= 0) {
        if (!origin_is_alive(pidfd)) {
            origin_done(&origin);
            origin.unknown = origin_gone;
        }
        close(pidfd);
    }
    return origin;
}

bool origin_is_told(const Origin *origin) {
    return !origin->unknown || origin->unknown == origin_nowhere;
}

void origin_done(Origin *origin) {
    free(origin->unit);
    free(origin->exe);
    *origin = (Origin){0};
}
