// SPDX-License-Identifier: Apache-2.0
#include "daemon/record.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>

#define TIME_USEC 1795508130123456u /* 2026-11-24T08:15:30.123456Z */

static const Operation create = {
    .id = "ContainerCreate", .method = METHOD_POST, .path = "/containers/create"};
static const Verdict denied = {.reason = REASON_FIELD_NOT_ALLOWED,
                               .rule = "containers.privileged",
                               .field = "HostConfig.Privileged",
                               .detail = "HostConfig.Privileged=true",
                               .hint = "containers: {privileged: true} allows it"};
static const Verdict allowed = {.effect = EFFECT_ALLOW, .reason = REASON_OK, .rule = "allow"};
static char docker[] = "/usr/bin/docker";
static const Subject client = {.has_creds = true, .pid = 4711, .uid = 998, .gid = 997, .exe = docker};

static Request request_of(unsigned api_minor, const char *path, const char *query) {
    return (Request){
        .method = METHOD_POST,
        .operation = &create,
        .target = {.asked_minor = api_minor, .path = span_from(path), .raw_query = span_from(query)}};
}

static char *line_of(const Record *record, uint64_t seq) {
    char *line;
    size_t size;

    cr_assert_eq(record_format(record, seq, &line, &size), 0);
    cr_assert_eq(line[size - 1], '\n');
    line[size - 1] = '\0';
    cr_assert_eq(strlen(line), size - 1);
    cr_expect_null(strchr(line, '\n'));
    return line;
}

/* The text itself, because the order of the fields is a promise too. */
static void expect_line(const Record *record, uint64_t seq, const char *expected) {
    char *line = line_of(record, seq);
    json_t *parsed = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

    cr_expect_str_eq(line, expected);
    cr_expect(json_is_object(parsed));
    json_decref(parsed);
    free(line);
}

Test(record, a_denial) {
    Request request = request_of(41, "/containers/create", "name=x");
    Record record = {.event = RECORD_DECISION,
                     .time_usec = TIME_USEC,
                     .id = "01JDEADBEEFDEADBEEFDEADBEE",
                     .listener = "unix:///run/quaygate/ci.sock",
                     .policy = "ci",
                     .policy_hash = "sha256:1",
                     .where = "/etc/q.yaml:12",
                     .client = &client,
                     .request = &request,
                     .request_bytes = 512,
                     .verdict = &denied,
                     .status = 403,
                     .response_bytes = 143,
                     .duration_usec = 212};

    expect_line(
        &record, 42,
        "{\"seq\":42,\"time\":\"2026-11-24T08:15:30.123456Z\",\"event\":\"decision\","
        "\"id\":\"01JDEADBEEFDEADBEEFDEADBEE\",\"listener\":\"unix:///run/quaygate/ci.sock\","
        "\"policy\":\"ci\",\"policy_hash\":\"sha256:1\",\"client\":{\"pid\":4711,\"uid\":998,\"gid\":997,"
        "\"exe\":\"/usr/bin/docker\","
        "\"container\":null,\"address\":null,\"unit\":null,\"login\":null},\"request\":{\"method\":\"POST\","
        "\"path\":\"/v1.41/containers/create\",\"query\":\"name=x\",\"operation\":\"ContainerCreate\","
        "\"bytes\":512},\"verdict\":\"deny\",\"rule\":\"containers.privileged\","
        "\"field\":\"HostConfig.Privileged\",\"value\":\"true\",\"where\":\"/etc/q.yaml:12\","
        "\"reason\":\"HostConfig.Privileged=true\",\"allow_with\":\"containers: {privileged: "
        "true}\",\"facts\":null,\"repeats\":null,"
        "\"response\":{\"status\":403,\"bytes\":143},\"duration_us\":212,\"prev\":null,\"hash\":null}");
}

