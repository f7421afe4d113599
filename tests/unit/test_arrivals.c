// SPDX-License-Identifier: Apache-2.0
#include "daemon/arrivals.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/surroundings.h"

static Subjects *subjects;
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static int listening;

static void setup(void) {
    char path[] = "/tmp/quaygate-arrivals-XXXXXX";

    subjects = subjects_new();
    listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(mkdtemp(path));
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", path);
    cr_assert_eq(bind(listening, (struct sockaddr *) &address, sizeof(address)), 0);
    cr_assert_eq(listen(listening, 100), 0);
}

static void teardown(void) {
    close(listening);
    unlink(address.sun_path);
    *strrchr(address.sun_path, '/') = '\0';
    rmdir(address.sun_path);
    cr_expect_eq(subjects_n(subjects), 0, "nobody is held any more");
    subjects_free(subjects);
}

TestSuite(arrivals, .init = setup, .fini = teardown);

static int connect_once(void) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return connect(fd, (struct sockaddr *) &address, sizeof(address)) == 0 ? fd : -1;
}

static int accept_next(void) {
    int fd = accept(listening, NULL, NULL);

    cr_assert_geq(fd, 0);
    return fd;
}

/* The next that waits; to be dropped. */
static SharedSubject *tell(Arrivals *arrivals, int fd) {
    int error = 1;
    SharedSubject *shared = arrivals_tell(arrivals, fd, &error);

    cr_assert_not_null(shared);
    cr_expect_eq(error, 0);
    return shared;
}

