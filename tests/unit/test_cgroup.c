// SPDX-License-Identifier: Apache-2.0
#include "policy/cgroup.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "policy/limits.h"

#define A "0df97cdeeea6f581bd3e6892c3bce8a33943eb42ea77ac10a2554a3e3b799c26"
#define B "71d4ef08ac971c6bd5677cf5054ebd24634eb6bf7187928122db4683739cab81"
#define POD "kubepods-burstable-pod22fd933a_ee61_46bd_93ae_ebace73c1160"
#define US 1000u

static const char *show(Span span) {
    static char texts[4][512];
    static unsigned next;
    char *text = texts[next++ % 4];

    snprintf(text, sizeof(texts[0]), "%.*s", SPAN_FMT(span));
    return text;
}

typedef struct PlaceCase {
    const char *text, *container, *unit, *user_unit;
} PlaceCase;

static void expect_places(const PlaceCase *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        CgroupPlace place;

        cr_expect(cgroup_read(span_from(cases[i].text), US, &place), "%s", cases[i].text);
        cr_expect_str_eq(show(place.container), cases[i].container, "%s", cases[i].text);
        cr_expect_str_eq(show(place.unit), cases[i].unit, "%s", cases[i].text);
        cr_expect_str_eq(show(place.user_unit), cases[i].user_unit, "%s", cases[i].text);
    }
}

Test(cgroup, containers_of_every_engine) {
    static const PlaceCase cases[] = {
        /* docker.io 20.10 here, cgroupfs driver, on version 1 and 2 at once */
        {"9:name=systemd:/docker/" A "\n8:pids:/docker/" A "\n4:memory:/docker/" A "\n0::/docker/" A "\n", A,
         "", ""},
        {"0::/docker/" A "\n", A, "", ""},
        {"0::/docker/" A "/init.scope\n", A, "", ""}, /* a container with systemd in it */
        /* systemd driver */
        {"0::/system.slice/docker-" A ".scope\n", A, "", ""},
        {"10:devices:/system.slice/docker-" A ".scope\n1:name=systemd:/system.slice/docker-" A ".scope\n", A,
         "", ""},
        {"0::/ci.slice/ci-jobs.slice/docker-" A ".scope\n", A, "", ""}, /* --cgroup-parent */
        /* version 1 and 2 at once, where runc left the process in its engine's unit in the second */
        {"1:name=systemd:/docker/" A "\n0::/system.slice/containerd.service\n", A, "", ""},
        {"0::/" A "\n", A, "", ""}, /* lxc driver of old Docker, --cgroup-parent=/ */
        /* Podman */
        {"0::/machine.slice/libpod-" A ".scope/container\n", A, "", ""},
        {"0::/machine.slice/libpod-" A ".scope\n", A, "", ""},
        {"0::/machine.slice/machine-libpod_pod_" B ".slice/libpod-" A ".scope/container\n", A, "", ""},
        {"0::/libpod_parent/libpod-" A "\n", A, "", ""},
        {"0::/libpod_parent/" B "/libpod-" A "\n", A, "", ""}, /* in a pod, whose ID is none of a container */
        /* Kubernetes */
        {"0::/kubepods.slice/kubepods-burstable.slice/" POD ".slice/cri-containerd-" A ".scope\n", A, "", ""},
        {"0::/kubepods.slice/kubepods-burstable.slice/" POD ".slice/crio-" A ".scope/container\n", A, "", ""},
        {"0::/kubepods.slice/kubepods-burstable.slice/" POD ".slice/docker-" A ".scope\n", A, "", ""},
        {"11:memory:/kubepods/burstable/pod22fd933a-ee61-46bd-93ae-ebace73c1160/" A "\n", A, "", ""},
        {"11:memory:/kubepods/besteffort/pod22fd933a/crio-" A "\n", A, "", ""},
        {"11:devices:/system.slice/containerd.service/" POD ".slice:cri-containerd:" A "\n", A, "", ""},
        {"9:cpuset:/" POD ".slice:cri-containerd:" A "\n", A, "", ""},
        {"0::/system.slice/nerdctl-" A ".scope\n", A, "", ""},
        /* told from inside of another cgroup namespace */
        {"0::/../docker-" A ".scope\n", A, "", ""},
        {"0::/../" A "\n", A, "", ""},
        {"0::/../../system.slice/docker-" A ".scope\n", A, "", ""},
        {"0::/../../user.slice/user-1000.slice/user@1000.service/user.slice/docker-" A ".scope\n", A, "", ""},
        /* our own user's manager: a rootless engine */
        {"0::/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" A ".scope\n", A, "", ""},
        {"0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" A ".scope/container\n", A, "",
         ""},
        {"0::/user.slice/user-1000.slice/user@1000.service/app.slice/web.service/libpod-payload-" A "\n", A,
         "", ""},
    };

    expect_places(cases, ARRAY_SIZE(cases));
}

