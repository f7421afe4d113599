// SPDX-License-Identifier: Apache-2.0
/* The trail where allocations fail: the linker sends malloc and reallocarray here first. */
#include "daemon/audit.h"

#include <criterion/criterion.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/chain.h"

static bool failing;

void *__real_malloc(size_t size);
void *__real_reallocarray(void *old, size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_reallocarray(void *old, size_t n, size_t size);

void *__wrap_malloc(size_t size) {
    return failing ? NULL : __real_malloc(size);
}

void *__wrap_reallocarray(void *old, size_t n, size_t size) {
    return failing ? NULL : __real_reallocarray(old, n, size);
}

static struct event_base *base;
static char directory[64];
static char path[128];
static Audit *audit;

static void setup(void) {
    ConfigSink sink = {.kind = SINK_FILE, .path = path, .mode = 0640};
    Config config = {.sinks = &sink, .n_sinks = 1};

    snprintf(directory, sizeof(directory), "/tmp/quaygate-audit-XXXXXX");
    cr_assert(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/audit.jsonl", directory);
    base = event_base_new();
    cr_assert_eq(audit_new(base, &config, &audit), 0);
}

static void teardown(void) {
    char command[256];

    failing = false;
    audit = audit_free(audit);
    event_base_free(base);
    snprintf(command, sizeof(command), "rm -rf '%s'", directory);
    cr_expect_eq(system(command), 0);
}

TestSuite(audit_memory, .init = setup, .fini = teardown);

static const Verdict denied = {.effect = EFFECT_DENY, .reason = REASON_OK};
static const Verdict verdict = {.effect = EFFECT_ALLOW, .reason = REASON_OK};
static const Record decision = {.event = RECORD_DECISION, .id = "A", .verdict = &verdict};
static const Record outcome = {.event = RECORD_OUTCOME, .id = "A", .verdict = &verdict, .end = END_COMPLETE};

static void on_done(void *arg, int status) {
    int *n = arg;

    cr_expect_eq(status, 0);
    ++*n;
}

static void turn(void) {
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

/* The lines that are there, each with its own hash and that of the line before it. */
static const char *read_lines(unsigned *ret_n) {
    static char text[1u << 20];
    char hash[CHAIN_HASH_SIZE] = "", wanted[CHAIN_HASH_SIZE + 16];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, text, sizeof(text) - 1);

    cr_assert_geq(n, 0);
    text[n] = '\0';
    close(fd);
    *ret_n = 0;
    for (char *at = text, *end; *at; at = end + 1, ++*ret_n) {
        const char *member = strstr(at, ",\"hash\":\"");

        end = strchr(at, '\n');
        cr_assert(end && member && member < end, "%s", at);
        snprintf(wanted, sizeof(wanted), hash[0] ? "\"prev\":\"%s\"" : "\"prev\":null%s", hash);
        cr_expect(memmem(at, (size_t) (end - at), wanted, strlen(wanted)), "%s: %s", wanted, at);
        chain_hash((Span){at, (size_t) (member - at)}, hash);
        cr_expect_eq(strncmp(member + 9, hash, strlen(hash)), 0, "%s", at);
    }
    return text;
}

/* Nothing has been allocated for lines yet; what waits, if anything, comes before it. */
Test(audit_memory, an_outcome_is_written_without) {
    unsigned n = 0;

    failing = true;
    cr_expect_eq(audit_record(audit, &outcome), 0);
    cr_expect(strstr(read_lines(&n), "{\"seq\":1,"));
    cr_expect_eq(n, 1, "at once");
    for (unsigned i = 0; i < 1000; i++)
        cr_assert_eq(audit_record(audit, &outcome), 0);
    (void) read_lines(&n);
    cr_expect_eq(n, 1001);
    cr_expect_eq(audit_stats(audit).n_lost, 0);
    cr_expect_eq(audit_stats(audit).n_written, 1001);
}

/* Which is written earlier for it; so a turn that brings many loses none. */
Test(audit_memory, in_the_room_of_what_waits) {
    int told = 0;
    AuditWaiter waiters[20];
    Record refusal = {.event = RECORD_DECISION, .id = "B", .verdict = &denied};
    unsigned n = 0;

    cr_assert_eq(audit_record(audit, &outcome), 0);
    failing = true;
    for (unsigned i = 0; i < ARRAY_SIZE(waiters); i++) {
        waiters[i] = (AuditWaiter){.done = on_done, .arg = &told};
        cr_assert_eq(audit_record(audit, &refusal), 0);
        cr_assert_eq(audit_decision(audit, &decision, &waiters[i]), 0);
    }
    cr_expect_eq(told, 0, "never from inside");
    (void) read_lines(&n);
    cr_expect_gt(n, 0);
    turn();
    cr_expect_eq(told, (int) ARRAY_SIZE(waiters));
    (void) read_lines(&n);
    cr_expect_eq(n, 1 + 2 * ARRAY_SIZE(waiters));
    cr_expect_eq(audit_stats(audit).n_lost, 0);
}

Test(audit_memory, behind_what_waits) {
    int told = 0;
    AuditWaiter waiter = {.done = on_done, .arg = &told};
    static char reason[4096];
    Record ended = outcome;
    const char *text, *at, *end;
    unsigned n = 0;

    cr_assert_eq(audit_decision(audit, &decision, &waiter), 0);
    failing = true;
    memset(reason, '\x01', sizeof(reason) - 1); /* more than there is room for, be it empty */
    ended.end_rule = "allow";
    ended.end_reason = reason;
    cr_assert_eq(audit_record(audit, &ended), 0);
    cr_expect_eq(told, 0, "never from inside");
    text = read_lines(&n);
    at = strstr(text, "\"event\":\"decision\"");
    end = strstr(text, "\"event\":\"outcome\"");
    cr_expect(at && end && at < end && !strchr(strchr(end, '\n') + 1, '\n'), "%s", text);
    turn();
    cr_expect_eq(told, 1);
}

Test(audit_memory, a_decision_is_refused) {
    int told = 0;
    AuditWaiter waiter = {.done = on_done, .arg = &told};
    unsigned n;

    failing = true;
    cr_expect_lt(audit_decision(audit, &decision, &waiter), 0);
    cr_expect_not(waiter.queued);
    turn();
    cr_expect_eq(told, 0);
    cr_expect_str_empty(read_lines(&n));
}

/* The longest reason there is, of bytes that JSON needs six for each; one for which there is no room. */
Test(audit_memory, with_its_reason_if_there_is_room) {
    static char reason[LIMIT_AUDIT_OUTCOME_BYTES + 1];
    Record ended = outcome;
    unsigned n;

    ended.end_rule = "allow";
    ended.end_reason = reason;
    memset(reason, '\x01', 1023);
    failing = true;
    cr_assert_eq(audit_record(audit, &ended), 0);
    cr_expect(strstr(read_lines(&n), "\"reason\":\"\\u0001\\u0001"));
    memset(reason, 'x', LIMIT_AUDIT_OUTCOME_BYTES);
    cr_assert_eq(audit_record(audit, &ended), 0);
    cr_expect(strstr(read_lines(&n), "\"rule\":\"allow\",\"reason\":null"));
    cr_expect_eq(n, 2);
}
