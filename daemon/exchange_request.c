// SPDX-License-Identifier: Apache-2.0
#include "exchange_impl.h"

#include "policy/version.h"
#include "req_write.h"

/* --- Reading the request ------------------------------------------------------------------------ */

/* What the policy has put into the body (containers.set) goes to the engine in the place of what came. */
static bool exchange_take_edits(Exchange *x) {
    size_t size = body_dump(x->body, NULL, 0);
    char *room;

    buffer_clear(&x->collected);
    room = size > 0 ? buffer_reserve(&x->collected, size) : NULL;
    if (!room || body_dump(x->body, room, size) != size)
        return false;
    buffer_commit(&x->collected, size);
    return true;
}

/* Before the decision, which may edit the body. */
static void exchange_gather_facts(Exchange *x) {
    if (x->config->audit_facts || policy_observes(x->listener->policy))
        facts_gather(x->listener->policy, &x->request, x->body, x->arena, &x->facts);
}

static bool exchange_decide(Exchange *x) {
    exchange_gather_facts(x);
    if (!exchange_put_back(x)) {
        exchange_refuse(x, REASON_NO_MEMORY, NULL);
        return true;
    }
    decide_request(x->listener->policy, &x->config->host, &x->request, x->body, x->arena, true, NULL,
                   &x->verdict);
    if (!exchange_note_put_back(x)) {
        exchange_refuse(x, REASON_NO_MEMORY, NULL);
        return true;
    }
    if (!verdict_forwards(&x->verdict)) {
        exchange_answer(x);
        return true;
    }
    if (x->probe_failure != REASON_UNDECIDED) {
        exchange_refuse(x, x->probe_failure, x->probe_failure_why);
        return true;
    }
    return exchange_must_look(x) ? true : exchange_go_to_admit(x);
}

bool exchange_go_to_admit(Exchange *x) {
    AdmitContext context = exchange_context(x);

    if (x->verdict.n_edits > 0 && !exchange_take_edits(x)) {
        exchange_refuse(x, REASON_NO_MEMORY, NULL);
        return true;
    }
    exchange_watch_grant(x);
    exchange_set_state(x, EXCHANGE_ADMIT);
    x->admitted = admit_record_forward(x->host.env->audit, &context, &x->request, exchange_request_bytes(x),
                                       &x->verdict, &x->waiter) == 0;
    x->body = body_free(x->body); /* now: who is judged next, in this turn too, has it still warm */
    if (!x->admitted)
        exchange_refuse(x, REASON_AUDIT_FAILED, NULL);
    return true;
}

/* A small body that the operation doesn't take is read and dropped: the engine gets none. */
static void exchange_begin_body(Exchange *x) {
    if (x->request.skip_bytes > 0)
        reader_body_begin(x->up_reader, FRAMING_LENGTH, x->request.skip_bytes);
    else
        reader_body_begin(x->up_reader, x->request.framing, x->request.length);
}

/* The head is settled: with its body if that is judged, else at once, to the decision. */
static bool exchange_go_on(Exchange *x) {
    exchange_tell_time(x);
    if (!policy_wants_body(x->listener->policy, &x->request) && x->request.skip_bytes == 0)
        return exchange_decide(x);
    if (x->request.framing == FRAMING_LENGTH && x->request.length > x->config->limits.body_bytes) {
        exchange_refuse(x, REASON_BODY_TOO_LARGE, NULL);
        return true;
    }
    exchange_set_state(x, EXCHANGE_READ_BODY);
    exchange_set_timeout(x, x->config->limits.body_timeout_usec);
    return true;
}

bool exchange_let_in(Exchange *x) {
    const char *rule = NULL, *why = NULL;
    Reason reason = identity_judge(x->host.subject, x->listener, &rule, &why);

    if (reason == REASON_OK)
        return true;
    x->verdict = (Verdict){.reason = reason, .rule = rule, .detail = why};
    exchange_answer(x);
    return false;
}

static bool exchange_on_head(Exchange *x) {
    exchange_begin_body(x);
    if (!exchange_let_in(x))
        return true;
    if (version_needs_engine(&x->request) && env_api_minor(x->host.env, x->config) == 0) {
        exchange_set_state(x, EXCHANGE_PROBE);
        exchange_set_timeout(x, x->config->connect_timeout_usec);
        return true;
    }
    version_settle(&x->config->versions, &x->request, env_api_minor(x->host.env, x->config));
    return exchange_go_on(x);
}

