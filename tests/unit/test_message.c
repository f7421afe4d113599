// SPDX-License-Identifier: Apache-2.0
#include "daemon/message.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/file.h"
#include "policy/text.h"

#define HOSTILE                                                                                              \
    "a\nMESSAGE=forged\r\x1b[31m\x07\"]\\ '\xe2\x80\xae"                                                     \
    "bidi\xe2\x81\xa6\xff\xc0\xaf\x7f\xc2\x9b\xe2\x80\xa8"

static char exe[] = HOSTILE;

static Message message;
static Buffer out;

static void teardown(void) {
    message_done(&message);
    buffer_done(&out);
}

TestSuite(message, .fini = teardown);

static Record denial(const Request *request, const Verdict *verdict, const Subject *client) {
    return (Record){.event = RECORD_DECISION,
                    .time_usec = UINT64_C(1795594530123456),
                    .id = "01JDEADBEEFDEADBEEFDEADBEE",
                    .listener = "unix:///run/q.sock",
                    .policy = "ci",
                    .policy_hash = "sha256:1",
                    .where = "/etc/q.yaml:7",
                    .request = request,
                    .client = client,
                    .verdict = verdict,
                    .status = 403,
                    .response_bytes = 12};
}

static const char *text_of(void) {
    cr_assert_eq(buffer_append(&out, (Span){"", 1}), 0);
    return buffer_span(&out).data;
}

static const Verdict privileged = {.reason = REASON_FIELD_NOT_ALLOWED,
                                   .rule = "containers.privileged",
                                   .field = "HostConfig.Privileged",
                                   .detail = "HostConfig.Privileged=true",
                                   .hint = "containers: {privileged: true} allows it"};

Test(message, a_denial_for_journald) {
    Request request = {.method = METHOD_POST,
                       .target = {.path = SPAN("/containers/create"), .raw_query = SPAN("buildargs=x&a=b")},
                       .operation = routes_find(SPAN("ContainerCreate"))};
    Subject client = {.has_creds = true, .uid = 998, .gid = 997, .pid = 12};
    Record record = denial(&request, &privileged, &client);
    char id[MESSAGE_ID_SIZE], wanted[64];

    message_id("field_not_allowed", id);
    snprintf(wanted, sizeof(wanted), "\nMESSAGE_ID=%s\n", id);
    cr_assert_eq(message_fill(&message, &record, 42), 0);
    cr_assert_eq(message_journal(&message, SPAN("{\"seq\":42}\n"), &out), 0);
    text_of();
    cr_expect(strstr(out.data, wanted));
    cr_expect_str_eq(
        strstr(out.data, "PRIORITY="),
        "PRIORITY=4\nSYSLOG_IDENTIFIER=quaygated\nQUAYGATE_SEQ=42\nQUAYGATE_EVENT=decision\n"
        "QUAYGATE_REQUEST_ID=01JDEADBEEFDEADBEEFDEADBEE\nQUAYGATE_LISTENER=unix:///run/q.sock\n"
        "QUAYGATE_POLICY=ci\nQUAYGATE_POLICY_HASH=sha256:1\nQUAYGATE_PID=12\nQUAYGATE_UID=998\nQUAYGATE_GID="
        "997\n"
        "QUAYGATE_METHOD=POST\nQUAYGATE_PATH=/containers/create\nQUAYGATE_QUERY=buildargs=…&a=b\n"
        "QUAYGATE_OPERATION=ContainerCreate\nQUAYGATE_VERDICT=deny\nQUAYGATE_RULE=containers.privileged\n"
        "QUAYGATE_FIELD=HostConfig.Privileged\nQUAYGATE_VALUE=true\nQUAYGATE_WHERE=/etc/q.yaml:7\n"
        "QUAYGATE_REASON=HostConfig.Privileged=true\nQUAYGATE_ALLOW_WITH=containers: {privileged: true}\n"
        "QUAYGATE_STATUS=403\nQUAYGATE_BYTES=12\nQUAYGATE_DURATION_USEC=0\nQUAYGATE_RECORD={\"seq\":42}\n");
    cr_expect_eq(
        strncmp(out.data,
                "MESSAGE=ContainerCreate denied by policy ci for uid 998: HostConfig.Privileged=true "
                "(containers.privileged)\n",
                99),
        0, "%s", out.data);
}

