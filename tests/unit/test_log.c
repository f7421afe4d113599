// SPDX-License-Identifier: Apache-2.0
#include "daemon/log.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char text[8192];

/* What one message looks like on a stderr that is a file; `journal`: $JOURNAL_STREAM names it. */
static const char *message_of(bool journal, const char *text_in) {
    char path[] = "/tmp/quaygate-log-XXXXXX", stream[64];
    int fd = mkstemp(path), old = dup(STDERR_FILENO);
    struct stat st;
    ssize_t n;

    cr_assert_eq(fstat(fd, &st), 0);
    snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long) st.st_dev,
             (unsigned long long) st.st_ino + !journal);
    setenv("JOURNAL_STREAM", stream, 1);
    dup2(fd, STDERR_FILENO);
    log_init();
    log_warning("%s", text_in);
    dup2(old, STDERR_FILENO);
    n = pread(fd, text, sizeof(text) - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    close(fd);
    close(old);
    unlink(path);
    return text;
}

Test(log, a_priority_only_for_the_journal) {
    cr_expect_str_eq(message_of(true, "x"), "<4>x\n");
    cr_expect_str_eq(message_of(false, "x"), "x\n", "another stream: whoever started us has moved stderr");
}

Test(log, odd_variables_are_no_journal) {
    static const char *const values[] = {"", "1", "1:", ":1", "1:2:3", "x:y"};

    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        char path[] = "/tmp/quaygate-log-XXXXXX", line[16] = "";
        int fd = mkstemp(path), old = dup(STDERR_FILENO);

        setenv("JOURNAL_STREAM", values[i], 1);
        dup2(fd, STDERR_FILENO);
        log_init();
        log_error("x");
        dup2(old, STDERR_FILENO);
        cr_expect_eq(pread(fd, line, sizeof(line) - 1, 0), 2, "%s: %s", values[i], line);
        close(fd);
        close(old);
        unlink(path);
    }
}

Test(log, one_message_is_one_line) {
    cr_expect_str_eq(message_of(false, "a\nb\r\x1b[2J\x7f"), "a?b??[2J?\n");
}

Test(log, a_long_message_is_cut) {
    static char big[5000];
    const char *line;

    memset(big, 'x', sizeof(big) - 1);
    line = message_of(true, big);
    cr_expect_lt(strlen(line), 2049u);
    cr_expect_eq(line[strlen(line) - 1], '\n');
    cr_expect_eq(strncmp(line, "<4>xxx", 6), 0);
}
