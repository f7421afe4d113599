// SPDX-License-Identifier: Apache-2.0
#include "exchange_impl.h"

#include <errno.h>

#include "res_write.h"

/* --- The way up, while the response is awaited or relayed --------------------------------------- */

/* A client that ended its side, with nothing more to send: the engine hears it as it would without us. */
static void exchange_pass_half_close(Exchange *x) {
    if (conn_input_ended(x->host.conn) && !flow_is_open(&x->up) && !x->engine->conn.shutdown_wanted)
        conn_shutdown(&x->engine->conn);
}

bool exchange_client_gone(const Exchange *x) {
    return conn_hung_up(x->host.conn) && !flow_is_open(&x->up) && conn_drained(&x->engine->conn);
}

/*
 * An engine that ends one side first and the other later does that unseen: look now and then, or a quiet
 * stream would stay for good. The client is looked at by who owns its connection.
 */
static void exchange_look_for_hangup(Exchange *x) {
    Conn *engine = &x->engine->conn;

    if (engine->eof && !conn_hung_up(engine)) {
        if (x->deadline_usec == 0)
            exchange_set_timeout(x, TIME_HANGUP_LOOK_SECONDS * 1000000ull);
    } else
        x->deadline_usec = 0;
}

bool exchange_pump_up(Exchange *x) {
    bool moved = flow_pump(&x->up);

    if (flow_is_open(&x->up) && x->engine->conn.write_error) {
        /* The engine reads no more, yet it may have said why: its answer decides. */
        x->up.state = FLOW_FAILED;
        x->close = true;
        moved = true;
    }
    return moved;
}

static bool exchange_upload_failed(const Exchange *x) {
    return x->up.state == FLOW_FAILED && !x->engine->conn.write_error;
}

/* An upload that stopped is the client gone; one that can't be read (bad chunks) is its mistake. */
static EndCause exchange_upload_end(const Exchange *x) {
    return reader_body_truncated(x->up_reader) ? END_CLIENT_CLOSED : END_ERROR;
}

bool exchange_refuse_upload(Exchange *x) {
    if (!exchange_upload_failed(x))
        return false;
    exchange_fail(x, reader_body_reason(x->up_reader), NULL, exchange_upload_end(x));
    return true;
}

/* --- The response ------------------------------------------------------------------------------- */

static bool exchange_hijacks(const Exchange *x, const ResponseHead *head) {
    ReplyKind reply = x->request.operation ? x->request.operation->reply : REPLY_PLAIN;

    if (head->status == 101)
        return x->request.wants_upgrade && (reply == REPLY_HIJACK || reply == REPLY_UPGRADE);
    return head->hijackable && reply == REPLY_HIJACK;
}

static void exchange_start_tunnel(Exchange *x, const ResponseHead *head, size_t head_size) {
    Conn *client = x->host.conn, *engine = &x->engine->conn;

    x->close = true;
    if (res_write_head(&client->out, head, (ResWriteFraming){.http_1_0 = x->request.http_1_0}) < 0) {
        exchange_finish(x, END_ERROR, EXCHANGE_DONE);
        return;
    }
    buffer_consume(&engine->in, head_size);
    exchange_set_state(x, EXCHANGE_TUNNEL);
    if (x->verdict.drops_input)
        flow_start_dropped(&x->up, client, engine);
    else
        flow_start_raw(&x->up, client, engine);
    flow_start_raw(&x->down, engine, client);
    flow_let_splice(&x->up, x->host.env->splicer);
    flow_let_splice(&x->down, x->host.env->splicer);
    conn_flush(client);
}

void exchange_take_head(Exchange *x, const ResponseHead *head, size_t head_size) {
    buffer_consume(&x->engine->conn.in, head_size);
    if (head->until_close)
        reader_body_begin_until_close(x->down_reader);
    else
        reader_body_begin(x->down_reader, head->framing, head->length);
}

void exchange_start_relay(Exchange *x, const ResponseHead *head, size_t head_size) {
    Conn *client = x->host.conn, *engine = &x->engine->conn;
    bool bodied = head->until_close || head->framing != FRAMING_NONE;
    bool lines = x->filter && filter_is_lines(x->filter); /* of no length yet */
    bool chunked = !x->request.http_1_0 && (head->until_close || head->framing == FRAMING_CHUNKED || lines);
    bool hijack = x->request.operation && x->request.operation->reply >= REPLY_HIJACK;

    /* After a hijack that didn't happen the client may already have sent what isn't a request (T-067). */
    x->close = x->close || x->last || !x->request.keep_alive || flow_is_open(&x->up) || hijack ||
               (bodied && !chunked && !head->has_length) || conn_input_ended(client);
    x->engine_reusable = head->reusable;
    if (res_write_head(
            &client->out, head,
            (ResWriteFraming){.chunked = chunked, .close = x->close, .http_1_0 = x->request.http_1_0}) < 0) {
        exchange_finish(x, END_ERROR, EXCHANGE_DONE);
        return;
    }
    if (x->state != EXCHANGE_FILTER)
        exchange_take_head(x, head, head_size);
    exchange_set_state(x, EXCHANGE_RELAY);
    if (x->filter)
        flow_start_filter(&x->down, engine, client, x->down_reader, x->filter, chunked);
    else if (bodied)
        flow_start_body(&x->down, engine, client, x->down_reader, chunked);
    else
        x->down.state = FLOW_ENDED;
    flow_let_splice(&x->down, x->host.env->splicer);
    conn_update(engine);
}