Test(message, a_denial_for_syslog) {
    Record record = denial(NULL, &privileged, NULL);
    char head[128];

    record.repeats = 90;
    cr_assert_eq(message_fill(&message, &record, 42), 0);
    cr_assert_eq(message_syslog(&message, 16, "host", &out), 0);
    text_of();
    snprintf(
        head, sizeof(head),
        "<132>1 2026-11-25T08:15:30.123456Z host quaygated %d field_not_allowed [quaygate@32473 seq=\"42\" ",
        (int) getpid());
    cr_expect_eq(strncmp(out.data, head, strlen(head)), 0, "%s", out.data);
    cr_expect(strstr(out.data, " repeats=\"90\""));
    cr_expect(strstr(out.data, "\"] request denied by policy ci: HostConfig.Privileged=true "
                               "(containers.privileged), 90 times since it was told last"),
              "%s", out.data);
}

Test(message, other_events) {
    static const Verdict allowed = {.effect = EFFECT_ALLOW, .reason = REASON_OK};
    Record outcome = {.event = RECORD_OUTCOME,
                      .id = "A",
                      .verdict = &allowed,
                      .end = END_TIMEOUT,
                      .end_rule = "allow.until",
                      .end_reason = "ran out",
                      .status = 200};
    Record start = {.event = RECORD_LIFECYCLE, .action = "start", .message = "quaygated serves"};
    Record decision = {.event = RECORD_DECISION, .verdict = &allowed};

    cr_assert_eq(message_fill(&message, &outcome, 1), 0);
    cr_assert_eq(message_journal(&message, SPAN("{}"), &out), 0);
    text_of();
    cr_expect(strstr(out.data, "MESSAGE=request ended: timeout, status 200, 0 bytes: ran out\n"));
    cr_expect(strstr(out.data, "QUAYGATE_END=timeout\nQUAYGATE_RULE=allow.until\nQUAYGATE_REASON=ran out\n"));
    cr_expect_str_eq(message.kind, "outcome");
    cr_assert_eq(message_fill(&message, &start, 1), 0);
    cr_assert_eq(message_journal(&message, SPAN("{}"), &out), 0);
    text_of();
    cr_expect(strstr(out.data, "MESSAGE=start: quaygated serves\n"));
    cr_expect(strstr(out.data, "QUAYGATE_ACTION=start\n"));
    cr_expect_str_eq(message.kind, "lifecycle.start");
    cr_assert_eq(message_fill(&message, &decision, 1), 0);
    cr_expect_str_eq(message.kind, "allowed");
    cr_expect_eq(message.priority, 6);
}

/* No byte that isn't ours: each line is a field of ours, and nothing steers a terminal. */
static void expect_harmless(Span text, bool lines) {
    cr_expect(text_is_utf8(text));
    for (size_t i = 0; i < text.size;) {
        uint32_t rune = 0;
        size_t n = text_take_rune(text.data + i, text.size - i, &rune);

        cr_assert_gt(n, 0);
        cr_expect(rune == '"' || rune == '\\' || rune == '\'' || (lines && rune == '\n') ||
                      !text_is_hidden(rune),
                  "U+%04X at %zu of %.*s", rune, i, SPAN_FMT(text));
        i += n;
    }
    if (!lines)
        return;
    for (const char *at = text.data; at < text.data + text.size; at = strchr(at, '\n') + 1)
        cr_expect(strncmp(at, "QUAYGATE_", 9) == 0 || strncmp(at, "MESSAGE=request ", 16) == 0 ||
                      strncmp(at, "MESSAGE=x: ", 11) == 0 || strncmp(at, "MESSAGE_ID=", 11) == 0 ||
                      strncmp(at, "PRIORITY=", 9) == 0 || strncmp(at, "SYSLOG_IDENTIFIER=", 18) == 0,
                  "%.60s", at);
}