/* A child that has done `act` when this returns, and then waits to be killed. */
static pid_t child_that(void (*act)(void)) {
    int ready[2];
    pid_t pid;
    char byte;

    cr_assert_eq(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        act();
        if (write(ready[1], "", 1) == 1)
            pause();
        _exit(1);
    }
    close(ready[1]);
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void end_child(pid_t pid) {
    kill(pid, SIGKILL);
    cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

static void connect_it(void) {
    if (connect_once() < 0)
        _exit(1);
}

static void connect_thrice(void) {
    for (int i = 0; i < 3; i++)
        connect_it();
}

/* Seen by what would be another answer at a second look: the process has ended since. */
Test(arrivals, a_process_is_looked_at_once_and_nothing_is_kept) {
    pid_t pid = child_that(connect_thrice);
    int fds[3] = {accept_next(), accept_next(), accept_next()};
    Arrivals arrivals;
    SharedSubject *first, *second, *third;

    arrivals_begin(&arrivals, subjects, NULL, true);
    first = tell(&arrivals, fds[0]);
    cr_expect_eq(subjects_get(first)->pid, pid);
    cr_expect_not_null(subjects_get(first)->exe);
    end_child(pid);
    second = tell(&arrivals, fds[1]);
    cr_expect_eq(second, first);
    arrivals_end(&arrivals);

    arrivals_begin(&arrivals, subjects, NULL, true);
    third = tell(&arrivals, fds[2]);
    cr_expect_neq(third, first);
    cr_expect_str_eq(subjects_get(third)->origin.unknown, "the process that connected has ended",
                     "another turn looks again");
    arrivals_end(&arrivals);
    subjects_drop(first);
    subjects_drop(second);
    subjects_drop(third);
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        close(fds[i]);
}

static void connect_as_three(void) {
    static const gid_t groups[] = {7, 8};

    connect_it();
    if (setgroups(2, groups) < 0)
        _exit(1);
    connect_it();
    if (setgid(9) < 0)
        _exit(1);
    connect_it();
    connect_it();
}

/* What connect_as_three made, accepted together and told. The child is there still. */
static pid_t tell_four(Arrivals *arrivals, bool groups, int fds[static 4], SharedSubject *who[static 4]) {
    pid_t pid = child_that(connect_as_three);

    arrivals_begin(arrivals, subjects, NULL, groups);
    for (size_t i = 0; i < 4; i++)
        fds[i] = accept_next();
    for (size_t i = 0; i < 4; i++)
        who[i] = tell(arrivals, fds[i]);
    return pid;
}

static void drop_four(const int fds[static 4], SharedSubject *who[static 4]) {
    for (size_t i = 0; i < 4; i++) {
        subjects_drop(who[i]);
        close(fds[i]);
    }
}

/*
 * Where nobody asks for groups the first two are one subject. Who is asked for them later, by a reload, has
 * its own: what its socket keeps, whatever its process, which has ended, has done since.
 */
Test(arrivals, groups_are_read_when_they_are_asked_for) {
    int fds[4];
    Arrivals arrivals;
    SharedSubject *who[4];
    pid_t pid;

    if (geteuid() != 0)
        cr_skip_test("setgroups needs root");
    pid = tell_four(&arrivals, false, fds, who);
    for (size_t i = 0; i < 4; i++) {
        cr_expect_not(subjects_get(who[i])->has_groups);
        cr_expect_eq(subjects_get(who[i])->n_groups, 0);
    }
    arrivals_end(&arrivals);
    cr_expect_eq(who[1], who[0]);
    cr_expect_neq(who[2], who[1], "another gid");
    end_child(pid);
    cr_expect_eq(subjects_read_groups(subjects, &who[0], -1), -EBADF);
    cr_expect_eq(who[1], who[0], "as it was");
    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(subjects_read_groups(subjects, &who[i], fds[i]), 0);
    cr_expect_neq(who[1], who[0]);
    cr_expect_eq(subjects_get(who[1])->n_groups, 2);
    cr_expect_eq(subjects_get(who[1])->groups[1], 8);
    cr_expect_eq(subjects_get(who[1])->pid, pid);
    cr_expect_not_null(subjects_get(who[1])->told);
    cr_expect(subjects_get(who[0])->has_groups);
    cr_expect_eq(who[3], who[2], "alike again");
    cr_expect_eq(subjects_n(subjects), 3);
    drop_four(fds, who);
}

/* What the socket tells is asked of each: only the rest is the process's. */
Test(arrivals, each_has_its_own_user_and_groups) {
    int fds[4];
    Arrivals arrivals;
    SharedSubject *who[4];
    pid_t pid;

    if (geteuid() != 0)
        cr_skip_test("setgroups needs root");
    pid = tell_four(&arrivals, true, fds, who);
    for (size_t i = 0; i < 4; i++) {
        cr_expect_eq(subjects_get(who[i])->pid, pid);
        cr_expect_str_eq(subjects_get(who[i])->exe, subjects_get(who[0])->exe);
        cr_expect_eq(subjects_get(who[i])->origin.unknown, subjects_get(who[0])->origin.unknown);
    }
    cr_expect_neq(who[1], who[0]);
    cr_expect_eq(subjects_get(who[1])->n_groups, 2);
    cr_expect_eq(subjects_get(who[1])->groups[1], 8);
    cr_expect_eq(subjects_get(who[2])->gid, 9);
    cr_expect_neq(who[2], who[1]);
    cr_expect_eq(who[3], who[2], "the one of them that is like it");
    arrivals_end(&arrivals);
    drop_four(fds, who);
    end_child(pid);
}

Test(arrivals, processes_between_each_other) {
    pid_t pids[6];
    int fds[ARRAY_SIZE(pids) * 3];
    Arrivals arrivals;
    SharedSubject *who[ARRAY_SIZE(fds)];

    for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
        pids[i] = child_that(connect_thrice);
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        fds[i] = accept_next();
    arrivals_begin(&arrivals, subjects, NULL, true);
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
        who[i] = tell(&arrivals, fds[i]);
        cr_expect_eq(subjects_get(who[i])->pid, pids[i / 3]);
        cr_expect_eq(who[i], who[i / 3 * 3]);
    }
    cr_expect_eq(subjects_n(subjects), ARRAY_SIZE(pids));
    arrivals_end(&arrivals);
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
        subjects_drop(who[i]);
        close(fds[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
        end_child(pids[i]);
}

/* As many as a turn takes, each of a process of its own, and one past that, which is only told by itself. */
Test(arrivals, a_batch_of_strangers_and_one_past) {
    pid_t pids[LIMIT_ACCEPT_BATCH + 1];
    SharedSubject *who[ARRAY_SIZE(pids)], *again;
    int fds[ARRAY_SIZE(pids)];
    Arrivals arrivals;

    arrivals_begin(&arrivals, subjects, NULL, true);
    for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
        pids[i] = child_that(connect_it);
        fds[i] = accept_next();
    }
    for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
        who[i] = tell(&arrivals, fds[i]);
        cr_expect_eq(subjects_get(who[i])->pid, pids[i]);
    }
    cr_expect_eq(arrivals.n, LIMIT_ACCEPT_BATCH);
    again = tell(&arrivals, fds[LIMIT_ACCEPT_BATCH]);
    cr_expect_eq(again, who[LIMIT_ACCEPT_BATCH], "read anew, and the same");
    subjects_drop(again);
    arrivals_end(&arrivals);
    for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
        subjects_drop(who[i]);
        close(fds[i]);
        end_child(pids[i]);
    }
}

