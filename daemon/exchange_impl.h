// SPDX-License-Identifier: Apache-2.0
/*
 * The exchange's inside, for the files that make up its state machine: exchange.c (states, answers, the end),
 * exchange_request.c (READ_HEAD to CONNECT), exchange_look.c (LOOK), exchange_response.c (WAIT_HEAD to
 * TUNNEL), exchange_filter.c (FILTER), exchange_restore.c (what comes back of that), exchange_grant.c (the
 * end of what was granted for a time), exchange_meter.c (what is counted), exchange_shed.c (what a stream
 * doesn't need any more). Nobody else includes this.
 */
#pragma once

#include "admit.h"
#include "clock.h"
#include "decide.h"
#include "exchange.h"
#include "flow.h"
#include "kept.h"
#include "lookup.h"
#include "policy/restore.h"
#include "policy/scope_keep.h"
#include "probe.h"
#include "res_read.h"
#include "ulid.h"

typedef enum ExchangeState {
    EXCHANGE_READ_HEAD = 0,
    EXCHANGE_PROBE, /* the engine is asked for its API version, once */
    EXCHANGE_READ_BODY,
    EXCHANGE_LOOK,  /* what the request names is looked at, at the engine */
    EXCHANGE_ADMIT, /* the decision record is on its way to the sinks */
    EXCHANGE_CONNECT,
    EXCHANGE_WAIT_HEAD, /* the upload may still run */
    EXCHANGE_FILTER,    /* an answer is collected, for parts of it to be hidden */
    EXCHANGE_RELAY,
    EXCHANGE_TUNNEL,
    EXCHANGE_ANSWER, /* an answer of ours is being written */
    EXCHANGE_DRAIN,  /* the rest of a refused request's body is read, to keep the connection */
    EXCHANGE_LINGER, /* our side has ended; the client's rest is discarded, so that it can read our answer */
    EXCHANGE_DONE,
    EXCHANGE_STATE_MAX_,
} ExchangeState;

struct Exchange {
    ExchangeHost host;
    ExchangeState state;
    Config *config; /* the one that admitted it: a reload changes nothing */
    const ConfigListener *listener;
    Arena *arena;

    char id[ULID_SIZE];
    uint64_t began_usec;
    uint64_t deadline_usec;
    uint64_t now_usec; /* CLOCK_MONOTONIC, as of this wake; 0: nobody has looked at it yet */
    bool shed;         /* nothing is left of the request but its kind (exchange_shed) */
    bool last;         /* no further exchange on this connection */
    bool close;        /* the connection ends with this exchange */

    Reader *up_reader;
    Request request;
    bool request_known; /* request has at least a method: it can go on record */
    bool continue_sent;
    Buffer collected; /* a judged body */
    Body *body;
    Facts facts; /* of the body, where the trail is to have them */
    Verdict verdict;

    Probe *probe;
    Reason probe_failure; /* REASON_UNDECIDED: none. Else it goes no further than to its verdict */
    const char *probe_failure_why;
    Looks *looks;   /* arena; NULL: nothing was decided yet */
    Lookup *lookup; /* while looks are under way */
    AuditWaiter waiter;
    bool admitted; /* its decision is on record, or on its way there: it needs an outcome */
    bool audit_heard;
    int audit_status;

    Engine *engine;
    bool engine_reused;
    bool engine_reusable; /* by the response's framing */
    Reader *down_reader;
    unsigned n_interim;
    Restored restored;  /* what was put into the body */
    ScopeKeep keep;     /* the filter's, under a scope */
    Filter *filter;     /* NULL: what comes goes untouched */
    ResponseHead *head; /* of the answer that is collected */
    Flow up;
    Flow down;

    unsigned status;       /* of the response the client gets */
    uint64_t answer_bytes; /* of an answer of ours */
    uint64_t linger_from;  /* the client's bytes_in when lingering began */
    EndCause end;
    uint64_t whole_usec; /* CLOCK_MONOTONIC: when all that is judged had come; 0: not yet, or not counted */
    uint64_t asked_usec; /* since then spent in waiting for the engine to answer questions of ours */
    uint64_t state_usec; /* CLOCK_MONOTONIC: since when it has been in a state that waits for the engine */
    const char *end_rule, *end_reason; /* where the policy ended it */
    uint64_t grant_check_usec;         /* CLOCK_MONOTONIC: is it still granted? 0: for as long as it takes */
};

/* --- exchange.c */

void exchange_set_state(Exchange *x, ExchangeState state);
void exchange_set_timeout(Exchange *x, uint64_t usec); /* from now; 0: none. A new state has none */

/* For a record of what comes about now: looks at the clock, for what else happens in this wake, too. */
AdmitContext exchange_context(Exchange *x);
uint64_t exchange_request_bytes(const Exchange *x); /* of the body: declared, or read so far */

