// SPDX-License-Identifier: Apache-2.0
/*
 * What an auditor waits for: how fast `quaygate audit verify` and `summary` read a chained trail, in
 * megabytes a second of CPU time, and the most memory they had. The target is 200 MB/s and 64 MiB, however
 * long the trail is. With --check, what the tests run, a short one is read without looking at the clock.
 */
#include <errno.h>
#include <getopt.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RECORDS 1000000ul
#define RECORDS_CHECKED 2000ul
#define LINE_BYTES 2048
#define TARGET_MB 200.0
#define TARGET_KIB (64l << 10)

static const char *const VERBS[] = {"verify", "summary"};

typedef struct Line {
    char text[LINE_BYTES];
    int size;
} Line;

static _Noreturn void bench_die(const char *what) {
    fprintf(stderr, "trail-bench: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Of ten requests one is denied; each of the others has two records. */
static void bench_record(Line *line, unsigned long seq, const char *prev) {
    unsigned long request = seq / 19 * 10 + seq % 19 / 2, second = seq / 100;
    bool denied = seq % 19 == 18, outcome = !denied && seq % 19 % 2 == 1;
    char head[128];

    (void) snprintf(head, sizeof(head),
                    "{\"seq\":%lu,\"time\":\"2026-11-%02luT%02lu:%02lu:%02lu.%06luZ\",\"event\":", seq + 1,
                    1 + second / 86400 % 28, second / 3600 % 24, second / 60 % 60, second % 60,
                    seq % 1000000);
    if (outcome)
        line->size = snprintf(
            line->text, LINE_BYTES,
            "%s\"outcome\",\"id\":\"01JD%022lu\",\"verdict\":\"allow\",\"end\":\"complete\",\"rule\":null,"
            "\"reason\":null,\"dropped_bytes\":null,\"response\":{\"status\":200,\"bytes\":8192},"
            "\"duration_us\":1830,\"prev\":%s}",
            head, request, prev);
    else
        line->size =
            snprintf(line->text, LINE_BYTES,
                     "%s\"decision\",\"id\":\"01JD%022lu\",\"listener\":\"unix:///run/quaygate/"
                     "ci.sock\",\"policy\":\"ci\","
                     "\"policy_hash\":\"sha256:"
                     "2b8050754aec46205d13364a6da7cb33df2f4d6a5c51c40f79a26c638086f42f\",\"client\":{\"pid\":"
                     "4711,\"uid\":%lu,\"gid\":998,\"exe\":\"/usr/bin/"
                     "docker\",\"container\":null,\"address\":null,\"unit\":"
                     "\"ci.service\",\"login\":null},\"request\":{\"method\":\"GET\",\"path\":\"/v1.44/"
                     "containers/json\",\"query\":"
                     "\"all=1\",\"operation\":\"ContainerList\",\"bytes\":0},\"verdict\":\"%s\",\"rule\":\"%"
                     "s\",\"field\":null,"
                     "\"value\":null,\"where\":null,\"reason\":%s,\"allow_with\":null,\"facts\":null,"
                     "\"repeats\":null,\"response\":{"
                     "\"status\":null,\"bytes\":null},\"duration_us\":212,\"prev\":%s}",
                     head, request, 998 + request % 7, denied ? "deny" : "allow",
                     denied ? "containers.privileged" : "allow",
                     denied ? "\"HostConfig.Privileged=true\"" : "null", prev);
}

static unsigned long long bench_write(FILE *file, unsigned long n) {
    EVP_MD *sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned long long bytes = 0;
    char prev[96] = "null";
    Line line;

    for (unsigned long i = 0; i < n; i++) {
        unsigned char hash[EVP_MAX_MD_SIZE];
        char hex[2 * EVP_MAX_MD_SIZE + 1];
        unsigned size = 0;

        bench_record(&line, i, prev);
        if (EVP_DigestInit_ex2(ctx, sha256, NULL) != 1 ||
            EVP_DigestUpdate(ctx, line.text, (size_t) line.size) != 1 ||
            EVP_DigestFinal_ex(ctx, hash, &size) != 1)
            bench_die("SHA-256");
        for (unsigned k = 0; k < size; k++) {
            hex[2 * k] = "0123456789abcdef"[hash[k] >> 4];
            hex[2 * k + 1] = "0123456789abcdef"[hash[k] & 15];
        }
        hex[2 * size] = '\0';
        (void) snprintf(prev, sizeof(prev), "\"sha256:%.64s\"", hex);
        bytes += (unsigned long long) fprintf(file, "%.*s,\"hash\":%s}\n", line.size - 1, line.text, prev);
    }
    EVP_MD_CTX_free(ctx);
    EVP_MD_free(sha256);
    return bytes;
}

static double bench_seconds(struct timeval time) {
    return (double) time.tv_sec + (double) time.tv_usec / 1e6;
}

static double bench_now(void) {
    struct timespec now;

    (void) clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* False: it didn't find the trail good. */
static bool bench_run(const char *command, const char *verb, const char *path, struct rusage *ret,
                      double *ret_wall) {
    double began = bench_now();
    pid_t pid;
    int status = 0;

    (void) fflush(stdout);
    pid = fork();
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stdout))
            _exit(1);
        execl(command, command, "audit", verb, path, (char *) NULL);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, ret) < 0)
        bench_die(command);
    *ret_wall = bench_now() - began;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool bench_verb(const char *command, const char *verb, const char *path, double megabytes,
                       bool check) {
    struct rusage usage;
    double wall, cpu;

    if (!bench_run(command, verb, path, &usage, &wall)) {
        fprintf(stderr, "trail-bench: %s doesn't find the trail good\n", verb);
        return false;
    }
    cpu = bench_seconds(usage.ru_utime) + bench_seconds(usage.ru_stime);
    if (!check)
        printf("%-8s %7.0f MB/s of CPU time, %7.0f MB/s by the clock, %6.1f MiB at most%s\n", verb,
               megabytes / cpu, megabytes / wall, (double) usage.ru_maxrss / 1024,
               megabytes / cpu < TARGET_MB || usage.ru_maxrss > TARGET_KIB ? "  (target missed)" : "");
    return true;
}