Test(record, an_admission_of_a_tcp_client) {
    Request request = request_of(0, "/containers/create", "");
    Subject peer = {.address = "172.18.0.5:41234"};
    Record record = {.event = RECORD_DECISION,
                     .id = "A",
                     .listener = "tcp://172.18.0.1:2375",
                     .policy = "ci",
                     .client = &peer,
                     .request = &request,
                     .verdict = &allowed};

    expect_line(
        &record, 1,
        "{\"seq\":1,\"time\":\"1970-01-01T00:00:00.000000Z\",\"event\":\"decision\",\"id\":\"A\","
        "\"listener\":\"tcp://"
        "172.18.0.1:2375\",\"policy\":\"ci\",\"policy_hash\":null,\"client\":{\"pid\":null,\"uid\":null,"
        "\"gid\":null,\"exe\":null,\"container\":null,\"address\":\"172.18.0.5:41234\",\"unit\":null,"
        "\"login\":null},"
        "\"request\":{\"method\":\"POST\",\"path\":\"/containers/create\",\"query\":\"\","
        "\"operation\":\"ContainerCreate\",\"bytes\":0},\"verdict\":\"allow\",\"rule\":\"allow\","
        "\"field\":null,\"value\":null,\"where\":null,\"reason\":null,\"allow_with\":null,\"facts\":null,"
        "\"repeats\":null,"
        "\"response\":{\"status\":null,\"bytes\":null},"
        "\"duration_us\":0,"
        "\"prev\":null,\"hash\":null}");
}

#define CONTAINER "0df97cdeeea6f581bd3e6892c3bce8a33943eb42ea77ac10a2554a3e3b799c26"

Test(record, where_a_client_runs) {
    static char unit[] = "user@1000.service/a.service";
    Subject inside = {.has_creds = true, .pid = 1, .origin = {.container = CONTAINER}},
            outside = {
                .has_creds = true, .pid = 1, .origin = {.unit = unit, .has_login = true, .login = 1000}};
    Record record = {.event = RECORD_DECISION, .id = "A", .verdict = &allowed, .client = &inside};
    char *line = line_of(&record, 1);

    cr_expect(strstr(line, "\"container\":\"" CONTAINER "\",\"address\":null,\"unit\":null,\"login\":null}"),
              "%s", line);
    free(line);
    record.client = &outside;
    line = line_of(&record, 1);
    cr_expect(strstr(line, "\"container\":null,\"address\":null,\"unit\":\"user@1000.service/a.service\","
                           "\"login\":1000}"),
              "%s", line);
    free(line);
}

/* What is kept of a client is what would be written anew. */
Test(record, a_client_that_is_kept) {
    static char unit[] = "user@1000.service/a.service", odd[] = "/tmp/\x1b\" \n", longest[4096];
    Subject clients[] = {
        client,
        {.has_creds = true, .uid = UINT32_MAX, .gid = 1, .exe = odd, .origin = {.container = CONTAINER}},
        {.has_creds = true,
         .pid = INT32_MAX,
         .exe = longest,
         .origin = {.unit = unit, .has_login = true, .login = 1000}},
        {.address = "172.18.0.5:41234"},
    };

    memset(longest, 'x', sizeof(longest) - 1);
    for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
        Record record = {.event = RECORD_DECISION, .id = "A", .verdict = &allowed, .client = &clients[i]};
        char *anew = line_of(&record, 1);

        record_keep_client(&clients[i]);
        cr_assert_not_null(clients[i].told);
        expect_line(&record, 1, anew);
        free(anew);
        free(clients[i].told);
    }
}

/* The parts of an event are all there, null where unknown. */
Test(record, a_head_that_was_not_understood) {
    Verdict invalid = {.effect = EFFECT_INVALID, .reason = REASON_HTTP_SYNTAX};
    Record record = {.event = RECORD_DECISION, .id = "A", .verdict = &invalid, .status = 400};
    char *line = line_of(&record, 1);

    cr_expect(
        strstr(line, "\"listener\":null,\"policy\":null,\"policy_hash\":null,\"client\":{\"pid\":null,"),
        "%s", line);
    cr_expect(strstr(line,
                     "\"request\":{\"method\":null,\"path\":null,\"query\":null,\"operation\":null,"
                     "\"bytes\":null},\"verdict\":\"invalid\",\"rule\":\"http_syntax\",\"field\":null,"),
              "%s", line);
    cr_expect(strstr(line, "\"response\":{\"status\":400,\"bytes\":0}"), "%s", line);
    free(line);
}

