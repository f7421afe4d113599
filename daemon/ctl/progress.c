// SPDX-License-Identifier: Apache-2.0
#include "progress.h"

#include <unistd.h>

#define PROGRESS_BAR "########################################"

void progress_begin(Progress *progress, FILE *out, uint64_t total, uint64_t now_msec) {
    *progress = (Progress){.total = total, .began_msec = now_msec};
    if (total > 0 && isatty(fileno(out)))
        progress->out = out;
}

void progress_tell(Progress *progress, uint64_t done, uint64_t now_msec) {
    uint64_t spent = now_msec - progress->began_msec, left;
    int width = sizeof(PROGRESS_BAR) - 1, filled;

    if (!progress->out || spent < PROGRESS_QUIET_MSEC ||
        (progress->shown && now_msec - progress->shown_msec < PROGRESS_SHOW_MSEC))
        return;
    if (done > progress->total) /* a file that grows */
        done = progress->total;
    filled = (int) (done * (unsigned) width / progress->total);
    left = done > 0 ? (progress->total - done) * spent / done / 1000 : 0;
    fprintf(progress->out, "\r[%-*.*s] %3u%%  %llu MB/s  %llu:%02llu left\033[K", width, filled, PROGRESS_BAR,
            (unsigned) (done * 100 / progress->total), (unsigned long long) (done / spent / 1000),
            (unsigned long long) (left / 60), (unsigned long long) (left % 60));
    (void) fflush(progress->out);
    progress->shown = true;
    progress->shown_msec = now_msec;
}

void progress_clear(Progress *progress) {
    if (progress->shown)
        fputs("\r\033[K", progress->out);
    progress->shown = false;
}
