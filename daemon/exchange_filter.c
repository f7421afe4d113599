// SPDX-License-Identifier: Apache-2.0
/*
 * Answers of which the policy hides something: those that succeed, and of the others the ones that quote more
 * than the request (view_choose_failure). A stream of lines goes through the filter as it comes; a document
 * is collected first, so that nothing of it is out when it turns out that it can't be read.
 */
#include "exchange_impl.h"

#include "res_write.h"

static const char *exchange_filter_encoding(const ResponseHead *head) {
    for (size_t i = 0; i < head->n_headers; i++)
        if (span_is_nocase(head->headers[i]->name, "content-encoding") &&
            !span_is_nocase(head->headers[i]->value, "identity"))
            return "the engine's answer is compressed, and parts of it are hidden";
    return NULL;
}

/* Its fields are the reader's, and go with the head's bytes. */
static ResponseHead *exchange_filter_copy_head(Arena *arena, const ResponseHead *head) {
    ResponseHead *copy = arena_alloc(arena, sizeof(*copy));
    Header *headers = arena_alloc_array(arena, head->n_headers + 1, sizeof(*headers));

    if (!copy || !headers)
        return NULL;
    *copy = *head;
    for (size_t i = 0; i < head->n_headers; i++) {
        const char *name = arena_copy(arena, head->headers[i]->name);
        const char *value = arena_copy(arena, head->headers[i]->value);

        if (!name || !value)
            return NULL;
        headers[i] = (Header){.name = span_from(name), .value = span_from(value)};
        copy->headers[i] = &headers[i];
    }
    return copy;
}

/* Lines have no length before they have all come. */
static void exchange_filter_start_lines(Exchange *x, ResponseHead *head, size_t head_size) {
    head->has_length = false;
    exchange_start_relay(x, head, head_size);
}

static void exchange_filter_start_document(Exchange *x, const ResponseHead *head, size_t head_size) {
    x->head = exchange_filter_copy_head(x->arena, head);
    if (!x->head) {
        exchange_fail(x, REASON_NO_MEMORY, NULL, END_ERROR);
        return;
    }
    exchange_take_head(x, head, head_size);
    exchange_set_state(x, EXCHANGE_FILTER);
    exchange_set_timeout(x, x->config->response_timeout_usec);
}

static bool exchange_filter_choose(const Exchange *x, unsigned status, View *ret) {
    if (status >= 200 && status <= 299)
        return view_choose(x->listener->policy, &x->request, ret);
    return status >= 400 &&
           view_choose_failure(x->listener->policy, &x->request, status, x->restored.n > 0, ret);
}

bool exchange_start_filter(Exchange *x, ResponseHead *head, size_t head_size) {
    bool bodied = head->until_close || head->framing != FRAMING_NONE;
    const char *encoding;
    View view;

    if (!bodied || !exchange_filter_choose(x, head->status, &view))
        return false;
    scope_keep_begin(&x->keep, x->listener->policy, &x->request, x->looks, x->arena, &view);
    encoding = exchange_filter_encoding(head);
    if (encoding) {
        exchange_fail(x, REASON_ANSWER_UNREADABLE, encoding, END_ERROR);
        return true;
    }
    x->filter = filter_new(&view, x->host.env->redactor);
    if (!x->filter)
        exchange_fail(x, REASON_NO_MEMORY, NULL, END_ERROR);
    else if (filter_is_lines(x->filter))
        exchange_filter_start_lines(x, head, head_size);
    else
        exchange_filter_start_document(x, head, head_size);
    return true;
}

/* The body is whole, and what the client may see of it has this length. */
static void exchange_filter_send(Exchange *x) {
    exchange_keep(x);
    filter_forget(x->filter);
    x->head->framing = FRAMING_LENGTH;
    x->head->until_close = false;
    x->head->has_length = true;
    x->head->declared_length = filter_size(x->filter);
    exchange_start_relay(x, x->head, 0);
}

bool exchange_filter(Exchange *x) {
    Conn *engine = &x->engine->conn;
    size_t before;
    ReadStatus status;
    bool cut, moved = exchange_pump_up(x);

    if (exchange_refuse_upload(x))
        return true;
    before = buffer_size(&engine->in);
    status = filter_collect(x->filter, x->down_reader, &engine->in, engine->eof);
    cut = (status == READ_FAILED && filter_reason(x->filter) == REASON_OK) ||
          (status == READ_MORE && engine->error && buffer_size(&engine->in) == 0);
    conn_update(engine);
    if (cut)
        exchange_fail_cut(x, "the engine's answer ended before its end");
    else if (status == READ_FAILED)
        exchange_fail(x, filter_reason(x->filter), NULL, END_ERROR);
    else if (status == READ_END)
        exchange_filter_send(x);
    else if (exchange_client_gone(x))
        exchange_finish(x, END_CLIENT_CLOSED, EXCHANGE_DONE);
    else
        return moved || buffer_size(&engine->in) != before;
    return true;
}