int main(int argc, char **argv) {
    static const struct option options[] = {
        {"records", required_argument, NULL, 'r'}, {"check", no_argument, NULL, 'c'}, {0}};
    const char *folder = getenv("TMPDIR");
    unsigned long n = RECORDS;
    unsigned long long bytes;
    bool check = false, good = true;
    char path[256];
    FILE *file;
    int option, fd;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?')
            return 2;
        check = check || option == 'c';
        n = option == 'r' ? strtoul(optarg, NULL, 10) : check ? RECORDS_CHECKED : n;
    }
    if (optind + 1 != argc) {
        fputs("usage: trail-bench [--records N] [--check] QUAYGATE    ($TMPDIR must have room for 600 bytes "
              "a record)\n",
              stderr);
        return 2;
    }
    (void) snprintf(path, sizeof(path), "%s/quaygate-bench.XXXXXX", folder ? folder : "/tmp");
    fd = mkstemp(path);
    file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file)
        bench_die(path);
    bytes = bench_write(file, n);
    if (fclose(file) != 0) {
        (void) unlink(path);
        bench_die(path);
    }
    if (!check)
        printf("%lu records, %.0f MB\n", n, (double) bytes / 1e6);
    for (size_t i = 0; i < sizeof(VERBS) / sizeof(VERBS[0]); i++)
        good = bench_verb(argv[optind], VERBS[i], path, (double) bytes / 1e6, check) && good;
    (void) unlink(path);
    if (check)
        printf("1..1\n%s 1 - a trail of %lu records\n", good ? "ok" : "not ok", n);
    return good ? 0 : 1;
}
