// SPDX-License-Identifier: Apache-2.0
/*
 * What must hold of a scene, looked at from outside, as bytes come and go:
 *
 *   - what arrives at the engine is either a question of the gate's own, a GET of an inspect, a list of a
 *     scope or a ping, written exactly so; or a request that goes on;
 *   - one that goes on has its decision on record when its first byte arrives, in the client's order, and one
 *     outcome in the end;
 *   - the policy lets it pass: the client's own bytes, read and judged once more, with the answers to just
 *     those questions that were asked since the decision before. And it is sent as that has it: target, body;
 *   - after an entry has run out, nothing is decided by it, and what it let through is cut;
 *   - behind an upgrade the engine gets what the client sent, or with `attach: output` nothing.
 */
#pragma once

#include "daemon/reader.h"
#include "fuzz_world.h"

#define CHECK_DECISIONS 48u
#define CHECK_QUESTIONS 256u

/* A question of the gate's own, and what it was told. */
typedef struct Question {
    const char *target; /* as it was asked */
    const char *operation;
    size_t n_decisions; /* on record by then: it is for the next one */
    bool told;          /* all of the answer is on its way */
    unsigned status;
    Span body;
} Question;

typedef struct CheckDecision {
    char id[32], operation[48], method[12];
    bool forwards;
    bool ended;
} CheckDecision;

typedef struct Check {
    FuzzWorld *world;
    const ConfigListener *listener;
    Arena *arena;

    /* the client's requests: the n-th */
    Buffer said;
    Reader *reader;
    Request request;
    Buffer body; /* of what came of it so far */
    size_t n_requests;
    bool body_whole;

    /* the trail */
    int trail;
    size_t trail_at;
    Buffer lines; /* all of it */
    size_t lines_read;
    CheckDecision decisions[CHECK_DECISIONS];
    size_t n_decisions;
    size_t n_on_record; /* of those that go on: so many were when the gate sent something last */
    size_t n_arrived;   /* of those that go on: so many are at the engine */
    const char *last;   /* the head of the last one */
    bool last_repeats;

    Question questions[CHECK_QUESTIONS];
    size_t n_questions;

    /* What arrives now. */
    Span wanted_body;
    bool body_known;
    bool upgrades; /* what follows is a tunnel's, if any */
    bool unsure;   /* an answer came that can't be followed: from here on only the records are looked at */
} Check;

void check_begin(Check *check, FuzzWorld *world, size_t listener);
void check_client_said(Check *check, Span bytes);

/* The gate is about to send something to somebody. */
void check_sends(void *arg);

/*
 * A head has arrived at the engine, sealed as `request`. NULL: it is a request that goes on. Else our own, to
 * be told the answer by setting status, body (the check's arena) and, once it is sent, told.
 */
Question *check_arrived(Check *check, Span head, const Request *request);

/* And so much of its body; all of it. */
void check_arrived_body(Check *check, Span body, bool whole);

/* These came behind the last one's head, which was answered as a tunnel: all of them so far. */
void check_arrived_raw(Check *check, Span bytes);

/* Time has passed, and `open` tells whether a connection to the engine is. */
void check_time(Check *check, bool open);

/* All is over, and the trail written. */
void check_end(Check *check);
void check_done(Check *check);