/*
 * Denied is denied, engine or not: it is judged at the newest version that has the operation, and whatever
 * that lets through is refused for what failed.
 */
bool exchange_probe_failed(Exchange *x, Reason reason, const char *why) {
    unsigned until = x->request.operation ? x->request.operation->until_minor : 0;

    x->probe = probe_free(x->probe);
    x->probe_failure = reason;
    x->probe_failure_why = why;
    version_settle(&x->config->versions, &x->request, until ? until : API_VERSION_NEWEST);
    return exchange_go_on(x);
}

/* An unversioned path means the engine's newest version: which that is, only the engine knows (T-006). */
bool exchange_probe(Exchange *x) {
    const Env *env = x->host.env;
    unsigned minor;

    if (!x->probe)
        x->probe = probe_new(env, x->config, "/_ping", x->host.wake, x->host.arg);
    if (!x->probe) {
        exchange_refuse(x, REASON_NO_MEMORY, NULL);
        return true;
    }
    switch (probe_run(x->probe)) {
    case PROBE_RUNNING:
        return false;
    case PROBE_FAILED:
        return exchange_probe_failed(x, REASON_ENGINE_UNREACHABLE,
                                     "the engine can't be asked for its API version");
    case PROBE_DONE:
        break;
    }
    minor = probe_api_minor(x->probe);
    env_hear_api_minor(env, x->config, minor);
    x->probe = probe_free(x->probe);
    if (minor == 0)
        return exchange_probe_failed(x, REASON_ENGINE_PROTOCOL,
                                     "the engine doesn't say which API version it speaks");
    version_settle(&x->config->versions, &x->request, minor);
    return exchange_go_on(x);
}

/* Only a head that is so large is waited for with more room than a body gets: 256 KiB are promised. */
static void exchange_make_room(Exchange *x) {
    Conn *client = x->host.conn;

    if (buffer_size(&client->in) < client->in_limit || client->in_limit >= x->config->limits.header_bytes)
        return;
    client->in_limit = x->config->limits.header_bytes;
    conn_update(client);
}

bool exchange_read_head(Exchange *x) {
    Conn *client = x->host.conn;
    const char *detail = NULL;
    Reason reason = REASON_UNDECIDED;
    size_t size = 0;

    switch (reader_head(x->up_reader, buffer_span(&client->in), x->config->limits.header_bytes, &size,
                        &reason, &detail)) {
    case READ_HEAD:
        break;
    case READ_FAILED:
        exchange_refuse(x, reason, detail);
        return true;
    case READ_MORE:
    case READ_FULL:
    case READ_END:
        exchange_make_room(x);
        if (!client->eof)
            return false;
        x->close = true; /* went away in mid-head: there was no request */
        exchange_set_state(x, EXCHANGE_DONE);
        return true;
    }
    reason = request_seal(x->arena, reader_raw(x->up_reader), &x->request, &detail);
    x->request_known = x->request.method != METHOD_NONE || x->request.target.path.size > 0;
    exchange_meter_whole(x);
    buffer_consume(&client->in, size);
    client->in_limit = LIMIT_CONN_IN;
    conn_update(client);
    if (reason == REASON_OK)
        return exchange_on_head(x);
    exchange_begin_body(x);
    x->close = true; /* what follows a head that we didn't understand can't be told */
    exchange_refuse(x, reason, detail);
    return true;
}

static bool exchange_judge_collected(Exchange *x) {
    const char *detail = NULL;
    Reason reason;

    exchange_meter_whole(x);
    if (x->request.skip_bytes > 0)
        buffer_clear(&x->collected);
    if (buffer_size(&x->collected) == 0) {
        if (x->request.operation && x->request.operation->body == BODY_JSON) {
            exchange_refuse(x, REASON_BODY_MISSING, NULL);
            return true;
        }
        return exchange_decide(x);
    }
    exchange_tell_time(x); /* the body took its time */
    reason = body_parse(x->arena, buffer_span(&x->collected), &x->body, &detail);
    if (reason != REASON_OK) {
        exchange_refuse(x, reason, detail);
        return true;
    }
    return exchange_decide(x);
}

