// SPDX-License-Identifier: Apache-2.0
#include "daemon/listener_set.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/surroundings.h"

static struct event_base *base;
static char directory[64];
static char path[100];

static void setup(void) {
    snprintf(directory, sizeof(directory), "/tmp/quaygate-listener-XXXXXX");
    cr_assert(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/s", directory);
    base = event_base_new();
}

static void teardown(void) {
    char command[256];

    event_base_free(base);
    snprintf(command, sizeof(command), "rm -rf '%s'", directory);
    cr_expect_eq(system(command), 0);
}

TestSuite(listener, .init = setup, .fini = teardown);

/* One listener of these keys. */
static Config *config_with(const char *keys) {
    char text[1024];
    Config *config = NULL;

    snprintf(text, sizeof(text), "version: 1\nlisteners: [{%s, policy: none}]\n", keys);
    cr_assert_eq(config_parse(span_from(text), "test", stderr, &config), 0, "%s", text);
    return config;
}

static Config *config_on_path(const char *more) {
    char keys[512];

    snprintf(keys, sizeof(keys), "address: 'unix://%s'%s", path, more);
    return config_with(keys);
}

typedef struct Taken {
    unsigned n, n_calls;
    int fd; /* the last */
    bool keep;
    unsigned stop_after;
} Taken;

static void on_accept(void *arg, Listener *listener, const int *fds, size_t n) {
    Taken *taken = arg;

    taken->n_calls++;
    for (size_t i = 0; i < n; i++) {
        taken->n++;
        if (taken->keep)
            taken->fd = fds[i];
        else
            close(fds[i]);
        if (taken->n == taken->stop_after)
            listener_stop(listener);
    }
}

static int open_listener(Config *config, Taken *taken, Listener **ret) {
    int r = listener_open(base, config, 0, -1, on_accept, taken, ret);

    config_unref(config); /* the listener has its own reference */
    return r;
}

static int connect_path(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    if (connect(fd, (struct sockaddr *) &address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -errno;
}

static void turn(void) {
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK); /* one, whatever else is ready */
}

Test(listener, accepts_while_started) {
    Taken taken = {.keep = true};
    Listener *listener = NULL;
    int fd;

    cr_assert_eq(open_listener(config_on_path(""), &taken, &listener), 0);
    fd = connect_path();
    cr_assert_geq(fd, 0, "the backlog takes it");
    turn();
    cr_expect_eq(taken.n, 0, "not started");
    listener_start(listener);
    turn();
    cr_assert_eq(taken.n, 1);
    cr_expect(fcntl(taken.fd, F_GETFL) & O_NONBLOCK);
    cr_expect(fcntl(taken.fd, F_GETFD) & FD_CLOEXEC);
    listener_stop(listener);
    close(fd);
    fd = connect_path();
    turn();
    cr_expect_eq(taken.n, 1);
    listener_start(listener);
    turn();
    cr_expect_eq(taken.n, 2);
    close(fd);
    listener_free(listener);
}

Test(listener, the_node_has_the_rights_asked_for) {
    static const struct {
        const char *more;
        unsigned mode;
    } cases[] = {{"", 0660}, {", mode: '0600'", 0600}, {", mode: '0666'", 0666}, {", mode: '0777'", 0777}};

    umask(0027);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Taken taken = {0};
        Listener *listener = NULL;
        struct stat st;

        cr_assert_eq(open_listener(config_on_path(cases[i].more), &taken, &listener), 0);
        cr_assert_eq(lstat(path, &st), 0);
        cr_expect_eq(st.st_mode & 07777, cases[i].mode, "%s", cases[i].more);
        listener_free(listener);
        cr_expect_lt(lstat(path, &st), 0, "removed");
    }
    cr_expect_eq(umask(0), 0027, "put back");
}

Test(listener, owner_and_group) {
    Taken taken = {0};
    Listener *listener = NULL;
    struct stat st;

    if (geteuid() != 0)
        cr_skip_test("chown needs root");
    cr_assert_eq(open_listener(config_on_path(", owner: 1, group: 2"), &taken, &listener), 0);
    cr_assert_eq(lstat(path, &st), 0);
    cr_expect_eq(st.st_uid, 1);
    cr_expect_eq(st.st_gid, 2);
    cr_expect_eq(st.st_mode & 07777, 0660);
    listener_free(listener);
}

/* A node whose process is gone. */
static void leave_stale_socket(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    cr_assert_eq(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
    cr_assert_eq(listen(fd, 1), 0);
    close(fd);
}

Test(listener, a_stale_socket_is_taken_over) {
    Taken taken = {0};
    Listener *listener = NULL;
    int fd;

    leave_stale_socket();
    cr_assert_eq(open_listener(config_on_path(""), &taken, &listener), 0);
    listener_start(listener);
    fd = connect_path();
    cr_assert_geq(fd, 0);
    turn();
    cr_expect_eq(taken.n, 1);
    close(fd);
    listener_free(listener);
}

Test(listener, a_live_socket_is_an_error_and_lives_on) {
    Taken first = {0}, second = {0};
    Listener *listener = NULL, *other = NULL;
    int fd;

    cr_assert_eq(open_listener(config_on_path(""), &first, &listener), 0);
    cr_expect_eq(open_listener(config_on_path(""), &second, &other), -EADDRINUSE);
    cr_expect_null(other);
    listener_start(listener);
    fd = connect_path();
    cr_assert_geq(fd, 0, "its path is still there");
    turn();
    cr_expect_geq(first.n, 1);
    close(fd);
    listener_free(listener);
}

/* connect(2) says EAGAIN, not ECONNREFUSED. */
Test(listener, a_live_socket_with_a_full_backlog_is_no_stale_one) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), client;
    Taken taken = {0};
    Listener *listener = NULL;

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    cr_assert_eq(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
    cr_assert_eq(listen(fd, 0), 0);
    do
        client = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    while (connect(client, (struct sockaddr *) &address, sizeof(address)) == 0);
    cr_assert_eq(errno, EAGAIN);
    cr_expect_eq(open_listener(config_on_path(""), &taken, &listener), -EADDRINUSE);
    cr_expect_eq(access(path, F_OK), 0);
}

Test(listener, what_is_no_socket_is_left_alone) {
    Taken taken = {0};
    Listener *listener = NULL;
    int fd = open(path, O_CREAT | O_WRONLY, 0600);

    close(fd);
    cr_expect_eq(open_listener(config_on_path(""), &taken, &listener), -ENOTSOCK);
    cr_expect_eq(access(path, F_OK), 0);
    unlink(path);
    cr_assert_eq(symlink("/tmp/quaygate-nowhere", path), 0);
    cr_expect_eq(open_listener(config_on_path(""), &taken, &listener), -ENOTSOCK, "nor is a link followed");
}

Test(listener, a_path_that_is_no_longer_ours_stays) {
    Taken taken = {0};
    Listener *listener = NULL;

    cr_assert_eq(open_listener(config_on_path(""), &taken, &listener), 0);
    unlink(path);
    leave_stale_socket(); /* another's */
    listener_free(listener);
    cr_expect_eq(access(path, F_OK), 0);
}

Test(listener, no_directory) {
    Taken taken = {0};
    Listener *listener = NULL;

    snprintf(path, sizeof(path), "%s/none/s", directory);
    cr_expect_eq(open_listener(config_on_path(""), &taken, &listener), -ENOENT);
}

/* Some that start at once over one stale node: one of them serves, and its node is the one that stays. */
Test(listener, two_starts_at_once) {
    enum { N = 4 };
    int tried[2], hold[2], n_live = 0, fd;
    pid_t pids[N];

    cr_assert_eq(pipe(tried), 0);
    cr_assert_eq(pipe(hold), 0);
    leave_stale_socket();
    for (int i = 0; i < N; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            Taken taken = {0};
            Listener *listener = NULL;
            int r = open_listener(config_on_path(""), &taken, &listener);
            char c = '.';

            close(hold[1]);
            if (write(tried[1], &c, 1) != 1 ||
                read(hold[0], &c, 1) != 0) /* the end comes when all have tried */
                r = -EIO;
            _exit(r < 0);
        }
    }
    for (int i = 0; i < N; i++) {
        char c;

        cr_assert_eq(read(tried[0], &c, 1), 1);
    }
    fd = connect_path();
    cr_expect_geq(fd, 0);
    close(hold[1]);
    for (int i = 0; i < N; i++) {
        int status;

        cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
        n_live += WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    cr_expect_eq(n_live, 1);
    close(fd);
}

/* A turn takes LIMIT_ACCEPT_BATCH, then others have theirs. */
Test(listener, a_turn_takes_a_batch) {
    int fds[LIMIT_ACCEPT_BATCH + 1];
    Taken taken = {0};
    Listener *listener = NULL;

    cr_assert_eq(open_listener(config_on_path(""), &taken, &listener), 0);
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        cr_assert_geq(fds[i] = connect_path(), 0);
    listener_start(listener);
    turn();
    cr_expect_eq(taken.n, LIMIT_ACCEPT_BATCH);
    cr_expect_eq(taken.n_calls, 1, "all of them at once");
    turn();
    cr_expect_eq(taken.n, LIMIT_ACCEPT_BATCH + 1);
    cr_expect_eq(taken.n_calls, 2);
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        close(fds[i]);
    listener_free(listener);
}

/* What has been accepted is handed over all the same. */
Test(listener, stopping_from_within_holds) {
    int fds[LIMIT_ACCEPT_BATCH + 1];
    Taken taken = {.stop_after = 1};
    Listener *listener = NULL;

    cr_assert_eq(open_listener(config_on_path(""), &taken, &listener), 0);
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        fds[i] = connect_path();
    listener_start(listener);
    turn();
    turn();
    cr_expect_eq(taken.n, LIMIT_ACCEPT_BATCH);
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        close(fds[i]);
    listener_free(listener);
}

/* No descriptors: a pause, and on when there are some again. Nobody who waits is lost. */
Test(listener, no_descriptors_pause_accepting) {
    bool played = in_valgrind();
    struct timeval wait = {.tv_usec = (TIME_ACCEPT_PAUSE_MSEC + 200) * 1000};
    struct rlimit limit, none;
    Taken taken = {0};
    Listener *listener = NULL;
    int fds[3];

    cr_assert_eq(open_listener(config_on_path(""), &taken, &listener), 0);
    listener_start(listener);
    fds[0] = connect_path();
    fds[1] = connect_path(); /* there is one for each of the turns that find no descriptor */
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 3;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    turn();
    turn();
    cr_expect_eq(taken.n, 0);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    fds[2] = connect_path();
    turn();
    cr_expect_eq(taken.n, 0, "the pause isn't over");
    event_base_loopexit(base, &wait);
    event_base_dispatch(base);
    cr_expect_eq(taken.n, played ? 1 : 3);
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        close(fds[i]);
    listener_free(listener);
}

/* What a turn closes is free at its end: it isn't waited for, however often that comes. */
Test(listener, a_descriptor_that_is_there_in_the_next_turn_is_taken) {
    struct rlimit limit, none;
    Taken taken = {0};
    Listener *listener = NULL;
    int fd;
    bool played = in_valgrind();

    cr_assert_eq(open_listener(config_on_path(""), &taken, &listener), 0);
    listener_start(listener);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 3;
    for (unsigned i = 1; i <= 3; i++) {
        fd = connect_path();
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
        turn();
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        cr_expect_eq(taken.n, played ? 0 : i - 1);
        turn();
        cr_expect_eq(taken.n, played ? 0 : i);
        close(fd);
    }
    listener_free(listener);
}

/* Who came to it last is let go of with it, whenever that is: a reload takes it away, the daemon ends. */
Test(listener, who_is_held_goes_with_it) {
    Taken taken = {0};
    Listener *listener = NULL;
    OriginProcess *process;
    Origin origin;
    int fds[2], folder;

    cr_assert_eq(open_listener(config_on_path(""), &taken, &listener), 0);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    process = listener_use_held(listener);
    cr_assert_not_null(process);
    origin = origin_read(fds[0], getpid(), process);
    origin_done(&origin);
    if (!kernel_can_pin(fds[0]))
        cr_skip("this kernel can't pin a process");
    close(fds[0]);
    close(fds[1]);
    cr_assert_eq(process->pid, getpid());
    folder = process->folder;
    cr_assert_geq(fcntl(folder, F_GETFD), 0);
    listener_free(listener);
    cr_expect_eq(fcntl(folder, F_GETFD), -1);
}

Test(listener, tcp) {
    Taken taken = {.keep = true};
    Listener *listener = NULL, *other = NULL;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 0;
    char keys[128];

    /* A free port: asked for, and given back. */
    cr_assert_eq(bind(fd, (struct sockaddr *) &address, size), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *) &address, &size), 0);
    close(fd);
    snprintf(keys, sizeof(keys), "address: 'tcp://127.0.0.1:%u'", ntohs(address.sin_port));
    cr_assert_eq(open_listener(config_with(keys), &taken, &listener), 0);
    cr_expect_eq(open_listener(config_with(keys), &taken, &other), -EADDRINUSE);
    cr_expect_null(listener_use_held(listener), "no process is told over TCP");
    listener_start(listener);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *) &address, size), 0);
    turn();
    cr_assert_eq(taken.n, 1);
    size = sizeof(on);
    cr_assert_eq(getsockopt(taken.fd, IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
    cr_expect_neq(on, 0, "handed down by the listening socket");
    cr_assert_eq(getsockopt(taken.fd, SOL_SOCKET, SO_KEEPALIVE, &on, &size), 0);
    cr_expect_neq(on, 0);
    cr_assert_eq(getsockopt(taken.fd, IPPROTO_TCP, TCP_KEEPIDLE, &on, &size), 0);
    cr_expect_eq(on, TIME_KEEPALIVE_IDLE_SECONDS, "not the system's two hours");
    cr_assert_eq(getsockopt(taken.fd, IPPROTO_TCP, TCP_KEEPINTVL, &on, &size), 0);
    cr_expect_eq(on, TIME_KEEPALIVE_INTERVAL_SECONDS);
    cr_assert_eq(getsockopt(taken.fd, IPPROTO_TCP, TCP_KEEPCNT, &on, &size), 0);
    cr_expect_eq(on, LIMIT_KEEPALIVE_PROBES);
    close(fd);
    close(taken.fd);
    listener_free(listener);
}

Test(listener, an_update_brings_new_settings) {
    Taken taken = {0};
    Listener *listener = NULL;
    Config *next = config_on_path(", mode: '0600', allow_uids: [5]");
    struct stat st;

    cr_assert_eq(open_listener(config_on_path(""), &taken, &listener), 0);
    cr_expect(listener_is_at(listener, &next->listeners[0].address, -1));
    cr_expect_eq(listener_update(listener, next, 0), 0);
    cr_expect_eq(listener_whole_config(listener), next);
    cr_expect(listener_config(listener)->has_allow_uids);
    cr_assert_eq(lstat(path, &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0600);
    config_unref(next);
    next = config_on_path(", mode: '0666', allow_uids: [6]");
    unlink(path);
    cr_expect_eq(listener_update(listener, next, 0), -ESTALE);
    cr_expect_eq(listener_whole_config(listener), next, "the allow list holds nonetheless");
    config_unref(next);
    listener_free(listener);
}

/* A group that the config no longer names may no longer open it. */
Test(listener, an_update_takes_rights_back) {
    Taken taken = {0};
    Listener *listener = NULL;
    Config *next = config_on_path("");
    struct stat st;

    if (geteuid() != 0)
        cr_skip_test("chown needs root");
    cr_assert_eq(open_listener(config_on_path(", owner: 1, group: 2"), &taken, &listener), 0);
    cr_expect_eq(listener_update(listener, next, 0), 0);
    cr_assert_eq(lstat(path, &st), 0);
    cr_expect_eq(st.st_uid, geteuid());
    cr_expect_eq(st.st_gid, getegid());
    cr_expect_eq(st.st_mode & 07777, 0660);
    config_unref(next);
    listener_free(listener);
}

/* A reload that may not set the owner leaves nobody's rights. */
Test(listener, an_update_that_fails_opens_to_nobody) {
    Taken taken = {0};
    Listener *listener = NULL;
    Config *next = config_on_path(", mode: '0666', owner: 1");
    struct stat st;

    if (geteuid() != 0)
        cr_skip_test("needs root to be somebody else");
    cr_assert_eq(chown(directory, 3, 3), 0);
    cr_assert_eq(seteuid(3), 0);
    cr_assert_eq(open_listener(config_on_path(""), &taken, &listener), 0);
    cr_expect_eq(listener_update(listener, next, 0), -EPERM);
    cr_assert_eq(lstat(path, &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0);
    config_unref(next);
    listener_free(listener);
    cr_assert_eq(seteuid(0), 0);
}

/* So a reload tries it before it takes over: the one that runs has its rights still, and says why. */
Test(listener, an_update_that_would_fail_fails_the_reload) {
    Taken taken = {0};
    ListenerSet set, again, none = {0};
    Config *config = config_on_path(""), *next = config_on_path(", mode: '0666', group: 1");
    struct stat before, after;

    if (geteuid() != 0)
        cr_skip_test("needs root to be somebody else");
    cr_assert_eq(chown(directory, 3, 3), 0);
    cr_assert_eq(setegid(3), 0);
    cr_assert_eq(seteuid(3), 0);
    cr_assert_eq(listener_set_open(&set, base, config, &none, on_accept, &taken), 0);
    cr_assert_eq(lstat(path, &before), 0);
    cr_expect_eq(listener_set_open(&again, base, next, &set, on_accept, &taken), -EPERM);
    cr_assert_eq(lstat(path, &after), 0);
    cr_expect_eq(after.st_mode, before.st_mode);
    cr_expect_eq(after.st_gid, before.st_gid);
    cr_assert_eq(seteuid(0), 0);
    cr_assert_eq(setegid(0), 0);
    cr_expect_eq(listener_set_open(&again, base, next, &set, on_accept, &taken), 0, "root may");
    cr_assert_eq(lstat(path, &after), 0);
    cr_expect_eq(after.st_mode, before.st_mode, "not before it takes over");
    cr_expect_eq(after.st_gid, before.st_gid);
    listener_set_abandon(&again);
    config_unref(config);
    config_unref(next);
    listener_set_done(&set);
}

/* In a child: the socket must be descriptor 3, and the variables must name the process. */
static int child_with_passed(int family, const char *address_text, const char *names, const char *keys) {
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        struct sockaddr_un un = {.sun_family = AF_UNIX};
        struct sockaddr_in in = {.sin_family = AF_INET};
        Taken taken = {0};
        ListenerSet set, again, none = {0};
        Config *config;
        char number[16];
        int fd = socket(family, SOCK_STREAM, 0), r;

        snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
        if (family == AF_INET)
            inet_pton(AF_INET, address_text, &in.sin_addr);
        r = family == AF_UNIX ? bind(fd, (struct sockaddr *) &un, sizeof(un))
                              : bind(fd, (struct sockaddr *) &in, sizeof(in));
        if (r < 0 || (address_text && listen(fd, 5) < 0))
            _exit(99);
        if (fd != 3)
            dup2(fd, 3);
        dup2(3, 4);
        snprintf(number, sizeof(number), "%d", (int) getpid());
        setenv("LISTEN_PID", number, 1);
        setenv("LISTEN_FDS", strchr(names, ':') ? "2" : "1", 1);
        setenv("LISTEN_FDNAMES", names, 1);
        config = config_with(keys);
        r = listener_set_open(&set, base, config, &none, on_accept, &taken);
        config_unref(config);
        if (r < 0)
            _exit(-r);
        listener_set_start(&set);
        if (family == AF_UNIX) {
            if (connect_path() < 0)
                _exit(98);
            turn();
            if (taken.n != 1)
                _exit(97);
        }
        config = config_with("address: 'fd://'"); /* a reload under another name finds it again */
        if (listener_set_open(&again, base, config, &set, on_accept, &taken) == 0) {
            for (size_t i = 0; i < again.n; i++)
                if (again.n != set.n || !again.kept[i])
                    _exit(94);
            listener_set_abandon(&again);
        }
        config_unref(config);
        listener_set_done(&set);
        if (family == AF_UNIX && access(path, F_OK) < 0)
            _exit(96); /* systemd's to remove */
        if (fcntl(3, F_GETFD) < 0)
            _exit(95); /* a reload may want it again */
        _exit(0);
    }
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFEXITED(status), "%d", status);
    unlink(path);
    return WEXITSTATUS(status);
}

Test(listener, passed_sockets) {
    static const struct {
        int family;
        const char *address; /* NULL: not listening */
        const char *names, *keys;
        int r;
    } cases[] = {
        {AF_UNIX, "", "web", "address: fd://web", 0},
        {AF_UNIX, "", "web", "address: fd://web, allow_uids: [0]", 0},
        {AF_UNIX, "", "web", "address: fd://other", ENOENT},
        {AF_UNIX, "", "web:web", "address: fd://web", 0},
        {AF_UNIX, "", "other:web", "address: fd://web", ENOENT}, /* nobody would answer on the other */
        {AF_UNIX, "", "other:web", "address: 'fd://'", 0},
        {AF_UNIX, "", "web", "address: 'fd://'", 0},
        {AF_UNIX, "", "web", "address: 'tcp://127.0.0.1:1'", ENOENT},
        {AF_UNIX, "", "web", "address: 'fd://', policy: none}, {address: fd://web",
         ENOENT}, /* none is left */
        {AF_UNIX, "", "web:web", "address: fd://web, policy: none}, {address: 'fd://'", ENOENT},
        {AF_UNIX, "", "web:x", "address: fd://web, policy: none}, {address: 'fd://'", 0},
        {AF_UNIX, NULL, "web", "address: fd://web", ENOTSOCK},
        {AF_UNIX, "", "web", "address: fd://web, allow_from: [10.0.0.0/8]", EINVAL},
        {AF_INET, "127.0.0.1", "web", "address: fd://web", 0},
        {AF_INET, "0.0.0.0", "web", "address: fd://web", EINVAL},
        {AF_INET, "0.0.0.0", "web", "address: fd://web, allow_from: [10.0.0.0/8]", 0},
        {AF_INET, "127.0.0.1", "web", "address: fd://web, allow_gids: [0]", EINVAL},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        cr_expect_eq(child_with_passed(cases[i].family, cases[i].address, cases[i].names, cases[i].keys),
                     cases[i].r, "%zu: %s", i, cases[i].keys);
}
