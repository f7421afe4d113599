// SPDX-License-Identifier: Apache-2.0
#include "daemon/hostfs.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/policies.h"

static char root[64]; /* a host in a folder */

static void make_dir(const char *path) {
    char full[256];

    snprintf(full, sizeof(full), "%s%s", root, path);
    cr_assert_eq(mkdir(full, 0755), 0, "%s", full);
}

static void make_link(const char *path, const char *target) {
    char full[256];

    snprintf(full, sizeof(full), "%s%s", root, path);
    cr_assert_eq(symlink(target, full), 0, "%s", full);
}

static void setup(void) {
    snprintf(root, sizeof(root), "/tmp/quaygate-hostfs.XXXXXX");
    cr_assert_not_null(mkdtemp(root));
    make_dir("/etc");
    make_dir("/srv");
    make_dir("/srv/data");
    make_dir("/srv/data/sub");
    make_link("/srv/data/absolute", "/etc");
    make_link("/srv/data/relative", "../../etc");
    make_link("/srv/data/far", "../../../../../../../../etc");
    make_link("/srv/data/inside", "sub");
    make_link("/srv/data/dangling", "/nowhere");
    make_link("/srv/data/loop", "loop");
    make_link("/srv/data/root", "/");
    make_link("/srv/also", "data");
}

static void teardown(void) {
    char command[128];

    snprintf(command, sizeof(command), "rm -rf %s", root);
    cr_assert_eq(system(command), 0);
}

TestSuite(hostfs, .init = setup, .fini = teardown);

Test(hostfs, where_paths_lead) {
    static const struct {
        const char *path;
        int r;
        const char *resolved;
    } cases[] = {
        {"/srv/data", 0, "/srv/data"},
        {"/srv/data/sub", 0, "/srv/data/sub"},
        {"/", 0, "/"},
        {"/srv/data/inside", 0, "/srv/data/sub"},
        {"/srv/also/sub", 0, "/srv/data/sub"},
        {"/srv/data/absolute", 0, "/etc"},
        {"/srv/data/relative", 0, "/etc"},
        {"/srv/data/far", 0, "/etc"}, /* `..` at the root stays there */
        {"/srv/data/root", 0, "/"},
        {"/srv/data/root/etc", 0, "/etc"},
        {"/srv/data/new", 0, "/srv/data/new"}, /* dockerd would make it */
        {"/srv/data/new/deep", 0, "/srv/data/new/deep"},
        {"/srv/data/absolute/new", 0, "/etc/new"},
        {"/brand/new", 0, "/brand/new"},
        {"/srv/data/dangling", -ELOOP, NULL},
        {"/srv/data/dangling/x", -ELOOP, NULL},
        {"/srv/data/loop", -ELOOP, NULL},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char resolved[PATH_MAX] = "untouched";
        int r = hostfs_resolve(root, cases[i].path, resolved);

        cr_expect_eq(r, cases[i].r, "%s: %d", cases[i].path, r);
        if (r == 0)
            cr_expect_str_eq(resolved, cases[i].resolved, "%s", cases[i].path);
    }
}

Test(hostfs, magic_links_are_not_followed) {
    char resolved[PATH_MAX];

    cr_expect_eq(hostfs_resolve("/", "/proc/self/root/etc", resolved), -ELOOP);
    cr_expect_lt(hostfs_resolve("/", "/proc/self/cwd", resolved), 0);
}

Test(hostfs, a_root_that_is_none) {
    char resolved[PATH_MAX];

    cr_expect_eq(hostfs_resolve("/no/such/root", "/srv", resolved), -ENOENT);
}

static Policy *policy_of(const char *yaml, PolicySet **ret_set) {
    Arena *arena = arena_new(1 << 20);
    Policy *policy;

    *ret_set = policies_compile(arena, span_from(yaml));
    policy = policy_set_get(*ret_set, SPAN("p"));
    arena_free(arena);
    return policy;
}

static Verdict check(const Policy *policy, Arena *arena, const char *path, bool readonly) {
    static HostPath host_path;
    Verdict verdict = {
        .effect = EFFECT_ALLOW, .reason = REASON_OK, .host_paths = &host_path, .n_host_paths = 1};

    host_path = (HostPath){.path = path, .readonly = readonly, .field = "HostConfig.Binds[0]"};
    hostfs_check(&(HostView){.root = root}, policy, arena, &verdict);
    return verdict;
}

