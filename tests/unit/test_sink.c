// SPDX-License-Identifier: Apache-2.0
#include "daemon/sink.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE "0123456789abcde\n"

static char path[64];
static char everything[1u << 20];

static void setup(void) {
    snprintf(path, sizeof(path), "/tmp/quaygate-sink-XXXXXX");
    close(mkstemp(path));
}

static void teardown(void) {
    unlink(path);
}

TestSuite(sink, .init = setup, .fini = teardown, .timeout = 20);

static Sink open_file(void) {
    Sink sink = {0};
    ConfigSink config = {.kind = SINK_FILE, .path = path, .mode = 0640};

    cr_assert_eq(sink_open(&config, &sink), 0);
    return sink;
}

static void expect_file(const char *expected) {
    char text[256] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    cr_assert_geq(read(fd, text, sizeof(text) - 1), 0);
    close(fd);
    cr_expect_str_eq(text, expected);
}

Test(sink, appends_whole_lines) {
    Sink sink = open_file();
    size_t taken = 99;

    cr_expect_eq(sink_write(&sink, SPAN("one\ntwo\n"), &taken), 0);
    cr_expect_eq(taken, 8);
    cr_expect_eq(sink_write(&sink, SPAN("three\n"), &taken), 0);
    cr_expect_eq(taken, 6);
    sink_done(&sink);
    cr_expect_eq(sink.fd, -EBADF);
    sink = open_file();
    cr_expect_eq(sink_write(&sink, SPAN("four\n"), &taken), 0);
    sink_done(&sink);
    expect_file("one\ntwo\nthree\nfour\n");
}

Test(sink, starts_a_line_of_its_own_behind_a_torn_one) {
    size_t taken = 0;
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    Sink sink;

    cr_assert_eq(write(fd, "torn", 4), 4);
    close(fd);
    sink = open_file();
    cr_expect(sink.torn);
    cr_expect_eq(sink_write(&sink, SPAN("next\n"), &taken), 0);
    cr_expect_eq(taken, 5);
    cr_expect_not(sink.torn);
    sink_done(&sink);
    expect_file("torn\nnext\n");
}

Test(sink, no_link_and_no_folder) {
    Sink sink = {.fd = 77};
    ConfigSink config = {.kind = SINK_FILE, .path = "/tmp", .mode = 0640};

    cr_expect_eq(sink_open(&config, &sink), -EISDIR);
    unlink(path);
    cr_assert_eq(symlink("/dev/null", path), 0);
    config.path = path;
    cr_expect_eq(sink_open(&config, &sink), -ELOOP);
    cr_expect_eq(sink.fd, 77, "untouched");
}

Test(sink, reopen_makes_the_file_anew) {
    Sink sink = open_file();
    size_t taken;
    struct stat st;

    unlink(path);
    cr_expect_eq(sink_reopen(&sink), 0);
    cr_expect_eq(sink_write(&sink, SPAN("x\n"), &taken), 0);
    cr_assert_eq(stat(path, &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0640);
    expect_file("x\n");
    sink_done(&sink);
}

/* Writes until nothing more goes; how many bytes went, in whole lines. */
static size_t fill(Sink *sink) {
    size_t sum = 0, taken = 0;
    int r;

    do {
        r = sink_write(sink, SPAN(LINE LINE LINE LINE LINE LINE LINE LINE), &taken);
        sum += taken;
    } while (r == 0);
    cr_expect_eq(r, -EAGAIN);
    return sum;
}

/* All that the reader has, with the lines that were taken in it. */
static void expect_lines(int fd, size_t sum) {
    size_t size = 0;
    ssize_t n;

    while ((n = read(fd, everything + size, sizeof(everything) - size)) > 0)
        size += (size_t) n;
    cr_expect_geq(size, sum);
    for (size_t i = 0; i < sum; i += sizeof(LINE) - 1)
        cr_assert(memcmp(everything + i, LINE, sizeof(LINE) - 1) == 0, "line at %zu of %zu", i, sum);
}

/* Standard output of which nobody reads: a failure and no waiting, and lines again once somebody does. */
static void expect_no_waiting(int reader, int writer) {
    Sink sink = {0};
    ConfigSink config = {.kind = SINK_STDOUT};
    int saved = dup(STDOUT_FILENO), flags;
    size_t taken = 0, sum;

    cr_assert_eq(dup2(writer, STDOUT_FILENO), STDOUT_FILENO);
    cr_assert_eq(sink_open(&config, &sink), 0);
    sum = fill(&sink);
    cr_expect_gt(sum, 0);
    cr_expect(sink.failing);
    flags = fcntl(STDOUT_FILENO, F_GETFL);
    cr_expect_not(flags & O_NONBLOCK, "what others write there may wait");
    cr_assert_eq(fcntl(reader, F_SETFL, O_NONBLOCK), 0);
    expect_lines(reader, sum);
    cr_expect_eq(sink_write(&sink, SPAN(LINE), &taken), 0);
    cr_expect_eq(taken, sizeof(LINE) - 1);
    cr_expect_not(sink.failing);
    sink_done(&sink);
    cr_expect_geq(fcntl(STDOUT_FILENO, F_GETFD), 0, "not ours to close");
    dup2(saved, STDOUT_FILENO);
}

Test(sink, stdout_that_is_a_full_pipe) {
    int fds[2];

    cr_assert_eq(pipe(fds), 0);
    expect_no_waiting(fds[0], fds[1]);
}

/* As systemd connects a service with the journal. */
Test(sink, stdout_that_is_a_full_socket) {
    int fds[2];

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    expect_no_waiting(fds[0], fds[1]);
}

/*
 * As `quaygated >FILE 2>&1` has it: what else is written there stands behind the lines, not in their place.
 */
Test(sink, stdout_that_is_a_file_of_others_too) {
    Sink sink = {0};
    ConfigSink config = {.kind = SINK_STDOUT};
    int saved = dup(STDOUT_FILENO), fd = open(path, O_WRONLY | O_CLOEXEC), other;
    size_t taken = 0;

    cr_assert_eq(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
    other = dup(fd);
    cr_assert_eq(write(other, "before\n", 7), 7);
    cr_assert_eq(sink_open(&config, &sink), 0);
    cr_expect_eq(sink_write(&sink, SPAN(LINE), &taken), 0);
    cr_expect_eq(write(other, "behind\n", 7), 7);
    sink_done(&sink);
    dup2(saved, STDOUT_FILENO);
    expect_file("before\n" LINE "behind\n");
}

Test(sink, stdout_that_is_closed) {
    Sink sink = {0};
    ConfigSink config = {.kind = SINK_STDOUT};
    int saved = dup(STDOUT_FILENO);
    size_t taken = 99;

    close(STDOUT_FILENO);
    cr_assert_eq(sink_open(&config, &sink), 0);
    cr_expect_eq(sink_write(&sink, SPAN(LINE), &taken), -EBADF);
    cr_expect_eq(taken, 0);
    sink_done(&sink);
    dup2(saved, STDOUT_FILENO);
}
