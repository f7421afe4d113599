// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/siblings.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/quaygate-siblings.XXXXXX";

static void make(const char *name, bool there) {
    char path[128];

    (void) snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (there)
        fclose(fopen(path, "w"));
    else
        unlink(path);
}

static void make_all(const char *const *names, size_t n, bool there) {
    for (size_t i = 0; i < n; i++)
        make(names[i], there);
}

static void expect(const char *const *names, size_t n) {
    PathList list = {0};
    char path[128];

    (void) snprintf(path, sizeof(path), "%s/a.log", folder);
    cr_assert_eq(siblings_find(path, &list), 0);
    cr_expect_eq(list.n, n);
    for (size_t i = 0; i < n && i < list.n; i++) {
        (void) snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        cr_expect_str_eq(list.items[i], path);
    }
    path_list_done(&list);
}

Test(siblings, order) {
    static const char *const names[] = {
        "a.log-20251231.gz",
        "a.log-20260101",
        "a.log-20260101-1764000000.gz",
        "a.log.20260102.gz",
        "a.log.100",
        "a.log.20.gz",
        "a.log.3.gz",
        "a.log.2",
        "a.log.1",
        "a.log",
    };
    static const char *const others[] = {"a.log.torn-2026", "a.log.swp",   "a.log2",       "a.log.",
                                         "a.log-",          "a.log.1.bak", "ba.log.1",     "a.log.gz.1",
                                         "a.logx",          "A.log",       "a.log.1.gz.gz"};

    cr_assert(mkdtemp(folder));
    expect(NULL, 0);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        make(names[ARRAY_SIZE(names) - 1 - i], true);
    make_all(others, ARRAY_SIZE(others), true);
    expect(names, ARRAY_SIZE(names));
    make_all(names, ARRAY_SIZE(names), false);
    make_all(others, ARRAY_SIZE(others), false);
    cr_expect_eq(rmdir(folder), 0);
}

/* logrotate's `extension .log`; the daemon goes on from these. */
Test(siblings, before_the_extension) {
    static const char *const names[] = {
        "a-20251231.log.gz", "a-2026-01-01.log", "a-20260101.log", "a.2.log.gz",
        "a.1.log",           "a.log.1",          "a.log"};
    static const char *const twins[] = {"a-20260101.log.gz", "a.1.log.gz", "a.log.1.gz"};
    static const char *const others[] = {"a-x.log", "a-2026.lag", "a-2026log", "ab-2026.log", "a.log.log",
                                         "a..log", "a.gz", "a.1.log.bak", "a-1.log.log",
                                         /* other trails, and what was rotated of one */
                                         "a-2.log", "a-2026.log", "a-2-20260101.log", "a.2-1.log"};

    cr_assert(mkdtemp(folder));
    make_all(names, ARRAY_SIZE(names), true);
    make_all(twins, ARRAY_SIZE(twins), true);
    make_all(others, ARRAY_SIZE(others), true);
    expect(names, ARRAY_SIZE(names));
    make_all(names, ARRAY_SIZE(names), false);
    make_all(twins, ARRAY_SIZE(twins), false);
    make_all(others, ARRAY_SIZE(others), false);
    cr_expect_eq(rmdir(folder), 0);
}

/* Without its .gz a name may be shorter than what stands in front of the extension; for the sanitizers. */
Test(siblings, less_than_the_stem) {
    PathList list = {0};
    char path[300];

    cr_assert(mkdtemp(folder));
    make("a.gz", true);
    (void) snprintf(path, sizeof(path), "%s/a.gz.%0200d", folder, 0);
    cr_expect_eq(siblings_find(path, &list), 0);
    cr_expect_eq(list.n, 0);
    path_list_done(&list);
    make("a.gz", false);
    cr_expect_eq(rmdir(folder), 0);
}

/* logrotate compresses what is there: both are, for a moment. */
Test(siblings, compressed_just_now) {
    static const char *const names[] = {"a.log-20260101", "a.log-20260101-5", "a.log.2.gz", "a.log.1",
                                        "a.log"};
    static const char *const twins[] = {"a.log-20260101.gz", "a.log-20260101-5.gz", "a.log.1.gz"};

    cr_assert(mkdtemp(folder));
    make_all(names, ARRAY_SIZE(names), true);
    make_all(twins, ARRAY_SIZE(twins), true);
    expect(names, ARRAY_SIZE(names));
    make_all(names, ARRAY_SIZE(names), false);
    make_all(twins, ARRAY_SIZE(twins), false);
    cr_expect_eq(rmdir(folder), 0);
}

Test(siblings, of_the_folder_one_is_in) {
    PathList list = {0};

    cr_assert(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
    make("a.log", true);
    make("a.log.1", true);
    cr_assert_eq(siblings_find("a.log", &list), 0);
    cr_assert_eq(list.n, 2u);
    cr_expect_str_eq(list.items[0], "a.log.1");
    cr_expect_str_eq(list.items[1], "a.log");
    path_list_done(&list);
    cr_expect_eq(siblings_find("/nonexistent/a.log", &list), -ENOENT);
    path_list_done(&list);
    make("a.log", false);
    make("a.log.1", false);
    rmdir(folder);
}
