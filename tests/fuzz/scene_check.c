// SPDX-License-Identifier: Apache-2.0
#include "scene_check.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/decide.h"
#include "fuzz_fakes.h"
#include "policy/doubt.h"
#include "policy/restore.h"
#include "policy/version.h"

#define GRANT_SECONDS 60 /* scenes.yaml: `until` */

void check_begin(Check *check, FuzzWorld *world, size_t listener) {
    *check = (Check){.world = world, .listener = &world->config->listeners[listener]};
    check->arena = arena_new(64u << 20);
    check->reader = reader_new(READER_REQUEST);
    check->trail = open(world->audit_path, O_RDONLY | O_CLOEXEC);
    FUZZ_CHECK(check->arena && check->reader && check->trail >= 0, "no memory, or no trail");
}

void check_done(Check *check) {
    arena_free(check->arena);
    reader_free(check->reader);
    buffer_done(&check->said);
    buffer_done(&check->body);
    buffer_done(&check->lines);
    close(check->trail);
}

void check_client_said(Check *check, Span bytes) {
    FUZZ_CHECK(buffer_append(&check->said, bytes) == 0, "no memory");
}

/* --- the trail */

/* The text behind `key`, up to its quote; empty: there is none. A client's quotes are escaped. */
static Span line_text(Span line, const char *key) {
    const char *p = memmem(line.data, line.size, key, strlen(key));
    const char *begin = p ? p + strlen(key) : NULL;
    const char *end = begin ? memchr(begin, '"', line.size - (size_t) (begin - line.data)) : NULL;

    return end ? (Span){begin, (size_t) (end - begin)} : (Span){"", 0};
}

static void line_copy(Span line, const char *key, char *ret, size_t size) {
    Span text = line_text(line, key);

    FUZZ_CHECK(text.size < size, "the record's %s is too long", key);
    memcpy(ret, text.data, text.size);
    ret[text.size] = '\0';
}

static void check_decision(Check *check, Span line) {
    CheckDecision *decision = &check->decisions[check->n_decisions];
    Span verdict = line_text(line, "\"verdict\":\""), time = line_text(line, "\"time\":\"");

    FUZZ_CHECK(check->n_decisions < CHECK_DECISIONS, "more decisions than requests could have come");
    line_copy(line, "\"id\":\"", decision->id, sizeof(decision->id));
    line_copy(line, "\"operation\":\"", decision->operation, sizeof(decision->operation));
    line_copy(line, "\"method\":\"", decision->method, sizeof(decision->method));
    decision->forwards = span_is(verdict, "allow") || span_is(verdict, "observe");
    check->n_decisions++;
    if (decision->forwards && strcmp(policy_name(check->listener->policy), "timed") == 0 &&
        !strstr(decision->operation, "Attach") && !strstr(decision->operation, "Ping"))
        FUZZ_CHECK(time.size > 19 && memcmp(time.data, "2050-01-01T00:01:00", 19) < 0, "it had run out: %.*s",
                   SPAN_FMT(line));
}

static void check_outcome(Check *check, Span line) {
    Span id = line_text(line, "\"id\":\"");

    for (size_t i = 0; i < check->n_decisions; i++) {
        CheckDecision *decision = &check->decisions[i];

        if (!span_is(id, decision->id))
            continue;
        FUZZ_CHECK(decision->forwards && !decision->ended, "an outcome too many: %.*s", SPAN_FMT(line));
        decision->ended = true;
        return;
    }
    FUZZ_CHECK(false, "an outcome of no decision: %.*s", SPAN_FMT(line));
}

static void check_read_trail(Check *check) {
    char bytes[16384];
    ssize_t n;

    while ((n = pread(check->trail, bytes, sizeof(bytes), (off_t) check->trail_at)) > 0) {
        check->trail_at += (size_t) n;
        FUZZ_CHECK(buffer_append(&check->lines, (Span){bytes, (size_t) n}) == 0, "no memory");
    }
    for (;;) {
        Span all = buffer_span(&check->lines);
        Span rest = {all.data + check->lines_read, all.size - check->lines_read};
        const char *end = rest.size > 0 ? memchr(rest.data, '\n', rest.size) : NULL;
        Span line = {rest.data, end ? (size_t) (end - rest.data) : 0}, event;

        if (!end)
            return;
        check->lines_read += line.size + 1;
        event = line_text(line, "\"event\":\"");
        if (span_is(event, "decision"))
            check_decision(check, line);
        else if (span_is(event, "outcome"))
            check_outcome(check, line);
    }
}

