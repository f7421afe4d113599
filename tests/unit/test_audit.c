// SPDX-License-Identifier: Apache-2.0
#include "daemon/audit.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/chain.h"
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

/* Whether a line of the trail has that. */
static bool PRINTF_LIKE(1, 2) has_line(const char *format, ...) {
    static char text[1u << 20];
    char wanted[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(wanted, sizeof(wanted), format, arguments);
    va_end(arguments);
    read_file(path, text, sizeof(text));
    return strstr(text, wanted) != NULL;
}

/* As whoever verifies it: each line's hash is its own, and its prev that of the line before; seq counts. */
static void expect_chain(uint64_t first) {
    static char text[1u << 20];
    char hash[CHAIN_HASH_SIZE] = "", prev[CHAIN_HASH_SIZE + 16], begin[32];
    char *end, *member;

    read_file(path, text, sizeof(text));
    for (char *at = text; *at; at = end + 1) {
        end = strchr(at, '\n');
        *end = '\0';
        snprintf(begin, sizeof(begin), "{\"seq\":%llu,", (unsigned long long) first++);
        cr_expect(strncmp(at, begin, strlen(begin)) == 0, "%s: %s", begin, at);
        snprintf(prev, sizeof(prev), "\"prev\":\"%s\"", hash);
        if (hash[0])
            cr_expect(strstr(at, prev), "%s: %s", prev, at);
        member = strstr(at, ",\"hash\":\"");
        cr_assert(member, "%s", at);
        chain_hash((Span){at, (size_t) (member - at)}, hash);
        cr_expect(strncmp(member + 9, hash, strlen(hash)) == 0, "%s", at);
    }
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

/* Denied is on record before its answer leaves, whichever of a turn's ends comes first. */
Test(audit, nothing_leaves_before_its_record_is_written) {
    Audit *audit = audit_on_file();
    Verdict denied = {.effect = EFFECT_DENY, .reason = REASON_OK};
    Record refusal = {.event = RECORD_DECISION, .id = "A", .verdict = &denied};

    cr_expect(audit_lets_send(audit, false), "nothing waits");
    cr_assert_eq(audit_record(audit, &refusal), 0);
    cr_expect_not(audit_lets_send(audit, false));
    cr_expect_eq(count_lines(path), 0, "to ask writes nothing");
    turn();
    cr_expect(audit_lets_send(audit, false));
    cr_expect_eq(count_lines(path), 1);
    cr_assert_eq(audit_record(audit, &refusal), 0);
    cr_expect(audit_lets_send(audit, true));
    cr_expect_eq(count_lines(path), 2, "who can't wait has it written");
    audit_free(audit);
}

/*
 * What became of a request hurries nobody: it is there with the next turn's, which doesn't wait for anything.
 */
Test(audit, an_outcome_is_written_with_the_next_turn) {
    Audit *audit = audit_on_file();
    Verdict allowed = {.effect = EFFECT_ALLOW, .reason = REASON_OK};
    Record outcome = {.event = RECORD_OUTCOME, .id = "A", .verdict = &allowed, .end = END_COMPLETE};

    cr_assert_eq(audit_record(audit, &outcome), 0);
    cr_expect_eq(count_lines(path), 0);
    event_base_loop(base, EVLOOP_ONCE); /* would sleep for good if nothing had to be done */
    cr_expect_eq(count_lines(path), 1);
    audit_free(audit);
}

/* Once a decision; then who can't wait for the turn's end, and what became of somebody else's request. */
static void on_hurry(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    Record outcome = {.event = RECORD_OUTCOME, .id = "B", .verdict = &verdict, .end = END_COMPLETE};
    Heard *heard = arg;

    if (!heard->waiter.done)
        decide(heard->audit, heard);
    cr_expect(audit_lets_send(heard->audit, true));
    cr_assert_eq(audit_record(heard->audit, &outcome), 0);
}

/* Each turn may bring that again: who waits for his decision hears of it in his. */
Test(audit, outcomes_put_off_nobody) {
    Heard a = {.audit = audit_on_file()};
    struct event *hurry;
    int fds[2];

    cr_assert_eq(pipe(fds), 0);
    cr_assert_eq(write(fds[1], "x", 1), 1);
    hurry = event_new(base, fds[0], EV_READ | EV_PERSIST, on_hurry, &a); /* and nobody reads it */
    cr_assert_eq(event_add(hurry, NULL), 0);
    turn();
    cr_expect_eq(a.n, 1);
    for (unsigned i = 0; i < 100 && a.n == 0; i++)
        turn();
    cr_expect_eq(a.n, 1, "nor in a hundred others");
    event_free(hurry);
    close(fds[0]);
    close(fds[1]);
    audit_free(a.audit);
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
    cr_expect_eq(audit_stats(audit).n_lost, 2);
    cr_expect_eq(audit_record(audit, &decision), 0);
    cr_expect_eq(audit_flush(audit), -ENOSPC);
    cr_expect_eq(audit_stats(audit).n_lost, 3);
    audit_free(audit);
}

Test(audit, or_continues_where_that_is_wanted) {
    ConfigSink sink = {.kind = SINK_FILE, .path = "/dev/full", .mode = 0640};
    Audit *audit = audit_on(&sink, 1, AUDIT_FAILURE_CONTINUE);
    Heard heard = {.status = 99};

    decide(audit, &heard);
    turn();
    cr_expect_eq(heard.status, 0);
    cr_expect_eq(audit_stats(audit).n_lost, 1, "counted all the same");
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
    cr_expect_eq(audit_stats(audit).n_lost, 0);
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
    limit_file_size((rlim_t) st.st_size * 5 / 2 + sizeof("sha256:") + 64); /* the second has a prev */
    decide(audit, &b);
    decide(audit, &c);
    turn();
    cr_expect_eq(b.status, 0);
    cr_expect_eq(c.status, -EFBIG);
    cr_expect_eq(count_lines(path), 2);
    cr_expect_eq(audit_stats(audit).n_lost, 1);
    limit_file_size(RLIM_INFINITY);
    decide(audit, &c);
    turn();
    cr_expect_eq(c.status, 0, "no restart needed");
    turn();
    cr_expect_eq(count_lines(path), 4, "with one that says what is missing");
    cr_expect(has_line(
        "\"action\":\"drop\",\"message\":\"%s has missed 1 records, seq 3 to 3: File too large\"", path));
    cr_expect_eq(audit_stats(audit).n_lost, 1);
    audit_free(audit);
}

/* The name of the one file beside the trail that begins with its name. */
static void find_beside(char *ret, size_t size) {
    DIR *folder = opendir(directory);
    const struct dirent *entry;

    ret[0] = '\0';
    while ((entry = readdir(folder)))
        if (strncmp(entry->d_name, "audit.jsonl.", 12) == 0)
            snprintf(ret, size, "%s/%s", directory, entry->d_name);
    closedir(folder);
}

static void write_file(const char *name, const char *text, mode_t mode) {
    int fd = open(name, O_WRONLY | O_CREAT | O_APPEND, mode);

    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t) strlen(text));
    close(fd);
}