bool exchange_read_body(Exchange *x) {
    Conn *client = x->host.conn;
    size_t limit = x->config->limits.body_bytes, before = buffer_size(&client->in);
    ReadStatus status;

    exchange_give_leave(x);
    status = reader_body(x->up_reader, &client->in, client->eof, &x->collected,
                         limit + 1 - buffer_size(&x->collected), false);
    conn_update(client);
    if (buffer_size(&x->collected) > limit) {
        exchange_refuse(x, REASON_BODY_TOO_LARGE, NULL);
        return true;
    }
    if (status == READ_FAILED) {
        exchange_refuse(x, reader_body_reason(x->up_reader), NULL);
        return true;
    }
    return status == READ_END ? exchange_judge_collected(x) : buffer_size(&client->in) != before;
}

/* --- Sending it on ------------------------------------------------------------------------------ */

bool exchange_admit(Exchange *x) {
    if (!x->audit_heard)
        return false;
    if (x->audit_status < 0) {
        x->admitted = false; /* no sink has the decision */
        exchange_refuse(x, REASON_AUDIT_FAILED, NULL);
        return true;
    }
    exchange_meter_verdict(x);
    exchange_set_state(x, EXCHANGE_CONNECT);
    return true;
}

/*
 * The connection the client's last exchange left, if the engine hasn't ended it and a reload hasn't moved it.
 */
void exchange_take_engine(Exchange *x, bool fresh) {
    Engine *kept = *x->host.engine;

    *x->host.engine = NULL;
    if (kept && engine_is_idle(kept) && engine_is_to(kept, &x->config->upstream)) {
        x->engine = kept;
        x->engine_reused = true;
        return;
    }
    engine_close(kept, x->host.env->reaper);
    if (!fresh)
        return;
    x->engine = engine_connect(x->host.env->base, x->host.env->outbox, x->host.env->resolver,
                               &x->config->upstream, x->host.wake, x->host.arg);
    x->engine_reused = false;
}

/*
 * A fresh head. The judged body goes as it came: it has but one reading (T-047, and why in quaygated(8)).
 * Both in one write, and without a copy of the body where the engine takes it at once.
 */
static int exchange_write_request(Exchange *x) {
    Conn *engine = &x->engine->conn;
    /* Read to its end: judged, or empty though its framing left that open. It goes with its length. */
    bool collected = request_has_body(&x->request) && reader_at_end(x->up_reader);
    Span body = buffer_span(&x->collected);
    Buffer head = {0};
    int r;

    if (!collected) {
        r = req_write_head(&engine->out, &x->request, NULL);
        if (r == 0)
            conn_flush(engine);
        return r;
    }
    r = req_write_head(&head, &x->request, &body);
    if (r == 0)
        r = conn_send(engine, (const Span[]){buffer_span(&head), body}, 2);
    buffer_done(&head);
    return r;
}

static void exchange_send(Exchange *x) {
    if (exchange_write_request(x) < 0) {
        exchange_fail(x, REASON_NO_MEMORY, NULL, END_ERROR);
        return;
    }
    exchange_set_state(x, EXCHANGE_WAIT_HEAD);
    if (!exchange_is_repeatable(x))
        buffer_done(&x->collected); /* the answer may be a tunnel that stays for days */
    if (!reader_at_end(x->up_reader)) {
        exchange_give_leave(x);
        flow_start_body(&x->up, x->host.conn, &x->engine->conn, x->up_reader,
                        x->request.framing == FRAMING_CHUNKED);
        flow_let_splice(&x->up, x->host.env->splicer);
    }
}

bool exchange_connect(Exchange *x) {
    if (!x->engine)
        exchange_take_engine(x, true);
    if (!x->engine) {
        exchange_fail(x, REASON_NO_MEMORY, NULL, END_ERROR);
        return true;
    }
    if (x->engine->state == ENGINE_CONNECTING) {
        if (x->deadline_usec == 0)
            exchange_set_timeout(x, x->config->connect_timeout_usec);
        return false;
    }
    if (x->engine->state == ENGINE_FAILED) {
        const char *why = arena_printf(x->arena, "the engine at %s can't be reached: %s",
                                       x->config->upstream.text, engine_why(x->engine));
        exchange_fail(x, REASON_ENGINE_UNREACHABLE, why, END_ERROR);
        return true;
    }
    if (!x->down_reader)
        x->down_reader = reader_new(READER_RESPONSE);
    if (!x->down_reader) {
        exchange_fail(x, REASON_NO_MEMORY, NULL, END_ERROR);
        return true;
    }
    exchange_send(x);
    return true;
}
