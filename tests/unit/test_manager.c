// SPDX-License-Identifier: Apache-2.0
#include "daemon/manager.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void set_pid(const char *variable, pid_t pid) {
    char text[32];

    snprintf(text, sizeof(text), "%d", (int) pid);
    setenv(variable, text, 1);
}

typedef struct Told {
    int r;
    bool closed; /* all of them on exec */
    char names[64];
} Told;

/* In a child of its own, for the numbers 3, 4 and 5 are the test framework's here. */
static void tell(const char *fds, const char *names, bool ours, Told *ret) {
    char **found = NULL;

    for (int fd = MANAGER_FIRST_FD; fd < MANAGER_FIRST_FD + 3; fd++)
        (void) dup2(0, fd);
    close(MANAGER_FIRST_FD + 3);
    set_pid("LISTEN_PID", ours ? getpid() : getppid());
    setenv("LISTEN_FDS", fds, 1);
    if (names)
        setenv("LISTEN_FDNAMES", names, 1);
    ret->r = manager_passed(&found);
    ret->closed = ret->r > 0;
    for (int i = 0; i < ret->r; i++) {
        ret->closed = ret->closed && fcntl(MANAGER_FIRST_FD + i, F_GETFD) & FD_CLOEXEC;
        strcat(strcat(ret->names, found[i]), ",");
        free(found[i]);
    }
    free(found);
}

static Told told(const char *fds, const char *names, bool ours) {
    Told *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0),
         copy;
    pid_t pid;
    int status;

    cr_assert_neq(shared, MAP_FAILED);
    pid = fork();
    if (pid == 0) {
        tell(fds, names, ours, shared);
        _exit(0);
    }
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert_eq(status, 0);
    copy = *shared;
    munmap(shared, sizeof(*shared));
    return copy;
}

Test(manager, passed_sockets) {
    static const struct {
        const char *fds, *names;
        bool another;
        int r;
        const char *told;
    } cases[] = {
        {"3", "a:b.socket:", false, 3, "a,b.socket,,"},
        {"3", NULL, false, 3, "unknown,unknown,unknown,"},
        {"1", "a", false, 1, "a,"},
        {"1", "", false, 1, ","},
        {"3", "a:b", false, -EINVAL, ""},
        {"3", "a:b:c:d", false, -EINVAL, ""},
        {"3", "", false, -EINVAL, ""},
        {"3x", NULL, false, -EINVAL, ""},
        {"-1", NULL, false, -EINVAL, ""},
        {"", NULL, false, -EINVAL, ""},
        {"2147483645", NULL, false, -EINVAL, ""}, /* one past what a number of ours can be */
        {"4", NULL, false, -EBADF, ""},
        {"0", NULL, false, -EINVAL, ""},
        {"3", "a:b:c", true, 0, ""},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Told t = told(cases[i].fds, cases[i].names, !cases[i].another);

        cr_expect_eq(t.r, cases[i].r, "%zu: %d", i, t.r);
        cr_expect_str_eq(t.names, cases[i].told, "%zu: %s", i, t.names);
        cr_expect_eq(t.closed, t.r > 0, "%zu", i);
    }
}

Test(manager, nothing_is_said) {
    char **names = NULL;

    unsetenv("LISTEN_PID");
    setenv("LISTEN_FDS", "1", 1);
    cr_expect_eq(manager_passed(&names), 0);
    setenv("LISTEN_PID", "", 1);
    cr_expect_eq(manager_passed(&names), -EINVAL);
    set_pid("LISTEN_PID", getpid());
    unsetenv("LISTEN_FDS");
    cr_expect_eq(manager_passed(&names), 0);
    cr_expect_null(names);
}

Test(manager, watchdog) {
    unsetenv("WATCHDOG_PID");
    unsetenv("WATCHDOG_USEC");
    cr_expect_eq(manager_watchdog_usec(), 0);
    setenv("WATCHDOG_USEC", "3000000", 1);
    cr_expect_eq(manager_watchdog_usec(), 3000000);
    set_pid("WATCHDOG_PID", getpid());
    cr_expect_eq(manager_watchdog_usec(), 3000000);
    set_pid("WATCHDOG_PID", getppid());
    cr_expect_eq(manager_watchdog_usec(), 0, "another's");
    unsetenv("WATCHDOG_PID");
    setenv("WATCHDOG_USEC", "18446744073709551614", 1);
    cr_expect_eq(manager_watchdog_usec(), UINT64_MAX - 1);
    setenv("WATCHDOG_USEC", "18446744073709551616", 1);
    cr_expect_eq(manager_watchdog_usec(), 0);
}

Test(manager, is_told_in_the_abstract_namespace_too) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), n;
    char heard[64] = "", long_text[600];

    n = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "quaygate-manager-%d", (int) getpid());
    cr_assert_eq(bind(fd, (struct sockaddr *) &address,
                      (socklen_t) (offsetof(struct sockaddr_un, sun_path) + 1 + (size_t) n)),
                 0);
    unsetenv("NOTIFY_SOCKET");
    cr_expect_not(manager_listens());
    cr_expect_eq(manager_tell("READY=%d", 1), 0, "nobody is no mistake");
    address.sun_path[0] = '@';
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
    cr_expect(manager_listens());
    cr_expect_eq(manager_tell("READY=%d", 1), 0);
    cr_expect_eq(recv(fd, heard, sizeof(heard), 0), 7);
    cr_expect_str_eq(heard, "READY=1");
    memset(long_text, 'a', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    cr_expect_eq(manager_tell("%.511s", long_text), 0, "at the limit");
    cr_expect_eq(manager_tell("%.512s", long_text), -EMSGSIZE);
    setenv("NOTIFY_SOCKET", "relative", 1);
    cr_expect_eq(manager_tell("READY=1"), -EINVAL);
    setenv("NOTIFY_SOCKET", long_text, 1);
    cr_expect_eq(manager_tell("READY=1"), -EINVAL);
    setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
    cr_expect_eq(manager_tell("READY=1"), -ENOENT);
    close(fd);
}
