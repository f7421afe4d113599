// SPDX-License-Identifier: Apache-2.0
#include "record.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "ascii.h"
#include "json_text.h"
#include "query_redact.h"

#define LINE_BYTES 1280u /* most records fit: one allocation */

static Span record_end_name(EndCause cause) {
    static const Span names[] = {
        [END_COMPLETE] = SPAN_INIT("complete"),           [END_CLIENT_CLOSED] = SPAN_INIT("client_closed"),
        [END_ENGINE_CLOSED] = SPAN_INIT("engine_closed"), [END_TIMEOUT] = SPAN_INIT("timeout"),
        [END_SHUTDOWN] = SPAN_INIT("shutdown"),           [END_ERROR] = SPAN_INIT("error"),
    };

    return (size_t) cause < ARRAY_SIZE(names) ? names[cause] : (Span){0};
}

const char *end_cause_name(EndCause cause) {
    return record_end_name(cause).data;
}

/*
 * A writer that remembers its first failure, so that the fields below read as what they write. It writes at
 * `to`, in room that `out` has reserved and doesn't count yet: a field is a comparison and a copy, as long as
 * there is nothing to be escaped and the line no longer than lines are.
 */
typedef struct RecordWriter {
    Buffer *out;
    char *to;
    char *end;
    int r;
} RecordWriter;

static bool record_open(RecordWriter *w, size_t size) {
    static char nowhere;

    w->to = w->r == 0 ? buffer_reserve(w->out, size) : NULL;
    if (w->to) {
        w->end = w->out->data + w->out->capacity;
        return true;
    }
    w->r = -ENOMEM;
    w->to = w->end = &nowhere; /* no room from now on */
    return false;
}

/* What is written is the buffer's; until record_open() it may be written to by others. */
static void record_close(RecordWriter *w) {
    if (w->r == 0)
        w->out->end = (uint32_t) (w->to - w->out->data);
}

static bool record_make_room(RecordWriter *w, size_t size) {
    record_close(w);
    return record_open(w, size < LINE_BYTES ? LINE_BYTES : size);
}

/* Whether `size` bytes may be put; else there is no memory. */
static inline bool record_has_room(RecordWriter *w, size_t size) {
    return (size_t) (w->end - w->to) >= size || record_make_room(w, size);
}

/* Where there is room for it. Few moves for a text whose size the compiler knows. */
static inline void record_put(RecordWriter *w, Span text) {
    if (text.size > 0) /* there may be no bytes to point to */
        memcpy(w->to, text.data, text.size);
    w->to += text.size;
}

static inline void record_raw(RecordWriter *w, Span text) {
    if (record_has_room(w, text.size))
        record_put(w, text);
}

/* A JSON text that has something to be escaped. */
static void record_escaped(RecordWriter *w, Span value) {
    record_close(w);
    if (w->r == 0)
        w->r = json_text_append(w->out, value);
    (void) record_open(w, LINE_BYTES);
}

static void record_value(RecordWriter *w, Span value) {
    if (ascii_json(value) != value.size)
        return record_escaped(w, value);
    if (!record_has_room(w, value.size + 2))
        return;
    *w->to++ = '"';
    record_put(w, value);
    *w->to++ = '"';
}

/* A word of ours (IDs, hashes, names from tables): nothing in it is to be escaped. */
static inline void record_word(RecordWriter *w, Span name, Span word) {
    if (!record_has_room(w, name.size + word.size + sizeof("null")))
        return;
    record_put(w, name);
    if (!word.data)
        return record_put(w, SPAN("null"));
    *w->to++ = '"';
    record_put(w, word);
    *w->to++ = '"';
}

static inline void record_span(RecordWriter *w, Span name, Span value) {
    record_raw(w, name);
    record_value(w, value);
}

static inline void record_text(RecordWriter *w, Span name, const char *value) {
    record_raw(w, name);
    if (value)
        record_value(w, span_from(value));
    else
        record_raw(w, SPAN("null"));
}

/* Where there is room for ASCII_DIGITS. */
static void record_digits(RecordWriter *w, uint64_t value) {
    size_t n = ascii_n_digits(value);

    ascii_put_digits(w->to, n, value);
    w->to += n;
}