/* The number of the n-th decision that goes on, counted from 1 among all; 0: there is none yet. */
static size_t check_find_forward(const Check *check, size_t n) {
    for (size_t i = 0; i < check->n_decisions; i++)
        if (check->decisions[i].forwards && n-- == 0)
            return i + 1;
    return 0;
}

void check_sends(void *arg) {
    Check *check = arg;

    check_read_trail(check);
    check->n_on_record = 0;
    for (size_t i = 0; i < check->n_decisions; i++)
        check->n_on_record += check->decisions[i].forwards;
}

/* Of what arrived last of what goes on. */
static const CheckDecision *check_last(const Check *check) {
    return &check->decisions[check_find_forward(check, check->n_arrived - 1) - 1];
}

/* --- the client's bytes, read once more */

/* More of the body of the request that stands there. */
static void check_read_body(Check *check) {
    ReadStatus status;

    if (check->body_whole)
        return;
    status = reader_body(check->reader, &check->said, false, &check->body, SIZE_MAX / 2, false);
    check->body_whole = status == READ_END;
}

static bool check_read_request(Check *check) {
    const char *detail = NULL;
    Reason reason = REASON_UNDECIDED;
    size_t size = 0;

    if (check->n_requests > 0) {
        check_read_body(check);
        if (!check->body_whole)
            return false;
    }
    reader_reset(check->reader);
    buffer_clear(&check->body);
    if (reader_head(check->reader, buffer_span(&check->said), LIMIT_HEADER_BYTES_DEFAULT, &size, &reason,
                    &detail) != READ_HEAD)
        return false;
    check->request = (Request){0};
    if (request_seal(check->arena, reader_raw(check->reader), &check->request, &detail) != REASON_OK)
        return false;
    buffer_consume(&check->said, size);
    if (check->request.skip_bytes > 0)
        reader_body_begin(check->reader, FRAMING_LENGTH, check->request.skip_bytes);
    else
        reader_body_begin(check->reader, check->request.framing, check->request.length);
    check->body_whole = false;
    check->n_requests++;
    check_read_body(check);
    return true;
}

/* --- judged once more */

/* What the gate was told when it asked for `target`: in the order that it asked. */
static const Question *check_next_answer(Check *check, size_t *at, const char *target, Span known) {
    const Question *found = NULL;

    while (*at < check->n_questions && strcmp(check->questions[*at].target, target) == 0 && !found) {
        const Question *question = &check->questions[(*at)++];

        if (question->told) /* else the connection was lost, and it was asked again */
            found = question;
    }
    for (size_t i = check->n_questions; !found && known.data && i-- > 0;)
        if (strcmp(check->questions[i].target, target) == 0 && check->questions[i].told)
            found = &check->questions[i];
    return found;
}

/* What couldn't be read was told too much of, and under a scope the gate asked for nobody then. */
static Reason check_why_unanswered(const Check *check, size_t at) {
    return at < check->n_questions && strstr(check->questions[at].target, DOUBT_NAME) ? REASON_LOOK_UNREADABLE
                                                                                      : REASON_LOOK_TIMEOUT;
}

static void check_looks(Check *check, Request *request, Body *body, size_t number, Verdict *verdict) {
    Looks *looks = arena_alloc(check->arena, sizeof(*looks));
    const HostView *host = &check->world->config->host;
    size_t at = 0;
    const char *target;

    FUZZ_CHECK(looks != NULL, "no memory");
    while (at < check->n_questions && (check->questions[at].n_decisions + 1 < number ||
                                       strcmp(check->questions[at].operation, "SystemPing") == 0))
        at++;
    looks_begin(looks, check->listener->policy, request, body, check->arena, verdict);
    while ((target = looks_target(looks))) {
        const Question *answer = check_next_answer(check, &at, target, looks_known(looks));

        if (!answer && policy_observes(check->listener->policy)) { /* it goes on without one */
            looks_fail(looks, check_why_unanswered(check, at));
            continue;
        }
        FUZZ_CHECK(answer != NULL, "it went on, and nobody looked at %s", target);
        decide_look(looks, host, answer->status, answer->body);
    }
    FUZZ_CHECK(at == check->n_questions || check->questions[at].told == false, "it was asked in vain: %s",
               check->questions[at].target);
}

