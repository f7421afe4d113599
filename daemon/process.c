// SPDX-License-Identifier: Apache-2.0
#include "process.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static uint64_t process_usec(struct timeval time) {
    return (uint64_t) time.tv_sec * 1000000u + (uint64_t) time.tv_usec;
}

static void process_read_memory(ProcessUse *use) {
    FILE *file = fopen("/proc/self/statm", "re");
    uint64_t size = 0, resident = 0, page = (uint64_t) sysconf(_SC_PAGESIZE);

    if (!file)
        return;
    if (fscanf(file, "%" SCNu64 " %" SCNu64, &size, &resident) == 2) {
        use->virtual_bytes = size * page;
        use->resident_bytes = resident * page;
    }
    (void) fclose(file);
}

/* Without ".", "..", and the one it is counted with. */
static uint64_t process_count_fds(void) {
    DIR *folder = opendir("/proc/self/fd");
    uint64_t n = 0;

    if (!folder)
        return 0;
    while (readdir(folder))
        n++;
    (void) closedir(folder);
    return n > 3 ? n - 3 : 0;
}

ProcessUse process_use(void) {
    ProcessUse use = {.open_fds = process_count_fds()};
    struct rusage usage;
    struct rlimit limit;

    if (getrusage(RUSAGE_SELF, &usage) == 0)
        use.cpu_usec = process_usec(usage.ru_utime) + process_usec(usage.ru_stime);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        use.max_fds = limit.rlim_cur;
    process_read_memory(&use);
    return use;
}
