// SPDX-License-Identifier: Apache-2.0
#include "bodies.h"

#include <stdio.h>
#include <stdlib.h>

/* What the docker command, version 28, sends for `docker run`; a long environment goes into it, or many
 * labels. */
#define CREATE_HEAD                                                                                          \
    "{\"Hostname\":\"\",\"Domainname\":\"\",\"User\":\"\",\"AttachStdin\":false,"                            \
    "\"AttachStdout\":true,\"AttachStderr\":true,\"Tty\":false,\"OpenStdin\":false,"                         \
    "\"StdinOnce\":false,"                                                                                   \
    "\"Env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\","
#define CREATE_MIDDLE                                                                                        \
    "],\"Cmd\":[\"serve\",\"--port\",\"8080\"],\"Image\":\"registry.example/team/app:1.2\","                 \
    "\"Volumes\":{},\"WorkingDir\":\"\",\"Entrypoint\":null,\"OnBuild\":null,"                               \
    "\"Labels\":{\"com.example.team\":\"app\","
#define CREATE_TAIL                                                                                          \
    "},\"HostConfig\":{\"Binds\":[\"/srv/data:/data:ro\"],\"ContainerIDFile\":\"\","                         \
    "\"LogConfig\":{\"Type\":\"\",\"Config\":{}},\"NetworkMode\":\"bridge\",\"PortBindings\":{},"            \
    "\"RestartPolicy\":{\"Name\":\"no\",\"MaximumRetryCount\":0},\"AutoRemove\":false,"                      \
    "\"VolumeDriver\":\"\",\"VolumesFrom\":null,\"ConsoleSize\":[0,0],\"CapAdd\":null,"                      \
    "\"CapDrop\":null,\"CgroupnsMode\":\"\",\"Dns\":[],\"DnsOptions\":[],\"DnsSearch\":[],"                  \
    "\"ExtraHosts\":null,\"GroupAdd\":null,\"IpcMode\":\"\",\"Cgroup\":\"\",\"Links\":null,"                 \
    "\"OomScoreAdj\":0,\"PidMode\":\"\",\"Privileged\":false,\"PublishAllPorts\":false,"                     \
    "\"ReadonlyRootfs\":false,\"SecurityOpt\":null,\"UTSMode\":\"\",\"UsernsMode\":\"\","                    \
    "\"ShmSize\":0,\"Isolation\":\"\",\"CpuShares\":0,\"Memory\":67108864,\"NanoCpus\":0,"                   \
    "\"CgroupParent\":\"\",\"BlkioWeight\":0,\"BlkioWeightDevice\":[],\"BlkioDeviceReadBps\":[],"            \
    "\"BlkioDeviceWriteBps\":[],\"BlkioDeviceReadIOps\":[],\"BlkioDeviceWriteIOps\":[],"                     \
    "\"CpuPeriod\":0,\"CpuQuota\":0,\"CpuRealtimePeriod\":0,\"CpuRealtimeRuntime\":0,"                       \
    "\"CpusetCpus\":\"\",\"CpusetMems\":\"\",\"Devices\":[],\"DeviceCgroupRules\":null,"                     \
    "\"DeviceRequests\":null,\"MemoryReservation\":0,\"MemorySwap\":0,\"MemorySwappiness\":-1,"              \
    "\"OomKillDisable\":false,\"PidsLimit\":0,\"Ulimits\":[],\"CpuCount\":0,\"CpuPercent\":0,"               \
    "\"IOMaximumIOps\":0,\"IOMaximumBandwidth\":0,\"MaskedPaths\":null,\"ReadonlyPaths\":null},"             \
    "\"NetworkingConfig\":{\"EndpointsConfig\":{}}}"

#define EMPTY_DEEP "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]"

static const BodyShape BODY_SHAPES[] = {
    {"create", CREATE_HEAD, "\"SETTING_#=https://service.example/path/#\"", ",",
     ",\"END=1\"" CREATE_MIDDLE "\"com.example.end\":\"1\"" CREATE_TAIL},
    {"create labels", CREATE_HEAD "\"END=1\"" CREATE_MIDDLE, "\"com.example.setting.#\":\"value of #\"", ",",
     ",\"com.example.end\":\"1\"" CREATE_TAIL},
};

