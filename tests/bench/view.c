// SPDX-License-Identifier: Apache-2.0
/*
 * What hiding parts of an answer costs: CPU time of view_run, with the daemon's own keyed hash, by the byte
 * of answers in the forms that dockerd 24 writes them; beside it what a tree of jansson would cost, read and
 * written again. The target is 3 ns a byte. With --check, what the tests run, each is made once without a
 * clock.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/buffer.h"
#include "daemon/redactor.h"
#include "policy/compile.h"

#define ROUNDS 15u           /* the median of these counts */
#define ROUND_NSEC 10000000u /* CPU time of one round, at the least */
#define TARGET_NSEC 3.0      /* a byte */

typedef struct Case {
    const char *name;
    const char *answers; /* the policy's */
    const char *target;
    const char *shape; /* one object */
    unsigned n;        /* of them in a list; 0: the object itself */
} Case;

#define ID "815c890b8ca31f6b30d315889d90707acd7893606e8187e9a3d93ff8e4adee9d"
#define DATA "/var/lib/docker/containers/" ID
#define LAYER "/var/lib/docker/overlay2/b1a3d81c1e739286a5f8a25bb5f44b2831fb30f6e6420e923948bb02fe84686a"
#define LABELS                                                                                               \
    "{\"com.docker.compose.project\":\"shop\",\"com.docker.compose.service\":\"web\","                       \
    "\"com.docker.compose.config-hash\":\"" ID "\",\"org.opencontainers.image.version\":\"22.04\"}"