Test(record, an_outcome) {
    Record record = {.event = RECORD_OUTCOME,
                     .id = "A",
                     .verdict = &allowed,
                     .end = END_COMPLETE,
                     .status = 200,
                     .response_bytes = 8192,
                     .duration_usec = 1830};

    expect_line(&record, 44,
                "{\"seq\":44,\"time\":\"1970-01-01T00:00:00.000000Z\",\"event\":\"outcome\",\"id\":\"A\","
                "\"verdict\":\"allow\",\"end\":\"complete\",\"rule\":null,\"reason\":null,"
                "\"dropped_bytes\":null,\"response\":{\"status\":200,\"bytes\":8192},"
                "\"duration_us\":1830,\"prev\":null,\"hash\":null}");
}

Test(record, an_outcome_that_the_policy_brought_about) {
    Record record = {.event = RECORD_OUTCOME,
                     .id = "A",
                     .verdict = &allowed,
                     .end = END_TIMEOUT,
                     .end_rule = "allow.until",
                     .end_reason = "ran out",
                     .drops_input = true,
                     .status = 101};
    char *line = line_of(&record, 1);

    cr_expect(strstr(line, "\"end\":\"timeout\",\"rule\":\"allow.until\",\"reason\":\"ran out\","
                           "\"dropped_bytes\":0,\"response\""),
              "%s", line);
    free(line);
    record.dropped_bytes = 9;
    line = line_of(&record, 2);
    cr_expect(strstr(line, "\"dropped_bytes\":9,"), "%s", line);
    free(line);
}

Test(record, a_lifecycle) {
    Record record = {.event = RECORD_LIFECYCLE, .action = "start", .message = "quaygated 0.1.0"};

    expect_line(&record, 1,
                "{\"seq\":1,\"time\":\"1970-01-01T00:00:00.000000Z\",\"event\":\"lifecycle\","
                "\"action\":\"start\",\"message\":\"quaygated 0.1.0\",\"prev\":null,\"hash\":null}");
}

Test(record, ends_have_names) {
    static const char *const names[] = {"complete", "client_closed", "engine_closed",
                                        "timeout",  "shutdown",      "error"};

    cr_expect_null(end_cause_name(END_NONE));
    for (EndCause end = END_COMPLETE; end <= END_ERROR; end++)
        cr_expect_str_eq(end_cause_name(end), names[end - END_COMPLETE]);
    cr_expect_null(end_cause_name((EndCause) 99));
}

/* What a client sends can't forge a line or a field. */
Test(record, hostile_values_stay_values) {
    Request request = request_of(41, "/containers/a\"},\n{\"seq\":1", "a=\"\\\x01\xff\xe2\x80\xae");
    char exe[] = "/tmp/\x1b[2J\" \n";
    Subject subject = {.has_creds = true, .pid = 1, .exe = exe};
    Record record = {
        .event = RECORD_DECISION, .id = "A", .client = &subject, .request = &request, .verdict = &denied};
    char *line = line_of(&record, 1);
    json_t *parsed = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    const char *path, *got_exe;

    cr_assert_eq(
        json_unpack(parsed, "{s:{s:s},s:{s:s}}", "request", "path", &path, "client", "exe", &got_exe), 0);
    cr_expect_str_eq(path, "/v1.41/containers/a\"},\n{\"seq\":1");
    cr_expect_str_eq(got_exe, exe);
    for (const char *c = line; *c; c++)
        cr_assert((unsigned char) *c >= 0x20);
    json_decref(parsed);
    free(line);
}

Test(record, a_record_holds_no_secret) {
    Request request = request_of(41, "/build", "t=x&buildargs=%7B%22TOKEN%22%3A%22hunter2%22%7D");
    Record record = {.event = RECORD_DECISION, .id = "A", .request = &request, .verdict = &allowed};
    char *line = line_of(&record, 1);

    cr_expect_null(strstr(line, "hunter2"));
    cr_expect(strstr(line, "\"query\":\"t=x&buildargs=…\""), "%s", line);
    free(line);
}

