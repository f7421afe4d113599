// SPDX-License-Identifier: Apache-2.0
#include "daemon/origin.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/file.h"
#include "policy/limits.h"
#include "tests/support/surroundings.h"

static int socket_listen(struct sockaddr_un *address) {
    char path[] = "/tmp/quaygate-origin-XXXXXX";
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert(mkdtemp(path));
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(address->sun_path, sizeof(address->sun_path), "%s/s", path);
    cr_assert_eq(bind(fd, (struct sockaddr *) address, sizeof(*address)), 0);
    cr_assert_eq(listen(fd, 1), 0);
    return fd;
}

static void socket_remove(struct sockaddr_un *address) {
    unlink(address->sun_path);
    *strrchr(address->sun_path, '/') = '\0';
    rmdir(address->sun_path);
}

/* What the kernel says of ourselves is what is told of a client that is us. */
Test(origin, a_peer_runs_where_it_runs) {
    struct sockaddr_un address;
    int listening = socket_listen(&address), client = socket(AF_UNIX, SOCK_STREAM, 0), fd;
    Buffer text = {0};
    CgroupPlace place;
    Origin origin;
    char exe[4096];
    int self;
    ssize_t n;

    cr_assert_eq(connect(client, (struct sockaddr *) &address, sizeof(address)), 0);
    fd = accept(listening, NULL, NULL);
    cr_assert_eq(file_read("/proc/self/cgroup", 1 << 16, &text), 0);
    cr_assert(cgroup_read(buffer_span(&text), geteuid(), &place));
    origin = origin_read(fd, getpid(), NULL);
    cr_expect_eq(strlen(origin.container), place.container.size);
    cr_expect_eq(
        memcmp(origin.container, place.container.data ? place.container.data : "", place.container.size), 0);
    cr_expect_eq(origin.unit != NULL, place.unit.size > 0);
    cr_expect_eq(origin.unknown == NULL, place.container.size + place.unit.size > 0);
    self = open("/proc/self", O_PATH | O_DIRECTORY); /* valgrind answers for /proc/self/exe itself */
    n = readlinkat(self, "exe", exe, sizeof(exe) - 1);
    close(self);
    cr_assert_gt(n, 0);
    exe[n] = '\0';
    cr_expect_str_eq(origin.exe, exe);
    origin_done(&origin);
    cr_expect_null(origin.unit);
    cr_expect_null(origin.exe);
    buffer_done(&text);
    close(fd);
    close(client);
    close(listening);
    socket_remove(&address);
}

/* Who is accepted with the last descriptor is looked at nonetheless, and the next one too. */
Test(origin, a_peer_is_told_without_descriptors) {
    struct sockaddr_un address;
    int listening = socket_listen(&address), client = socket(AF_UNIX, SOCK_STREAM, 0), fd, last;
    OriginProcess held = {0};
    struct rlimit limit, none;

    cr_assert_eq(connect(client, (struct sockaddr *) &address, sizeof(address)), 0);
    fd = accept(listening, NULL, NULL);
    cr_assert(origin_open_proc());
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    last = dup(fd);
    none = limit;
    none.rlim_cur = (rlim_t) last + 1;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    cr_assert_eq(dup(fd), -1, "there is none below it either");
    cr_assert_eq(errno, EMFILE);
    for (unsigned i = 0; i < 3; i++) {
        Origin origin = origin_read(fd, getpid(), &held);

        cr_expect_eq(held.pid, 0, "others need them more");

        cr_expect(origin_is_told(&origin), "%u: %s", i, origin.unknown);
        cr_expect_not_null(origin.exe);
        origin_done(&origin);
    }
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    close(last);
    close(fd);
    close(client);
    close(listening);
    socket_remove(&address);
}

/* Its socket lives on in a child, as it does when a client hands it over and goes. */
Test(origin, a_peer_that_has_ended_is_nobody) {
    struct sockaddr_un address;
    int listening = socket_listen(&address), fd, status, ready[2];
    pid_t connector, heir = -1;
    Origin origin;
    char byte;

    cr_assert_eq(pipe(ready), 0);
    connector = fork();
    if (connector == 0) {
        int client = socket(AF_UNIX, SOCK_STREAM, 0);

        if (connect(client, (struct sockaddr *) &address, sizeof(address)) < 0)
            _exit(1);
        heir = fork();
        if (heir == 0) {
            pause();
            _exit(0);
        }
        _exit(write(ready[1], &heir, sizeof(heir)) == sizeof(heir) ? 0 : 1);
    }
    cr_assert_eq(read(ready[0], &heir, sizeof(heir)), (ssize_t) sizeof(heir));
    cr_assert_eq(waitpid(connector, &status, 0), connector);
    cr_assert_eq(status, 0);
    fd = accept(listening, NULL, NULL);
    cr_assert_geq(fd, 0);
    cr_assert_eq(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
    cr_assert_eq(errno, EAGAIN, "the socket is open");
    origin = origin_read(fd, connector, NULL);
    cr_expect_str_eq(origin.unknown, "the process that connected has ended");
    cr_expect_str_eq(origin.container, "");
    cr_expect_null(origin.unit);
    cr_expect_null(origin.exe, "that of who has its pid now is not its own");
    cr_expect_not(origin.has_login);
    /* Its pid is ours by now, says the test: what is pinned is the process, where the kernel can pin. */
    origin_done(&origin);
    origin = origin_read(fd, getpid(), NULL);
    if (kernel_can_pin(fd))
        cr_expect_str_eq(origin.unknown, "the process that connected has ended");
    origin_done(&origin);
    kill(heir, SIGKILL);
    close(fd);
    close(listening);
    socket_remove(&address);
}

#define ID "0df97cdeeea6f581bd3e6892c3bce8a33943eb42ea77ac10a2554a3e3b799c26"

/* What a folder tells that has these files; NULL: it has no such file. */
static Origin origin_of(const char *cgroup, size_t cgroup_size, const char *login) {
    char path[] = "/tmp/quaygate-origin-XXXXXX";
    const struct {
        const char *name, *text;
        size_t size;
    } files[] = {{"cgroup", cgroup, cgroup_size}, {"loginuid", login, login ? strlen(login) : 0}};
    Origin origin = {0};
    int folder;

    cr_assert(mkdtemp(path));
    folder = open(path, O_PATH | O_DIRECTORY);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        int fd = files[i].text ? openat(folder, files[i].name, O_CREAT | O_WRONLY, 0600) : -1;

        cr_assert(!files[i].text || write(fd, files[i].text, files[i].size) == (ssize_t) files[i].size);
        if (fd >= 0)
            close(fd);
    }
    origin_read_process(folder, &origin);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        unlinkat(folder, files[i].name, 0);
    close(folder);
    rmdir(path);
    return origin;
}

