// SPDX-License-Identifier: Apache-2.0
#include "message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "chain.h"
#include "json_text.h"
#include "policy/text.h"
#include "query_redact.h"

#define IDENTIFIER "quaygated"
/* RFC 5612 sets this number aside for whoever has none of its own. */
#define STRUCTURE "quaygate@32473"

enum { PRIORITY_ERROR = 3, PRIORITY_WARNING, PRIORITY_NOTICE, PRIORITY_INFO };

void message_done(Message *message) {
    buffer_done(&message->text);
}

void message_id(const char *kind, char ret[static MESSAGE_ID_SIZE]) {
    char text[96], hash[CHAIN_HASH_SIZE];
    int n = snprintf(text, sizeof(text), "quaygate:%s", kind);

    chain_digest((Span){.data = text, .size = (size_t) n}, hash);
    snprintf(ret, MESSAGE_ID_SIZE, "%.32s", hash + sizeof(CHAIN_PREFIX) - 1);
}

/* --- fields */

static void message_span(Message *m, const char *name, Span value) {
    size_t begin = buffer_size(&m->text);

    if (m->r == 0)
        m->r = json_text_append_shown(&m->text, value);
    if (m->r == 0 && m->n < MESSAGE_FIELDS)
        m->fields[m->n++] =
            (MessageField){.name = name, .begin = begin, .size = buffer_size(&m->text) - begin};
}

static void message_text(Message *m, const char *name, const char *value) {
    if (value && value[0])
        message_span(m, name, span_from(value));
}

static void message_number(Message *m, const char *name, bool known, uint64_t value) {
    char digits[24];

    if (!known)
        return;
    snprintf(digits, sizeof(digits), "%llu", (unsigned long long) value);
    message_text(m, name, digits);
}

static void message_client(Message *m, const Subject *client) {
    if (!client)
        return;
    message_number(m, "PID", client->has_creds && client->pid > 0, (uint64_t) client->pid);
    message_number(m, "UID", client->has_creds, client->uid);
    message_number(m, "GID", client->has_creds, client->gid);
    message_text(m, "EXE", client->exe);
    message_text(m, "CONTAINER", client->origin.container);
    message_text(m, "ADDRESS", client->address);
    message_text(m, "UNIT", client->origin.unit);
    message_number(m, "LOGIN", client->origin.has_login, client->origin.login);
}

static void message_request(Message *m, const Record *record) {
    const Request *request = record->request;
    Buffer query = {0};

    if (!request)
        return;
    message_text(m, "METHOD", method_name(request->method));
    if (request->target.path.size > 0)
        message_span(m, "PATH", request->target.path);
    if (m->r == 0)
        m->r = query_redact(&query, request->target.raw_query);
    if (buffer_size(&query) > 0)
        message_span(m, "QUERY", buffer_span(&query));
    buffer_done(&query);
    message_text(m, "OPERATION", request->operation ? request->operation->id : NULL);
}

static void message_verdict(Message *m, const Record *record) {
    const Verdict *verdict = record->verdict;
    Span yaml;

    if (!verdict)
        return;
    message_text(m, "VERDICT", effect_name(verdict->effect));
    if (record->event != RECORD_DECISION)
        return;
    if (verdict->effect == EFFECT_ALLOW)
        return message_text(m, "RULE", verdict->rule ? verdict->rule : "allow");
    yaml = verdict_allow_with(verdict);
    message_text(m, "RULE", verdict_rule(verdict));
    message_text(m, "FIELD", verdict->field);
    message_text(m, "VALUE", verdict_value(verdict));
    message_text(m, "WHERE", record->where);
    message_text(m, "REASON", verdict_detail(verdict));
    if (yaml.size > 0)
        message_span(m, "ALLOW_WITH", yaml);
    message_number(m, "REPEATS", record->repeats > 1, record->repeats);
}

static void message_rest(Message *m, const Record *record) {
    if (record->event == RECORD_OUTCOME) {
        message_text(m, "END", end_cause_name(record->end));
        message_text(m, "RULE", record->end_rule);
        message_text(m, "REASON", record->end_reason);
    }
    message_number(m, "STATUS", record->status != 0, record->status);
    message_number(m, "BYTES", record->status != 0, record->response_bytes);
    message_number(m, "DURATION_USEC", record->event != RECORD_LIFECYCLE, record->duration_usec);
    message_text(m, "ACTION", record->action);
    message_text(m, "SIGNATURE", record->signature);
}

/* --- the sentence */

static void message_add(Message *m, Span text) {
    if (m->r == 0)
        m->r = buffer_append(&m->text, text);
}