Test(record, lines_are_appended) {
    Record record = {.event = RECORD_LIFECYCLE, .action = "stop"};
    Buffer out = {0};

    cr_assert_eq(record_append(&out, &record, 1, NULL), 0);
    cr_assert_eq(record_append(&out, &record, 2, "sha256:1"), 0);
    cr_expect(strstr(out.data, "\"prev\":null,\"hash\":null}\n{\"seq\":2,"));
    cr_expect(strstr(out.data, "\"prev\":\"sha256:1\",\"hash\":null}\n"));
    buffer_done(&out);
}

Test(record, facts) {
    static const Fact items[] = {
        {.field = "HostConfig.Privileged", .type = BODY_TYPE_BOOL, .flag = true},
        {.field = "HostConfig.Binds[0]", .type = BODY_TYPE_STRING, .text = {"/a\n\x1b:/b", 7}},
        {.field = "HostConfig.Memory", .type = BODY_TYPE_INTEGER, .integer = -1},
        {.field = "HostConfig.NanoCpus", .type = BODY_TYPE_INTEGER, .integer = INT64_MIN},
        {.field = "Labels[\"a\\\"b\"]", .type = BODY_TYPE_STRING, .withheld = true},
        {.field = "a", .type = BODY_TYPE_OBJECT},
        {.field = "b", .type = BODY_TYPE_ARRAY},
        {.field = "c"},
    };
    Request request = request_of(41, "/containers/create", "");
    Facts facts = {.gathered = true, .items = items, .n = ARRAY_SIZE(items), .lost = 3};
    Record record = {
        .event = RECORD_DECISION, .id = "A", .request = &request, .verdict = &denied, .facts = &facts};
    char *line = line_of(&record, 1);
    json_t *parsed = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

    cr_expect(json_is_object(parsed), "%s", line);
    json_decref(parsed);
    cr_expect(strstr(line, ",\"facts\":[{\"field\":\"HostConfig.Privileged\",\"value\":true},"
                           "{\"field\":\"HostConfig.Binds[0]\",\"value\":\"/a\\u000a\\u001b:/b\"},"
                           "{\"field\":\"HostConfig.Memory\",\"value\":-1},"
                           "{\"field\":\"HostConfig.NanoCpus\",\"value\":-9223372036854775808},"
                           "{\"field\":\"Labels[\\\"a\\\\\\\"b\\\"]\",\"withheld\":\"string\"},"
                           "{\"field\":\"a\",\"value\":{}},{\"field\":\"b\",\"value\":[]},"
                           "{\"field\":\"c\",\"value\":null},{\"lost\":3}],\"repeats\":null,\"response\""),
              "%s", line);
    free(line);

    facts = (Facts){.gathered = true};
    line = line_of(&record, 1);
    cr_expect(strstr(line, ",\"facts\":[],\"repeats\":null,\"response\""), "%s", line);
    free(line);

    facts = (Facts){.gathered = true, .lost = 1};
    line = line_of(&record, 1);
    cr_expect(strstr(line, ",\"facts\":[{\"lost\":1}],\"repeats\":null,\"response\""), "%s", line);
    free(line);
}