Test(message, nothing_can_be_forged) {
    Verdict verdict = {.reason = REASON_FIELD_NOT_ALLOWED,
                       .rule = HOSTILE,
                       .field = HOSTILE,
                       .detail = HOSTILE "=" HOSTILE,
                       .hint = "allow: [" HOSTILE "]"};
    Request request = {.method = METHOD_GET, .target = {.path = SPAN(HOSTILE), .raw_query = SPAN(HOSTILE)}};
    Subject client = {.has_creds = true, .exe = exe};
    Record records[] = {
        denial(&request, &verdict, &client),
        {.event = RECORD_OUTCOME, .end = END_ERROR, .end_reason = HOSTILE, .end_rule = HOSTILE},
        {.event = RECORD_LIFECYCLE, .action = "x", .message = HOSTILE}};

    records[0].listener = records[0].policy = records[0].where = HOSTILE;
    for (size_t i = 0; i < ARRAY_SIZE(records); i++) {
        char *line;
        size_t size;
        const char *at, *end;

        cr_assert_eq(record_format(&records[i], 1, &line, &size), 0);
        cr_expect_eq(memchr(line, '\n', size), line + size - 1, "the one at its end");
        cr_assert_eq(message_fill(&message, &records[i], 1), 0);
        cr_assert_eq(message_journal(&message, (Span){line, size}, &out), 0);
        expect_harmless(buffer_span(&out), true);
        free(line);
        cr_assert_eq(message_syslog(&message, 16, "h", &out), 0);
        expect_harmless(buffer_span(&out), false);
        /* The structure ends where we end it: each value's quotes and brackets are escaped. */
        text_of();
        at = strchr(out.data, '[');
        for (end = at; *end && *end != ']'; end++)
            if (*end == '"')
                for (end++; *end && *end != '"'; end++)
                    end += *end == '\\';
        cr_expect_eq(strncmp(end,
                             i == 0   ? "] request denied"
                             : i == 1 ? "] request ended"
                                      : "] x: ",
                             5),
                     0, "%s", end);
    }
}

/*
 * A value at the limit is whole, one past it is cut, between two code points; all of them fit in a datagram.
 */
Test(message, syslog_values_are_bounded) {
    static char path[4 * LIMIT_SYSLOG_VALUE_BYTES];
    Request request = {.method = METHOD_GET};
    Verdict verdict = {
        .reason = REASON_OPERATION_UNKNOWN, .rule = path, .field = path, .detail = path, .hint = path};
    Subject client = {.has_creds = true, .exe = path};
    Record record = denial(&request, &verdict, &client);
    char wanted[LIMIT_SYSLOG_VALUE_BYTES + 32];

    memset(path, 'x', sizeof(path) - 1);
    for (size_t i = 0; i < 2; i++) {
        request.target.path = (Span){path, LIMIT_SYSLOG_VALUE_BYTES + i};
        cr_assert_eq(message_fill(&message, &record, 1), 0);
        cr_assert_eq(message_syslog(&message, 16, "h", &out), 0);
        cr_expect_lt(buffer_size(&out), 8192);
        text_of();
        snprintf(wanted, sizeof(wanted), " path=\"%.*s%s\"", (int) LIMIT_SYSLOG_VALUE_BYTES, path,
                 i ? "…" : "");
        cr_expect(strstr(out.data, wanted), "%s", out.data);
    }
    memcpy(path + LIMIT_SYSLOG_VALUE_BYTES - 1, "é", 2);
    request.target.path = (Span){path, LIMIT_SYSLOG_VALUE_BYTES + 1};
    cr_assert_eq(message_fill(&message, &record, 1), 0);
    cr_assert_eq(message_syslog(&message, 16, "h", &out), 0);
    expect_harmless(buffer_span(&out), false);
}

/* systemd/quaygate.catalog: an entry for each kind there is. */
Test(message, the_catalog_explains_each_kind) {
    static const char *const kinds[] = {"allowed",          "observed",          "outcome",
                                        "lifecycle.start",  "lifecycle.stop",    "lifecycle.reload",
                                        "lifecycle.reopen", "lifecycle.recover", "lifecycle.policy",
                                        "lifecycle.drop",   "lifecycle.repeat",  "lifecycle.checkpoint"};
    CLEANUP(buffer_done) Buffer catalog = {0};
    char id[MESSAGE_ID_SIZE], wanted[64];

    cr_assert_eq(file_read(QUAYGATE_CATALOG, 1u << 20, &catalog), 0);
    cr_assert_eq(buffer_append(&catalog, (Span){"", 1}), 0);
    for (size_t i = 0; i < ARRAY_SIZE(kinds) + REASON_MAX_; i++) {
        const char *kind = i < ARRAY_SIZE(kinds) ? kinds[i] : reason_label((Reason) (i - ARRAY_SIZE(kinds)));

        if (i >= ARRAY_SIZE(kinds) && i - ARRAY_SIZE(kinds) == REASON_OK)
            continue;
        message_id(kind, id);
        snprintf(wanted, sizeof(wanted), "\n-- %s\nSubject: ", id);
        cr_expect(strstr(buffer_span(&catalog).data, wanted), "%s: %s", kind, id);
    }
}
