// SPDX-License-Identifier: Apache-2.0
#include "daemon/audit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/log.h"

static struct event_base *base;
static char directory[64];
static char path[128];

static void setup(void) {
    snprintf(directory, sizeof(directory), "/tmp/quaygate-audit-XXXXXX");
    cr_assert(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/audit.jsonl", directory);
    base = event_base_new();
}

static void teardown(void) {
    char command[256];

    event_base_free(base);
    snprintf(command, sizeof(command), "rm -rf '%s'", directory);
    cr_expect_eq(system(command), 0);
}

TestSuite(audit, .init = setup, .fini = teardown);

static Audit *audit_on(const ConfigSink *sinks, size_t n, AuditFailure on_failure) {
    Config config = {.sinks = sinks, .n_sinks = n, .on_failure = on_failure};
    Audit *audit = NULL;

    cr_assert_eq(audit_new(base, &config, &audit), 0);
    return audit;
}

static Audit *audit_on_file(void) {
    ConfigSink sink = {.kind = SINK_FILE, .path = path, .mode = 0640};

    return audit_on(&sink, 1, AUDIT_FAILURE_DENY);
}

static size_t read_file(const char *name, char *text, size_t size) {
    int fd = open(name, O_RDONLY);
    ssize_t n = read(fd, text, size - 1);

    cr_assert_geq(n, 0, "%s", name);
    text[n] = '\0';
    close(fd);
    return (size_t) n;
}

static size_t count_lines(const char *name) {
    static char text[4u << 20];
    size_t n = 0, size = read_file(name, text, sizeof(text));

    for (size_t i = 0; i < size; i++)
        n += text[i] == '\n';
    cr_expect(size == 0 || text[size - 1] == '\n', "whole lines only: %s", text);
    return n;
}

typedef struct Heard {
    AuditWaiter waiter;
    int n;
    int status;
    Audit *audit;
    struct Heard *cancels; /* when told */
} Heard;

static void on_done(void *arg, int status) {
    Heard *heard = arg;

    heard->n++;
    heard->status = status;
    if (heard->cancels)
        audit_cancel(heard->audit, &heard->cancels->waiter);
}

static const Verdict verdict = {.effect = EFFECT_ALLOW, .reason = REASON_OK};
static const Record decision = {.event = RECORD_DECISION, .id = "A", .verdict = &verdict};

static void decide(Audit *audit, Heard *heard) {
    heard->audit = audit;
    heard->waiter.done = on_done;
    heard->waiter.arg = heard;
    cr_assert_eq(audit_decision(audit, &decision, &heard->waiter), 0);
}

static void turn(void) {
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK); /* one, whatever else is ready */
}

Test(audit, a_waiter_hears_when_its_line_is_there) {
    Audit *audit = audit_on_file();
    Heard heard = {.status = 99};

    decide(audit, &heard);
    cr_expect_eq(heard.n, 0, "never from inside");
    cr_expect_eq(count_lines(path), 0);
    turn();
    cr_expect_eq(heard.n, 1);
    cr_expect_eq(heard.status, 0);
    cr_expect_eq(count_lines(path), 1);
    turn();
    cr_expect_eq(heard.n, 1);
    audit_free(audit);
}

typedef struct Turn {
    Audit *audit;
    Heard a, b;
    bool later_ran;
    bool told_before_later;
    struct event *later;
} Turn;

static void on_first(evutil_socket_t fd, short what, void *arg) {
    Turn *t = arg;

    decide(t->audit, &t->a);
    event_active(t->later, EV_TIMEOUT, 0);
}

static void on_second(evutil_socket_t fd, short what, void *arg) {
    Turn *t = arg;

    cr_expect_eq(t->a.n, 0, "both in one write");
    decide(t->audit, &t->b);
}

static void on_later(evutil_socket_t fd, short what, void *arg) {
    Turn *t = arg;

    t->later_ran = true;
    t->told_before_later = t->a.n == 1 && t->b.n == 1;
}

