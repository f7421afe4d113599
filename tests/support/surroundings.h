// SPDX-License-Identifier: Apache-2.0
/* What a unit test runs on. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* It runs other programs, too, and plays the limit on descriptors by accepting, and then closing what is
 * past. */
static inline bool in_valgrind(void) {
    return getenv("LD_PRELOAD") && strstr(getenv("LD_PRELOAD"), "vgpreload");
}

/*
 * Linux 6.5 knows SO_PEERPIDFD (77), whatever the libc that this is built with. `fd`: any unix socket that is
 * connected, be it that its peer has ended.
 */
static inline bool kernel_can_pin(int fd) {
    int pidfd = -1;
    socklen_t size = sizeof(pidfd);

    if (getsockopt(fd, SOL_SOCKET, 77, &pidfd, &size) == 0)
        close(pidfd);
    return pidfd >= 0 || errno != ENOPROTOOPT;
}
