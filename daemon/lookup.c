// SPDX-License-Identifier: Apache-2.0
#include "lookup.h"

#include <stdlib.h>

#include "res_read.h"

struct Lookup {
    const Env *env;
    const Address *upstream;
    ConnNotify wake;
    void *arg;
    Engine *engine;
    Reader *reader;
    const char *target;
    Buffer body;
    LookupState state;
    Reason reason;
    unsigned status;
    bool sent;
    bool has_head;
    bool fresh;    /* the connection was made for this look: whatever it says, it isn't because it is old */
    bool reusable; /* the connection, by the framing of the answer before */
};

Lookup *lookup_new(const Env *env, const Address *upstream, Engine *engine, ConnNotify wake, void *arg) {
    Lookup *lookup = calloc(1, sizeof(*lookup));

    if (!lookup) {
        engine_close(engine, env->reaper);
        return NULL;
    }
    *lookup = (Lookup){.env = env, .upstream = upstream, .engine = engine, .wake = wake, .arg = arg};
    lookup->reusable = engine != NULL;
    lookup->reader = reader_new(READER_RESPONSE);
    return lookup->reader ? lookup : lookup_free(lookup);
}

Lookup *lookup_free(Lookup *lookup) {
    if (!lookup)
        return NULL;
    engine_close(lookup->engine, lookup->env->reaper);
    reader_free(lookup->reader);
    buffer_done(&lookup->body);
    free(lookup);
    return NULL;
}

static LookupState lookup_fail(Lookup *lookup, Reason reason) {
    lookup->reason = reason;
    lookup->reusable = false;
    return lookup->state = LOOKUP_FAILED;
}

void lookup_start(Lookup *lookup, const char *target) {
    lookup->target = target;
    lookup->state = LOOKUP_RUNNING;
    lookup->status = 0;
    lookup->sent = lookup->has_head = lookup->fresh = false;
    buffer_clear(&lookup->body);
    reader_reset(lookup->reader);
    if (lookup->engine && (!lookup->reusable || !engine_is_idle(lookup->engine)))
        lookup->engine = engine_close(lookup->engine, lookup->env->reaper);
    lookup->reusable = false;
}

/* True while there is a connection, be it on its way. */
static bool lookup_connect(Lookup *lookup) {
    if (lookup->engine)
        return true;
    lookup->fresh = true;
    lookup->engine = engine_connect(lookup->env->base, lookup->env->outbox, lookup->env->resolver,
                                    lookup->upstream, lookup->wake, lookup->arg);
    return lookup->engine != NULL;
}

static bool lookup_send(Lookup *lookup) {
    Conn *conn = &lookup->engine->conn;

    if (lookup->sent)
        return true;
    lookup->sent = true;
    if (buffer_printf(&conn->out, "GET %s HTTP/1.1\r\nHost: docker\r\n\r\n", lookup->target) < 0)
        return false;
    conn_flush(conn);
    return true;
}

/* An engine that ended a kept connection just then has done nothing: ask once more, on a new one. */
static LookupState lookup_lost(Lookup *lookup) {
    if (lookup->fresh || lookup->has_head)
        return lookup_fail(lookup, REASON_LOOK_FAILED);
    lookup->engine = engine_close(lookup->engine, lookup->env->reaper);
    lookup->sent = false;
    reader_reset(lookup->reader);
    return LOOKUP_RUNNING;
}

static LookupState lookup_read_head(Lookup *lookup) {
    Conn *conn = &lookup->engine->conn;
    const char *detail = NULL;
    Reason reason = REASON_UNDECIDED;
    ResponseHead head;
    size_t size = 0;

    switch (reader_head(lookup->reader, buffer_span(&conn->in), LIMIT_RESPONSE_HEAD_BYTES, &size, &reason,
                        &detail)) {
    case READ_HEAD:
        break;
    case READ_MORE:
        return conn->eof || conn->error ? lookup_lost(lookup) : LOOKUP_RUNNING;
    case READ_FAILED:
    case READ_FULL:
    case READ_END:
        return lookup_fail(lookup, REASON_LOOK_UNREADABLE);
    }
    if (res_read_head(lookup->reader, false, &head, &detail) != REASON_OK || head.status < 200)
        return lookup_fail(lookup, REASON_LOOK_UNREADABLE);
    buffer_consume(&conn->in, size);
    lookup->has_head = true;
    lookup->status = head.status;
    lookup->reusable = head.reusable;
    if (head.until_close)
        reader_body_begin_until_close(lookup->reader);
    else
        reader_body_begin(lookup->reader, head.framing, head.length);
    return LOOKUP_RUNNING;
}

static LookupState lookup_read_body(Lookup *lookup) {
    Conn *conn = &lookup->engine->conn;
    size_t room = LIMIT_LOOK_BYTES + 1 - buffer_size(&lookup->body);
    ReadStatus status = reader_body(lookup->reader, &conn->in, conn->eof, &lookup->body, room, false);

    conn_update(conn);
    if (buffer_size(&lookup->body) > LIMIT_LOOK_BYTES)
        return lookup_fail(lookup, REASON_LOOK_UNREADABLE);
    if (status == READ_END)
        return lookup->state = LOOKUP_DONE;
    if (status == READ_FAILED)
        return lookup_fail(lookup, reader_body_truncated(lookup->reader) ? REASON_LOOK_FAILED
                                                                         : REASON_LOOK_UNREADABLE);
    return conn->error ? lookup_fail(lookup, REASON_LOOK_FAILED) : LOOKUP_RUNNING;
}

/* One step; false where it has to wait. */
static bool lookup_step(Lookup *lookup) {
    Engine *engine;
    bool had_head = lookup->has_head;

    if (!lookup_connect(lookup)) {
        (void) lookup_fail(lookup, REASON_NO_MEMORY);
        return false;
    }
    engine = lookup->engine;
    if (engine->state == ENGINE_CONNECTING)
        return false;
    if (engine->state == ENGINE_FAILED)
        (void) lookup_fail(lookup, REASON_LOOK_FAILED);
    else if (!lookup_send(lookup))
        (void) lookup_fail(lookup, REASON_NO_MEMORY);
    else if (lookup->has_head)
        (void) lookup_read_body(lookup);
    else
        (void) lookup_read_head(lookup);
    return lookup->state == LOOKUP_RUNNING && (lookup->engine != engine || had_head != lookup->has_head);
}

LookupState lookup_run(Lookup *lookup) {
    while (lookup->state == LOOKUP_RUNNING && lookup_step(lookup))
        ;
    return lookup->state;
}

unsigned lookup_status(const Lookup *lookup) {
    return lookup->status;
}

Span lookup_body(const Lookup *lookup) {
    return buffer_span(&lookup->body);
}

Reason lookup_reason(const Lookup *lookup) {
    return lookup->reason;
}

/* Given up in the middle of an answer (a timeout), its rest would be taken for the next one. */
Engine *lookup_take_engine(Lookup *lookup) {
    bool over = lookup->state == LOOKUP_DONE && lookup->reusable;

    if (lookup->engine && (!over || !engine_is_idle(lookup->engine)))
        lookup->engine = engine_close(lookup->engine, lookup->env->reaper);
    return TAKE_PTR(lookup->engine);
}