static inline void record_number(RecordWriter *w, Span name, bool known, uint64_t value) {
    if (!record_has_room(w, name.size + ASCII_DIGITS)) /* more than null takes */
        return;
    record_put(w, name);
    if (!known)
        record_put(w, SPAN("null"));
    else if (value < 10)
        *w->to++ = (char) ('0' + value);
    else
        record_digits(w, value);
}

/* Many records are of one second: its text is made once. Seconds that no clock has are never kept. */
bool record_time_text(uint64_t usec, char ret[static RECORD_TIME_SIZE]) {
    static _Thread_local char kept[RECORD_TIME_SIZE] = "1970-01-01T00:00:00.000000Z";
    static _Thread_local time_t kept_seconds;
    time_t seconds = (time_t) (usec / 1000000u);
    struct tm tm;

    ret[0] = '\0';
    if (seconds != kept_seconds) {
        if (!gmtime_r(&seconds, &tm)) /* a year past 2^31 */
            return false;
        ascii_put_digits(kept, 4, ((unsigned) tm.tm_year + 1900) % 10000);
        ascii_put_digits(kept + 5, 2, (unsigned) tm.tm_mon + 1);
        ascii_put_digits(kept + 8, 2, (unsigned) tm.tm_mday);
        ascii_put_digits(kept + 11, 2, (unsigned) tm.tm_hour);
        ascii_put_digits(kept + 14, 2, (unsigned) tm.tm_min);
        ascii_put_digits(kept + 17, 2, (unsigned) tm.tm_sec);
        kept_seconds = seconds;
    }
    memcpy(ret, kept, RECORD_TIME_SIZE);
    ascii_put_digits(ret + 20, 6, usec % 1000000u);
    return true;
}

static void record_time(RecordWriter *w, uint64_t usec) {
    Span name = SPAN(",\"time\":");

    if (!record_has_room(w, name.size + sizeof("\"") + RECORD_TIME_SIZE))
        return;
    record_put(w, name);
    if (!record_time_text(usec, w->to + 1))
        return record_put(w, SPAN("null"));
    *w->to = '"';
    w->to += RECORD_TIME_SIZE; /* as much as a quote and the text */
    *w->to++ = '"';
}

static void record_client_anew(RecordWriter *w, const Subject *client) {
    bool creds = client && client->has_creds;

    record_number(w, SPAN(",\"client\":{\"pid\":"), creds && client->pid > 0,
                  creds ? (uint64_t) client->pid : 0);
    record_number(w, SPAN(",\"uid\":"), creds, creds ? client->uid : 0);
    record_number(w, SPAN(",\"gid\":"), creds, creds ? client->gid : 0);
    record_text(w, SPAN(",\"exe\":"), client ? client->exe : NULL);
    record_text(w, SPAN(",\"container\":"),
                client && client->origin.container[0] ? client->origin.container : NULL);
    record_text(w, SPAN(",\"address\":"), client && client->address[0] ? client->address : NULL);
    record_text(w, SPAN(",\"unit\":"), client ? client->origin.unit : NULL);
    record_number(w, SPAN(",\"login\":"), client && client->origin.has_login,
                  client ? client->origin.login : 0);
    record_raw(w, SPAN("}"));
}

static void record_client(RecordWriter *w, const Subject *client) {
    if (client && client->told)
        record_raw(w, (Span){.data = client->told, .size = client->n_told});
    else
        record_client_anew(w, client);
}

void record_keep_client(Subject *client) {
    Buffer out = {0};
    RecordWriter w = {.out = &out};

    (void) record_open(&w, LINE_BYTES);
    record_client_anew(&w, client);
    record_close(&w);
    client->told = w.r == 0 ? malloc(buffer_size(&out)) : NULL;
    client->n_told = client->told ? buffer_size(&out) : 0;
    if (client->told)
        memcpy(client->told, buffer_span(&out).data, client->n_told);
    buffer_done(&out);
}

