// SPDX-License-Identifier: Apache-2.0
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

/*
 * O_NOFOLLOW: the last component can't be a symlink that somebody left in a log directory. O_NONBLOCK: a
 * FIFO without a reader is an error now and not a daemon that hangs. The config's mode is for a file that
 * we make; one that is there has the rights that logrotate or its owner gave it.
 */
static int sink_open_file(const char *path, unsigned mode) {
    static const int flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    int fd = open(path, flags);

    if (fd >= 0 || errno != ENOENT)
        return fd < 0 ? -errno : fd;
    fd = open(path, flags | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        return -errno;
    if (fchmod(fd, mode) < 0) { /* whatever the umask says */
        int r = -errno;

        close(fd);
        return r;
    }
    return fd;
}

/* A host that went down in mid-write leaves half a line. A file we may not read is taken as whole. */
static bool sink_is_torn(const char *path, const struct stat *opened) {
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    char last = '\n';

    if (fd < 0)
        return false;
    if (fstat(fd, &st) == 0 && st.st_dev == opened->st_dev && st.st_ino == opened->st_ino && st.st_size > 0 &&
        pread(fd, &last, 1, st.st_size - 1) != 1)
        last = '\n';
    close(fd);
    return last != '\n';
}

/*
 * Two daemons that append to one file would make two chains of one. A lock of the open file description: it
 * holds against ourselves, goes with the last descriptor, and a crash leaves none behind.
 */
static int sink_lock(int fd) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
        return 0;
    return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
}

/* That of a folder where rotation has put a new file; the same file is ours and locked. */
static bool sink_is_same(const Sink *sink, const struct stat *st) {
    struct stat mine;

    return sink->fd >= 0 && fstat(sink->fd, &mine) == 0 && mine.st_dev == st->st_dev &&
           mine.st_ino == st->st_ino;
}

static int sink_attach_file(Sink *sink) {
    int fd = sink_open_file(sink->path, sink->mode);
    struct stat st;
    int r = 0;

    if (fd < 0)
        return fd;
    if (fstat(fd, &st) < 0)
        r = -errno;
    else if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
        r = -EINVAL;
    else if (S_ISREG(st.st_mode) && sink_is_same(sink, &st)) {
        close(fd);
        return 0;
    } else if (S_ISREG(st.st_mode))
        r = sink_lock(fd);
    if (r < 0) {
        close(fd);
        return r;
    }
    if (sink->fd >= 0)
        close(sink->fd);
    sink->fd = fd;
    sink->regular = S_ISREG(st.st_mode);
    sink->torn = sink->regular && sink_is_torn(sink->path, &st);
    return 0;
}

/* With `>FILE 2>&1`: what is opened anew moves nobody's place in it, so our messages would go over the first
 * lines. */
static void sink_share_file(void) {
    int flags = fcntl(STDOUT_FILENO, F_GETFL);
    struct stat st;

    if (flags >= 0 && fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode))
        (void) fcntl(STDOUT_FILENO, F_SETFL, flags | O_APPEND); /* failing: as it was */
}

/*
 * Standard output without waiting for who reads it: a reader that stalls, or ^S, must not stop the daemon.
 * The descriptor itself is others' too, and O_NONBLOCK would be theirs as well: so it is opened anew. What
 * can't be (a socket, a pipe of another user's) is asked for room before each write.
 */
static void sink_attach_stdout(Sink *sink) {
    sink_share_file();
    sink->fd = open("/proc/self/fd/1", O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (sink->fd < 0) {
        sink->fd = STDOUT_FILENO;
        sink->asks = true;
    }
}

int sink_open(const ConfigSink *config, Sink *ret) {
    Sink sink = {.kind = config->kind, .mode = config->mode, .fd = -EBADF};
    int r = 0;

    sink.path = strdup(config->kind == SINK_FILE ? config->path : "stdout");
    if (!sink.path)
        return -ENOMEM;
    if (config->kind == SINK_FILE)
        r = sink_attach_file(&sink);
    else
        sink_attach_stdout(&sink);
    if (r < 0) {
        free(sink.path);
        return r;
    }
    *ret = sink;
    return 0;
}

void sink_done(Sink *sink) {
    if (sink->fd >= 0 && sink->fd != STDOUT_FILENO)
        close(sink->fd);
    free(sink->path);
    *sink = (Sink){.fd = -EBADF};
}

int sink_reopen(Sink *sink) {
    return sink->kind == SINK_FILE ? sink_attach_file(sink) : 0;
}

/* As write(2), never waiting: where poll(2) says that there is room, PIPE_BUF bytes of it are (pipe(7)). */
static ssize_t sink_write_some(const Sink *sink, Span bytes) {
    struct pollfd room = {.fd = sink->fd, .events = POLLOUT};

    if (!sink->asks)
        return write(sink->fd, bytes.data, bytes.size);
    if (poll(&room, 1, 0) != 1) { /* no room, or nobody can tell */
        errno = EAGAIN;
        return -1;
    }
    return write(sink->fd, bytes.data, bytes.size < PIPE_BUF ? bytes.size : PIPE_BUF);
}

/* As many bytes as go, in one system call where nothing is wrong. */
static int sink_write_bytes(Sink *sink, Span bytes, size_t *ret_written) {
    size_t written = 0;
    int r = 0;

    while (r == 0 && written < bytes.size) {
        ssize_t n = sink_write_some(sink, (Span){bytes.data + written, bytes.size - written});

        if (n >= 0)
            written += (size_t) n;
        else if (errno != EINTR)
            r = -errno;
        if (n == 0)
            r = -EIO;
    }
    *ret_written = written;
    return r;
}

/* Half a line goes away again; where that can't be, the next write starts a line of its own. */
static void sink_cut(Sink *sink, size_t half) {
    struct stat st;

    if (sink->regular && fstat(sink->fd, &st) == 0 && st.st_size >= (off_t) half &&
        ftruncate(sink->fd, st.st_size - (off_t) half) == 0)
        return;
    sink->torn = true;
}

static void sink_note(Sink *sink, int r) {
    if (r < 0 && !sink->failing)
        log_error("audit: cannot write to %s: %s", sink->path, strerror(-r));
    else if (r == 0 && sink->failing)
        log_notice("audit: writing to %s again", sink->path);
    sink->failing = r < 0;
}

int sink_write(Sink *sink, Span lines, size_t *ret_taken) {
    size_t written = 0, whole;
    int r = 0;

    if (sink->torn) {
        r = sink_write_bytes(sink, SPAN("\n"), &written);
        sink->torn = r < 0;
        written = 0;
    }
    if (r == 0)
        r = sink_write_bytes(sink, lines, &written);
    whole = written;
    while (whole > 0 && lines.data[whole - 1] != '\n')
        whole--;
    if (whole < written)
        sink_cut(sink, written - whole);
    sink_note(sink, r);
    *ret_taken = whole;
    return r;
}