/* Behind the callbacks that are active, and in the same turn. */
Test(audit, records_of_a_turn_are_written_together) {
    Turn t = {.audit = audit_on_file()};
    struct event *first = event_new(base, -1, 0, on_first, &t);
    struct event *second = event_new(base, -1, 0, on_second, &t);

    t.later = event_new(base, -1, 0, on_later, &t);
    event_active(first, EV_TIMEOUT, 0);
    event_active(second, EV_TIMEOUT, 0);
    turn();
    cr_expect_eq(t.a.n, 1);
    cr_expect_eq(t.b.n, 1);
    cr_expect(t.later_ran && t.told_before_later);
    cr_expect_eq(count_lines(path), 2);
    event_free(first);
    event_free(second);
    event_free(t.later);
    audit_free(t.audit);
}

Test(audit, a_cancelled_waiter_hears_nothing) {
    Audit *audit = audit_on_file();
    Heard a = {0}, b = {0}, c = {0};

    decide(audit, &a);
    decide(audit, &b);
    decide(audit, &c);
    audit_cancel(audit, &b.waiter);
    a.cancels = &c; /* while the waiters are being told */
    turn();
    cr_expect_eq(a.n, 1);
    cr_expect_eq(b.n, 0);
    cr_expect_eq(c.n, 0);
    cr_expect_eq(count_lines(path), 3, "the records stay");
    audit_cancel(audit, &a.waiter); /* told long ago */
    decide(audit, &b);
    turn();
    cr_expect_eq(b.n, 1);
    audit_free(audit);
}

