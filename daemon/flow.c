// SPDX-License-Identifier: Apache-2.0
#include "flow.h"

#include "policy/limits.h"

void flow_start_body(Flow *flow, Conn *source, Conn *sink, Reader *reader, bool chunked) {
    *flow = (Flow){.state = FLOW_OPEN, .source = source, .sink = sink, .reader = reader, .chunked = chunked};
}

void flow_start_filter(Flow *flow, Conn *source, Conn *sink, Reader *reader, Filter *filter, bool chunked) {
    flow_start_body(flow, source, sink, reader, chunked);
    flow->filter = filter;
}

void flow_start_raw(Flow *flow, Conn *source, Conn *sink) {
    *flow = (Flow){.state = FLOW_OPEN, .source = source, .sink = sink};
}

void flow_start_dropped(Flow *flow, Conn *source, Conn *sink) {
    *flow = (Flow){.state = FLOW_OPEN, .source = source, .sink = sink, .drops = true};
}

static FlowState flow_step_raw(Flow *flow, size_t room) {
    Span span = buffer_span(&flow->source->in);

    if (span.size > room)
        span.size = room;
    if (!flow->drops && span.size > 0 && conn_send(flow->sink, &span, 1) < 0)
        return FLOW_FAILED;
    buffer_consume(&flow->source->in, span.size);
    flow->bytes += span.size;
    return conn_input_ended(flow->source) ? FLOW_ENDED : FLOW_OPEN;
}

static FlowState flow_step_body(Flow *flow, size_t room) {
    BodyParts parts;
    ReadStatus status =
        reader_parts(flow->reader, &flow->source->in, flow->source->eof, room, flow->chunked, &parts);

    flow->bytes = reader_body_bytes(flow->reader);
    if (status == READ_FAILED)
        return FLOW_FAILED;
    if (conn_send(flow->sink, parts.parts, parts.n) < 0) {
        reader_note_no_memory(flow->reader);
        return FLOW_FAILED;
    }
    buffer_consume(&flow->source->in, parts.taken);
    return status == READ_END ? FLOW_ENDED : FLOW_OPEN;
}

static FlowState flow_step_filter(Flow *flow, size_t room) {
    ReadStatus status = filter_move(flow->filter, flow->reader, &flow->source->in, flow->source->eof,
                                    &flow->sink->out, room, flow->chunked);

    flow->bytes = filter_moved(flow->filter);
    return status == READ_FAILED ? FLOW_FAILED : status == READ_END ? FLOW_ENDED : FLOW_OPEN;
}

static FlowState flow_step(Flow *flow, size_t room) {
    if (flow->filter)
        return flow_step_filter(flow, room);
    return flow->reader ? flow_step_body(flow, room) : flow_step_raw(flow, room);
}

void flow_stop_splice(Flow *flow) {
    if (splice_end(&flow->splice, flow->source, flow->sink) > 0 && flow->state == FLOW_OPEN)
        flow->state = FLOW_FAILED;
}

/* Whether what follows may pass unseen, and is long: all of it, or chunks as the one that it is in. */
static bool flow_is_long(const Flow *flow) {
    if (flow->filter || flow->drops)
        return false;
    if (!flow->reader)
        return true;
    if (reader_chunk_size(flow->reader) > 0)
        return reader_chunk_size(flow->reader) >= LIMIT_SPLICE_CHUNK;
    return reader_unread(flow->reader) >= LIMIT_SPLICE_AFTER;
}

/* `moved` bytes were copied. What is worth it is spliced from here on; there must be nothing in between. */
static void flow_try_splice(Flow *flow, size_t moved) {
    if (!splice_is_worth(&flow->splice, moved) || flow->state != FLOW_OPEN || !flow_is_long(flow))
        return;
    if (!flow_holds(flow) && buffer_size(&flow->sink->out) == 0 && !flow->source->eof)
        splice_begin(&flow->splice, flow->source, flow->sink);
}

/* True: no longer, and copying goes on. */
static bool flow_splice(Flow *flow) {
    size_t given;
    SpliceStatus status =
        splice_step(&flow->splice, flow->source, flow->sink, flow->reader, flow->chunked, &given);

    flow->bytes += given;
    if (status == SPLICE_ON)
        return false;
    flow_stop(flow);
    if (status == SPLICE_FAILED) {
        flow->state = FLOW_FAILED;
        if (flow->reader)
            reader_note_no_memory(flow->reader);
    }
    return flow->state == FLOW_OPEN;
}

static bool flow_copy(Flow *flow) {
    size_t before = buffer_size(&flow->source->in), waiting = buffer_size(&flow->sink->out);
    uint64_t bytes = flow->bytes;

    if (waiting >= LIMIT_CONN_OUT)
        return conn_drained(flow->sink);
    flow->state = flow_step(flow, LIMIT_CONN_OUT - waiting);
    if (flow->state == FLOW_OPEN && buffer_size(&flow->source->in) == before &&
        buffer_size(&flow->sink->out) == waiting)
        return false;
    if (flow->state == FLOW_ENDED && !flow->reader)
        conn_shutdown(flow->sink);
    conn_flush(flow->sink);
    flow_try_splice(flow, (size_t) (flow->bytes - bytes));
    conn_update(flow->source);
    return true;
}

bool flow_pump(Flow *flow) {
    if (flow->state != FLOW_OPEN) {
        flow_stop(flow);
        return false;
    }
    return !flow->splice.on || flow_splice(flow) ? flow_copy(flow) : flow->state != FLOW_OPEN;
}