static const BodyShape BODY_SHAPES_NASTY[] = {
    {"empty objects", "[", "{}", ",", "]"},
    {"empty arrays", "[", "[]", ",", "]"},
    {"nested arrays", "[", EMPTY_DEEP, ",", "]"},
    {"nested objects", "[", "{\"\":{\"\":{\"\":{\"\":{\"\":{\"\":{\"\":{}}}}}}}}", ",", "]"},
    {"empty strings", "[", "\"\"", ",", "]"},
    {"numbers", "[", "1", ",", "]"},
    {"fractions", "[", "1e1", ",", "]"},
    {"nulls", "[", "null", ",", "]"},
    {"keys", "{", "\"#\":1", ",", "}"},
    {"keys of null", "{", "\"#\":null", ",", "}"},
    {"keys of strings", "{", "\"#\":\"\"", ",", "}"},
    {"keys of objects", "{", "\"#\":{}", ",", "}"},
    {"objects of one key", "[", "{\"\":1}", ",", "]"},
    {"one string", "[\"", "a", "", "\"]"},
    {"one string of escapes", "[\"", "\\u0001", "", "\"]"},
    {"one key", "{\"", "a", "", "\":1}"},
    {"strings of escapes", "[", "\"\\u0041\"", ",", "]"},
    {"longer strings", "[", "\"abcdefghijklmnopqrstuvwxyz\"", ",", "]"},
    {"environment", "{\"Env\":[", "\"A\"", ",", "]}"},
    {"labels", "{\"Labels\":{", "\"#\":\"\"", ",", "}}"},
    {"bind mounts", "{\"HostConfig\":{\"Binds\":[", "\"/srv/#:/d\"", ",", "]}}"},
    {"refused bind mounts", "{\"HostConfig\":{\"Binds\":[", "\"/#:/d\"", ",", "]}}"},
    {"volumes", "{\"Volumes\":{", "\"/#\":{}", ",", "}}"},
    {"ports", "{\"HostConfig\":{\"PortBindings\":{", "\"#\":[{}]", ",", "}}}"},
    {"security options", "{\"HostConfig\":{\"SecurityOpt\":[", "\"a:#\"", ",", "]}}"},
    {"devices", "{\"HostConfig\":{\"Devices\":[", "{\"PathOnHost\":\"/dev/#\"}", ",", "]}}"},
    {"sysctls", "{\"HostConfig\":{\"Sysctls\":{", "\"a/#\":\"\"", ",", "}}}"},
    {"mounts", "{\"HostConfig\":{\"Mounts\":[", "{\"Type\":\"bind\",\"Source\":\"/srv/#\",\"Target\":\"/d\"}",
     ",", "]}}"},
    {"unknown fields", "{", "\"X#\":1", ",", "}"},
    {"unknown fields below", "{\"HostConfig\":{\"privileged\":1,", "\"Y#\":1", ",", "}}"},
};

const BodyShape *body_shape_find(const char *name) {
    for (size_t i = 0; i < ARRAY_SIZE(BODY_SHAPES); i++)
        if (strcmp(BODY_SHAPES[i].name, name) == 0)
            return &BODY_SHAPES[i];
    return NULL;
}

const BodyShape *body_shapes_nasty(size_t *ret_n) {
    *ret_n = ARRAY_SIZE(BODY_SHAPES_NASTY);
    return BODY_SHAPES_NASTY;
}

/* One piece with its number, and how many bytes it has. */
static size_t piece_write(const BodyShape *shape, size_t number, char room[static 256]) {
    size_t n = 0;

    if (number > 0)
        n += (size_t) snprintf(room, 256, "%s", shape->between);
    for (const char *c = shape->piece; *c; c++)
        n += (size_t) (*c == '#' ? snprintf(room + n, 256 - n, "%zu", number)
                                 : snprintf(room + n, 256 - n, "%c", *c));
    return n;
}

Span body_shape_write(const BodyShape *shape, size_t size) {
    size_t n = strlen(shape->open), n_close = strlen(shape->close);
    char *text = malloc(size + 1), piece[256];

    if (!text)
        abort();
    memcpy(text, shape->open, n);
    for (size_t number = 0;; number++) {
        size_t more = piece_write(shape, number, piece);

        if (n + more + n_close > size)
            break;
        memcpy(text + n, piece, more);
        n += more;
    }
    memcpy(text + n, shape->close, n_close);
    n += n_close;
    memset(text + n, ' ', size - n);
    text[size] = '\0';
    return (Span){.data = text, .size = size};
}
