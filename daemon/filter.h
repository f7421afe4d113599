// SPDX-License-Identifier: Apache-2.0
/*
 * Puts an answer through a View (policy/view.h) on its way down. A document is collected whole, up to
 * LIMIT_ANSWER_BYTES, and nothing of the answer goes out before all of it has been understood. Of a stream
 * each line goes out as soon as it is whole; where one can't be understood, the stream is cut before it.
 *
 * flow.h moves what comes out. All filters together hold at most LIMIT_ANSWERS_BYTES.
 */
#pragma once

#include "reader.h"
#include "redactor.h"

typedef struct Filter Filter;

Filter *filter_new(const View *view,
                   Redactor *redactor); /* `view` is copied, what it points to isn't. NULL: no memory */
Filter *filter_free(Filter *filter);    /* accepts NULL, returns NULL */
bool filter_is_lines(const Filter *filter);

/*
 * Takes what there is of a document's body off `in`. READ_MORE, READ_END (whole, and viewed: filter_size has
 * its new length), or READ_FAILED with the reason in filter_reason: REASON_OK there means that the engine cut
 * it off or framed it badly.
 */
ReadStatus filter_collect(Filter *filter, Reader *reader, Buffer *in, bool ended);
size_t filter_size(const Filter *filter);

/* Of a document that is whole: what the engine said, until filter_forget, and what goes out. */
Span filter_came(const Filter *filter);
Span filter_goes(const Filter *filter);
void filter_forget(Filter *filter);

/*
 * Moves at most `room` bytes of content to `out`, as one chunk if `chunked` (and the last chunk at the end):
 * of a document what is left of it, of a stream the lines that come. READ_FAILED as above.
 */
ReadStatus filter_move(Filter *filter, Reader *reader, Buffer *in, bool ended, Buffer *out, size_t room,
                       bool chunked);

uint64_t filter_moved(const Filter *filter); /* bytes of content, so far */
Reason filter_reason(const Filter *filter);  /* REASON_OK: no failure of ours */
