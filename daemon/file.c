// SPDX-License-Identifier: Apache-2.0
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define READ_BYTES (64u << 10)

int file_read_fd(int fd, size_t limit, Buffer *ret) {
    while (buffer_size(ret) <= limit) {
        char *room = buffer_reserve(ret, READ_BYTES);
        ssize_t n;

        if (!room)
            return -ENOMEM;
        n = read(fd, room, READ_BYTES);
        if (n == 0)
            return 0;
        if (n > 0)
            buffer_commit(ret, (size_t) n);
        else if (errno != EINTR)
            return -errno;
    }
    return 0;
}

int file_read(const char *path, size_t limit, Buffer *ret) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), r = fd < 0 ? -errno : 0;

    if (r == 0)
        r = file_read_fd(fd, limit, ret);
    if (fd >= 0)
        close(fd);
    return r;
}