Test(audit, a_line_that_a_crash_cut_is_kept_aside) {
    Audit *audit;
    char text[8192], aside[400];
    struct stat st;

    audit = audit_on_file();
    cr_assert_eq(audit_record(audit, &decision), 0);
    audit_free(audit);
    cr_assert_eq(chmod(path, 0604), 0);
    write_file(path, "{\"seq\":2", 0600);
    audit = audit_on_file();
    cr_assert_eq(audit_record(audit, &decision), 0);
    audit_free(audit);
    find_beside(aside, sizeof(aside));
    read_file(aside, text, sizeof(text));
    cr_expect_str_eq(text, "{\"seq\":2");
    cr_assert_eq(stat(aside, &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0604);
    cr_expect_eq(count_lines(path), 3);
    cr_expect(has_line("{\"seq\":2,"));
    cr_expect(
        has_line("%s ends with seq 1, without a stop before it; a torn last line of 8 bytes is kept in %s\"",
                 path, aside));
    expect_chain(1);
}

Test(audit, goes_on_after_a_restart) {
    Record stop = {.event = RECORD_LIFECYCLE, .action = "stop", .message = "x"};

    for (int i = 0; i < 3; i++) {
        Audit *audit = audit_on_file();

        cr_assert_eq(audit_record(audit, &decision), 0);
        cr_assert_eq(audit_record(audit, &stop), 0);
        audit_free(audit);
    }
    cr_expect_eq(count_lines(path), 8);
    cr_expect(has_line("{\"seq\":6,"));
    cr_expect(has_line("ends with seq 5, a clean stop\""));
    expect_chain(1);
}

/* Rotated while no daemon ran: by number, by date, packed, with the extension kept. */
Test(audit, goes_on_from_a_rotated_file) {
    static const char *const names[] = {"audit.jsonl.1", "audit.jsonl-20261126", "audit.jsonl.1.gz",
                                        "audit-20261126.jsonl.gz"};
    char rotated[160], command[1000];

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        Audit *audit = audit_on_file();

        cr_assert_eq(audit_record(audit, &decision), 0);
        cr_assert_eq(audit_record(audit, &decision), 0);
        audit_free(audit);
        snprintf(rotated, sizeof(rotated), "%s/%s", directory, names[i]);
        if (strstr(names[i], ".gz"))
            snprintf(command, sizeof(command), "gzip -c '%s' > '%s' && touch -r '%s' '%s' && : > '%s'", path,
                     rotated, path, rotated, path);
        else
            snprintf(command, sizeof(command), "mv '%s' '%s'", path, rotated);
        cr_assert_eq(system(command), 0);
        audit = audit_on_file();
        audit_free(audit);
        cr_expect_eq(count_lines(path), 1);
        cr_expect(has_line("{\"seq\":%zu,", 3 * (i + 1) + i), "%s", names[i]);
        cr_expect(has_line("in the rotated %s", names[i]));
        expect_chain(3 * (i + 1) + i);
    }
}

