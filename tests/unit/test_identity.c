// SPDX-License-Identifier: Apache-2.0
#include "daemon/identity.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* A connected pair over a listening unix socket in a directory of its own, as the daemon has it. */
static void pair_connect(int ret[2]) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[] = "/tmp/quaygate-identity-XXXXXX";
    int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert(mkdtemp(path));
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", path);
    cr_assert_eq(bind(listening, (struct sockaddr *) &address, sizeof(address)), 0);
    cr_assert_eq(listen(listening, 1), 0);
    ret[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(ret[0], (struct sockaddr *) &address, sizeof(address)), 0);
    ret[1] = accept(listening, NULL, NULL);
    cr_assert_geq(ret[1], 0);
    unlink(address.sun_path);
    rmdir(path);
    close(listening);
}

Test(identity, a_unix_peer_is_the_process_that_connected) {
    int fds[2];
    Subject subject;
    char exe[4096] = "";
    gid_t groups[LIMIT_GROUPS];
    int n_groups = getgroups(ARRAY_SIZE(groups), groups);
    int self = open("/proc/self", O_PATH | O_DIRECTORY); /* valgrind answers for /proc/self/exe itself */

    pair_connect(fds);
    cr_assert_eq(identity_read(fds[1], &subject), 0);
    cr_expect(subject.has_creds);
    cr_expect_eq(subject.pid, getpid());
    cr_expect_eq(subject.uid, geteuid());
    cr_expect_eq(subject.gid, getegid());
    cr_expect_str_eq(subject.address, "");
    cr_assert_geq(readlinkat(self, "exe", exe, sizeof(exe) - 1), 0);
    close(self);
    cr_expect_str_eq(subject.exe, exe);
    cr_expect(subject.has_groups);
    cr_expect_eq(subject.n_groups, (size_t) n_groups);
    identity_done(&subject);
    cr_expect_null(subject.groups);
    identity_done(&subject); /* twice is safe */
    close(fds[0]);
    close(fds[1]);
}

/* In a child, because it gives up root. More groups than the first try has room for, and past the limit. */
static int child_with_groups(size_t n) {
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        static gid_t groups[LIMIT_GROUPS + 1];
        int fds[2];
        Subject subject = {0};
        int r;

        for (size_t i = 0; i < n; i++)
            groups[i] = (gid_t) (1000 + i);
        if (setgroups(n, groups) < 0)
            _exit(99);
        pair_connect(fds);
        r = identity_read(fds[1], &subject);
        if (r == 0)
            r = subject.n_groups == n && (n == 0 || subject.groups[n - 1] == 1000 + n - 1) ? 0 : 98;
        _exit(r < 0 ? -r : r);
    }
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

Test(identity, supplementary_groups_up_to_the_limit) {
    if (geteuid() != 0)
        cr_skip_test("setgroups needs root");
    cr_expect_eq(child_with_groups(0), 0);
    cr_expect_eq(child_with_groups(64), 0);
    cr_expect_eq(child_with_groups(65), 0);
    cr_expect_eq(child_with_groups(LIMIT_GROUPS), 0);
    cr_expect_eq(child_with_groups(LIMIT_GROUPS + 1), E2BIG, "refused, not cut");
}

Test(identity, a_tcp_peer_is_its_address) {
    static const struct {
        int family;
        const char *prefix;
    } cases[] = {{AF_INET, "127.0.0.1:"}, {AF_INET6, "[::1]:"}};

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
        struct sockaddr *address = i ? (struct sockaddr *) &in6 : (struct sockaddr *) &in;
        socklen_t size = i ? sizeof(in6) : sizeof(in);
        int listening = socket(cases[i].family, SOCK_STREAM, 0), client, fd;
        Subject subject;

        if (listening < 0 || bind(listening, address, size) < 0)
            continue; /* a machine without IPv6 */
        cr_assert_eq(listen(listening, 1), 0);
        cr_assert_eq(getsockname(listening, address, &size), 0);
        client = socket(cases[i].family, SOCK_STREAM, 0);
        cr_assert_eq(connect(client, address, size), 0);
        fd = accept(listening, NULL, NULL);
        cr_assert_eq(identity_read(fd, &subject), 0);
        cr_expect_not(subject.has_creds);
        cr_expect_eq(strncmp(subject.address, cases[i].prefix, strlen(cases[i].prefix)), 0, "%s",
                     subject.address);
        identity_done(&subject);
        close(fd);
        close(client);
        close(listening);
    }
}

Test(identity, what_cannot_be_known_is_an_error) {
    Subject subject = {.pid = 7};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    cr_expect_eq(identity_read(-1, &subject), -EBADF);
    cr_expect_eq(identity_read(fd, &subject), -ENOTCONN);
    cr_expect_eq(subject.pid, 7, "left alone");
    close(fd);
}