/* A child with this very pid, which nobody has; 0: not to be had. */
static pid_t child_with_pid(pid_t wanted, void (*act)(void)) {
    for (unsigned i = 0; i < 200; i++) {
        int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC), ready[2];
        pid_t pid;
        char byte;

        if (fd < 0 || dprintf(fd, "%d", (int) wanted - 1) < 0) {
            close(fd);
            return 0;
        }
        close(fd);
        cr_assert_eq(pipe(ready), 0);
        pid = fork();
        if (pid == 0) {
            if (getpid() != wanted)
                _exit(0);
            act();
            if (write(ready[1], "", 1) == 1)
                pause();
            _exit(1);
        }
        close(ready[1]);
        if (read(ready[0], &byte, 1) == 1) {
            close(ready[0]);
            return pid;
        }
        close(ready[0]);
        cr_assert_eq(waitpid(pid, NULL, 0), pid);
    }
    return 0;
}

/* One connects and ends; another one gets its pid, and connects. */
Test(arrivals, a_pid_of_two_processes) {
    pid_t pid = child_that(connect_it), heir;
    Arrivals arrivals;
    SharedSubject *gone, *here, *again;
    int fds[3];

    end_child(pid);
    heir = child_with_pid(pid, connect_thrice);
    if (heir == 0)
        cr_skip_test("which pid comes next can't be said here");
    cr_assert_eq(heir, pid);
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        fds[i] = accept_next();
    if (!kernel_can_pin(fds[0])) {
        end_child(heir);
        cr_skip_test("this kernel can't tell them apart");
    }
    arrivals_begin(&arrivals, subjects, NULL, true);
    gone = tell(&arrivals, fds[0]);
    here = tell(&arrivals, fds[1]);
    again = tell(&arrivals, fds[2]);
    cr_expect_eq(subjects_get(gone)->pid, subjects_get(here)->pid);
    cr_expect_neq(gone, here);
    cr_expect_str_eq(subjects_get(gone)->origin.unknown, "the process that connected has ended");
    cr_expect_null(subjects_get(gone)->exe);
    cr_expect_not_null(subjects_get(here)->exe);
    cr_expect_eq(again, here);
    arrivals_end(&arrivals);
    subjects_drop(gone);
    subjects_drop(here);
    subjects_drop(again);
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        close(fds[i]);
    end_child(heir);
}

/* --- One turn behind the other, with a process that is held */

static SharedSubject *tell_held(OriginProcess *held, int fd) {
    Arrivals arrivals;
    SharedSubject *who;

    arrivals_begin(&arrivals, subjects, held, false);
    who = tell(&arrivals, fd);
    arrivals_end(&arrivals);
    return who;
}

static unsigned descriptors(void) {
    DIR *folder = opendir("/proc/self/fd");
    unsigned n = 0;

    while (readdir(folder))
        n++;
    closedir(folder);
    return n;
}

/* As told the first time, through the same descriptors. */
Test(arrivals, who_comes_again_is_held) {
    pid_t pid = child_that(connect_thrice), stranger;
    int fds[4] = {accept_next(), accept_next(), accept_next(), -1};
    OriginProcess held = {0}, first_held;
    SharedSubject *first, *second, *other;
    unsigned before;

    if (!kernel_can_pin(fds[0])) {
        end_child(pid);
        cr_skip_test("this kernel can't pin a process");
    }
    cr_assert(origin_open_proc());
    before = descriptors();
    first = tell_held(&held, fds[0]);
    cr_expect_eq(held.pid, pid);
    cr_expect_eq(descriptors(), before + (held.login < 0 ? 3 : 4));
    first_held = held;
    second = tell_held(&held, fds[1]);
    cr_expect_eq(second, first);
    cr_expect_eq(memcmp(&held, &first_held, sizeof(held)), 0);
    stranger = child_that(connect_it);
    fds[3] = accept_next();
    other = tell_held(&held, fds[3]);
    cr_expect_eq(held.pid, stranger, "he takes its place");
    cr_expect_eq(subjects_get(other)->pid, stranger);
    origin_let_go(&held);
    cr_expect_eq(descriptors(), before + 1, "his connection's");
    origin_let_go(&held);
    subjects_drop(first);
    subjects_drop(second);
    subjects_drop(other);
    end_child(pid);
    end_child(stranger);
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        close(fds[i]);
}

