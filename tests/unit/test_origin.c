// SPDX-License-Identifier: Apache-2.0
#include "daemon/origin.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/file.h"

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

/* Linux 6.5 knows SO_PEERPIDFD, whatever the libc that this is built with. */
static bool kernel_can_pin(int fd) {
    int pidfd = -1;
    socklen_t size = sizeof(pidfd);

    if (getsockopt(fd, SOL_SOCKET, 77, &pidfd, &size) == 0)
        close(pidfd);
    else if (errno == ENOPROTOOPT)
        return false;
    return true;
}

/* What the kernel says of ourselves is what is told of a client that is us. */
Test(origin, a_peer_runs_where_it_runs) {
    struct sockaddr_un address;
    int listening = socket_listen(&address), client = socket(AF_UNIX, SOCK_STREAM, 0), fd;
    Buffer text = {0};
    CgroupPlace place;
    Origin origin;

    cr_assert_eq(connect(client, (struct sockaddr *) &address, sizeof(address)), 0);
    fd = accept(listening, NULL, NULL);
    cr_assert_eq(file_read("/proc/self/cgroup", 1 << 16, &text), 0);
    cr_assert(cgroup_read(buffer_span(&text), geteuid(), &place));
    origin = origin_read(fd, getpid());
    cr_expect_eq(strlen(origin.container), place.container.size);
    cr_expect_eq(
        memcmp(origin.container, place.container.data ? place.container.data : "", place.container.size), 0);
    cr_expect_eq(origin.unit != NULL, place.unit.size > 0);
    cr_expect_eq(origin.unknown == NULL, place.container.size + place.unit.size > 0);
    origin_done(&origin);
    cr_expect_null(origin.unit);
    buffer_done(&text);
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
    origin = origin_read(fd, connector);
    cr_expect_str_eq(origin.unknown, "the process that connected has ended");
    cr_expect_str_eq(origin.container, "");
    cr_expect_null(origin.unit);
    cr_expect_not(origin.has_login);
    /* Its pid is ours by now, says the test: what is pinned is the process, where the kernel can pin. */
    origin_done(&origin);
    origin = origin_read(fd, getpid());
    if (kernel_can_pin(fd))
        cr_expect_str_eq(origin.unknown, "the process that connected has ended");
    origin_done(&origin);
    kill(heir, SIGKILL);
    close(fd);
    close(listening);
    socket_remove(&address);
}

Test(origin, a_peer_of_another_pid_namespace_is_nobody) {
    Origin origin = origin_read(-1, 0);

    cr_expect(strstr(origin.unknown, "pid: host"), "it says what to do: %s", origin.unknown);
    cr_expect_str_eq(origin.container, "");
    origin_done(&origin);
}