/* As exchange_restore has it. */
static void check_put_back(Check *check, Request *request, Body *body, Restored *ret) {
    const Policy *policy = check->listener->policy;
    Span name = {0};
    RestoreKind kind = restore_wants(policy, request, body, check->arena, &name);
    const KeptItem *item = kind == RESTORE_NONE ? NULL
                                                : kept_find(check->world->env.kept, policy_name(policy), kind,
                                                            name, clock_monotonic_usec());

    if (item)
        FUZZ_CHECK(restore_body(check->arena, request, body, item->came, item->went, ret) == REASON_OK,
                   "no memory");
}

/* The client's request, judged: it passes, and this is what must be sent. */
static const char *check_judge(Check *check, size_t number) {
    const Policy *policy = check->listener->policy;
    const Config *config = check->world->config;
    CLEANUP(body_free_p) Body *body = NULL;
    Request request = check->request;
    Restored restored = {0};
    Verdict verdict = {0};
    const char *detail = NULL;
    Span text = buffer_span(&check->body);
    size_t size;
    bool judged;

    version_settle(&config->versions, &request, check->world->facts.api_minor);
    request.now = FAKE_BEGIN_SECONDS;
    judged = policy_wants_body(policy, &request) && request.skip_bytes == 0;
    FUZZ_CHECK(!judged || check->body_whole, "it went on before its body had come");
    if (judged && text.size > 0)
        FUZZ_CHECK(body_parse(check->arena, text, &body, &detail) == REASON_OK, "%s", detail);
    check_put_back(check, &request, body, &restored);
    decide_request(policy, &config->host, &request, body, check->arena, true, NULL, &verdict);
    if (verdict_forwards(&verdict) && needs_concern(policy, &request))
        check_looks(check, &request, body, number, &verdict);
    FUZZ_CHECK(verdict_forwards(&verdict), "it went on, denied: %s %s: %s", method_name(request.method),
               target_format(check->arena, &request.target), verdict_detail(&verdict));
    /* What is thrown away is known, too: the engine gets none of it. */
    check->body_known = judged || request.skip_bytes > 0;
    if (request.skip_bytes > 0)
        text = (Span){0};
    check->wanted_body = (Span){arena_copy(check->arena, text), text.size};
    if (body && verdict.effect == EFFECT_ALLOW && (verdict.n_edits > 0 || restored.n > 0)) {
        size = body_dump(body, NULL, 0);
        check->wanted_body = (Span){arena_alloc(check->arena, size + 1), size};
        FUZZ_CHECK(check->wanted_body.data != NULL &&
                       body_dump(body, (char *) check->wanted_body.data, size) == size,
                   "no memory");
    }
    return target_format(check->arena, request.sent ? request.sent : &request.target);
}

static void check_forward(Check *check, Span head, const Request *request, size_t number) {
    const CheckDecision *decision = &check->decisions[number - 1];
    const char *target;
    Span sent = {head.data + strlen(method_name(request->method)) + 1, 0};

    FUZZ_CHECK(check->n_on_record > check->n_arrived, "it was sent before it was on record: %.*s",
               SPAN_FMT(head));
    check->n_arrived++;
    check->body_known = false;
    FUZZ_CHECK(strcmp(decision->method, method_name(request->method)) == 0 &&
                   strcmp(decision->operation, request->operation ? request->operation->id : "") == 0,
               "%s is on record as %s %s", target_format(check->arena, &request->target), decision->method,
               decision->operation);
    check->last = arena_copy(check->arena, head);
    check->last_repeats = request->method == METHOD_GET || request->method == METHOD_HEAD;
    check->upgrades = request->operation && request->operation->reply >= REPLY_HIJACK;
    /* Two that came at once: the engine had answered before it was asked. */
    if (check_find_forward(check, check->n_arrived) != 0)
        check->unsure = true;
    while (!check->unsure && check->n_requests < number)
        FUZZ_CHECK(check_read_request(check), "request %zu went on, and the client never sent it", number);
    if (!check->unsure) {
        target = check_judge(check, number);
        sent.size = strlen(target);
        FUZZ_CHECK(sent.data + sent.size < head.data + head.size && sent.data[sent.size] == ' ' &&
                       memcmp(sent.data, target, sent.size) == 0,
                   "%s was judged, and sent: %.*s", target, SPAN_FMT(head));
    }
}