/* audit-2.jsonl is a trail of its own, and so is what was rotated of that. */
Test(audit, doesnt_go_on_from_a_neighbour) {
    static const char *const names[] = {"audit-2.jsonl", "audit-2.jsonl.1", "audit-2-20261126.jsonl"};
    char neighbour[160], command[400];

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        Audit *audit = audit_on_file();

        cr_assert_eq(audit_record(audit, &decision), 0);
        audit_free(audit);
        snprintf(neighbour, sizeof(neighbour), "%s/%s", directory, names[i]);
        snprintf(command, sizeof(command), "mv '%s' '%s'", path, neighbour);
        cr_assert_eq(system(command), 0);
        audit = audit_on_file();
        cr_assert_eq(audit_record(audit, &decision), 0);
        audit_free(audit);
        cr_expect(has_line("{\"seq\":1,"), "%s", names[i]);
        cr_assert_eq(unlink(path), 0);
        cr_assert_eq(unlink(neighbour), 0);
    }
}

/* What isn't ours is passed over, and said; what has no hash begins a chain; what was changed is said. */
Test(audit, says_what_it_goes_on_from) {
    Audit *audit;
    char text[4096], *at;

    write_file(path, "{\"seq\":41,\"time\":null,\"prev\":null,\"hash\":null}\nhello\n{\"seq\":12}\n", 0600);
    audit_free(audit_on_file());
    cr_expect(has_line("{\"seq\":42,"));
    cr_expect(has_line("\"message\":\"%s ends with seq 41, which has no hash, without a stop before it; 2 "
                       "lines behind it are no records\",\"prev\":null,",
                       path));
    read_file(path, text, sizeof(text));
    at = strstr(text, "hello");
    *strstr(at, "recover") = 'R';
    cr_assert_eq(unlink(path), 0);
    write_file(path, at, 0600);
    audit_free(audit_on_file());
    cr_expect(has_line("ends with seq 42, whose hash is not that of its line"));
    cr_assert_eq(unlink(path), 0);
    write_file(path, "hello\n", 0600);
    audit = audit_on_file();
    audit_free(audit);
    cr_expect(has_line("{\"seq\":1,"));
    cr_expect(has_line("has no record to go on from; 1 lines behind it are no records"));
}

Test(audit, of_two_files_the_longer_one_is_gone_on_from) {
    char other[160];
    ConfigSink sinks[] = {{.kind = SINK_FILE, .path = path, .mode = 0640},
                          {.kind = SINK_FILE, .path = other, .mode = 0640}};
    Audit *audit;

    snprintf(other, sizeof(other), "%s/other", directory);
    audit = audit_on(&sinks[1], 1, AUDIT_FAILURE_DENY);
    for (int i = 0; i < 5; i++)
        cr_assert_eq(audit_record(audit, &decision), 0);
    audit_free(audit);
    audit = audit_on(sinks, 2, AUDIT_FAILURE_DENY);
    audit_free(audit);
    cr_expect_eq(count_lines(path), 1);
    cr_expect(has_line("{\"seq\":6,"), "the gap shows");
}

/* Locks are of descriptions, so they hold against ourselves too. */
Test(audit, one_file_one_daemon) {
    Audit *first = audit_on_file(), *second = NULL;
    ConfigSink sink = {.kind = SINK_FILE, .path = path, .mode = 0640};
    Config config = {.sinks = &sink, .n_sinks = 1};

    cr_expect_eq(audit_new(base, &config, &second), -EBUSY);
    cr_expect_eq(audit_reconfigure(first, &config), 0, "its own file is no other's");
    audit_reopen(first);
    cr_assert_eq(audit_record(first, &decision), 0);
    cr_expect_eq(audit_new(base, &config, &second), -EBUSY);
    audit_free(first);
    cr_expect_eq(count_lines(path), 1);
    cr_expect_eq(audit_new(base, &config, &second), 0);
    audit_free(second);
}

