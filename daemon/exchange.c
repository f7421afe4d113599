// SPDX-License-Identifier: Apache-2.0
#include "exchange_impl.h"

#include <errno.h>

#include "policy/explain.h"
#include "policy/spares.h"
#include "res_write.h"

_Static_assert(sizeof(Exchange) <= (LIMIT_STREAM_BYTES - LIMIT_IDLE_BYTES) / 4 * 3 - 2 * READER_BYTES,
               "what a stream takes besides");

#define TO(state) (1u << EXCHANGE_##state)

/* From each state, where it may go: whatever else would be asked for is a programmer's error and ends it. */
static const unsigned exchange_transitions[EXCHANGE_STATE_MAX_] = {
    [EXCHANGE_READ_HEAD] = TO(PROBE) | TO(READ_BODY) | TO(LOOK) | TO(ADMIT) | TO(ANSWER) | TO(DONE),
    [EXCHANGE_PROBE] = TO(READ_BODY) | TO(LOOK) | TO(ADMIT) | TO(ANSWER) | TO(DONE),
    [EXCHANGE_READ_BODY] = TO(LOOK) | TO(ADMIT) | TO(ANSWER) | TO(DONE),
    [EXCHANGE_LOOK] = TO(ADMIT) | TO(ANSWER) | TO(DONE),
    [EXCHANGE_ADMIT] = TO(CONNECT) | TO(ANSWER) | TO(DONE),
    [EXCHANGE_CONNECT] = TO(WAIT_HEAD) | TO(ANSWER) | TO(DONE),
    [EXCHANGE_WAIT_HEAD] = TO(CONNECT) | TO(FILTER) | TO(RELAY) | TO(TUNNEL) | TO(ANSWER) | TO(DONE),
    [EXCHANGE_FILTER] = TO(RELAY) | TO(ANSWER) | TO(DONE),
    [EXCHANGE_RELAY] = TO(LINGER) | TO(DONE),
    [EXCHANGE_TUNNEL] = TO(LINGER) | TO(DONE),
    [EXCHANGE_ANSWER] = TO(DRAIN) | TO(LINGER) | TO(DONE),
    [EXCHANGE_DRAIN] = TO(LINGER) | TO(DONE),
    [EXCHANGE_LINGER] = TO(DONE),
};

void exchange_set_state(Exchange *x, ExchangeState state) {
    if (!(exchange_transitions[x->state] & (1u << state))) {
        x->close = true;
        state = EXCHANGE_DONE;
    }
    exchange_meter_state(x, state);
    x->state = state;
    x->deadline_usec = 0;
}

void exchange_set_timeout(Exchange *x, uint64_t usec) {
    x->deadline_usec = usec ? exchange_now_usec(x) + usec : 0;
}

uint64_t exchange_now_usec(const Exchange *x) {
    return x->now_usec ? x->now_usec : clock_coarse_usec();
}

uint64_t exchange_deadline_usec(const Exchange *x) {
    if (x->grant_check_usec != 0 && (x->deadline_usec == 0 || x->grant_check_usec < x->deadline_usec))
        return x->grant_check_usec;
    return x->deadline_usec;
}

void exchange_set_last(Exchange *x) {
    x->last = true;
}

/* --- Life cycle --------------------------------------------------------------------------------- */

static void exchange_on_audit(void *arg, int status) {
    Exchange *x = arg;

    x->audit_heard = true;
    x->audit_status = status;
    x->host.wake(x->host.arg);
}

static Spares exchange_spares;

Exchange *exchange_new(const ExchangeHost *host, Config *config, const ConfigListener *listener) {
    Exchange *x = spares_take(&exchange_spares, sizeof(*x));

    if (!x)
        return NULL;
    memset(x, 0, sizeof(*x));
    x->host = *host;
    x->config = config_ref(config);
    x->listener = listener;
    x->began_usec = x->now_usec = clock_monotonic_usec();
    x->deadline_usec = x->began_usec + config->limits.header_timeout_usec;
    x->waiter = (AuditWaiter){.done = exchange_on_audit, .arg = x};
    x->arena = arena_new(LIMIT_ARENA_BYTES);
    x->up_reader = reader_new(READER_REQUEST);
    if (!x->arena || !x->up_reader || ulid_new(clock_realtime_at(x->began_usec), x->id) < 0)
        return exchange_free(x);
    return x;
}

