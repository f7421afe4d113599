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

#define ORIGIN_DESCRIPTORS 4u /* that a look takes: the process, its folder, two files in it */

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

static int origin_open_file(int folder, const char *name) {
    return origin_openat(folder, name, O_RDONLY | O_NOFOLLOW);
}

static void origin_close(int fd) {
    if (fd >= 0)
        close(fd);
}

/*
 * 0 or −errno; −EFBIG: more than `limit`. A file of /proc/PID gives all its text to the first read that has
 * room for it (fs/seq_file.c, seq_read_iter, of a single show; fs/libfs.c, simple_read_from_buffer): one that
 * leaves room has it all. From its beginning it is told anew, however often it was read. `fd`: or −errno.
 */
static int origin_read_file(int fd, size_t limit, Buffer *ret) {
    ssize_t n = BUFFER_READ_BYTES;
    int r = fd < 0 ? fd : 0;

    while (r == 0 && n == BUFFER_READ_BYTES && buffer_size(ret) <= limit) {
        char *room = buffer_reserve(ret, BUFFER_READ_BYTES);

        n = room ? pread(fd, room, BUFFER_READ_BYTES, (off_t) buffer_size(ret)) : 0;
        if (n > 0)
            buffer_commit(ret, (size_t) n);
        else if (n < 0 || !room)
            r = room ? -errno : -ENOMEM;
    }
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

static void origin_read_cgroup(Origin *origin, int fd) {
    Buffer text = {0};
    CgroupPlace place;
    int r = origin_read_file(fd, LIMIT_CGROUP_BYTES, &text);

    if (r < 0)
        origin->unknown = r == -ESRCH ? origin_gone : origin_no_cgroup;
    else if (!cgroup_read(buffer_span(&text), origin_own_uid(), &place))
        origin->unknown = origin_unclear;
    else
        origin_take_place(origin, &place);
    buffer_done(&text);
}

/* −1 (4294967295): nobody has logged in, as with services. Not there: a kernel without audit. */
static void origin_read_login(Origin *origin, int fd) {
    Buffer text = {0};
    uint64_t uid = 0;
    bool good = origin_read_file(fd, LIMIT_LOGIN_BYTES, &text) == 0 && buffer_size(&text) > 0;
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
static void origin_read_exe(Origin *origin, int folder) {
    char path[PATH_MAX];
    ssize_t n = readlinkat(folder, "exe", path, sizeof(path));

    if (n > 0 && (size_t) n < sizeof(path))
        origin->exe = strndup(path, (size_t) n);
}

static void origin_open_files(OriginProcess *process) {
    process->cgroup = origin_open_file(process->folder, "cgroup");
    process->login = origin_open_file(process->folder, "loginuid");
}

static void origin_close_files(const OriginProcess *process) {
    origin_close(process->cgroup);
    origin_close(process->login);
}

static void origin_read_files(const OriginProcess *process, Origin *ret) {
    origin_read_cgroup(ret, process->cgroup);
    origin_read_login(ret, process->login);
    origin_read_exe(ret, process->folder);
}

void origin_read_process(int folder, Origin *ret) {
    OriginProcess process = {.folder = folder};

    origin_open_files(&process);
    origin_read_files(&process, ret);
    origin_close_files(&process);
}

/* --- Looking --------------------------------------------------------------------------------------- */

static Origin origin_unknown(const char *why) {
    return (Origin){.unknown = why};
}

static void origin_close_process(const OriginProcess *process) {
    origin_close(process->pidfd);
    origin_close(process->folder);
    origin_close_files(process);
}

void origin_let_go(OriginProcess *held) {
    if (held->pid > 0)
        origin_close_process(held);
    *held = (OriginProcess){0};
}

/*
 * Only what has told all that it can, and can be known again; not with descriptors that others need more: a
 * look has taken the spare ones if there are none.
 */
static bool origin_may_hold(const OriginProcess *process) {
    return process->pidfd >= 0 && process->cgroup >= 0 &&
           (process->login >= 0 || process->login == -ENOENT) && origin_proc.n_spare == ORIGIN_DESCRIPTORS;
}

/* All that it tells is its own if it is alive behind that. 0; −ENOENT: there is no such pid; −errno. */
static int origin_look(OriginProcess *process, Origin *ret) {
    process->folder = origin_open(process->pid);
    process->cgroup = process->login = -EBADF;
    if (process->folder < 0)
        return process->folder;
    origin_open_files(process);
    origin_read_files(process, ret);
    return process->pidfd >= 0 && !origin_is_alive(process->pidfd) ? -ENOENT : 0;
}

/*
 * Without a pidfd: a pid that was reused between connect(2) and our open would be told as the client. The
 * kernels of Debian 12 and before have no better.
 */
static Origin origin_read_anew(int fd, pid_t pid, OriginProcess *held) {
    OriginProcess process = {.pid = pid};
    Origin origin = {0};
    int r;

    if (origin_proc.n_spare < ORIGIN_DESCRIPTORS)
        origin_save();
    process.pidfd = origin_pin(fd);
    if (process.pidfd < 0 && process.pidfd != -ENOPROTOOPT)
        return origin_unknown(origin_gone);
    r = origin_look(&process, &origin);
    if (r == 0 && held && origin_may_hold(&process)) {
        *held = process;
        return origin;
    }
    origin_close_process(&process);
    if (r < 0) {
        origin_done(&origin);
        origin.unknown = r == -ENOENT ? origin_gone : origin_no_cgroup;
    }
    return origin;
}

Origin origin_read(int fd, pid_t pid, OriginProcess *held) {
    Origin origin = {0};

    if (pid <= 0)
        return origin_unknown(origin_no_pid);
    if (!origin_open_proc())
        return origin_unknown(origin_other_proc);
    if (held && held->pid == pid) {
        origin_read_files(held, &origin);
        if (origin_is_alive(held->pidfd))
            return origin;
        origin_done(&origin);
    }
    if (held)
        origin_let_go(held);
    return origin_read_anew(fd, pid, held);
}

bool origin_is_told(const Origin *origin) {
    return !origin->unknown || origin->unknown == origin_nowhere;
}

void origin_done(Origin *origin) {
    free(origin->unit);
    free(origin->exe);
    *origin = (Origin){0};
}