/* The path with its version, as the client asked: with which one it was sent, `api_versions` says. */
static void record_path(RecordWriter *w, const Target *target) {
    Buffer path = {0};

    if (target->path.size == 0)
        return record_raw(w, SPAN(",\"path\":null"));
    if (target->asked_minor == 0)
        return record_span(w, SPAN(",\"path\":"), target->path);
    if (ascii_json(target->path) == target->path.size) {
        record_number(w, SPAN(",\"path\":\"/v1."), true, target->asked_minor);
        record_raw(w, target->path);
        return record_raw(w, SPAN("\""));
    }
    if (w->r == 0)
        w->r = buffer_append_number(&path, SPAN("/v1."), target->asked_minor, target->path);
    record_span(w, SPAN(",\"path\":"), buffer_span(&path));
    buffer_done(&path);
}

static void record_query(RecordWriter *w, const Target *target) {
    Buffer query = {0};

    if (target->path.size == 0 && target->raw_query.size == 0)
        return record_raw(w, SPAN(",\"query\":null"));
    if (target->raw_query.size == 0)
        return record_raw(w, SPAN(",\"query\":\"\""));
    if (w->r == 0)
        w->r = query_redact(&query, target->raw_query);
    record_span(w, SPAN(",\"query\":"), buffer_span(&query));
    buffer_done(&query);
}

static void record_request(RecordWriter *w, const Record *record) {
    static const Request unknown = {0};
    const Request *request = record->request ? record->request : &unknown;

    record_word(w, SPAN(",\"request\":{\"method\":"), span_from(method_name(request->method)));
    record_path(w, &request->target);
    record_query(w, &request->target);
    record_word(w, SPAN(",\"operation\":"), span_from(request->operation ? request->operation->id : NULL));
    /* Chunks that nobody has read are no body of no bytes: `replay` would take them for none. */
    record_number(w, SPAN(",\"bytes\":"),
                  record->request && (request->framing != FRAMING_CHUNKED || record->request_bytes > 0),
                  record->request_bytes);
    record_raw(w, SPAN("}"));
}

static void record_fact(RecordWriter *w, const Fact *fact) {
    record_text(w, SPAN("{\"field\":"), fact->field);
    if (fact->withheld)
        return record_text(w, SPAN(",\"withheld\":"), body_type_name(fact->type));
    record_raw(w, SPAN(",\"value\":"));
    switch (fact->type) {
    case BODY_TYPE_BOOL:
        return record_raw(w, fact->flag ? SPAN("true") : SPAN("false"));
    case BODY_TYPE_INTEGER:
        return record_number(w, fact->integer < 0 ? SPAN("-") : SPAN(""), true,
                             fact->integer < 0 ? -(uint64_t) fact->integer : (uint64_t) fact->integer);
    case BODY_TYPE_STRING:
        return record_span(w, SPAN(""), fact->text);
    case BODY_TYPE_ARRAY: /* one that has nothing in it to tell of */
        return record_raw(w, SPAN("[]"));
    case BODY_TYPE_OBJECT:
        return record_raw(w, SPAN("{}"));
    case BODY_TYPE_NULL:
    case BODY_TYPE_REAL:
        break;
    }
    record_raw(w, SPAN("null"));
}

static void record_facts(RecordWriter *w, const Facts *facts) {
    record_raw(w, SPAN(",\"facts\":"));
    if (!facts || !facts->gathered)
        return record_raw(w, SPAN("null"));
    record_raw(w, SPAN("["));
    for (size_t i = 0; i < facts->n; i++) {
        if (i > 0)
            record_raw(w, SPAN(","));
        record_fact(w, &facts->items[i]);
        record_raw(w, SPAN("}"));
    }
    if (facts->lost > 0) {
        record_number(w, facts->n > 0 ? SPAN(",{\"lost\":") : SPAN("{\"lost\":"), true, facts->lost);
        record_raw(w, SPAN("}"));
    }
    record_raw(w, SPAN("]"));
}

static void record_response(RecordWriter *w, const Record *record) {
    bool known = record->status != 0;

    record_number(w, SPAN(",\"response\":{\"status\":"), known, record->status);
    record_number(w, SPAN(",\"bytes\":"), known, record->response_bytes);
    record_number(w, SPAN("},\"duration_us\":"), true, record->duration_usec);
}

static void record_effect(RecordWriter *w, const Verdict *verdict) {
    record_word(w, SPAN(",\"verdict\":"), span_from(verdict ? effect_name(verdict->effect) : NULL));
}