static bool exchange_on_response(Exchange *x, size_t head_size) {
    const char *detail = NULL;
    ResponseHead head;

    if (res_read_head(x->down_reader, x->request.method == METHOD_HEAD, &head, &detail) != REASON_OK) {
        exchange_fail(x, REASON_ENGINE_PROTOCOL, detail, END_ERROR);
        return true;
    }
    if (head.interim) {
        /* Our own 100 has gone out already; others are hints that nobody needs. */
        buffer_consume(&x->engine->conn.in, head_size);
        reader_reset(x->down_reader);
        if (++x->n_interim > LIMIT_INTERIM_RESPONSES)
            exchange_fail(x, REASON_ENGINE_PROTOCOL, "the engine sends interim answers without end",
                          END_ERROR);
        return true;
    }
    x->status = head.status;
    env_hear_api_minor(x->host.env, x->config, head.api_minor);
    if (exchange_hijacks(x, &head))
        exchange_start_tunnel(x, &head, head_size);
    else if (head.status == 101)
        exchange_fail(x, REASON_ENGINE_PROTOCOL, "the engine switched protocols unasked", END_ERROR);
    else if (!exchange_start_filter(x, &head, head_size))
        exchange_start_relay(x, &head, head_size);
    return true;
}

bool exchange_is_repeatable(const Exchange *x) {
    return x->request.method == METHOD_GET || x->request.method == METHOD_HEAD;
}

/* Whether an answer that isn't whole is so by our fault. */
static bool exchange_lacks_memory(const Exchange *x) {
    return x->engine->conn.error == -ENOMEM || reader_body_reason(x->down_reader) == REASON_NO_MEMORY;
}

void exchange_fail_cut(Exchange *x, const char *detail) {
    if (exchange_lacks_memory(x))
        exchange_fail(x, REASON_NO_MEMORY, NULL, END_ERROR);
    else
        exchange_fail(x, REASON_ENGINE_CLOSED, detail, END_ENGINE_CLOSED);
}

/* An engine that closed a kept connection just as we wrote on it has done nothing: ask a new connection. */
static bool exchange_may_retry(const Exchange *x) {
    return x->engine_reused && buffer_size(&x->engine->conn.in) == 0 && x->n_interim == 0 &&
           exchange_is_repeatable(x);
}

static void exchange_on_engine_gone(Exchange *x) {
    if (!exchange_may_retry(x)) {
        exchange_fail_cut(x, NULL);
        return;
    }
    conn_look(x->host.conn); /* who ended his side may have left since: nobody is asked for him again */
    if (exchange_client_gone(x)) {
        exchange_finish(x, END_CLIENT_CLOSED, EXCHANGE_DONE);
        return;
    }
    x->engine = engine_close(x->engine, x->host.env->reaper);
    reader_reset(x->down_reader);
    flow_stop(&x->up);
    exchange_set_state(x, EXCHANGE_CONNECT);
}

bool exchange_wait_head(Exchange *x) {
    Conn *engine = &x->engine->conn;
    const char *detail = NULL;
    Reason reason = REASON_UNDECIDED;
    size_t size = 0;
    bool moved = exchange_pump_up(x);

    if (exchange_refuse_upload(x))
        return true;
    if (!flow_is_open(&x->up) && x->deadline_usec == 0 && x->config->response_timeout_usec &&
        (!x->request.operation || x->request.operation->reply == REPLY_PLAIN))
        exchange_set_timeout(x, x->config->response_timeout_usec);
    switch (reader_head(x->down_reader, buffer_span(&engine->in), LIMIT_RESPONSE_HEAD_BYTES, &size, &reason,
                        &detail)) {
    case READ_HEAD:
        return exchange_on_response(x, size);
    case READ_FAILED:
        exchange_fail(x, REASON_ENGINE_PROTOCOL, NULL, END_ERROR);
        return true;
    case READ_MORE:
    case READ_FULL:
    case READ_END:
        break;
    }
    if (engine->eof || engine->error) {
        exchange_on_engine_gone(x);
        return true;
    }
    if (exchange_client_gone(x)) {
        exchange_finish(x, END_CLIENT_CLOSED, EXCHANGE_DONE);
        return true;
    }
    exchange_pass_half_close(x);
    return moved;
}