Test(cgroup, units) {
    static const PlaceCase cases[] = {
        {"0::/system.slice/nginx.service\n", "", "nginx.service", ""},
        {"0::/system.slice/nginx.service/worker\n", "", "nginx.service", ""},
        {"0::/system.slice/system-getty.slice/getty@tty1.service\n", "", "getty@tty1.service", ""},
        {"0::/system.slice/dev-disk-by\\x2dlabel.swap\n", "", "dev-disk-by\\x2dlabel.swap", ""},
        {"0::/system.slice/_cgroup.thing.service\n", "", "cgroup.thing.service", ""},
        {"0::/_cpu.slice/x.service\n", "", "x.service", ""},
        {"0::/init.scope\n", "", "init.scope", ""},
        {"0::/user.slice/user-1000.slice/session-3.scope\n", "", "session-3.scope", ""},
        {"0::/user.slice/user-1001.slice/user@1001.service/app.slice/backup.service\n", "",
         "user@1001.service", "backup.service"},
        {"0::/user.slice/user-1000.slice/user@1000.service/app.slice/backup.service\n", "",
         "user@1000.service", "backup.service"},
        {"0::/user.slice/user-1000.slice/user@1000.service/init.scope\n", "", "user@1000.service",
         "init.scope"},
        {"0::/user.slice/user-1000.slice/user@1000.service\n", "", "user@1000.service", ""},
        {"12:pids:/user.slice\n1:name=systemd:/system.slice/cron.service\n", "", "cron.service", ""},
        {"1:name=systemd:/system.slice/cron.service\n0::/system.slice/cron.service\n", "", "cron.service",
         ""},
        {"9:name=systemd:/\n0::/system.slice/cron.service\n", "", "cron.service", ""},
        {"0::/system.slice/docker.service\n", "", "docker.service", ""},
        {"0::/machine.slice/libpod-conmon-" A ".scope\n", "", "libpod-conmon-" A ".scope", ""},
        {"0::/" POD ".slice/crio-conmon-" A ".scope\n", "", "crio-conmon-" A ".scope", ""},
    };

    expect_places(cases, ARRAY_SIZE(cases));
}

/* What somebody other than root can have made is no container, and no unit that it isn't in. */
Test(cgroup, names_in_delegated_trees_are_not_believed) {
    static const PlaceCase cases[] = {
        {"0::/user.slice/user-1001.slice/user@1001.service/docker-" A ".scope\n", "", "user@1001.service",
         "docker-" A ".scope"},
        {"0::/user.slice/user-1001.slice/user@1001.service/user.slice/libpod-" A ".scope/container\n", "",
         "user@1001.service", "libpod-" A ".scope"},
        {"0::/user.slice/user-1001.slice/user@1001.service/a.service/docker-" A ".scope\n", "",
         "user@1001.service", "a.service"},
        {"0::/user.slice/user-10000.slice/user@10000.service/docker-" A ".scope\n", "", "user@10000.service",
         "docker-" A ".scope"},
        {"0::/user.slice/user-1000.slice/session-3.scope/docker-" A ".scope\n", "", "session-3.scope", ""},
        {"0::/system.slice/ci-runner.service/docker-" A ".scope\n", "", "ci-runner.service", ""},
        {"0::/system.slice/ci-runner.service/system.slice/nginx.service\n", "", "ci-runner.service", ""},
        {"0::/system.slice/web.service/libpod-payload-" A "\n", "", "web.service",
         ""}, /* Quadlet: by its unit */
        {"0::/system.slice/docker.service/other.service/docker-" A ".scope\n", "", "docker.service", ""},
        {"0::/lxc.payload.web/docker/" A "\n", "", "", ""},
        {"0::/lxc/web/system.slice/nginx.service\n", "", "", ""},
        {"0::/custom/" A "\n", "", "", ""}, /* --cgroup-parent=/custom: whoever it belongs to */
        {"0::/docker/buildkit/abc\n", "", "", ""},
        {"9:name=systemd:/docker/buildkit/abc\n0::/system.slice/docker.service\n", "", "", ""},
        /* our namespace may be anywhere: no units, and no container of somebody's manager */
        {"0::/../nginx.service\n", "", "", ""},
        {"0::/../../system.slice/nginx.service/docker-" A ".scope\n", "", "", ""},
        {"0::/../user@1001.service/docker-" A ".scope\n", "", "", ""},
        {"0::/../user@1001.service/a.service\n", "", "", ""},
        {"0::/..\n", "", "", ""},
        {"0::/..docker-" A ".scope\n", "", "..docker-" A ".scope", ""},
        {"0::/\n", "", "", ""},
        {"", "", "", ""},
        /* gone, or not quite an ID */
        {"0::/docker/" A " (deleted)\n", "", "", ""},
        {"0::/system.slice/docker-" A ".scope (deleted)\n", "", "", ""},
        {"0::/system.slice/nginx.service (deleted)\n", "", "", ""},
        {"0::/docker/" A "0\n", "", "", ""},
        {"0::/docker/" A ".scope\n", "", "", ""},
        {"0::/docker/nginx.service\n", "", "", ""},
        {"0::/docker/0DF97CDEEEA6F581BD3E6892C3BCE8A33943EB42EA77AC10A2554A3E3B799C26\n", "", "", ""},
        {"0::/system.slice/docker-" A "x.scope\n", "", "docker-" A "x.scope", ""},
        {"0::/system.slice/other-" A ".scope\n", "", "other-" A ".scope", ""},
        {"0::/system.slice/docker-" A ".service\n", "", "docker-" A ".service", ""},
    };

    expect_places(cases, ARRAY_SIZE(cases));
}

