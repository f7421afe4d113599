// SPDX-License-Identifier: Apache-2.0
/*
 * What was counted, in Prometheus' text format 0.0.4. Series that are still 0 are left out, where a table
 * would be printed for each place: an operation nobody asked for, a rule that denied nothing.
 */
#pragma once

#include "buffer.h"
#include "metrics.h"
#include "process.h"

#define METRICS_TEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* What isn't counted but looked at when somebody asks. */
typedef struct MetricsNow {
    bool engine_up;
    bool audit_writable;
    uint64_t audit_written, audit_lost;
    bool audit_has_record;
    uint64_t audit_age_usec; /* since the last record was written */
    unsigned connections_limit;
    ProcessUse process;
} MetricsNow;

/* 0 or −ENOMEM. */
int metrics_text(Buffer *out, const Metrics *metrics, const MetricsNow *now);
