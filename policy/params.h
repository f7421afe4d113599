// SPDX-License-Identifier: Apache-2.0
/*
 * Holds a request's query against the table of its operation's parameters (params.def) and the policy: an
 * allowlist (T-020 to T-027). A key without a row, a value of another type, and one that a rule doesn't
 * allow are findings; so are a key that stands twice where dockerd takes the first, and JSON with more than
 * one reading, which no policy can allow.
 */
#pragma once

#include "build_rules.h"
#include "judge.h"
#include "request.h"

typedef struct ParamsQuestion {
    Arena *arena;
    const Request *request; /* sealed; nothing is found where it has no operation */
    const Rules *rules;     /* profile, unknown_fields */
    const BuildRules *build;
    bool buildkit; /* the policy allows Session by name, hence builds that nobody can judge */
    /* True where an entry that grants the request has a condition on `key`: then that is what holds. */
    bool (*is_named)(const void *ctx, Span key);
    const void *ctx;
    Trace *trace; /* or NULL */
} ParamsQuestion;

/* No finding means the query may be forwarded. *ret is all zero when it comes; what is invalid (400) comes
 * first in *ret. */
void params_judge(const ParamsQuestion *question, Findings *ret);