Test(cgroup, what_cannot_be_read) {
    static const char *const cases[] = {
        "0::/docker/" A,                                 /* no end of the line: a part is missing */
        "\n",                                            /* */
        "0:/docker/" A "\n",                             /* */
        "::/docker/" A "\n",                             /* no number */
        "x::/docker/" A "\n",                            /* */
        "0::docker/" A "\n",                             /* */
        "0::\n",                                         /* */
        "0:://docker/" A "\n",                           /* */
        "0::/docker//" A "\n",                           /* */
        "0::/docker/\n",                                 /* */
        "0::/./docker/" A "\n",                          /* */
        "2:cpu:/docker/" A "\n1:memory:/docker/" B "\n", /* in two containers */
        "2:cpu:/docker/" A "\n0::/system.slice/docker-" B ".scope\n",
        /* --cgroup-parent, in another container or in a unit; or a container's own engine */
        "0::/docker/" A "/" B "\n",
        "0::/docker/" A "/docker/" B "\n",
        "0::/system.slice/docker-" A ".scope/system.slice/docker-" B ".scope\n",
        "0::/machine.slice/libpod-" A ".scope/container/" B "\n",
        "0::/system.slice/nginx.service/" A "\n",
        "0::/system.slice/nginx.service/x/y/" A "\n",
        "0::/system.slice/nginx.service/libpod-" A "\n",
        "0::/system.slice/nginx.service/libpod-" A "/container\n",
        "0::/system.slice/nginx.service/crio-" A "\n",
        "0::/system.slice/nginx.service/x.slice:docker:" A "\n",
        "0::/libpod_parent/libpod-" A "/libpod-" B "\n",
        "0::/user.slice/user-1001.slice/user@1001.service/app.slice/a.service/libpod-" A "\n",
        "0::/system.slice/docker.service/a.service/" A "\n",
        "0::/user.slice/user-1001.slice/user@1001.service/docker/" A "\n",
        "0::/user.slice/user-1001.slice/user@1001.service/" A "\n",
        "0::/user.slice/user-1001.slice/user@1001.service/app.slice/a.service/" A "\n",
        "0::/user.slice/user-1000.slice/user@1000.service/docker/" A "/" B "\n",
        "0::/user.slice/user@4294968296.service/" A "\n", /* 1000 + 2^32 */
        "0::/user.slice/user@.service/" A "\n",
        "0::/user.slice/user@1000x.service/" A "\n",
        "0::/machine.slice/systemd-nspawn@deb.service/payload/docker/" A "\n",
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        CgroupPlace place;

        cr_expect_not(cgroup_read(span_from(cases[i]), US, &place), "%s", cases[i]);
        cr_expect_eq(place.container.size + place.unit.size + place.user_unit.size, 0, "%s", cases[i]);
    }
}

Test(cgroup, names_of_units) {
    static const char *const good[] = {"a.service", "a@b.service", "dev-x\\x2dy.mount",
                                       "x.scope",   "s.socket",    "s.swap"};
    static const char *const bad[] = {"",        "a",           ".service",    "a.slice",
                                      "a.timer", "a b.service", "a/b.service", "ä.service"};
    char name[LIMIT_UNIT_BYTES + 2];

    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        cr_expect(cgroup_is_unit(span_from(good[i])), "%s", good[i]);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        cr_expect_not(cgroup_is_unit(span_from(bad[i])), "%s", bad[i]);
    memset(name, 'a', sizeof(name));
    memcpy(name + LIMIT_UNIT_BYTES - 8, ".service", 8);
    cr_expect(cgroup_is_unit((Span){.data = name, .size = LIMIT_UNIT_BYTES}));
    memset(name, 'a', sizeof(name));
    memcpy(name + LIMIT_UNIT_BYTES - 7, ".service", 8);
    cr_expect_not(cgroup_is_unit((Span){.data = name, .size = LIMIT_UNIT_BYTES + 1}), "one past");
    cr_expect_not(cgroup_is_unit((Span){.data = "a\0.service", .size = 10}),
                  "a NUL is no letter of strchr's");
}