Test(identity, who_is_let_in) {
    static uid_t uids[] = {0, 998};
    static gid_t gids[] = {27};
    static gid_t member[] = {4, 27};
    static const ConfigListener open = {0},
                                by_uid = {.allow_uids = uids, .n_allow_uids = 2, .has_allow_uids = true},
                                by_gid = {.allow_gids = gids, .n_allow_gids = 1, .has_allow_gids = true},
                                by_both = {.allow_uids = uids,
                                           .n_allow_uids = 2,
                                           .has_allow_uids = true,
                                           .allow_gids = gids,
                                           .n_allow_gids = 1,
                                           .has_allow_gids = true},
                                nobody = {.has_allow_uids = true};
    static const struct {
        const char *name;
        Subject subject;
        const ConfigListener *listener;
        const char *rule; /* NULL: let in */
    } cases[] = {
        {"open", {.has_creds = true, .uid = 5}, &open, NULL},
        {"uid", {.has_creds = true, .uid = 998, .gid = 998}, &by_uid, NULL},
        {"root is no exception", {.has_creds = true, .uid = 0, .gid = 0}, &by_gid, "listener.allow_gids"},
        {"other uid", {.has_creds = true, .uid = 997, .gid = 998}, &by_uid, "listener.allow_uids"},
        {"gid", {.has_creds = true, .uid = 5, .gid = 27}, &by_gid, NULL},
        {"supplementary",
         {.has_creds = true, .uid = 5, .gid = 5, .groups = member, .n_groups = 2},
         &by_gid,
         NULL},
        {"other gid",
         {.has_creds = true, .uid = 5, .gid = 5, .groups = member, .n_groups = 1},
         &by_gid,
         "listener.allow_gids"},
        {"either: uid", {.has_creds = true, .uid = 998, .gid = 5}, &by_both, NULL},
        {"either: gid", {.has_creds = true, .uid = 5, .gid = 27}, &by_both, NULL},
        {"neither", {.has_creds = true, .uid = 5, .gid = 5}, &by_both, "listener.allow_uids"},
        {"an empty list is nobody", {.has_creds = true}, &nobody, "listener.allow_uids"},
        {"unknown creds are not root", {.has_creds = false}, &by_uid, "listener.allow_uids"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *rule = NULL, *why = NULL;

        cr_expect_eq(identity_judge(&cases[i].subject, cases[i].listener, &rule, &why),
                     cases[i].rule ? REASON_CLIENT_NOT_ALLOWED : REASON_OK, "%s", cases[i].name);
        if (cases[i].rule)
            cr_expect_str_eq(rule, cases[i].rule, "%s", cases[i].name);
    }
}

/* Also where whoever has written the list could only mean groups: nothing is known of them. */
Test(identity, groups_that_were_not_read_let_nobody_in) {
    static gid_t gids[] = {27};
    const ConfigListener by_gid = {.allow_gids = gids, .n_allow_gids = 1, .has_allow_gids = true}, open = {0};
    Subject subject = {.has_creds = true, .uid = 5, .gid = 5}, member = subject, tcp = {0};
    const char *rule = NULL, *why = NULL;

    cr_expect(identity_needs_groups(&subject, &by_gid));
    cr_expect_not(identity_needs_groups(&subject, &open));
    cr_expect_not(identity_needs_groups(&tcp, &by_gid));
    cr_expect_eq(identity_judge(&subject, &by_gid, &rule, &why), REASON_CLIENT_NOT_ALLOWED);
    cr_expect_str_eq(rule, "listener.allow_gids");
    cr_expect_str_eq(why, "the client's groups can't be read");
    cr_expect_eq(identity_judge(&subject, &open, &rule, &why), REASON_OK);
    member.has_groups = true;
    cr_expect_not(identity_needs_groups(&member, &by_gid));
    cr_expect_eq(identity_judge(&member, &by_gid, &rule, &why), REASON_CLIENT_NOT_ALLOWED);
    cr_expect_null(why);
    cr_expect_not(identity_same_socket_word(&subject, &member), "one of them may be in more");
}

Test(identity, without_groups_they_are_not_asked_for) {
    int fds[2];
    struct ucred creds;
    Subject subject;

    pair_connect(fds);
    cr_assert(identity_read_creds(fds[1], &creds));
    cr_assert_eq(identity_read_socket(fds[1], &creds, false, &subject), 0);
    cr_expect_eq(subject.pid, getpid());
    cr_expect_not(subject.has_groups);
    cr_expect_null(subject.groups);
    cr_expect_eq(identity_read_groups(-1, &subject), -EBADF);
    cr_expect_not(subject.has_groups);
    cr_expect_eq(identity_read_groups(fds[1], &subject), 0);
    cr_expect(subject.has_groups);
    cr_expect_eq(subject.n_groups, (size_t) getgroups(0, NULL));
    identity_done(&subject);
    close(fds[0]);
    close(fds[1]);
}

#define ID "0df97cdeeea6f581bd3e6892c3bce8a33943eb42ea77ac10a2554a3e3b799c26"
#define OTHER "71d4ef08ac971c6bd5677cf5054ebd24634eb6bf7187928122db4683739cab81"

/* Lists as the config's reader makes them. */
static ConfigPlaces make_places(Arena *arena, const char *text, bool is_id) {
    ConfigPlace *item = arena_alloc(arena, sizeof(*item));

    *item = (ConfigPlace){.text = text, .glob = glob_compile(arena, span_from(text)), .is_id = is_id};
    return (ConfigPlaces){.given = true, .items = item, .n = 1};
}

Test(identity, where_it_runs) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1 << 20);
    ConfigPlaces id = make_places(arena, ID, true), prefix = make_places(arena, "0df97cdeeea6*", true),
                 name = make_places(arena, "web-*", false), unit = make_places(arena, "ci-*.service", false),
                 users = make_places(arena, "user@1000.service/ci-*.service", false), none = {.given = true};
    static uid_t uids[] = {5};
    static const char gone[] = "gone";
    const struct {
        const char *name;
        Subject subject;
        ConfigPlaces containers, units;
        Reason reason;
        const char *rule, *why;
        bool asks;
    } cases[] = {
        {"its ID", {.origin = {.container = ID}}, id, {0}, REASON_OK, NULL, NULL, false},
        {"its ID's beginning", {.origin = {.container = ID}}, prefix, {0}, REASON_OK, NULL, NULL, false},
        {"another's ID",
         {.origin = {.container = OTHER}},
         id,
         {0},
         REASON_CLIENT_NOT_ALLOWED,
         "listener.allow_containers",
         NULL,
         false},
        {"another's beginning",
         {.origin = {.container = OTHER}},
         prefix,
         {0},
         REASON_CLIENT_NOT_ALLOWED,
         "listener.allow_containers",
         NULL,
         false},
        {"a name, not asked",
         {.origin = {.container = ID}},
         name,
         {0},
         REASON_CLIENT_UNKNOWN,
         "listener.allow_containers",
         NULL,
         true},
        {"a name",
         {.origin = {.container = ID}, .name_state = NAME_KNOWN, .name = (char *) "web-1"},
         name,
         {0},
         REASON_OK,
         NULL,
         NULL,
         false},
        {"another name",
         {.origin = {.container = ID}, .name_state = NAME_KNOWN, .name = (char *) "xweb-1"},
         name,
         {0},
         REASON_CLIENT_NOT_ALLOWED,
         "listener.allow_containers",
         NULL,
         false},
        {"a name, not told",
         {.origin = {.container = ID}, .name_state = NAME_UNKNOWN, .name_why = gone},
         name,
         {0},
         REASON_CLIENT_UNKNOWN,
         "listener.allow_containers",
         gone,
         false},
        {"a name like an ID is no ID",
         {.origin = {.container = OTHER}, .name_state = NAME_KNOWN, .name = (char *) ID},
         id,
         {0},
         REASON_CLIENT_NOT_ALLOWED,
         "listener.allow_containers",
         NULL,
         false},
        {"a unit", {.origin = {.unit = (char *) "ci-1.service"}}, {0}, unit, REASON_OK, NULL, NULL, false},
        {"another unit",
         {.origin = {.unit = (char *) "cj-1.service"}},
         {0},
         unit,
         REASON_CLIENT_NOT_ALLOWED,
         "listener.allow_units",
         NULL,
         false},
        {"a user's unit is none of the system's",
         {.origin = {.unit = (char *) "user@1000.service/ci-1.service"}},
         {0},
         unit,
         REASON_CLIENT_NOT_ALLOWED,
         "listener.allow_units",
         NULL,
         false},
        {"a user's unit",
         {.origin = {.unit = (char *) "user@1000.service/ci-1.service"}},
         {0},
         users,
         REASON_OK,
         NULL,
         NULL,
         false},
        {"another user's",
         {.origin = {.unit = (char *) "user@1001.service/ci-1.service"}},
         {0},
         users,
         REASON_CLIENT_NOT_ALLOWED,
         "listener.allow_units",
         NULL,
         false},
        {"either: container", {.origin = {.container = ID}}, id, unit, REASON_OK, NULL, NULL, false},
        {"either: unit",
         {.origin = {.unit = (char *) "ci-1.service"}},
         id,
         unit,
         REASON_OK,
         NULL,
         NULL,
         false},
        {"neither",
         {.origin = {.unit = (char *) "x.service"}},
         name,
         unit,
         REASON_CLIENT_NOT_ALLOWED,
         "listener.allow_containers",
         NULL,
         false},
        {"a container where units are asked",
         {.origin = {.container = ID}},
         {0},
         unit,
         REASON_CLIENT_NOT_ALLOWED,
         "listener.allow_units",
         NULL,
         false},
        {"nothing is known",
         {.origin = {.unknown = gone}},
         id,
         unit,
         REASON_CLIENT_UNKNOWN,
         "listener.allow_containers",
         gone,
         false},
        {"nothing is known, not even why",
         {0},
         {0},
         unit,
         REASON_CLIENT_UNKNOWN,
         "listener.allow_units",
         NULL,
         false},
        {"an empty list is nobody",
         {.origin = {.container = ID}},
         none,
         {0},
         REASON_CLIENT_NOT_ALLOWED,
         "listener.allow_containers",
         NULL,
         false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        ConfigListener listener = {.allow_containers = cases[i].containers, .allow_units = cases[i].units};
        const char *rule = NULL, *why = "?";
        Subject subject = cases[i].subject;

        cr_expect_eq(identity_judge(&subject, &listener, &rule, &why), cases[i].reason, "%s", cases[i].name);
        cr_expect(cases[i].rule ? rule && strcmp(rule, cases[i].rule) == 0 : !rule, "%s", cases[i].name);
        cr_expect_eq(why, cases[i].why, "%s", cases[i].name);
        cr_expect_eq(identity_needs_name(&subject, &listener), cases[i].asks, "%s", cases[i].name);
        /* Who it is must be good besides, and then nobody needs to be asked. */
        listener.has_allow_uids = true;
        listener.allow_uids = uids;
        listener.n_allow_uids = 1;
        subject.has_creds = true;
        subject.uid = 6;
        cr_expect_eq(identity_judge(&subject, &listener, &rule, &why), REASON_CLIENT_NOT_ALLOWED, "%s",
                     cases[i].name);
        cr_expect_str_eq(rule, "listener.allow_uids", "%s", cases[i].name);
        cr_expect_not(identity_needs_name(&subject, &listener), "%s", cases[i].name);
        subject.uid = 5;
        cr_expect_eq(identity_judge(&subject, &listener, &rule, &why), cases[i].reason, "%s", cases[i].name);
    }
}

