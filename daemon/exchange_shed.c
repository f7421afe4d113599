// SPDX-License-Identifier: Apache-2.0
#include "exchange_impl.h"

/*
 * What a stream's end is told with is its verdict's effect and its operation. A filter holds what comes
 * against the request; a grant that ends is judged once more, and told why. And what has ended goes
 * presently.
 */
static bool exchange_needs_request(const Exchange *x) {
    return x->filter || x->grant_check_usec != 0 || x->down.state == FLOW_ENDED;
}

void exchange_shed(Exchange *x) {
    Request *request = &x->request;

    if (x->shed || (x->state != EXCHANGE_RELAY && x->state != EXCHANGE_TUNNEL) || exchange_needs_request(x))
        return;
    x->shed = true;
    x->body = body_free(x->body);
    buffer_done(&x->collected);
    x->verdict = (Verdict){
        .effect = x->verdict.effect, .reason = x->verdict.reason, .drops_input = x->verdict.drops_input};
    x->facts = (Facts){0};
    x->restored = (Restored){0};
    x->keep = (ScopeKeep){0};
    x->looks = NULL;
    x->head = NULL;
    request->target = (Target){0};
    request->sent = NULL;
    request->object = request->upgrade = (Span){0};
    request->headers = NULL;
    request->n_headers = 0;
    arena_empty(x->arena); /* the last: all of the above was in it */
}
