// SPDX-License-Identifier: Apache-2.0
/* A unix socket at an address of the kernel's choice, for unit tests: nothing of it stays in the file system
 * (unix(7), autobind). */
#pragma once

#include <criterion/criterion.h>
#include <sys/socket.h>
#include <sys/un.h>

/* `fd`, a unix socket, has one from now on, which *ret is told, of *ret_length bytes. */
static inline void abstract_socket_bind(int fd, struct sockaddr_un *ret, socklen_t *ret_length) {
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    *ret_length = sizeof(*ret);
    cr_assert_eq(bind(fd, (const struct sockaddr *) ret, sizeof(sa_family_t)), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *) ret, ret_length), 0);
}