/* Whatever is found to write them faster, these stay as they are: hashes of trails stand on them. */
Test(record, kept_lines) {
    static char unit[] = "ci\\x2drunner.service", exe[] = "/opt/\"odd\"/\xc3\xa4";
    static const Fact fact = {.field = "HostConfig.Memory", .type = BODY_TYPE_INTEGER, .integer = INT64_MAX};
    Facts facts = {.gathered = true, .items = &fact, .n = 1};
    Subject most = {.has_creds = true,
                    .pid = 2147483647,
                    .uid = 4294967295u,
                    .gid = 10,
                    .exe = exe,
                    .address = "[::1]:1",
                    .origin = {.container = CONTAINER, .unit = unit, .has_login = true, .login = 99999}};
    Verdict observed = {.effect = EFFECT_OBSERVE,
                        .reason = REASON_FIELD_NOT_ALLOWED,
                        .field = "HostConfig.Memory",
                        .detail = "HostConfig.Memory=\"1\"",
                        .hint = "allow: [A] of it"};
    Request request = request_of(100, "/containers/a\tb/json", "all=1&t=\x7f");
    Record record = {.event = RECORD_DECISION,
                     .time_usec = 1795508129999999u,
                     .id = "01JDEADBEEFDEADBEEFDEADBEE",
                     .listener = "unix:///run/a \"b\".sock",
                     .policy = "p\xc3\xb6",
                     .policy_hash = "sha256:" CONTAINER,
                     .where = "/etc/\x01.yaml:7",
                     .client = &most,
                     .request = &request,
                     .request_bytes = INT64_MAX,
                     .verdict = &observed,
                     .facts = &facts,
                     .repeats = 1000000,
                     .status = 1000,
                     .response_bytes = 9999999999u,
                     .duration_usec = 100};

    expect_line(
        &record, INT64_MAX,
        "{\"seq\":9223372036854775807,\"time\":\"2026-11-24T08:15:29.999999Z\",\"event\":\"decision\","
        "\"id\":\"01JDEADBEEFDEADBEEFDEADBEE\",\"listener\":\"unix:///run/a "
        "\\\"b\\\".sock\",\"policy\":\"p\xc3\xb6\","
        "\"policy_hash\":\"sha256:" CONTAINER
        "\",\"client\":{\"pid\":2147483647,\"uid\":4294967295,\"gid\":10,"
        "\"exe\":\"/opt/\\\"odd\\\"/\xc3\xa4\",\"container\":\"" CONTAINER "\",\"address\":\"[::1]:1\","
        "\"unit\":\"ci\\\\x2drunner.service\",\"login\":99999},\"request\":{\"method\":\"POST\","
        "\"path\":\"/v1.100/containers/a\\u0009b/json\",\"query\":\"all=1&t=\\u007f\","
        "\"operation\":\"ContainerCreate\",\"bytes\":9223372036854775807},\"verdict\":\"observe\","
        "\"rule\":\"field_not_allowed\",\"field\":\"HostConfig.Memory\",\"value\":\"\\\"1\\\"\","
        "\"where\":\"/etc/"
        "\\u0001.yaml:7\",\"reason\":\"HostConfig.Memory=\\\"1\\\"\",\"allow_with\":\"allow: [A]\","
        "\"facts\":[{\"field\":\"HostConfig.Memory\",\"value\":9223372036854775807}],\"repeats\":1000000,"
        "\"response\":{\"status\":1000,\"bytes\":9999999999},\"duration_us\":100,"
        "\"prev\":null,\"hash\":null}");
    expect_line(
        &(Record){.event = RECORD_DECISION}, 0,
        "{\"seq\":0,\"time\":\"1970-01-01T00:00:00.000000Z\",\"event\":\"decision\",\"id\":\"\","
        "\"listener\":null,\"policy\":null,\"policy_hash\":null,\"client\":{\"pid\":null,\"uid\":null,"
        "\"gid\":null,\"exe\":null,\"container\":null,\"address\":null,\"unit\":null,\"login\":null},"
        "\"request\":{\"method\":null,\"path\":null,\"query\":null,\"operation\":null,\"bytes\":null},"
        "\"verdict\":null,\"rule\":null,\"field\":null,\"value\":null,\"where\":null,\"reason\":null,"
        "\"allow_with\":null,\"facts\":null,\"repeats\":null,\"response\":{\"status\":null,\"bytes\":null},"
        "\"duration_us\":0,\"prev\":null,\"hash\":null}");
    expect_line(
        &(Record){.event = RECORD_OUTCOME}, 10,
        "{\"seq\":10,\"time\":\"1970-01-01T00:00:00.000000Z\",\"event\":\"outcome\",\"id\":\"\","
        "\"verdict\":null,\"end\":null,\"rule\":null,\"reason\":null,\"dropped_bytes\":null,"
        "\"response\":{\"status\":null,\"bytes\":null},\"duration_us\":0,\"prev\":null,\"hash\":null}");
    expect_line(
        &(Record){.event = RECORD_LIFECYCLE, .action = "checkpoint", .signature = "QUI="}, 10000,
        "{\"seq\":10000,\"time\":\"1970-01-01T00:00:00.000000Z\",\"event\":\"lifecycle\","
        "\"action\":\"checkpoint\",\"message\":null,\"signature\":\"QUI=\",\"prev\":null,\"hash\":null}");
}

