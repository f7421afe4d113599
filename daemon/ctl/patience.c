// SPDX-License-Identifier: Apache-2.0
#include "patience.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "daemon/clock.h"

int patience_give(int fd, uint64_t until_usec) {
    uint64_t now = clock_monotonic_usec();
    struct timeval left;

    if (now >= until_usec)
        return -EAGAIN;
    left = (struct timeval){.tv_sec = (time_t) ((until_usec - now) / 1000000),
                            .tv_usec = (suseconds_t) ((until_usec - now) % 1000000)};
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &left, sizeof(left)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &left, sizeof(left)) < 0)
        return -errno;
    return 0;
}