bool exchange_relay(Exchange *x) {
    Conn *client = x->host.conn, *engine = &x->engine->conn;
    bool moved = exchange_pump_up(x), ours;

    moved = flow_pump(&x->down) || moved;
    conn_flush(client);
    if (exchange_upload_failed(x)) {
        exchange_finish(x, exchange_upload_end(x), EXCHANGE_DONE);
        return true;
    }
    if (x->down.state == FLOW_FAILED || (flow_is_open(&x->down) && engine->error && !flow_holds(&x->down))) {
        /* What came is the client's; that it isn't all shows by the framing that is never completed. */
        x->down.state = FLOW_FAILED;
        if (!conn_drained(client))
            return moved;
        ours = exchange_lacks_memory(x) || (x->filter && filter_reason(x->filter) != REASON_OK);
        exchange_finish(x, ours ? END_ERROR : END_ENGINE_CLOSED, EXCHANGE_DONE);
        return true;
    }
    if (x->down.state == FLOW_ENDED && conn_drained(client)) {
        x->close = x->close || flow_is_open(&x->up) || conn_input_ended(client);
        /* A client that left in mid-stream makes the engine end it, and then our last write fails. */
        exchange_finish(x, client->write_error ? END_CLIENT_CLOSED : END_COMPLETE,
                        x->close ? EXCHANGE_LINGER : EXCHANGE_DONE);
        return true;
    }
    if (exchange_client_gone(x)) {
        exchange_finish(x, END_CLIENT_CLOSED, EXCHANGE_DONE);
        return true;
    }
    exchange_pass_half_close(x);
    exchange_look_for_hangup(x);
    return moved && (flow_is_open(&x->up) || flow_is_open(&x->down));
}

/*
 * Both ways have ended: a client that still writes must be able to read what we wrote, so we linger for it.
 */
static void exchange_end_tunnel(Exchange *x) {
    const Conn *client = x->host.conn, *engine = &x->engine->conn;
    bool ours = engine->error == 0 || engine->error == -ENOMEM; /* there was no memory */
    EndCause end = client->write_error           ? END_CLIENT_CLOSED
                   : x->down.state == FLOW_ENDED ? END_COMPLETE
                   : ours                        ? END_ERROR
                                                 : END_ENGINE_CLOSED;

    exchange_finish(x, end, client->eof || client->write_error ? EXCHANGE_DONE : EXCHANGE_LINGER);
}

/*
 * Where one direction has lost bytes, for want of memory or with the engine, the other would only wait for
 * what never comes. An engine that reads no more may still speak. True: both have ended with it.
 */
static bool exchange_cut_tunnel(Exchange *x) {
    const Conn *engine = &x->engine->conn;
    bool up_lost = x->up.state == FLOW_FAILED && !engine->write_error && !engine->hangup;
    bool down_lost =
        x->down.state == FLOW_FAILED || (flow_is_open(&x->down) && engine->error && !flow_holds(&x->down));

    if ((!up_lost && !down_lost) || (!flow_is_open(&x->up) && !flow_is_open(&x->down)))
        return false;
    if (flow_is_open(&x->up))
        x->up.state = FLOW_FAILED;
    if (flow_is_open(&x->down))
        x->down.state = FLOW_FAILED;
    return true;
}

/*
 * Two directions that know nothing of each other: each end is passed on by itself, as a FIN, so that
 * `echo hi | docker run -i … cat` ends and what a container says after its stdin's end still comes (T-069).
 */
bool exchange_tunnel(Exchange *x) {
    Conn *client = x->host.conn, *engine = &x->engine->conn;
    bool moved = flow_pump(&x->up);

    moved = flow_pump(&x->down) || moved;
    if (flow_is_open(&x->up) && (engine->write_error || conn_hung_up(engine))) {
        x->up.state = FLOW_FAILED; /* nobody reads stdin any more; the output goes on */
        moved = true;
    }
    moved = exchange_cut_tunnel(x) || moved;
    if (!flow_is_open(&x->up) && !flow_is_open(&x->down) && conn_drained(client) && conn_drained(engine)) {
        exchange_end_tunnel(x);
        return true;
    }
    if (exchange_client_gone(x)) {
        exchange_finish(x, END_CLIENT_CLOSED, EXCHANGE_DONE);
        return true;
    }
    exchange_look_for_hangup(x);
    return moved;
}
