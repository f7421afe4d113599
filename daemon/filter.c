// SPDX-License-Identifier: Apache-2.0
#include "filter.h"

#include <errno.h>
#include <stdlib.h>

struct Filter {
    View view;
    Redactor *redactor;
    Buffer in;      /* as it came: a document, or the beginning of a line */
    Buffer out;     /* as it goes */
    size_t looked;  /* bytes of a line's beginning that have no newline in them */
    size_t charged; /* of all filters' memory */
    size_t limit;   /* of what comes out of one text */
    uint64_t moved; /* bytes that have gone out */
    bool read;      /* the body has been read to its end, */
    bool failed;    /* or that can't be: what was whole before goes out first */
    Reason reason;
};

/* There are no threads. */
static size_t filter_charged;

Filter *filter_new(const View *view, Redactor *redactor) {
    Filter *filter = calloc(1, sizeof(*filter));

    if (!filter)
        return NULL;
    filter->view = *view;
    filter->redactor = redactor;
    filter->reason = REASON_OK;
    return filter;
}

Filter *filter_free(Filter *filter) {
    if (!filter)
        return NULL;
    filter_charged -= filter->charged;
    buffer_done(&filter->in);
    buffer_done(&filter->out);
    free(filter);
    return NULL;
}

bool filter_is_lines(const Filter *filter) {
    return filter->view.kind == ANSWER_LINES;
}

Reason filter_reason(const Filter *filter) {
    return filter->reason;
}

size_t filter_size(const Filter *filter) {
    return buffer_size(&filter->out);
}

uint64_t filter_moved(const Filter *filter) {
    return filter->moved;
}

Span filter_came(const Filter *filter) {
    return buffer_span(&filter->in);
}

Span filter_goes(const Filter *filter) {
    return buffer_span(&filter->out);
}

static ReadStatus filter_fail(Filter *filter, Reason reason) {
    filter->reason = reason;
    return READ_FAILED;
}

/* What the two buffers hold now counts for the sum. */
static bool filter_charge(Filter *filter) {
    size_t held = buffer_size(&filter->in) + buffer_size(&filter->out);

    filter_charged = filter_charged - filter->charged + held;
    filter->charged = held;
    return filter_charged <= LIMIT_ANSWERS_BYTES;
}

/* --- through the view */

/* A ViewSink's. */
static bool filter_put(void *ctx, Span bytes) {
    Filter *filter = ctx;

    if (bytes.size > filter->limit) {
        filter->reason = REASON_ANSWER_TOO_LARGE;
        return false;
    }
    filter->limit -= bytes.size;
    return buffer_append(&filter->out, bytes) == 0;
}

static bool filter_view(Filter *filter, Span text, size_t limit) {
    ViewSink sink = {.put = filter_put, .ctx = filter};
    Reason reason;

    filter->limit = limit;
    reason = view_run(&filter->view, redactor_hash, filter->redactor, text, &sink);
    if (reason != REASON_OK && filter->reason == REASON_OK)
        filter->reason = reason;
    return filter->reason == REASON_OK;
}

/* --- a document */

ReadStatus filter_collect(Filter *filter, Reader *reader, Buffer *in, bool ended) {
    size_t room = LIMIT_ANSWER_BYTES + 1 - buffer_size(&filter->in);
    ReadStatus status = reader_body(reader, in, ended, &filter->in, room, false);

    if (buffer_size(&filter->in) > LIMIT_ANSWER_BYTES)
        return filter_fail(filter, REASON_ANSWER_TOO_LARGE);
    if (!filter_charge(filter))
        return filter_fail(filter, REASON_NO_MEMORY);
    if (status != READ_END)
        return status == READ_FULL ? READ_MORE : status;
    filter->read = true;
    if (buffer_size(&filter->in) > 0 && !filter_view(filter, buffer_span(&filter->in), LIMIT_ANSWER_BYTES)) {
        buffer_done(&filter->out);
        return READ_FAILED;
    }
    return filter_charge(filter) ? READ_END : filter_fail(filter, REASON_NO_MEMORY);
}

void filter_forget(Filter *filter) {
    buffer_done(&filter->in);
    (void) filter_charge(filter);
}