static void message_say(Message *m, const char *before, const char *value, const char *after) {
    if (!value)
        return;
    message_add(m, span_from(before));
    if (m->r == 0)
        m->r = json_text_append_shown(&m->text, span_from(value));
    message_add(m, span_from(after));
}

static void message_say_client(Message *m, const Subject *client) {
    char number[48] = "";

    if (client && client->address[0])
        return message_say(m, " for ", client->address, "");
    if (!client || !client->has_creds)
        return;
    snprintf(number, sizeof(number), "uid %u", client->uid);
    message_say(m, " for ", number, "");
    message_say(m, " (", client->exe, ")");
    message_say(m, " in container ", client->origin.container[0] ? client->origin.container : NULL, "");
}

static void message_say_decision(Message *m, const Record *record) {
    static const char *const words[] = {[EFFECT_DENY] = "denied",
                                        [EFFECT_ALLOW] = "allowed",
                                        [EFFECT_OBSERVE] = "would be denied",
                                        [EFFECT_INVALID] = "refused",
                                        [EFFECT_ERROR] = "failed"};
    const Verdict *verdict = record->verdict;
    const Operation *operation = record->request ? record->request->operation : NULL;
    char number[64];

    message_say(m, "", operation ? operation->id : "request", " ");
    message_say(m, "", verdict ? words[verdict->effect] : "decided", "");
    message_say(m, " by policy ", record->policy, "");
    message_say_client(m, record->client);
    if (verdict && verdict->effect != EFFECT_ALLOW) {
        message_say(m, ": ", verdict_detail(verdict), "");
        message_say(m, " (", verdict_rule(verdict), ")");
    }
    snprintf(number, sizeof(number), "%llu", (unsigned long long) record->repeats);
    message_say(m, ", ", record->repeats > 1 ? number : NULL, " times since it was told last");
}

static void message_say_outcome(Message *m, const Record *record) {
    char text[128];

    snprintf(text, sizeof(text), "request ended: %s, status %u, %llu bytes",
             record->end != END_NONE ? end_cause_name(record->end) : "unknown", record->status,
             (unsigned long long) record->response_bytes);
    message_say(m, "", text, "");
    message_say(m, ": ", record->end_reason, "");
}

/* --- the whole */

static void message_set_kind(Message *m, const Record *record) {
    const Verdict *verdict = record->verdict;

    m->priority = PRIORITY_INFO;
    if (record->event == RECORD_LIFECYCLE) {
        bool bad = record->action && (strcmp(record->action, "drop") == 0);

        m->priority = bad ? PRIORITY_WARNING : PRIORITY_NOTICE;
        snprintf(m->kind, sizeof(m->kind), "lifecycle.%s", record->action ? record->action : "unknown");
    } else if (record->event == RECORD_OUTCOME) {
        snprintf(m->kind, sizeof(m->kind), "outcome");
    } else if (verdict && verdict_forwards(verdict)) {
        m->priority = verdict->effect == EFFECT_ALLOW ? PRIORITY_INFO : PRIORITY_NOTICE;
        snprintf(m->kind, sizeof(m->kind), "%s", verdict->effect == EFFECT_ALLOW ? "allowed" : "observed");
    } else {
        m->priority = verdict && verdict->effect == EFFECT_ERROR ? PRIORITY_ERROR : PRIORITY_WARNING;
        snprintf(m->kind, sizeof(m->kind), "%s", reason_label(verdict ? verdict->reason : REASON_UNDECIDED));
    }
}

int message_fill(Message *m, const Record *record, uint64_t seq) {
    static const char *const events[] = {
        [RECORD_DECISION] = "decision", [RECORD_OUTCOME] = "outcome", [RECORD_LIFECYCLE] = "lifecycle"};

    buffer_clear(&m->text);
    m->n = 0;
    m->time_usec = record->time_usec;
    message_set_kind(m, record);
    m->r = 0;
    message_id(m->kind, m->id);
    message_number(m, "SEQ", true, seq);
    message_text(m, "EVENT", events[record->event]);
    message_text(m, "REQUEST_ID", record->id);
    message_text(m, "LISTENER", record->listener);
    message_text(m, "POLICY", record->policy);
    message_text(m, "POLICY_HASH", record->event == RECORD_DECISION ? record->policy_hash : NULL);
    if (record->event == RECORD_DECISION) {
        message_client(m, record->client);
        message_request(m, record);
    }
    message_verdict(m, record);
    message_rest(m, record);
    m->sentence = buffer_size(&m->text);
    if (record->event == RECORD_DECISION)
        message_say_decision(m, record);
    else if (record->event == RECORD_OUTCOME)
        message_say_outcome(m, record);
    else {
        message_say(m, "", record->action, ": ");
        message_say(m, "", record->message ? record->message : "", "");
    }
    return m->r;
}

