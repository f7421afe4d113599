// SPDX-License-Identifier: Apache-2.0
/*
 * A request that a time-boxed entry admitted ends with that entry: its stream or tunnel is cut, and its
 * upload. The moment is one of the wall's clock, which may be set at any time, so no timer runs for longer
 * than TIME_GRANT_CHECK_SECONDS before the clock is asked again.
 */
#include "exchange_impl.h"

#define SECOND INT64_C(1000000)
#define SOON 1000 /* µs: a timer that fired a little early, or a record that is still on its way */

void exchange_tell_time(Exchange *x) {
    if (policy_hangs_on_time(x->listener->policy))
        x->request.now = (int64_t) (clock_realtime_usec() / SECOND);
}

static void exchange_check_in(Exchange *x, int64_t usec) {
    int64_t longest = TIME_GRANT_CHECK_SECONDS * SECOND;

    if (usec < SOON)
        usec = SOON;
    x->grant_check_usec = clock_monotonic_usec() + (uint64_t) (usec < longest ? usec : longest);
}

/* When to look again; false: it is over. */
static bool exchange_grant_goes_on(Exchange *x) {
    int64_t until;

    exchange_tell_time(x);
    until = policy_holds_until(x->listener->policy, &x->request);
    x->grant_check_usec = 0;
    if (until == 0)
        return false;
    if (until != POLICY_FOREVER)
        exchange_check_in(x, until * SECOND - (int64_t) clock_realtime_usec());
    return true;
}

void exchange_watch_grant(Exchange *x) {
    if (!exchange_grant_goes_on(x)) /* it ended as it was decided */
        exchange_check_in(x, 0);
}

/* What comes to an end by itself, and soon, is left to: the engine has done it already, or will. */
static bool exchange_ends_by_itself(const Exchange *x) {
    return x->request.operation && x->request.operation->reply == REPLY_PLAIN && !flow_is_open(&x->up);
}

/* Nothing has gone to the client: it hears why. */
static void exchange_refuse_late(Exchange *x, const Verdict *why) {
    x->verdict = *why;
    x->end = END_TIMEOUT;
    x->close = true;
    exchange_answer(x);
}

static void exchange_cut(Exchange *x) {
    Verdict why = {0};

    policy_decide_head(x->listener->policy, &x->request, x->arena, &why);
    x->end_rule = verdict_rule(&why);
    x->end_reason = verdict_detail(&why);
    if (x->state == EXCHANGE_CONNECT || x->state == EXCHANGE_WAIT_HEAD || x->state == EXCHANGE_FILTER)
        exchange_refuse_late(x, &why);
    else
        exchange_finish(x, END_TIMEOUT, EXCHANGE_LINGER);
}

bool exchange_check_grant(Exchange *x) {
    if (x->grant_check_usec == 0 || x->grant_check_usec > clock_monotonic_usec())
        return false;
    if (exchange_grant_goes_on(x))
        return true;
    if (x->state == EXCHANGE_ADMIT)
        exchange_check_in(x, 0);
    else if (x->state == EXCHANGE_CONNECT || !exchange_ends_by_itself(x))
        exchange_cut(x);
    return true;
}