Test(origin, what_a_process_tells) {
    static const struct {
        const char *cgroup, *login, *container, *unit, *unknown;
        int64_t uid; /* −1: nobody */
    } cases[] = {
        {"0::/docker/" ID "\n", "4294967295", ID, NULL, NULL, -1},
        {"0::/system.slice/a.service\n", "1000", "", "a.service", NULL, 1000},
        {"0::/user.slice/user@7.service/b.service\n", "0", "", "user@7.service/b.service", NULL, 0},
        {"0::/\n", "4294967294", "", NULL, "the client is in no container and in no unit", 4294967294},
        {"0::/docker/" ID, NULL, "", NULL, "can't be understood", -1},
        {NULL, "", "", NULL, "can't be read", -1},
        {NULL, "x", "", NULL, "can't be read", -1},
        {NULL, "10 ", "", NULL, "can't be read", -1},
        {NULL, "10000000000", "", NULL, "can't be read", -1}, /* one past LIMIT_LOGIN_BYTES */
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Origin origin =
            origin_of(cases[i].cgroup, cases[i].cgroup ? strlen(cases[i].cgroup) : 0, cases[i].login);

        cr_expect_str_eq(origin.container, cases[i].container, "%zu", i);
        cr_expect(cases[i].unit ? origin.unit && strcmp(origin.unit, cases[i].unit) == 0 : !origin.unit,
                  "%zu", i);
        cr_expect(cases[i].unknown ? origin.unknown && strstr(origin.unknown, cases[i].unknown)
                                   : !origin.unknown,
                  "%zu: %s", i, origin.unknown);
        cr_expect_eq(origin.has_login, cases[i].uid >= 0, "%zu", i);
        cr_expect_eq(origin.login, cases[i].uid >= 0 ? (uint32_t) cases[i].uid : 0, "%zu", i);
        origin_done(&origin);
    }
}

/* Many hierarchies, the last of which is the container's. */
Test(origin, a_cgroup_file_of_the_limits_size_and_one_past) {
    static const char last[] = "0::/docker/" ID "\n";

    for (size_t past = 0; past < 2; past++) {
        size_t size = LIMIT_CGROUP_BYTES + past, rest = size - (sizeof(last) - 1);
        char *text = malloc(size + 16), *to = text;
        Origin origin;

        for (; rest > 4000; rest -= 2000) {
            memset(to, 'x', 2000);
            memcpy(to, "3:cpu:/", 7);
            to[1999] = '\n';
            to += 2000;
        }
        memset(to, 'x', rest);
        memcpy(to, "3:cpu:/", 7);
        to[rest - 1] = '\n';
        memcpy(to + rest, last, sizeof(last) - 1);
        origin = origin_of(text, size, NULL);
        cr_expect_str_eq(origin.container, past ? "" : ID);
        cr_expect_eq(origin.unknown != NULL, past > 0);
        origin_done(&origin);
        free(text);
    }
}

Test(origin, a_peer_of_another_pid_namespace_is_nobody) {
    Origin origin = origin_read(-1, 0, NULL);

    cr_expect(strstr(origin.unknown, "pid: host"), "it says what to do: %s", origin.unknown);
    cr_expect_str_eq(origin.container, "");
    origin_done(&origin);
}

/* --- A kernel before 6.5 */

static bool without_pidfd;

int __real_getsockopt(int fd, int level, int option, void *value, socklen_t *size);
int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *size);

int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *size) {
    if (without_pidfd && level == SOL_SOCKET && option == 77) {
        errno = ENOPROTOOPT;
        return -1;
    }
    return __real_getsockopt(fd, level, option, value, size);
}

/* Nothing would tell there that the pid is still his. */
Test(origin, who_is_not_pinned_is_not_held) {
    OriginProcess held = {0};
    int fds[2];

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    for (unsigned i = 0; i < 2; i++) {
        Origin origin;

        without_pidfd = i == 0;
        origin = origin_read(fds[0], getpid(), &held);
        cr_expect_not_null(origin.exe);
        cr_expect_eq(held.pid > 0, kernel_can_pin(fds[0]));
        origin_done(&origin);
    }
    origin_let_go(&held);
    close(fds[0]);
    close(fds[1]);
}