/* All that may be told, in escapes of six bytes, is less than what readers take for a line. */
Test(record, the_largest_facts_fit) {
    static char target[LIMIT_TARGET_BYTES], text[LIMIT_FACTS_BYTES];
    Fact fact = {.field = "a", .type = BODY_TYPE_STRING, .text = {text, sizeof(text)}};
    Facts facts = {.gathered = true, .items = &fact, .n = 1};
    Request request = request_of(41, "/containers/create", "");
    Record record = {
        .event = RECORD_DECISION, .id = "A", .request = &request, .verdict = &denied, .facts = &facts};
    char *line;

    memset(target, '\x01', sizeof(target));
    memset(text, '\x01', sizeof(text));
    request.target.raw_query = (Span){target, sizeof(target)};
    line = line_of(&record, 1);
    cr_expect_gt(strlen(line), 6 * (sizeof(target) + sizeof(text)));
    cr_expect_lt(strlen(line), 1u << 20);
    free(line);
}

Test(record, the_longest_target_fits) {
    static char query[LIMIT_TARGET_BYTES + 1];
    Request request = request_of(41, "/containers/create", query);
    Record record = {.event = RECORD_DECISION, .id = "A", .request = &request, .verdict = &denied};
    char *line;

    memset(query, '\x01', LIMIT_TARGET_BYTES); /* six bytes each */
    request.target.raw_query = (Span){query, LIMIT_TARGET_BYTES};
    line = line_of(&record, 1);
    cr_expect_gt(strlen(line), 6u * LIMIT_TARGET_BYTES);
    free(line);
}

/* Lines of each length, so that each field once finds no room left, with and without something to escape. */
Test(record, each_length_fits) {
    static char text[4000];
    Buffer out = {0};

    memset(text, 'x', sizeof(text));
    for (size_t size = 0; size < sizeof(text); size += size < 2000 ? 1 : 97)
        for (unsigned escaped = 0; escaped < 2; escaped++) {
            Request request = request_of(41, "/containers/create", "");
            Record record = {.event = RECORD_DECISION,
                             .id = "A",
                             .listener = text,
                             .client = &client,
                             .request = &request};
            size_t before = size % 3 == 0 ? buffer_size(&out) : 0;
            json_t *parsed;

            if (before == 0)
                buffer_done(&out);
            text[size] = '\0';
            if (escaped && size > 0)
                text[size - 1] = '"';
            cr_assert_eq(record_append(&out, &record, 7, "sha256:0"), 0);
            parsed = json_loadb(out.data + out.begin + before, buffer_size(&out) - before,
                                JSON_REJECT_DUPLICATES, NULL);
            cr_assert_str_eq(json_string_value(json_object_get(parsed, "listener")), text, "%zu", size);
            cr_assert_str_eq(json_string_value(json_object_get(parsed, "prev")), "sha256:0", "%zu", size);
            cr_assert_eq(json_object_size(json_object_get(parsed, "client")), 8);
            json_decref(parsed);
            text[size] = 'x';
            if (size > 0)
                text[size - 1] = 'x';
        }
    buffer_done(&out);
}

/* The text of a second is kept from one record to the next: none is told in another's place. */
Test(record, times_one_after_the_other) {
    static const struct {
        uint64_t usec;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000000Z"},
        {TIME_USEC, "2026-11-24T08:15:30.123456Z"},
        {TIME_USEC + 1, "2026-11-24T08:15:30.123457Z"},
        {TIME_USEC + 1000000, "2026-11-24T08:15:31.123456Z"},
        {TIME_USEC, "2026-11-24T08:15:30.123456Z"}, /* the clock was set back */
        {999999, "1970-01-01T00:00:00.999999Z"},
        {TIME_USEC, "2026-11-24T08:15:30.123456Z"},
    };
    char text[RECORD_TIME_SIZE];

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cr_expect(record_time_text(cases[i].usec, text));
        cr_expect_str_eq(text, cases[i].text);
    }
}