/* What was read is not kept: the next look sees what the process is by then. */
Test(arrivals, who_is_held_is_read_anew) {
    int go[2], fds[2], ready[2];
    OriginProcess held = {0};
    SharedSubject *first, *second;
    char byte;
    pid_t pid;

    cr_assert_eq(pipe(go), 0);
    cr_assert_eq(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        if (connect_once() < 0 || connect_once() < 0 || write(ready[1], "", 1) != 1 ||
            read(go[0], &byte, 1) != 1)
            _exit(1);
        fcntl(ready[1], F_SETFD, FD_CLOEXEC); /* its end is seen once the other program runs */
        execl("/bin/sleep", "sleep", "60", NULL);
        _exit(1);
    }
    close(ready[1]);
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    fds[0] = accept_next();
    fds[1] = accept_next();
    first = tell_held(&held, fds[0]);
    cr_assert_eq(write(go[1], "", 1), 1);
    cr_assert_eq(read(ready[0], &byte, 1), 0);
    second = tell_held(&held, fds[1]);
    cr_expect_eq(subjects_get(first)->pid, subjects_get(second)->pid);
    cr_assert_not_null(subjects_get(second)->exe);
    if (!in_valgrind()) /* which runs the other program, too */
        cr_expect_str_neq(subjects_get(first)->exe, subjects_get(second)->exe);
    origin_let_go(&held);
    subjects_drop(first);
    subjects_drop(second);
    end_child(pid);
    close(fds[0]);
    close(fds[1]);
    close(ready[0]);
    close(go[0]);
    close(go[1]);
}

/* Held, it ended, and its pid is another's who connects: each connection is told as whose it is. */
Test(arrivals, a_held_process_that_has_ended_passes_for_nobody) {
    pid_t pid = child_that(connect_thrice), heir;
    OriginProcess held = {0};
    SharedSubject *first, *gone, *here;
    int fds[4] = {accept_next(), accept_next(), accept_next(), -1};

    if (!kernel_can_pin(fds[0])) {
        end_child(pid);
        cr_skip_test("this kernel can't pin a process");
    }
    first = tell_held(&held, fds[0]);
    cr_assert_eq(held.pid, pid);
    kill(pid, SIGKILL);
    cr_assert_eq(waitid(P_PID, (id_t) pid, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
    gone = tell_held(&held, fds[1]);
    cr_expect_str_eq(subjects_get(gone)->origin.unknown, "the process that connected has ended",
                     "it is there, but ended");
    cr_expect_null(subjects_get(gone)->exe);
    cr_expect_eq(held.pid, 0);
    subjects_drop(gone);
    cr_assert_eq(waitpid(pid, NULL, 0), pid);
    gone = tell_held(&held, fds[2]);
    cr_expect_str_eq(subjects_get(gone)->origin.unknown, "the process that connected has ended");
    heir = child_with_pid(pid, connect_it);
    if (heir > 0) {
        fds[3] = accept_next();
        here = tell_held(&held, fds[3]);
        cr_expect_eq(subjects_get(here)->pid, pid);
        cr_expect_not_null(subjects_get(here)->exe);
        cr_expect_eq(held.pid, heir);
        subjects_drop(here);
        end_child(heir);
        close(fds[3]);
    }
    origin_let_go(&held);
    subjects_drop(first);
    subjects_drop(gone);
    for (size_t i = 0; i < 3; i++)
        close(fds[i]);
}

Test(arrivals, what_cannot_be_known_is_an_error) {
    Arrivals arrivals;
    int error = 0, fd;
    SharedSubject *nobody, *somebody;

    arrivals_begin(&arrivals, subjects, NULL, true);
    nobody = arrivals_tell(&arrivals, -1, &error);
    cr_expect_eq(error, -EBADF);
    cr_assert_not_null(nobody);
    cr_expect_not(subjects_get(nobody)->has_creds);
    cr_expect_eq(arrivals.n, 0);
    connect_once();
    fd = accept_next();
    somebody = tell(&arrivals, fd);
    cr_expect_eq(subjects_get(somebody)->pid, getpid());
    arrivals_end(&arrivals);
    subjects_drop(nobody);
    subjects_drop(somebody);
    close(fd);
}