/* --- our own questions */

static bool check_is_question(const Request *request, Span head, Arena *arena) {
    static const char *const operations[] = {
        "ContainerInspect", "ExecInspect",    "ImageInspect",  "NetworkInspect",
        "VolumeInspect",    "ServiceInspect", "SecretInspect", "ConfigInspect",
        "TaskInspect",      "ContainerList",  "ServiceList",   "SystemPing",
    };
    bool ping = request->operation && strcmp(request->operation->id, "SystemPing") == 0;
    const char *target = target_format(arena, &request->target);
    const char *wanted = arena_printf(arena, "GET %s HTTP/1.1\r\nHost: docker\r\n%s\r\n", target,
                                      ping ? "Connection: close\r\n" : "");

    if (!request->operation || !wanted || !span_is(head, wanted))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(operations); i++)
        if (strcmp(operations[i], request->operation->id) == 0)
            return true;
    return false;
}

/*
 * A question that the engine reads only now, when nobody waits for it any more and the next request is out.
 */
static bool check_is_late(const Check *check, size_t number, Span head, const Request *request) {
    const CheckDecision *decision = &check->decisions[number - 1];

    return check_is_question(request, head, check->arena) && request->operation &&
           strcmp(decision->operation, request->operation->id) != 0;
}

Question *check_arrived(Check *check, Span head, const Request *request) {
    size_t number;
    Question *question;

    check_read_trail(check);
    number = check_find_forward(check, check->n_arrived);
    if (number > 0 && check_is_late(check, number, head, request)) {
        check->unsure = true;
        number = 0;
    }
    if (number > 0) {
        check_forward(check, head, request, number);
        return NULL;
    }
    if (check->last_repeats && span_is(head, check->last) && !check_last(check)->ended) {
        check->body_known = false;
        return NULL; /* once more, on a new connection */
    }
    FUZZ_CHECK(check_is_question(request, head, check->arena), "nothing on record of: %.*s", SPAN_FMT(head));
    FUZZ_CHECK(check->n_questions < CHECK_QUESTIONS, "so many questions");
    question = &check->questions[check->n_questions++];
    *question = (Question){.target = target_format(check->arena, &request->target),
                           .operation = request->operation->id,
                           .n_decisions = check->n_decisions};
    return question;
}

void check_arrived_body(Check *check, Span body, bool whole) {
    Span wanted = check->wanted_body;

    if (check->unsure || !check->last || check->n_arrived == 0)
        return;
    if (!check->body_known) { /* an upload */
        check_read_body(check);
        wanted = buffer_span(&check->body);
    }
    FUZZ_CHECK(body.size <= wanted.size && memcmp(body.data, wanted.data, body.size) == 0 &&
                   (!whole || body.size == wanted.size),
               "another body than the judged one: %.*s", SPAN_FMT(body));
}

void check_arrived_raw(Check *check, Span bytes) {
    Span said = buffer_span(&check->said);

    if (check->unsure || bytes.size == 0)
        return;
    FUZZ_CHECK(strcmp(policy_name(check->listener->policy), "timed") != 0 || !strstr(check->last, "/attach"),
               "attach: output, and the engine got %zu bytes", bytes.size);
    FUZZ_CHECK(bytes.size <= said.size && memcmp(bytes.data, said.data, bytes.size) == 0,
               "the engine got what the client didn't send: %.*s", SPAN_FMT(bytes));
}

/* --- */

void check_time(Check *check, bool open) {
    const CheckDecision *last = check->n_decisions > 0 ? &check->decisions[check->n_decisions - 1] : NULL;

    if (strcmp(policy_name(check->listener->policy), "timed") != 0 || !last || !last->forwards ||
        strstr(last->operation, "Attach") || !check->upgrades || !open)
        return;
    FUZZ_CHECK(fake_seconds() < GRANT_SECONDS + (int64_t) TIME_GRANT_CHECK_SECONDS,
               "it ran out, and goes on");
}

void check_end(Check *check) {
    check_read_trail(check);
    for (size_t i = 0; i < check->n_decisions; i++)
        FUZZ_CHECK(!check->decisions[i].forwards || check->decisions[i].ended, "no outcome of %s",
                   check->decisions[i].id);
}