static const char INSPECT[] =
    "{\"Id\":\"" ID "\",\"Created\":\"2026-11-24T00:53:48.331227219Z\",\"Path\":\"docker-entrypoint.sh\","
    "\"Args\":[\"postgres\"],"
    "\"State\":{\"Status\":\"running\",\"Running\":true,\"Paused\":false,\"Restarting\":false,\"OOMKilled\":"
    "false,\"Dead\":false,"
    "\"Pid\":1148,\"ExitCode\":0,\"Error\":\"\",\"StartedAt\":\"2026-11-24T00:53:48.814776882Z\","
    "\"FinishedAt\":\"0001-01-01T00:00:00Z\"},"
    "\"Image\":\"sha256:" ID "\",\"ResolvConfPath\":\"" DATA "/resolv.conf\",\"HostnamePath\":\"" DATA
    "/hostname\","
    "\"HostsPath\":\"" DATA "/hosts\",\"LogPath\":\"" DATA "/" ID
    "-json.log\",\"Name\":\"/shop-db-1\",\"RestartCount\":0,"
    "\"Driver\":\"overlay2\",\"Platform\":\"linux\",\"MountLabel\":\"\",\"ProcessLabel\":\"\","
    "\"AppArmorProfile\":\"\",\"ExecIDs\":null,"
    "\"HostConfig\":{\"Binds\":[\"/srv/shop/db:/var/lib/postgresql/"
    "data:rw\"],\"ContainerIDFile\":\"\",\"LogConfig\":{\"Type\":\"json-file\","
    "\"Config\":{}},\"NetworkMode\":\"none\",\"PortBindings\":{},\"RestartPolicy\":{\"Name\":\"no\","
    "\"MaximumRetryCount\":0},"
    "\"AutoRemove\":false,\"VolumeDriver\":\"\",\"VolumesFrom\":null,\"ConsoleSize\":[0,0],\"CapAdd\":null,"
    "\"CapDrop\":null,"
    "\"CgroupnsMode\":\"host\",\"Dns\":[],\"DnsOptions\":[],\"DnsSearch\":[],\"ExtraHosts\":null,"
    "\"GroupAdd\":null,\"IpcMode\":\"private\","
    "\"Cgroup\":\"\",\"Links\":null,\"OomScoreAdj\":0,\"PidMode\":\"\",\"Privileged\":false,"
    "\"PublishAllPorts\":false,"
    "\"ReadonlyRootfs\":false,\"SecurityOpt\":null,\"UTSMode\":\"\",\"UsernsMode\":\"\",\"ShmSize\":67108864,"
    "\"Runtime\":\"runc\","
    "\"Isolation\":\"\",\"CpuShares\":0,\"Memory\":0,\"NanoCpus\":0,\"CgroupParent\":\"\",\"BlkioWeight\":0,"
    "\"BlkioWeightDevice\":[],"
    "\"CpuPeriod\":0,\"CpuQuota\":0,\"CpuRealtimePeriod\":0,\"CpuRealtimeRuntime\":0,\"CpusetCpus\":\"\","
    "\"CpusetMems\":\"\",\"Devices\":[],"
    "\"DeviceCgroupRules\":null,\"DeviceRequests\":null,\"MemoryReservation\":0,\"MemorySwap\":0,"
    "\"MemorySwappiness\":null,"
    "\"OomKillDisable\":false,\"PidsLimit\":null,\"Ulimits\":[],\"CpuCount\":0,\"CpuPercent\":0,"
    "\"IOMaximumIOps\":0,"
    "\"IOMaximumBandwidth\":0,\"MaskedPaths\":[\"/proc/asound\",\"/proc/acpi\",\"/proc/kcore\",\"/proc/"
    "keys\",\"/proc/latency_stats\","
    "\"/proc/timer_list\",\"/proc/timer_stats\",\"/proc/sched_debug\",\"/proc/scsi\",\"/sys/firmware\",\"/"
    "sys/devices/virtual/powercap\"],"
    "\"ReadonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\",\"/proc/"
    "sysrq-trigger\"]},\"GraphDriver\":{\"Data\":{"
    "\"LowerDir\":\"" LAYER "-init/diff:" LAYER "/diff\",\"MergedDir\":\"" LAYER
    "/merged\",\"UpperDir\":\"" LAYER "/diff\",\"WorkDir\":\"" LAYER
    "/work\"},\"Name\":\"overlay2\"},\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/srv/shop/"
    "db\",\"Destination\":\"/var/lib/postgresql/data\","
    "\"Mode\":\"rw\",\"RW\":true,\"Propagation\":\"rprivate\"}],\"Config\":{\"Hostname\":\"815c890b8ca3\","
    "\"Domainname\":\"\",\"User\":\"\","
    "\"AttachStdin\":false,\"AttachStdout\":false,\"AttachStderr\":false,\"Tty\":false,\"OpenStdin\":false,"
    "\"StdinOnce\":false,"
    "\"Env\":[\"POSTGRES_PASSWORD=correct horse battery "
    "staple\",\"POSTGRES_USER=shop\",\"POSTGRES_DB=shop\",\"TZ=Europe/Berlin\","
    "\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/16/"
    "bin\",\"GOSU_VERSION=1.17\",\"LANG=en_US.utf8\","
    "\"PG_MAJOR=16\",\"PG_VERSION=16.4-1.pgdg120+1\",\"PGDATA=/var/lib/postgresql/"
    "data\"],\"Cmd\":[\"postgres\"],\"Image\":\"postgres:16\","
    "\"Volumes\":{\"/var/lib/postgresql/"
    "data\":{}},\"WorkingDir\":\"\",\"Entrypoint\":[\"docker-entrypoint.sh\"],\"OnBuild\":null,"
    "\"Labels\":" LABELS "},\"NetworkSettings\":{\"Bridge\":\"\",\"SandboxID\":\"" ID
    "\",\"HairpinMode\":false,\"LinkLocalIPv6Address\":\"\","
    "\"LinkLocalIPv6PrefixLen\":0,\"Ports\":{},\"SandboxKey\":\"/var/run/docker/netns/"
    "ff17a292ea0a\",\"SecondaryIPAddresses\":null,"
    "\"SecondaryIPv6Addresses\":null,\"EndpointID\":\"\",\"Gateway\":\"\",\"GlobalIPv6Address\":\"\","
    "\"GlobalIPv6PrefixLen\":0,"
    "\"IPAddress\":\"\",\"IPPrefixLen\":0,\"IPv6Gateway\":\"\",\"MacAddress\":\"\",\"Networks\":{\"none\":{"
    "\"IPAMConfig\":null,\"Links\":null,"
    "\"Aliases\":null,\"NetworkID\":\"" ID "\",\"EndpointID\":\"" ID
    "\",\"Gateway\":\"\",\"IPAddress\":\"\",\"IPPrefixLen\":0,"
    "\"IPv6Gateway\":\"\",\"GlobalIPv6Address\":\"\",\"GlobalIPv6PrefixLen\":0,\"MacAddress\":\"\","
    "\"DriverOpts\":null}}}}";

