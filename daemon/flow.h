// SPDX-License-Identifier: Apache-2.0
/*
 * The one byte mover: from one connection's input to the other's output, one way, through a step that
 * copies as it is (tunnels), or de-frames and re-frames a body, perhaps through a filter. It stops taking
 * while the output holds LIMIT_CONN_OUT bytes; then the input fills to LIMIT_CONN_IN, and then its connection
 * isn't read: that is all the memory a direction takes, whatever its length. What is long, and looked into by
 * nobody, never comes to user space at all (splicer).
 */
#pragma once

#include "conn.h"
#include "filter.h"
#include "splicer.h"

typedef enum FlowState {
    FLOW_CLOSED = 0, /* not started */
    FLOW_OPEN,
    FLOW_ENDED,  /* everything has been handed to the output */
    FLOW_FAILED, /* truncated or badly framed by the source, or no memory */
} FlowState;

typedef struct Flow {
    FlowState state;
    Conn *source;
    Conn *sink;
    Reader *reader; /* NULL: bytes as they are, until the source's end */
    Filter *filter; /* NULL: none */
    bool chunked;   /* re-frame in chunks */
    bool drops;     /* nothing goes to the sink but the source's end */
    uint64_t bytes; /* of content, dropped or handed to the sink; not what a pipe still holds */
    Splice splice;
} Flow;

/* A body of `reader`, whose framing was set with reader_body_begin. */
void flow_start_body(Flow *flow, Conn *source, Conn *sink, Reader *reader, bool chunked);

/* The same through a filter, which has collected it already if it is a document. */
void flow_start_filter(Flow *flow, Conn *source, Conn *sink, Reader *reader, Filter *filter, bool chunked);

/* A tunnel's direction: the source's end is passed on as the sink's (FIN), by itself. */
void flow_start_raw(Flow *flow, Conn *source, Conn *sink);

/* A tunnel's direction that leads nowhere: what comes is counted and thrown away, and the source's end passed
 * on. */
void flow_start_dropped(Flow *flow, Conn *source, Conn *sink);

/* What is long may be spliced. Of a flow that was started; one that has to look at its bytes copies on. */
static inline void flow_let_splice(Flow *flow, Splicer *splicer) {
    flow->splice.splicer = splicer;
}

/* The flow isn't pumped any more, wherever it stands: bytes in a pipe are lost, and it has failed if it was
 * open. Can be called twice. */
void flow_stop_splice(Flow *flow); /* flow_stop's, where there is one */

static inline void flow_stop(Flow *flow) {
    if (flow->splice.on)
        flow_stop_splice(flow);
}

/* What has come of the source and isn't with the sink. */
static inline bool flow_holds(const Flow *flow) {
    return buffer_size(&flow->source->in) > 0 || flow->splice.held > 0 ||
           (flow->filter && filter_size(flow->filter) > 0);
}

/* Moves what can be moved now, and writes it. True if anything moved or the state changed. */
bool flow_pump(Flow *flow);

static inline bool flow_is_open(const Flow *flow) {
    return flow->state == FLOW_OPEN;
}
