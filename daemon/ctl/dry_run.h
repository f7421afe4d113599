// SPDX-License-Identifier: Apache-2.0
/*
 * The daemon's way of a request, from the head to the verdict, without its sockets: seal, collect what the
 * policy wants of the body within the config's limits, parse, decide, look. The same functions in the same
 * order as exchange_request.c, on the same view of the host; for `explain`, `test` and the vectors of tests/.
 */
#pragma once

#include "daemon/config.h"
#include "policy/facts.h"
#include "pretend.h"

typedef struct DryRun {
    /* The question; borrowed, as long as the answer is of interest. */
    const Config *config; /* limits, versions, the view of the host */
    const Policy *policy;
    Arena *arena;
    RawHead head; /* method, target and fields as given; judging adds what every client sends by itself */
    bool has_body;
    Span bytes;  /* of the body */
    int64_t now; /* seconds since 1970; 0: unknown, and no entry with a time holds */
    bool wants_facts;
    Trace *trace; /* or NULL: told of the header fields that were given, and of what policy_decide looks at */

    /*
     * What an engine would answer to the looks that the request needs. NULL: nobody knows, and the verdict is
     * what the request alone says; `looks` are then still to be made, and may turn an allow into a deny.
     */
    const Pretend *engine;

    /* The answer. */
    const char *const *looks; /* "/v1.41/containers/web/json": those that weren't made */
    size_t n_looks;
    Request request;
    Body *body;  /* owned */
    Facts facts; /* of the body, where they are wanted */
    Verdict verdict;
} DryRun;

void dry_run_done(DryRun *run);

/* "NAME: VALUE" to a field (spans of `text`). NULL, or what is wrong: "a header is one line". */
const char *dry_run_parse_header(Span text, Header *ret);

/* Always comes to a verdict. */
void dry_run_judge(DryRun *run);

/*
 * The body that the engine gets: the client's bytes, or what the policy made of them. An empty text where
 * none goes on; .data NULL where nothing does, or there is no memory.
 */
Span dry_run_sends(const DryRun *run);

/* The target that the engine gets: "/v1.41/containers/4f…/start". .data NULL: as above. */
Span dry_run_sends_to(const DryRun *run);