static const char LISTED[] =
    "{\"Id\":\"" ID "\",\"Names\":[\"/shop-db-1\"],\"Image\":\"postgres:16\",\"ImageID\":\"sha256:" ID "\","
    "\"Command\":\"docker-entrypoint.sh "
    "postgres\",\"Created\":1763945628,\"Ports\":[{\"PrivatePort\":5432,\"Type\":\"tcp\"}],\"Labels\":" LABELS
    ",\"State\":\"running\",\"Status\":\"Up 5 "
    "minutes\",\"HostConfig\":{\"NetworkMode\":\"shop_default\"},\"NetworkSettings\":{\"Networks\":{"
    "\"shop_default\":{\"IPAMConfig\":null,\"Links\":null,\"Aliases\":null,\"NetworkID\":\"" ID
    "\",\"EndpointID\":\"" ID "\","
    "\"Gateway\":\"172.18.0.1\",\"IPAddress\":\"172.18.0.2\",\"IPPrefixLen\":16,\"IPv6Gateway\":\"\","
    "\"GlobalIPv6Address\":\"\","
    "\"GlobalIPv6PrefixLen\":0,\"MacAddress\":\"02:42:ac:12:00:02\",\"DriverOpts\":null}}},\"Mounts\":[{"
    "\"Type\":\"bind\",\"Source\":"
    "\"/srv/shop/db\",\"Destination\":\"/var/lib/postgresql/"
    "data\",\"Mode\":\"rw\",\"RW\":true,\"Propagation\":\"rprivate\"}]}";

static const char EVENT[] =
    "{\"status\":\"exec_create: /bin/sh -c pg_isready -U shop\",\"id\":\"" ID
    "\",\"from\":\"postgres:16\",\"Type\":\"container\","
    "\"Action\":\"exec_create: /bin/sh -c pg_isready -U shop\",\"Actor\":{\"ID\":\"" ID
    "\",\"Attributes\":" LABELS "},\"scope\":\"local\",\"time\":1763945628,\"timeNano\":1763945628331227219}";

static const Case CASES[] = {
    {"inspect, nothing found", "redact_health: true", "/v1.43/containers/c/json", INSPECT, 0},
    {"inspect, environment", "redact_env: deny-all", "/v1.43/containers/c/json", INSPECT, 0},
    {"inspect, all there is",
     "redact_env: deny-all, redact_labels: deny-all, redact_commands: true, redact_host_paths: true, "
     "redact_options: true",
     "/v1.43/containers/c/json", INSPECT, 0},
    {"a list of 1000, labels by patterns", "redact_labels: ['*password*', '*secret*', '*token*']",
     "/v1.43/containers/json", LISTED, 1000},
    {"a list of 1000, commands and paths", "redact_commands: true, redact_host_paths: true",
     "/v1.43/containers/json", LISTED, 1000},
    {"an event, its command", "redact_commands: true", "/v1.43/events", EVENT, 0},
};

static _Noreturn void bench_die(const char *what, const char *why) {
    fprintf(stderr, "view-bench: %s: %s\n", what, why);
    exit(1);
}

static double cpu_nsec(void) {
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double) now.tv_sec * 1e9 + (double) now.tv_nsec;
}

static Buffer case_text(const Case *c) {
    Buffer text = {0};
    int r = 0;

    if (c->n == 0)
        r = buffer_append(&text, span_from(c->shape));
    for (unsigned i = 0; i < c->n; i++)
        r |= buffer_append_all(&text, (const Span[]){i > 0 ? SPAN(",") : SPAN("["), span_from(c->shape)}, 2);
    if (c->n > 0)
        r |= buffer_append(&text, SPAN("]"));
    if (r < 0)
        bench_die(c->name, "no memory");
    return text;
}