Exchange *exchange_free(Exchange *x) {
    if (!x)
        return NULL;
    flow_stop(&x->up);
    flow_stop(&x->down);
    if (x->waiter.queued)
        audit_cancel(x->host.env->audit, &x->waiter);
    x->engine = engine_close(x->engine, x->host.env->reaper);
    x->probe = probe_free(x->probe);
    x->lookup = lookup_free(x->lookup);
    x->filter = filter_free(x->filter);
    x->body = body_free(x->body);
    buffer_done(&x->collected);
    x->up_reader = reader_free(x->up_reader);
    x->down_reader = reader_free(x->down_reader);
    x->arena = arena_free(x->arena);
    x->config = config_unref(x->config);
    spares_give(&exchange_spares, x);
    return NULL;
}

AdmitContext exchange_context(Exchange *x) {
    x->now_usec = clock_monotonic_usec();
    return (AdmitContext){
        .id = x->id,
        .listener = x->listener->address.text,
        .policy = x->listener->policy,
        .policy_hash = x->config->hash,
        .told = x->listener->told,
        .subject = x->host.subject,
        .facts = &x->facts,
        .began_usec = x->began_usec,
        .now_usec = x->now_usec,
    };
}

uint64_t exchange_request_bytes(const Exchange *x) {
    uint64_t read = reader_body_bytes(x->up_reader);

    return x->request_known && x->request.framing == FRAMING_LENGTH ? x->request.length : read;
}

/* The engine's connection goes back to the client's if nothing of this exchange can be left in it. */
static void exchange_release_engine(Exchange *x, bool complete) {
    if (complete && x->engine_reusable && !flow_is_open(&x->up) && x->engine && engine_is_idle(x->engine) &&
        !x->engine->conn.shutdown_wanted && !x->close)
        *x->host.engine = TAKE_PTR(x->engine);
    else
        x->engine = engine_close(x->engine, x->host.env->reaper);
}

/*
 * What went wrong with an answer of which something is hidden: ours instead of it, or a stream that was cut.
 */
static Reason exchange_answer_failure(const Exchange *x) {
    Reason reason = x->filter ? filter_reason(x->filter) : REASON_OK;

    if (x->verdict.reason == REASON_ANSWER_UNREADABLE || x->verdict.reason == REASON_ANSWER_TOO_LARGE)
        reason = x->verdict.reason;
    return reason;
}

static AdmitOutcome exchange_outcome(const Exchange *x) {
    AdmitOutcome outcome = {
        .end = x->end,
        .rule = x->end_rule,
        .reason = x->end_reason,
        .status = x->status,
        .response_bytes = x->answer_bytes ? x->answer_bytes : x->down.bytes,
        .drops_input = x->up.drops,
        .dropped_bytes = x->up.drops ? x->up.bytes : 0,
    };
    Reason failure = exchange_answer_failure(x);

    if (failure != REASON_OK && !outcome.rule) {
        outcome.rule = reason_label(failure);
        outcome.reason =
            x->verdict.reason == failure ? verdict_detail(&x->verdict) : reason_sentence(failure);
    }
    return outcome;
}

void exchange_finish(Exchange *x, EndCause end, ExchangeState next) {
    AdmitOutcome outcome;

    x->end = end;
    x->grant_check_usec = 0;
    if (end != END_COMPLETE && end != END_NONE)
        x->close = true;
    exchange_release_engine(x, end == END_COMPLETE);
    flow_stop(&x->up);
    flow_stop(&x->down);
    if (x->admitted) {
        AdmitContext context = exchange_context(x);

        outcome = exchange_outcome(x);
        admit_record_outcome(x->host.env->audit, &context, &x->verdict, &outcome);
        exchange_meter_end(x, &outcome);
    }
    x->admitted = false;
    exchange_set_state(x, next);
}

static Verdict exchange_verdict_of(Reason reason, const char *rule, const char *detail) {
    Verdict verdict = verdict_from_reason(reason, detail);

    verdict.rule = rule;
    return verdict;
}

/* `status` 0: it got no answer. */
static void exchange_record_refusal(Exchange *x, unsigned status, size_t bytes) {
    AdmitContext context = exchange_context(x);

    admit_record_refusal(x->host.env->audit, &context, x->request_known ? &x->request : NULL,
                         exchange_request_bytes(x), &x->verdict, status, bytes);
    exchange_meter_verdict(x);
}

/* Nothing else than a want of memory ends by our fault what isn't decided yet. */
static Reason exchange_abort_reason(EndCause cause) {
    return cause == END_SHUTDOWN ? REASON_SHUTTING_DOWN
           : cause == END_ERROR  ? REASON_NO_MEMORY
                                 : REASON_CLIENT_CLOSED;
}