/* Answers x->verdict, which doesn't forward. */
void exchange_answer(Exchange *x);

/* The request, or we, failed before anything went to the client. `detail` NULL: the reason's sentence. */
void exchange_refuse(Exchange *x, Reason reason, const char *detail);

/* The same after the decision, when the engine failed; `end` goes into the outcome. */
void exchange_fail(Exchange *x, Reason reason, const char *detail, EndCause end);

/* The one door out: the outcome on record, the engine's connection given back or closed. */
void exchange_finish(Exchange *x, EndCause end, ExchangeState next);

/* The client waits for leave to send its body (Expect: 100-continue): given once. */
void exchange_give_leave(Exchange *x);

/* --- exchange_request.c */

/* Whether the listener lets this client in; if not, it has its answer. */
bool exchange_let_in(Exchange *x);

/* The engine didn't tell its API version: what isn't denied gets `reason`. `why` is static. */
bool exchange_probe_failed(Exchange *x, Reason reason, const char *why);

/* The verdict is final, and forwards: on record with it. */
bool exchange_go_to_admit(Exchange *x);

/* x->engine: the connection that the client's last exchange left, if it is still fit; with `fresh`, else a
 * new one. */
void exchange_take_engine(Exchange *x, bool fresh);

/* --- exchange_look.c */

/* x->verdict lets it pass, as far as it can tell: whether there is something to be looked at first. */
bool exchange_must_look(Exchange *x);

/* No answer within the time for all looks. */
void exchange_look_timeout(Exchange *x);

/* --- exchange_response.c */

/* Whether it may be asked a second time, on another connection, without doing anything twice (RFC 9110
 * §9.2.2). */
bool exchange_is_repeatable(const Exchange *x);

/* The upload goes on while the answer comes: the engine may begin it before it has read all (T-065). True if
 * it got anywhere. */
bool exchange_pump_up(Exchange *x);

/* It can't be read to its end, by the client's fault, who is told: nothing of the answer is out. False: it
 * can. */
bool exchange_refuse_upload(Exchange *x);

/* The client is gone for good, and the engine has all it had sent: what comes is for nobody. */
bool exchange_client_gone(const Exchange *x);

/* The engine's answer ended before its end, or before it began: the engine's fault, or there was no memory
 * for what came of it. `detail` as exchange_fail's. */
void exchange_fail_cut(Exchange *x, const char *detail);

/* Takes the engine's head off its input; what follows is the body. */
void exchange_take_head(Exchange *x, const ResponseHead *head, size_t head_size);

/* Writes the head, takes the engine's off its input, and lets the body begin: by way of x->filter if there is
 * one. */
void exchange_start_relay(Exchange *x, const ResponseHead *head, size_t head_size);

/* --- exchange_filter.c */

/* Takes the answer over if the policy hides something of what it can tell. False: it is to be relayed. */
bool exchange_start_filter(Exchange *x, ResponseHead *head, size_t head_size);

/* --- exchange_restore.c */

/* An answer that is whole is kept, where the policy puts values back. */
void exchange_keep(Exchange *x);

/* Before the body is judged; false: no memory. */
bool exchange_put_back(Exchange *x);

/* Into the verdict, which says then that what was judged is what must be sent; false: no memory. */
bool exchange_note_put_back(Exchange *x);

/* --- exchange_grant.c */

/* The wall's clock goes into the request, where the policy hangs on it: before it is judged. */
void exchange_tell_time(Exchange *x);

/* From the decision on: looks whether what granted it still does. */
void exchange_watch_grant(Exchange *x);

/* False: it isn't due. */
bool exchange_check_grant(Exchange *x);

/* --- exchange_meter.c; nothing where nobody wants to know */

void exchange_meter_whole(Exchange *x); /* all that is judged has come */
void exchange_meter_state(Exchange *x, ExchangeState next);
void exchange_meter_verdict(Exchange *x);                          /* on record, or answered */
void exchange_meter_end(Exchange *x, const AdmitOutcome *outcome); /* of what was admitted */

/* --- exchange_shed.c */

/*
 * An answer that doesn't end at once, or a tunnel, may stay for days, and thousands of them may be open: what
 * was needed to judge its request goes. Does nothing where that is still needed.
 */
void exchange_shed(Exchange *x);

/* --- One step of each state; true if it got anywhere */

bool exchange_read_head(Exchange *x);
bool exchange_probe(Exchange *x);
bool exchange_read_body(Exchange *x);
bool exchange_look(Exchange *x);
bool exchange_admit(Exchange *x);
bool exchange_connect(Exchange *x);
bool exchange_wait_head(Exchange *x);
bool exchange_filter(Exchange *x);
bool exchange_relay(Exchange *x);
bool exchange_tunnel(Exchange *x);