static bool bench_put(void *ctx, Span bytes) {
    return buffer_append(ctx, bytes) == 0;
}

/* As the filter does it: chosen for the request, into a buffer that begins empty. */
static size_t bench_view(const Policy *policy, const Request *request, Redactor *redactor, Span text) {
    Buffer out = {0};
    ViewSink sink = {.put = bench_put, .ctx = &out};
    View view;
    size_t size;

    if (!view_choose(policy, request, &view) ||
        view_run(&view, redactor_hash, redactor, text, &sink) != REASON_OK)
        bench_die(policy_name(policy), "no view of it");
    size = buffer_size(&out);
    buffer_done(&out);
    return size;
}

static size_t bench_tree(Span text) {
    json_t *tree = json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES, NULL);
    char *out = json_dumps(tree, JSON_COMPACT);
    size_t size = out ? strlen(out) : 0;

    free(out);
    json_decref(tree);
    return size;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *) a, y = *(const double *) b;

    return x < y ? -1 : x > y;
}

/* ns a byte; `policy` NULL: a tree. */
static double bench_time(const Policy *policy, const Request *request, Redactor *redactor, Span text) {
    double rounds[ROUNDS];

    for (unsigned i = 0; i < ROUNDS; i++) {
        double began = cpu_nsec(), spent;
        size_t n = 0;

        do {
            (void) (policy ? bench_view(policy, request, redactor, text) : bench_tree(text));
            n++;
            spent = cpu_nsec() - began;
        } while (spent < ROUND_NSEC);
        rounds[i] = spent / (double) n / (double) text.size;
    }
    qsort(rounds, ROUNDS, sizeof(rounds[0]), compare);
    return rounds[ROUNDS / 2];
}

static void bench_case(const Case *c, Redactor *redactor, bool check) {
    Arena *arena = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    DocErrors errors = {.arena = arena, .file = c->name};
    ApiVersions versions = api_versions_default();
    const DocNode *root = doc_parse(
        arena, span_from(arena_printf(arena, "policies: {p: {answers: {%s}}}", c->answers)), &errors);
    PolicySet *set = root ? policy_set_compile(doc_get(root, "policies"), &versions, &errors) : NULL;
    const Policy *policy = set ? policy_set_get(set, SPAN("p")) : NULL;
    Request request = {.method = METHOD_GET};
    Buffer text = case_text(c);
    const char *detail;

    if (!policy || target_parse(arena, span_from(c->target), &request.target, &detail) != REASON_OK)
        bench_die(c->name, "no policy");
    request.operation = routes_match(METHOD_GET, &request.target, &request.object);
    if (check) {
        size_t size = bench_view(policy, &request, redactor, buffer_span(&text));
        bool good = size > 0 && bench_tree(buffer_span(&text)) == buffer_size(&text);

        printf("%s %td - %s\n", good ? "ok" : "not ok", c - CASES + 1, c->name);
    } else {
        double view = bench_time(policy, &request, redactor, buffer_span(&text));

        printf("%-36s %9zu bytes %7.2f ns/byte%s   jansson %6.2f\n", c->name, buffer_size(&text), view,
               view > TARGET_NSEC ? "  MISSED 3" : "", bench_time(NULL, NULL, NULL, buffer_span(&text)));
    }
    buffer_done(&text);
    policy_set_free(set);
    arena_free(arena);
}

int main(int argc, char **argv) {
    bool check = argc > 1 && strcmp(argv[1], "--check") == 0;
    Redactor *redactor = NULL;
    const char *why;

    if (redactor_new(NULL, &redactor, &why) < 0)
        bench_die("key", why ? why : "none");
    body_seed(1);
    if (check)
        printf("1..%zu\n", ARRAY_SIZE(CASES));
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++)
        bench_case(&CASES[i], redactor, check);
    redactor_free(redactor);
    return 0;
}
