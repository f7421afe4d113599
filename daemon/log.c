// SPDX-License-Identifier: Apache-2.0
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_LINE_BYTES 2048u /* systemd-journald's default line is far longer; ours are one sentence */

static bool log_to_journal;

/*
 * systemd sets $JOURNAL_STREAM to "DEV:INODE" of the stream it gave us; only if stderr still is that one
 * does somebody read <N> (systemd.exec(5), sd-daemon(3)).
 */
void log_init(void) {
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long dev, inode;
    struct stat st;
    char end;

    log_to_journal = stream && sscanf(stream, "%llu:%llu%c", &dev, &inode, &end) == 2 &&
                     fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == inode;
}

/* A client's bytes can be in a message: they must not begin a line of their own or steer a terminal. */
static void log_clean(char *text, size_t size) {
    for (size_t i = 0; i < size; i++)
        if ((unsigned char) text[i] < 0x20 || text[i] == 0x7F)
            text[i] = '?';
}

void log_message(int priority, const char *format, ...) {
    char line[LOG_LINE_BYTES];
    size_t start = 0, size;
    va_list args;
    int n;

    if (log_to_journal)
        start = (size_t) snprintf(line, sizeof(line), "<%d>", LOG_PRI(priority));
    va_start(args, format);
    n = vsnprintf(line + start, sizeof(line) - start, format, args);
    va_end(args);
    if (n < 0)
        return;
    size = start + (size_t) n;
    if (size > sizeof(line) - 2) /* cut; the newline has room */
        size = sizeof(line) - 2;
    log_clean(line + start, size - start);
    line[size++] = '\n';
    /* In one write, so that lines of several processes stay whole. Nobody can be told that it failed. */
    if (write(STDERR_FILENO, line, size) < 0)
        return;
}