Test(identity, a_name_is_told_once) {
    Subject subject = {.origin = {.container = ID}};

    identity_set_name(&subject, strdup("web"), NULL);
    cr_expect_eq(subject.name_state, NAME_KNOWN);
    identity_set_name(&subject, NULL, "why");
    cr_expect_eq(subject.name_state, NAME_UNKNOWN);
    cr_expect_str_eq(subject.name_why, "why");
    identity_set_name(&subject, strdup("web"), NULL);
    identity_done(&subject);
    cr_expect_eq(subject.name_state, NAME_NOT_ASKED);
}

static Subject subject_from(const char *address) {
    Subject subject = {0};
    Address parsed;
    const char *why;

    cr_assert_eq(address_parse(span_from(address), &parsed, &why), 0, "%s", why);
    memcpy(&subject.peer, &parsed.socket, parsed.length);
    return subject;
}

Test(identity, allow_from) {
    Network network;
    ConfigListener listener = {.allow_from = &network, .n_allow_from = 1};
    const char *why, *rule = NULL;
    Subject inside = subject_from("tcp://172.18.0.5:1"), outside = subject_from("tcp://172.19.0.5:1");

    cr_assert_eq(network_parse(SPAN("172.18.0.0/16"), &network, &why), 0);
    cr_expect_eq(identity_judge(&inside, &listener, &rule, &why), REASON_OK);
    cr_expect_eq(identity_judge(&outside, &listener, &rule, &why), REASON_CLIENT_NOT_ALLOWED);
    cr_expect_str_eq(rule, "listener.allow_from");
}

Test(identity, who_shares_a_quota) {
    Subject a = {.has_creds = true, .uid = 1, .pid = 1}, b = {.has_creds = true, .uid = 1, .pid = 2},
            c = {.has_creds = true, .uid = 2}, x = subject_from("tcp://10.0.0.1:1"),
            y = subject_from("tcp://10.0.0.1:2"), z = subject_from("tcp://10.0.0.2:1"),
            mapped = subject_from("tcp://[::ffff:10.0.0.1]:9");

    cr_expect(identity_same_client(&a, &b));
    cr_expect_not(identity_same_client(&a, &c));
    cr_expect(identity_same_client(&x, &y));
    cr_expect(identity_same_client(&x, &mapped));
    cr_expect_not(identity_same_client(&x, &z));
    cr_expect_not(identity_same_client(&a, &x));
}