Test(audit, the_mode_is_for_a_new_file) {
    Audit *audit;
    struct stat st;

    umask(0077);
    audit = audit_on_file();
    cr_assert_eq(stat(path, &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0640);
    audit_free(audit);
    cr_assert_eq(chmod(path, 0600), 0);
    audit = audit_on_file();
    cr_assert_eq(stat(path, &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0600);
    audit_free(audit);
}

Test(audit, what_is_no_log_file_is_refused) {
    char link[160], fifo[160];
    ConfigSink sinks[] = {
        {.kind = SINK_FILE, .path = directory, .mode = 0640},
        {.kind = SINK_FILE, .path = link, .mode = 0640},
        {.kind = SINK_FILE, .path = fifo, .mode = 0640}, /* without a reader: not a daemon that hangs */
        {.kind = SINK_FILE, .path = "/nonexistent/audit.jsonl", .mode = 0640},
    };

    snprintf(link, sizeof(link), "%s/link", directory);
    snprintf(fifo, sizeof(fifo), "%s/fifo", directory);
    cr_assert_eq(symlink("/tmp/quaygate-nowhere", link), 0);
    cr_assert_eq(mkfifo(fifo, 0600), 0);
    for (size_t i = 0; i < ARRAY_SIZE(sinks); i++) {
        ConfigSink both[] = {{.kind = SINK_FILE, .path = path, .mode = 0640}, sinks[i]};
        Config config = {.sinks = both, .n_sinks = 2};
        Audit *audit = NULL;

        cr_expect_lt(audit_new(base, &config, &audit), 0, "%zu", i);
        cr_expect_null(audit);
    }
}

Test(audit, a_full_disk_denies) {
    ConfigSink sink = {.kind = SINK_FILE, .path = "/dev/full", .mode = 0640};
    Audit *audit = audit_on(&sink, 1, AUDIT_FAILURE_DENY);
    Heard a = {0}, b = {0};

    decide(audit, &a);
    decide(audit, &b);
    turn();
    cr_expect_eq(a.status, -ENOSPC);
    cr_expect_eq(b.status, -ENOSPC);
    cr_expect_eq(audit_lost(audit), 2);
    cr_expect_eq(audit_record(audit, &decision), 0);
    cr_expect_eq(audit_flush(audit), -ENOSPC);
    cr_expect_eq(audit_lost(audit), 3);
    audit_free(audit);
}

Test(audit, or_continues_where_that_is_wanted) {
    ConfigSink sink = {.kind = SINK_FILE, .path = "/dev/full", .mode = 0640};
    Audit *audit = audit_on(&sink, 1, AUDIT_FAILURE_CONTINUE);
    Heard heard = {.status = 99};

    decide(audit, &heard);
    turn();
    cr_expect_eq(heard.status, 0);
    cr_expect_eq(audit_lost(audit), 1, "counted all the same");
    audit_free(audit);
}

Test(audit, one_sink_of_two_is_enough) {
    ConfigSink sinks[] = {{.kind = SINK_FILE, .path = "/dev/full", .mode = 0640},
                          {.kind = SINK_FILE, .path = path, .mode = 0640}};
    Audit *audit = audit_on(sinks, 2, AUDIT_FAILURE_DENY);
    Heard heard = {.status = 99};

    decide(audit, &heard);
    turn();
    cr_expect_eq(heard.status, 0);
    cr_expect_eq(audit_lost(audit), 0);
    cr_expect_eq(count_lines(path), 1);
    audit_free(audit);
}

static void limit_file_size(rlim_t size) {
    struct rlimit limit;

    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, SIG_IGN);
}

/* The file takes one line and a half: the whole one counts, the half one leaves no trace. Then it has room
 * again. */
Test(audit, half_a_line_is_taken_back) {
    Audit *audit = audit_on_file();
    Heard a = {0}, b = {0}, c = {0};
    struct stat st;

    decide(audit, &a);
    turn();
    cr_assert_eq(stat(path, &st), 0);
    limit_file_size((rlim_t) st.st_size * 5 / 2);
    decide(audit, &b);
    decide(audit, &c);
    turn();
    cr_expect_eq(b.status, 0);
    cr_expect_eq(c.status, -EFBIG);
    cr_expect_eq(count_lines(path), 2);
    cr_expect_eq(audit_lost(audit), 1);
    limit_file_size(RLIM_INFINITY);
    decide(audit, &c);
    turn();
    cr_expect_eq(c.status, 0, "no restart needed");
    cr_expect_eq(count_lines(path), 3);
    cr_expect_eq(audit_lost(audit), 1);
    audit_free(audit);
}

Test(audit, a_line_that_a_crash_cut_stays_alone) {
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    Audit *audit;
    char text[4096];

    cr_assert_eq(write(fd, "{\"seq\":1", 8), 8);
    close(fd);
    audit = audit_on_file();
    cr_assert_eq(audit_record(audit, &decision), 0);
    cr_expect_eq(audit_flush(audit), 0);
    audit_free(audit);
    read_file(path, text, sizeof(text));
    cr_expect_eq(strncmp(text, "{\"seq\":1\n{\"seq\":1,", 18), 0, "%s", text);
}

/* A pipe can't be cut back: what follows half a line starts on its own. */
Test(audit, a_full_pipe_is_a_failure_and_mends) {
    char fifo[160];
    ConfigSink sink = {.kind = SINK_FILE, .path = fifo, .mode = 0640};
    static char text[1u << 20];
    Audit *audit;
    Heard heard = {0};
    size_t n = 0;
    int fd;
    ssize_t got;

    snprintf(fifo, sizeof(fifo), "%s/fifo", directory);
    cr_assert_eq(mkfifo(fifo, 0600), 0);
    fd = open(fifo, O_RDONLY | O_NONBLOCK);
    audit = audit_on(&sink, 1, AUDIT_FAILURE_DENY);
    for (n = 0; n < 100000 && heard.status == 0; n++) {
        decide(audit, &heard);
        turn();
    }
    cr_expect_eq(heard.status, -EAGAIN);
    while ((got = read(fd, text, sizeof(text))) > 0)
        ;
    decide(audit, &heard);
    turn();
    cr_expect_eq(heard.status, 0);
    got = read(fd, text, sizeof(text));
    cr_assert_gt(got, 0);
    cr_expect(memmem(text, (size_t) got, "{\"seq\":", 7) == text || text[0] == '\n');
    close(fd);
    audit_free(audit);
}

Test(audit, reopen_follows_a_rotation) {
    Audit *audit = audit_on_file();
    char rotated[160];

    snprintf(rotated, sizeof(rotated), "%s.1", path);
    cr_assert_eq(audit_record(audit, &decision), 0);
    cr_assert_eq(rename(path, rotated), 0);
    audit_reopen(audit); /* what waits belongs to the old file */
    cr_assert_eq(audit_record(audit, &decision), 0);
    cr_assert_eq(audit_record(audit, &decision), 0);
    turn();
    cr_expect_eq(count_lines(rotated), 1);
    cr_expect_eq(count_lines(path), 2);
    audit_free(audit);
}

Test(audit, a_failed_reopen_keeps_the_old_file) {
    Audit *audit = audit_on_file();
    char rotated[160];

    snprintf(rotated, sizeof(rotated), "%s.1", path);
    cr_assert_eq(rename(path, rotated), 0);
    cr_assert_eq(mkdir(path, 0700), 0);
    audit_reopen(audit);
    cr_assert_eq(audit_record(audit, &decision), 0);
    cr_expect_eq(audit_flush(audit), 0);
    cr_expect_eq(count_lines(rotated), 1);
    audit_free(audit);
}

Test(audit, reconfigure_is_all_or_nothing) {
    Audit *audit = audit_on_file();
    char other[160];
    ConfigSink bad[] = {{.kind = SINK_FILE, .path = other, .mode = 0640},
                        {.kind = SINK_FILE, .path = "/nonexistent/x", .mode = 0640}};
    Config broken = {.sinks = bad, .n_sinks = 2}, good = {.sinks = bad, .n_sinks = 1};

    snprintf(other, sizeof(other), "%s/other", directory);
    cr_assert_eq(audit_record(audit, &decision), 0);
    cr_expect_lt(audit_reconfigure(audit, &broken), 0);
    turn();
    cr_expect_eq(count_lines(path), 1);
    cr_assert_eq(audit_record(audit, &decision), 0);
    cr_expect_eq(audit_reconfigure(audit, &good), 0);
    cr_expect_eq(count_lines(path), 2, "what waited went to the old sink");
    cr_assert_eq(audit_record(audit, &decision), 0);
    audit_free(audit);
    cr_expect_eq(count_lines(other), 1, "flushed at the end");
}

Test(audit, seq_counts_from_one) {
    Audit *audit = audit_on_file();
    char text[8192], *at = text;

    for (int i = 0; i < 3; i++)
        cr_assert_eq(audit_record(audit, &decision), 0);
    audit_free(audit);
    read_file(path, text, sizeof(text));
    for (int i = 1; i <= 3; i++) {
        char begin[32];

        snprintf(begin, sizeof(begin), "{\"seq\":%d,", i);
        cr_expect_eq(strncmp(at, begin, strlen(begin)), 0, "%s", at);
        at = strchr(at, '\n') + 1;
    }
}

/* At the limit records wait for the turn's end; one past it they are written at once, and told as ever. */
Test(audit, pending_is_bounded) {
    Audit *audit = audit_on_file();
    Heard heard = {0};
    static char message[LIMIT_AUDIT_PENDING_BYTES];
    Record record = {.event = RECORD_LIFECYCLE, .message = message};
    char *line;
    size_t overhead;

    cr_assert_eq(record_format(&record, 1, &line, &overhead), 0);
    free(line);
    memset(message, 'x', LIMIT_AUDIT_PENDING_BYTES - overhead);
    cr_assert_eq(audit_record(audit, &record), 0);
    cr_expect_eq(count_lines(path), 0);
    decide(audit, &heard);
    cr_expect_eq(count_lines(path), 2);
    cr_expect_eq(heard.n, 0);
    turn();
    cr_expect_eq(heard.n, 1);
    cr_expect_eq(heard.status, 0);
    audit_free(audit);
}