Test(audit, the_chain_goes_on_over_reopen_and_reload) {
    ConfigSink sink = {.kind = SINK_FILE, .path = path, .mode = 0640};
    Config config = {.sinks = &sink, .n_sinks = 1};
    Audit *audit = audit_on_file();
    char rotated[160], command[1000];

    snprintf(rotated, sizeof(rotated), "%s.1", path);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(audit_record(audit, &decision), 0);
    cr_assert_eq(rename(path, rotated), 0);
    audit_reopen(audit);
    cr_assert_eq(audit_record(audit, &decision), 0);
    cr_assert_eq(audit_reconfigure(audit, &config), 0);
    cr_assert_eq(audit_record(audit, &decision), 0);
    audit_free(audit);
    cr_expect_eq(count_lines(rotated), 3);
    snprintf(command, sizeof(command), "cat '%s' >> '%s' && mv '%s' '%s'", path, rotated, rotated, path);
    cr_assert_eq(system(command), 0);
    cr_expect_eq(count_lines(path), 5);
    expect_chain(1);
}

Test(audit, without_a_chain_there_are_no_hashes) {
    ConfigSink sink = {.kind = SINK_FILE, .path = path, .mode = 0640, .chain = SINK_CHAIN_NONE};
    Audit *audit = audit_on(&sink, 1, AUDIT_FAILURE_DENY);

    cr_assert_eq(audit_record(audit, &decision), 0);
    audit_free(audit);
    cr_expect(has_line("\"prev\":null,\"hash\":null}"));
}

/* The disk is asked after the write and before the waiter hears of it. */
Test(audit, fsync_always_is_waited_for) {
    ConfigSink sink = {.kind = SINK_FILE, .path = path, .mode = 0640, .sync = SINK_SYNC_ALWAYS};
    Audit *audit = audit_on(&sink, 1, AUDIT_FAILURE_DENY);
    Heard a = {.status = 99}, b = {.status = 99};

    decide(audit, &a);
    cr_expect_eq(audit_flush(audit), 0);
    cr_expect_eq(count_lines(path), 1);
    decide(audit, &b);
    cr_expect_eq(a.n, 0);
    while (b.n == 0)
        event_base_loop(base, EVLOOP_ONCE);
    cr_expect_eq(a.n, 1);
    cr_expect_eq(a.status, 0);
    cr_expect_eq(b.status, 0);
    audit_cancel(audit, &a.waiter);
    decide(audit, &a);
    cr_expect_eq(audit_flush(audit), 0);
    audit_cancel(audit, &a.waiter); /* while it is being synced */
    audit_free(audit);
    cr_expect_eq(a.n, 1);
    cr_expect_eq(count_lines(path), 3);
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
    ConfigSink sink = {.kind = SINK_FILE, .path = path, .mode = 0640, .chain = SINK_CHAIN_NONE};
    Audit *audit = audit_on(&sink, 1, AUDIT_FAILURE_DENY);
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

Test(audit, tells_what_it_wrote) {
    Audit *audit = audit_on_file();
    Heard a = {0}, b = {0}, c = {0};
    AuditStats stats = audit_stats(audit);

    cr_expect_eq(stats.n_written, 0);
    cr_expect_eq(stats.written_usec, 0, "none yet");
    decide(audit, &a);
    decide(audit, &b);
    cr_expect_eq(audit_stats(audit).n_written, 0, "not before they are");
    turn();
    stats = audit_stats(audit);
    cr_expect_eq(stats.n_written, 2);
    cr_expect_neq(stats.written_usec, 0);
    cr_expect_not(stats.losing);
    limit_file_size(1);
    decide(audit, &c);
    turn();
    cr_expect_eq(audit_stats(audit).n_written, 2);
    cr_expect_eq(audit_stats(audit).n_lost, 1);
    cr_expect_eq(audit_stats(audit).written_usec, stats.written_usec);
    cr_expect(audit_stats(audit).losing);
    limit_file_size(RLIM_INFINITY);
    decide(audit, &c);
    turn();
    cr_expect_gt(audit_stats(audit).n_written, 2); /* and one that says what was missed */
    cr_expect_not(audit_stats(audit).losing);
    audit_free(audit);
}
