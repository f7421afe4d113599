// SPDX-License-Identifier: Apache-2.0
/*
 * What the daemon's own process takes, as every process tells Prometheus.
 */
#pragma once

#include <stdint.h>

typedef struct ProcessUse {
    uint64_t cpu_usec; /* user and system */
    uint64_t resident_bytes;
    uint64_t virtual_bytes;
    uint64_t open_fds;
    uint64_t max_fds; /* 0: no limit */
} ProcessUse;

/* What can't be had is 0. */
ProcessUse process_use(void);
