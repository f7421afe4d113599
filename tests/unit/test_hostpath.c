// SPDX-License-Identifier: Apache-2.0
#include "policy/hostpath.h"

#include <criterion/criterion.h>

#include "policy/limits.h"

Test(hostpath, clean) {
    static const struct {
        Span path;
        const char *clean; /* NULL: refused */
    } cases[] = {
        {SPAN("/"), "/"},
        {SPAN("//"), "/"},
        {SPAN("/."), "/"},
        {SPAN("/./"), "/"},
        {SPAN("/srv/data"), "/srv/data"},
        {SPAN("/srv/data/"), "/srv/data"},
        {SPAN("//srv///data//"), "/srv/data"},
        {SPAN("/srv/./data/."), "/srv/data"},
        {SPAN("/srv/data /x"), "/srv/data /x"},
        {SPAN("/srv/..."), "/srv/..."},
        {SPAN("/srv/.hidden"), "/srv/.hidden"},
        {SPAN("/srv/..data"), "/srv/..data"},
        {SPAN("/srv/data.."), "/srv/data.."},
        {SPAN("/\xC3\xA9\n"), "/\xC3\xA9\n"},
        {SPAN(""), NULL},
        {SPAN("srv/data"), NULL},
        {SPAN("./srv"), NULL},
        {SPAN("~/srv"), NULL},
        {SPAN(".."), NULL},
        {SPAN("/.."), NULL},
        {SPAN("/srv/.."), NULL},
        {SPAN("/srv/../etc"), NULL},
        {SPAN("/srv/data/../.."), NULL},
        {SPAN("/srv/data/./../../etc"), NULL},
        {SPAN("/srv/data /../.."), NULL},
        {SPAN("/srv/data\0/../.."), NULL}, /* T-041 */
        {SPAN("/srv\0"), NULL},
        {SPAN("\0/srv"), NULL},
    };
    Arena *arena = arena_new(LIMIT_ARENA_BYTES);

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *clean = hostpath_clean(arena, cases[i].path);

        if (!cases[i].clean)
            cr_expect_null(clean, "%.*s", SPAN_FMT(cases[i].path));
        else
            cr_expect_str_eq(clean ? clean : "(null)", cases[i].clean);
    }
    cr_expect_null(hostpath_clean(arena, (Span){0}));
    arena_free(arena);
}

Test(hostpath, clean_without_memory) {
    Arena *arena = arena_new(4);

    cr_expect_null(hostpath_clean(arena, SPAN("/srv/data/that/does/not/fit")));
    arena_free(arena);
}

Test(hostpath, is_in) {
    static const struct {
        Span path, tree;
        bool in;
    } cases[] = {
        {SPAN("/srv/data"), SPAN("/srv/data"), true},
        {SPAN("/srv/data/x"), SPAN("/srv/data"), true},
        {SPAN("/srv/database"), SPAN("/srv/data"), false}, /* T-072 */
        {SPAN("/srv"), SPAN("/srv/data"), false},
        {SPAN("/SRV/data"), SPAN("/srv"), false},
        {SPAN("/srv"), SPAN("/"), true},
        {SPAN("/"), SPAN("/"), true},
        {SPAN("/"), SPAN("/srv"), false},
        {SPAN(""), SPAN("/"), false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        cr_expect_eq(hostpath_is_in(cases[i].path, cases[i].tree), cases[i].in, "case %zu", i);
}

Test(hostpath, is_protected) {
    static const struct {
        Span path;
        bool protected;
    } cases[] = {
        {SPAN("/"), true},
        {SPAN("/var"), true},
        {SPAN("/var/lib"), true},
        {SPAN("/var/lib/docker"), true},
        {SPAN("/var/lib/docker/volumes/x/_data"), true},
        {SPAN("/var/lib/docker-data"), false},
        {SPAN("/var/lib/mysql"), false},
        {SPAN("/var/run/docker.sock"), true},
        {SPAN("/run"), true},
        {SPAN("/run/docker.sock"), true},
        {SPAN("/run/quaygate/ci.sock"), true},
        {SPAN("/proc"), true},
        {SPAN("/proc/self/root"), true},
        {SPAN("/process"), false},
        {SPAN("/sys/fs/cgroup"), true},
        {SPAN("/dev/sda"), true},
        {SPAN("/etc"), true},
        {SPAN("/etc/quaygate/quaygate.yaml"), true},
        {SPAN("/etc/localtime"), false},
        {SPAN("/var/log"), true},
        {SPAN("/var/log/quaygate"), true},
        {SPAN("/var/log/nginx"), false},
        {SPAN("/srv"), false},
        {SPAN("/home/ci"), false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        cr_expect_eq(hostpath_is_protected(cases[i].path), cases[i].protected, "%.*s",
                     SPAN_FMT(cases[i].path));
}