/* What is wrong with it, and what would allow it. */
static void record_refusal(RecordWriter *w, const Record *record) {
    Span yaml = verdict_allow_with(record->verdict);

    record_text(w, SPAN(",\"rule\":"), verdict_rule(record->verdict));
    record_text(w, SPAN(",\"field\":"), record->verdict->field);
    record_text(w, SPAN(",\"value\":"), verdict_value(record->verdict));
    record_text(w, SPAN(",\"where\":"), record->where);
    record_text(w, SPAN(",\"reason\":"), verdict_detail(record->verdict));
    if (yaml.size == 0)
        record_raw(w, SPAN(",\"allow_with\":null"));
    else
        record_span(w, SPAN(",\"allow_with\":"), yaml);
}

static void record_verdict(RecordWriter *w, const Record *record) {
    const Verdict *verdict = record->verdict;

    record_effect(w, verdict);
    if (verdict && verdict->effect != EFFECT_ALLOW)
        return record_refusal(w, record);
    record_text(w, SPAN(",\"rule\":"), !verdict ? NULL : verdict->rule ? verdict->rule : "allow");
    record_raw(w, SPAN(",\"field\":null,\"value\":null,\"where\":null,\"reason\":null,\"allow_with\":null"));
}

static void record_place(RecordWriter *w, const Record *record) {
    if (record->place.size > 0)
        return record_raw(w, record->place);
    record_text(w, SPAN(",\"listener\":"), record->listener);
    record_text(w, SPAN(",\"policy\":"), record->policy);
    record_word(w, SPAN(",\"policy_hash\":"), span_from(record->policy_hash));
}

static void record_decision(RecordWriter *w, const Record *record) {
    record_word(w, SPAN(",\"id\":"), span_from(record->id));
    record_place(w, record);
    record_client(w, record->client);
    record_request(w, record);
    record_verdict(w, record);
    record_facts(w, record->facts);
    record_number(w, SPAN(",\"repeats\":"), record->repeats > 0, record->repeats);
    record_response(w, record);
}

static void record_outcome(RecordWriter *w, const Record *record) {
    record_word(w, SPAN(",\"id\":"), span_from(record->id));
    record_effect(w, record->verdict);
    record_word(w, SPAN(",\"end\":"), record_end_name(record->end));
    record_text(w, SPAN(",\"rule\":"), record->end_rule);
    record_text(w, SPAN(",\"reason\":"), record->end_reason);
    record_number(w, SPAN(",\"dropped_bytes\":"), record->drops_input, record->dropped_bytes);
    record_response(w, record);
}

static void record_lifecycle(RecordWriter *w, const Record *record) {
    record_text(w, SPAN(",\"action\":"), record->action);
    record_text(w, SPAN(",\"message\":"), record->message);
    if (record->signature)
        record_text(w, SPAN(",\"signature\":"), record->signature);
}

int record_append(Buffer *out, const Record *record, uint64_t seq, const char *prev) {
    static const struct {
        Span name;
        void (*write)(RecordWriter *w, const Record *record);
    } events[] = {
        [RECORD_DECISION] = {SPAN_INIT("decision"), record_decision},
        [RECORD_OUTCOME] = {SPAN_INIT("outcome"), record_outcome},
        [RECORD_LIFECYCLE] = {SPAN_INIT("lifecycle"), record_lifecycle},
    };
    size_t before = buffer_size(out);
    RecordWriter w = {.out = out};

    (void) record_open(&w, LINE_BYTES);
    record_number(&w, SPAN("{\"seq\":"), true, seq);
    record_time(&w, record->time_usec);
    record_word(&w, SPAN(",\"event\":"), events[record->event].name);
    events[record->event].write(&w, record);
    /* The hash chain's place: the last two fields of every line; chain_seal() puts the second in. */
    record_word(&w, SPAN(",\"prev\":"), span_from(prev));
    record_raw(&w, SPAN(",\"hash\":null}\n"));
    record_close(&w);
    if (w.r < 0)
        out->end = out->begin + (uint32_t) before;
    return w.r;
}

int record_format(const Record *record, uint64_t seq, char **ret, size_t *ret_size) {
    Buffer line = {0};
    int r = record_append(&line, record, seq, NULL);

    if (r < 0) {
        buffer_done(&line);
        return r;
    }
    *ret_size = buffer_size(&line);
    *ret = line.data; /* a buffer that was only appended to begins at its memory */
    return 0;
}
