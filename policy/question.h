// SPDX-License-Identifier: Apache-2.0
/* A request that is put to a policy, and the words for what becomes of it: what decide.c's parts hand on. */
#pragma once

#include "policy.h"
#include "trace.h"

typedef struct Question {
    const Policy *policy;
    const Request *request;
    Arena *arena; /* NULL: only the answer is asked for, no words */
    Verdict *verdict;
    Trace *trace; /* or NULL */
    bool looking; /* what a look can tell is for looks.c */
} Question;

/*
 * Cut at 1023 bytes. NULL when there is nowhere to write: verdict_detail() then has the reason's own
 * sentence.
 */
const char *question_say(const Question *question, const char *format, ...) PRINTF_LIKE(2, 3);

/* What a client sent, for people; "…" when there is nowhere to write. */
const char *question_show(const Question *question, Span text);

/* "ContainerStart", or "GET /foo" where no row knows it. */
const char *question_name(const Question *question);