/*
 * A whole head was a request, and the engine may have been asked about it: what ends before it is decided is
 * on record all the same, so that nobody asks unseen by leaving.
 */
void exchange_abort(Exchange *x, EndCause cause) {
    static const unsigned undecided = TO(PROBE) | TO(READ_BODY) | TO(LOOK);

    if (undecided & (1u << x->state)) {
        x->verdict = exchange_verdict_of(exchange_abort_reason(cause), NULL, NULL);
        exchange_record_refusal(x, 0, 0);
    }
    x->close = true;
    exchange_finish(x, cause, EXCHANGE_DONE);
}

/* --- Answers of our own ------------------------------------------------------------------------- */

/* Whether the request's body is still coming, so that the next request doesn't begin where it should. */
static bool exchange_body_left(const Exchange *x) {
    return x->request_known && (request_has_body(&x->request) || x->request.skip_bytes > 0) &&
           !reader_at_end(x->up_reader);
}

static bool exchange_can_drain(const Exchange *x) {
    return (x->request.skip_bytes > 0 ||
            (x->request.framing == FRAMING_LENGTH && x->request.length <= LIMIT_DRAIN_BYTES)) &&
           (!x->request.expect_continue || x->continue_sent);
}

void exchange_answer(Exchange *x) {
    unsigned status = reason_http_status(x->verdict.reason);
    const char *sentence;
    bool bodiless = x->request_known && x->request.method == METHOD_HEAD;
    Conn *client = x->host.conn;
    size_t bytes = 0;

    if (x->restored.n > 0)
        restore_hush(x->arena, &x->verdict);
    sentence = explain_sentence(x->arena, &x->verdict, x->request_known ? &x->request : NULL,
                                policy_name(x->listener->policy), x->id);
    x->grant_check_usec = 0;
    x->engine = engine_close(x->engine, x->host.env->reaper);
    flow_stop(&x->up);
    x->up.state = FLOW_CLOSED;
    x->filter = filter_free(x->filter);
    buffer_clear(&x->collected);
    x->close = x->close || x->last || !x->request_known || !x->request.keep_alive ||
               conn_input_ended(client) || reason_closes_connection(x->verdict.reason) ||
               (exchange_body_left(x) && (client->eof || !exchange_can_drain(x)));
    if (res_write_answer(&client->out, status, sentence ? sentence : reason_sentence(x->verdict.reason),
                         x->id, x->close, bodiless, &bytes) < 0)
        x->close = true;
    x->status = status;
    x->answer_bytes = bytes;
    if (!x->admitted)
        exchange_record_refusal(x, status, bytes);
    exchange_set_state(x, EXCHANGE_ANSWER);
    exchange_set_timeout(x, TIME_LINGER_SECONDS * 1000000ull);
    conn_flush(client);
}

void exchange_fail(Exchange *x, Reason reason, const char *detail, EndCause end) {
    x->end = end;
    x->close = true;
    exchange_refuse(x, reason, detail);
}

/* The client waits for leave before it sends its body: given once, and only if nothing has come yet. */
void exchange_give_leave(Exchange *x) {
    Conn *client = x->host.conn;

    if (!x->request.expect_continue || x->continue_sent || buffer_size(&client->in) > 0 ||
        x->request.http_1_0)
        return;
    x->continue_sent = true;
    if (res_write_continue(&client->out) == 0)
        conn_flush(client);
}

void exchange_refuse(Exchange *x, Reason reason, const char *detail) {
    x->verdict = exchange_verdict_of(reason, NULL, detail);
    exchange_answer(x);
}

void exchange_reject(Exchange *x, Reason reason, const char *rule) {
    x->close = true;
    x->verdict = exchange_verdict_of(reason, rule, NULL);
    exchange_answer(x);
}

/* --- After an answer, and the loop ---------------------------------------------------------------- */

static bool exchange_after_answer(Exchange *x) {
    if (!conn_drained(x->host.conn))
        return false;
    if (x->close)
        exchange_finish(x, x->end, EXCHANGE_LINGER);
    else if (exchange_body_left(x)) {
        exchange_set_state(x, EXCHANGE_DRAIN);
        exchange_set_timeout(x, x->config->limits.body_timeout_usec);
    } else
        exchange_finish(x, x->end, EXCHANGE_DONE);
    return true;
}

static bool exchange_drain(Exchange *x) {
    Conn *client = x->host.conn;
    ReadStatus status =
        reader_body(x->up_reader, &client->in, client->eof, &x->collected, LIMIT_DRAIN_BYTES, false);

    conn_update(client);
    if (status == READ_MORE)
        return false;
    x->close = x->close || status != READ_END;
    exchange_finish(x, x->end, EXCHANGE_DONE);
    return true;
}