/* --- lines */

static bool filter_line_is_blank(Span line) {
    for (size_t i = 0; i < line.size; i++)
        if (line.data[i] != '\n' && line.data[i] != '\r')
            return false;
    return true;
}

/* The line and its end; nothing where it isn't kept. A blank one keeps a connection alive. */
static bool filter_line(Filter *filter, Span line) {
    size_t end = line.size, before = buffer_size(&filter->out);

    if (filter_line_is_blank(line))
        return buffer_append(&filter->out, line) == 0;
    while (end > 0 && (line.data[end - 1] == '\n' || line.data[end - 1] == '\r'))
        end--;
    if (!filter_view(filter, (Span){line.data, end}, LIMIT_ANSWER_LINE_BYTES)) {
        filter->out.end = filter->out.begin + before;
        return false;
    }
    if (buffer_size(&filter->out) == before)
        return true;
    return buffer_append(&filter->out, (Span){line.data + end, line.size - end}) == 0;
}

/* All whole lines that came; what is left is the beginning of one, or at the end the last. */
static bool filter_lines(Filter *filter) {
    for (;;) {
        Span waiting = buffer_span(&filter->in);
        const char *newline = waiting.size > filter->looked
                                  ? memchr(waiting.data + filter->looked, '\n', waiting.size - filter->looked)
                                  : NULL;
        size_t size = newline ? (size_t) (newline + 1 - waiting.data) : filter->read ? waiting.size : 0;

        if (size > LIMIT_ANSWER_LINE_BYTES || (!newline && waiting.size > LIMIT_ANSWER_LINE_BYTES)) {
            filter->reason = REASON_ANSWER_TOO_LARGE;
            return false;
        }
        filter->looked = size > 0 ? 0 : waiting.size;
        if (size == 0)
            return true;
        if (!filter_line(filter, (Span){waiting.data, size})) {
            if (filter->reason == REASON_OK)
                filter->reason = REASON_NO_MEMORY;
            return false;
        }
        buffer_consume(&filter->in, size);
    }
}

/* No more is read than goes out: a client that is slow makes the engine wait. */
static void filter_read_lines(Filter *filter, Reader *reader, Buffer *in, bool ended) {
    ReadStatus status;

    if (filter->read || filter->failed || buffer_size(&filter->out) > 0)
        return;
    status = reader_body(reader, in, ended, &filter->in, LIMIT_CONN_IN, false);
    filter->read = status == READ_END;
    filter->failed = !filter_lines(filter) || status == READ_FAILED;
    buffer_release(&filter->in);
    if (!filter_charge(filter) && !filter->failed) {
        filter->reason = REASON_NO_MEMORY;
        filter->failed = true;
    }
}

/* --- out */

static int filter_put_out(Filter *filter, Buffer *out, size_t room, bool chunked) {
    Span span = buffer_span(&filter->out);
    int r = 0;

    if (span.size > room)
        span.size = room;
    if (span.size == 0)
        return 0;
    if (chunked)
        r = buffer_printf(out, "%zx\r\n", span.size);
    if (r == 0)
        r = buffer_append(out, span);
    if (r == 0 && chunked)
        r = buffer_append(out, SPAN("\r\n"));
    filter->moved += span.size;
    buffer_consume(&filter->out, span.size);
    buffer_release(&filter->out);
    return r;
}

ReadStatus filter_move(Filter *filter, Reader *reader, Buffer *in, bool ended, Buffer *out, size_t room,
                       bool chunked) {
    ReadStatus status = READ_MORE;
    int r;

    if (filter_is_lines(filter))
        filter_read_lines(filter, reader, in, ended);
    r = filter_put_out(filter, out, room, chunked);
    if (r == 0 && buffer_size(&filter->out) == 0 && filter->failed)
        return READ_FAILED;
    if (r == 0 && buffer_size(&filter->out) == 0 && filter->read) {
        if (chunked)
            r = buffer_append(out, SPAN("0\r\n\r\n"));
        status = READ_END;
    }
    return r < 0 ? filter_fail(filter, REASON_NO_MEMORY) : status;
}
