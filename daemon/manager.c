// SPDX-License-Identifier: Apache-2.0
#include "manager.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MANAGER_MESSAGE_BYTES 512u

/* Digits alone, as both sides write them. False: it isn't set, or no such number. */
static bool manager_number(const char *variable, uint64_t max, uint64_t *ret) {
    const char *text = getenv(variable);
    uint64_t number = 0;

    if (!text || !*text)
        return false;
    for (; *text; text++) {
        unsigned digit = (unsigned) (unsigned char) *text - '0';

        if (digit > 9 || number > (max - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *ret = number;
    return true;
}

/* A parent's variables are inherited by who doesn't know them: the pid says for whom they are. */
static bool manager_is_for_us(const char *variable) {
    uint64_t pid;

    return manager_number(variable, INT_MAX, &pid) && (pid_t) pid == getpid();
}

/* --- passed sockets */

static int manager_close_on_exec(size_t n) {
    for (size_t i = 0; i < n; i++) {
        int flags = fcntl(MANAGER_FIRST_FD + (int) i, F_GETFD);

        if (flags < 0 || fcntl(MANAGER_FIRST_FD + (int) i, F_SETFD, flags | FD_CLOEXEC) < 0)
            return -errno;
    }
    return 0;
}

static void manager_free_names(char **names, size_t n) {
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

/* One name each between colons. −EINVAL: another number of them than of sockets. */
static int manager_split_names(char **names, size_t n) {
    const char *text = getenv("LISTEN_FDNAMES");

    for (size_t i = 0; i < n; i++) {
        size_t size = text ? strcspn(text, ":") : 0;

        if (text && (text[size] == '\0') != (i == n - 1))
            return -EINVAL;
        names[i] = text ? strndup(text, size) : strdup("unknown");
        if (!names[i])
            return -ENOMEM;
        if (text)
            text += size + 1;
    }
    return 0;
}

int manager_passed(char ***ret_names) {
    char **names;
    uint64_t n;
    int r;

    *ret_names = NULL;
    if (!getenv("LISTEN_PID") || !getenv("LISTEN_FDS") || !manager_is_for_us("LISTEN_PID"))
        return 0;
    if (!manager_number("LISTEN_FDS", INT_MAX - MANAGER_FIRST_FD, &n))
        return -EINVAL;
    r = n > 0 ? manager_close_on_exec(n) : 0;
    if (n == 0 || r < 0)
        return r;
    names = calloc(n, sizeof(*names));
    r = names ? manager_split_names(names, n) : -ENOMEM;
    if (r < 0) {
        manager_free_names(names, names ? n : 0);
        return r;
    }
    *ret_names = names;
    return (int) n;
}

/* --- what it is told */

bool manager_listens(void) {
    return getenv("NOTIFY_SOCKET") != NULL;
}

/* A path, or a name in the abstract namespace behind an @. */
static int manager_address(const char *text, struct sockaddr_un *ret, socklen_t *ret_size) {
    size_t size = strlen(text);

    if ((text[0] != '/' && text[0] != '@') || size < 2 || size >= sizeof(ret->sun_path))
        return -EINVAL;
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(ret->sun_path, text, size);
    if (text[0] == '@')
        ret->sun_path[0] = '\0';
    *ret_size = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + size);
    return 0;
}

static int manager_send(const char *to, const char *message, size_t size) {
    struct sockaddr_un address;
    struct iovec part = {.iov_base = (void *) (uintptr_t) message, .iov_len = size};
    struct msghdr header = {.msg_name = &address, .msg_iov = &part, .msg_iovlen = 1};
    int fd, r = manager_address(to, &address, &header.msg_namelen);

    if (r < 0)
        return r;
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (sendmsg(fd, &header, MSG_NOSIGNAL) < 0)
        r = -errno;
    close(fd);
    return r;
}

int manager_tell(const char *format, ...) {
    const char *to = getenv("NOTIFY_SOCKET");
    char message[MANAGER_MESSAGE_BYTES];
    va_list args;
    int n;

    if (!to)
        return 0;
    va_start(args, format);
    n = vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    if (n < 0 || (size_t) n >= sizeof(message))
        return -EMSGSIZE;
    return manager_send(to, message, (size_t) n);
}

uint64_t manager_watchdog_usec(void) {
    uint64_t usec;

    if (!manager_number("WATCHDOG_USEC", UINT64_MAX - 1, &usec))
        return 0;
    return !getenv("WATCHDOG_PID") || manager_is_for_us("WATCHDOG_PID") ? usec : 0;
}