Test(hostfs, verdicts) {
    PolicySet *set, *watching;
    Policy *policy = policy_of("p: {allow: [ContainerCreate], containers: {bind_mounts: "
                               "[/srv/data/**, {path: /etc, readonly: true}]}}",
                               &set);
    Policy *observer = policy_of("p: {mode: observe, containers: {bind_mounts: [/srv/data/**]}}", &watching);
    Arena *arena = arena_new(1 << 16);
    Verdict verdict;

    cr_expect_eq(check(policy, arena, "/srv/data/inside", false).effect, EFFECT_ALLOW);
    cr_expect_eq(check(policy, arena, "/srv/data/new", false).effect, EFFECT_ALLOW);
    cr_expect_eq(check(policy, arena, "/srv/data/absolute", true).effect, EFFECT_ALLOW,
                 "/etc is allowed read-only");
    verdict = check(policy, arena, "/srv/data/absolute", false);
    cr_expect_eq(verdict.effect, EFFECT_DENY);
    cr_expect_str_eq(verdict_rule(&verdict), "containers.bind_mounts");
    cr_expect_str_eq(verdict.field, "HostConfig.Binds[0]");
    cr_expect_str_eq(verdict.detail, "HostConfig.Binds[0]=/srv/data/absolute: it leads to /etc");
    verdict = check(policy, arena, "/srv/data/dangling", false);
    cr_expect_eq(verdict.effect, EFFECT_DENY);
    cr_expect_eq(check(policy, arena, "/srv/data/root", true).effect, EFFECT_DENY);
    cr_expect_eq(check(observer, arena, "/srv/data/absolute", false).effect, EFFECT_OBSERVE);
    arena_free(arena);
    policy_set_free(set);
    policy_set_free(watching);
}

/*
 * What the policy itself names by a link counts as what it leads to: /etc/localtime, /var/run, a moved /srv.
 */
Test(hostfs, links_that_the_policy_names) {
    static const struct {
        const char *path;
        bool readonly, passes;
    } rows[] = {
        {"/srv/also/sub", false, true},     /* by the pattern's folder */
        {"/srv/also", false, true},         /* and the folder itself */
        {"/srv/also/absolute", true, true}, /* /etc, by its own rule */
        {"/srv/also/absolute", false, false},
        {"/srv/data/absolute", true, true}, /* an exact path that is a link */
        {"/srv/also/root", true, false},
    };
    PolicySet *set;
    Policy *policy = policy_of("p: {allow: [ContainerCreate], containers: {bind_mounts: "
                               "[/srv/also/**, {path: /srv/data/absolute, readonly: true}]}}",
                               &set);
    HostView view = {.root = root};
    Arena *arena = arena_new(1 << 16);

    cr_expect_eq(check(policy, arena, "/srv/also/sub", false).effect, EFFECT_DENY, "before anybody looked");
    cr_assert_eq(hostfs_lead(&view, set), 0);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        cr_expect_eq(check(policy, arena, rows[i].path, rows[i].readonly).effect,
                     rows[i].passes ? EFFECT_ALLOW : EFFECT_DENY, "%s", rows[i].path);
    arena_free(arena);
    policy_set_free(set);
}

/* A link that is moved after the look leads nowhere that was meant. */
Test(hostfs, links_that_move) {
    PolicySet *set;
    Policy *policy = policy_of("p: {containers: {bind_mounts: [/srv/also/**]}}", &set);
    HostView view = {.root = root};
    Arena *arena = arena_new(1 << 16);
    char path[128];

    cr_assert_eq(hostfs_lead(&view, set), 0);
    snprintf(path, sizeof(path), "%s/srv/also", root);
    cr_assert_eq(unlink(path), 0);
    make_link("/srv/also", "/etc");
    cr_expect_eq(check(policy, arena, "/srv/also", true).effect, EFFECT_DENY);
    arena_free(arena);
    policy_set_free(set);
}

Test(hostfs, a_guess) {
    HostView view = hostfs_guess();

    cr_expect_eq(view.root != NULL, view.guessed);
    if (access("/.dockerenv", F_OK) == 0)
        cr_expect_null(view.root, "we are in a container");
}

/* Where nobody said that we see the host, a folder that we may not search is judged by its letters. */
Test(hostfs, a_guess_that_may_not_search) {
    PolicySet *set;
    Policy *policy = policy_of("p: {containers: {bind_mounts: [/srv/**]}}", &set);
    Arena *arena = arena_new(1 << 16);
    HostPath path = {.path = "/srv/shut/x", .field = "HostConfig.Binds[0]"};
    char full[128];

    make_dir("/srv/shut");
    snprintf(full, sizeof(full), "%s/srv/shut", root);
    cr_assert_eq(chmod(full, 0), 0);
    cr_assert_eq(chmod(root, 0755), 0);
    cr_assert(geteuid() != 0 || seteuid(65534) == 0);
    for (int guessed = 0; guessed < 2; guessed++) {
        Verdict verdict = {
            .effect = EFFECT_ALLOW, .reason = REASON_OK, .host_paths = &path, .n_host_paths = 1};

        hostfs_check(&(HostView){.root = root, .guessed = guessed}, policy, arena, &verdict);
        cr_expect_eq(verdict.effect, guessed ? EFFECT_ALLOW : EFFECT_DENY);
    }
    cr_assert(getuid() != 0 || seteuid(0) == 0);
    cr_assert_eq(chmod(full, 0755), 0);
    arena_free(arena);
    policy_set_free(set);
}