static Span message_part(const Message *m, size_t begin, size_t size) {
    return (Span){.data = buffer_span(&m->text).data + begin, .size = size};
}

static Span message_sentence(const Message *m) {
    return message_part(m, m->sentence, buffer_size(&m->text) - m->sentence);
}

/* --- journald */

static int message_put(Buffer *out, Span prefix, Span name, Span value) {
    return buffer_append_all(out, (const Span[]){prefix, name, SPAN("="), value, SPAN("\n")}, 5);
}

/* No value has a newline in it, so none needs the protocol's other form. */
int message_journal(const Message *m, Span line, Buffer *out) {
    char priority[2] = {(char) ('0' + m->priority), '\0'};
    int r;

    buffer_clear(out);
    r = message_put(out, SPAN(""), SPAN("MESSAGE"), message_sentence(m));
    if (r == 0)
        r = message_put(out, SPAN(""), SPAN("MESSAGE_ID"), span_from(m->id));
    if (r == 0)
        r = message_put(out, SPAN(""), SPAN("PRIORITY"), span_from(priority));
    if (r == 0)
        r = message_put(out, SPAN(""), SPAN("SYSLOG_IDENTIFIER"), SPAN(IDENTIFIER));
    for (size_t i = 0; r == 0 && i < m->n; i++)
        r = message_put(out, SPAN("QUAYGATE_"), span_from(m->fields[i].name),
                        message_part(m, m->fields[i].begin, m->fields[i].size));
    if (line.size > 0 && line.data[line.size - 1] == '\n')
        line.size--;
    return r < 0 ? r : message_put(out, SPAN("QUAYGATE_"), SPAN("RECORD"), line);
}

/* --- syslog */

/* RFC 5424, section 6.3.3: `"`, `\` and `]` have a backslash before them. Cut where it grows too long,
 * between code points. */
static int message_put_parameter(Buffer *out, Span value) {
    bool cut = value.size > LIMIT_SYSLOG_VALUE_BYTES;
    int r = 0;

    if (cut) {
        value.size = LIMIT_SYSLOG_VALUE_BYTES;
        while (value.size > 0 && ((unsigned char) value.data[value.size] & 0xC0) == 0x80)
            value.size--;
    }
    for (size_t i = 0; r == 0 && i < value.size; i++) {
        char c = value.data[i];

        if (c == '"' || c == '\\' || c == ']')
            r = buffer_append(out, SPAN("\\"));
        if (r == 0)
            r = buffer_append(out, (Span){.data = &c, .size = 1});
    }
    return r == 0 && cut ? buffer_append(out, SPAN("…")) : r;
}

static int message_put_field(Buffer *out, const MessageField *field, Span value) {
    char name[32];
    size_t n = 0;
    int r;

    for (const char *c = field->name; *c && n < sizeof(name); c++)
        name[n++] = ascii_lower(*c);
    r = buffer_append_all(out, (const Span[]){SPAN(" "), {.data = name, .size = n}, SPAN("=\"")}, 3);
    if (r == 0)
        r = message_put_parameter(out, value);
    return r < 0 ? r : buffer_append(out, SPAN("\""));
}

int message_syslog(const Message *m, unsigned facility, const char *host, Buffer *out) {
    char when[RECORD_TIME_SIZE];
    Span sentence = message_sentence(m);
    int r;

    buffer_clear(out);
    r = buffer_printf(out, "<%u>1 %s %s " IDENTIFIER " %ld %.32s [" STRUCTURE, facility << 3 | m->priority,
                      record_time_text(m->time_usec, when) ? when : "-", host, (long) getpid(), m->kind);
    for (size_t i = 0; r == 0 && i < m->n; i++)
        r = message_put_field(out, &m->fields[i], message_part(m, m->fields[i].begin, m->fields[i].size));
    if (sentence.size > 4 * LIMIT_SYSLOG_VALUE_BYTES) {
        sentence.size = 4 * LIMIT_SYSLOG_VALUE_BYTES;
        while (sentence.size > 0 && ((unsigned char) sentence.data[sentence.size] & 0xC0) == 0x80)
            sentence.size--;
    }
    return r < 0 ? r : buffer_append_all(out, (const Span[]){SPAN("] "), sentence}, 2);
}