/*
 * Closing while the client still writes would reset the connection, and our answer could be lost to it:
 * end our side, and read what comes until it ends its own. One that sends without end is read no more, and
 * has a moment to find our answer while it waits for room: a client in Go whose write fails before it has
 * read tells its user of a broken pipe instead (net/http, server.go, rstAvoidanceDelay, is the same for it).
 */
static bool exchange_linger(Exchange *x) {
    Conn *client = x->host.conn;

    if (x->deadline_usec == 0) {
        exchange_set_timeout(x, TIME_LINGER_SECONDS * 1000000ull);
        x->linger_from = client->bytes_in;
        conn_shutdown(client);
    }
    buffer_clear(&client->in);
    conn_update(client);
    if (client->eof) {
        exchange_set_state(x, EXCHANGE_DONE);
        return true;
    }
    if (client->in_limit > 0 && client->bytes_in - x->linger_from > LIMIT_LINGER_BYTES) {
        client->in_limit = 0;
        conn_update(client);
        exchange_set_timeout(x, TIME_LINGER_PAUSE_SECONDS * 1000000ull);
    }
    return false;
}

static bool (*const exchange_steps[EXCHANGE_STATE_MAX_])(Exchange *) = {
    [EXCHANGE_READ_HEAD] = exchange_read_head, [EXCHANGE_PROBE] = exchange_probe,
    [EXCHANGE_READ_BODY] = exchange_read_body, [EXCHANGE_LOOK] = exchange_look,
    [EXCHANGE_ADMIT] = exchange_admit,         [EXCHANGE_CONNECT] = exchange_connect,
    [EXCHANGE_WAIT_HEAD] = exchange_wait_head, [EXCHANGE_FILTER] = exchange_filter,
    [EXCHANGE_RELAY] = exchange_relay,         [EXCHANGE_TUNNEL] = exchange_tunnel,
    [EXCHANGE_ANSWER] = exchange_after_answer, [EXCHANGE_DRAIN] = exchange_drain,
    [EXCHANGE_LINGER] = exchange_linger,
};

ExchangeProgress exchange_wake(Exchange *x) {
    const Conn *client = x->host.conn;

    while (x->state != EXCHANGE_DONE) {
        if (client->error || client->write_error) {
            exchange_abort(x, client->error == -ENOMEM ? END_ERROR : END_CLIENT_CLOSED);
            break;
        }
        if (!exchange_steps[x->state](x) && !client->error && !client->write_error) {
            exchange_shed(x);
            x->now_usec = 0;
            return EXCHANGE_RUNNING;
        }
    }
    return x->close || x->last ? EXCHANGE_CLOSE : EXCHANGE_NEXT;
}

void exchange_timeout(Exchange *x) {
    if (exchange_check_grant(x))
        return;
    x->deadline_usec = 0;
    switch (x->state) {
    case EXCHANGE_READ_HEAD:
        if (exchange_let_in(x))
            exchange_refuse(x, REASON_HEADER_TIMEOUT, NULL);
        break;
    case EXCHANGE_READ_BODY:
        exchange_refuse(x, REASON_BODY_TIMEOUT, NULL);
        break;
    case EXCHANGE_PROBE:
        (void) exchange_probe_failed(x, REASON_ENGINE_TIMEOUT,
                                     "the engine took too long to tell its API version");
        break;
    case EXCHANGE_LOOK:
        exchange_look_timeout(x);
        break;
    case EXCHANGE_CONNECT:
        exchange_fail(x, REASON_ENGINE_TIMEOUT, "the engine took too long to accept the connection",
                      END_TIMEOUT);
        break;
    case EXCHANGE_WAIT_HEAD:
    case EXCHANGE_FILTER:
        exchange_fail(x, REASON_ENGINE_TIMEOUT, NULL, END_TIMEOUT);
        break;
    case EXCHANGE_ANSWER:
    case EXCHANGE_DRAIN:
    case EXCHANGE_LINGER:
        exchange_abort(x, END_TIMEOUT);
        break;
    case EXCHANGE_RELAY:
    case EXCHANGE_TUNNEL:
        /* No timeout cuts a stream that is open: but is anybody there? The next step has what this finds. */
        conn_look(&x->engine->conn);
        break;
    case EXCHANGE_ADMIT:
    case EXCHANGE_DONE:
    case EXCHANGE_STATE_MAX_:
        break; /* these have no deadline */
    }
}
