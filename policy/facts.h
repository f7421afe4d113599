// SPDX-License-Identifier: Apache-2.0
/*
 * What of a JSON body the rules look at, as typed values: for the audit trail, so that a recorded request can
 * be judged again under another policy, or one be suggested that allows it. The body itself never gets there.
 *
 * A fact is a place and its value. Whatever may be a secret is told of without it ("withheld"): values of
 * labels, options and annotations, keys that nobody knows, a command line. It is told where a rule of this
 * very policy needs it, as `labels.require` and `exec.commands` do, for then a reason quotes it as well. What
 * no rule speaks of (Env, Cmd, Entrypoint, Healthcheck, …) has no fact at all. The facts in the shape of a
 * body are judged as that body is: tests/support/vectors.c asks that of each vector.
 */
#pragma once

#include "policy.h"

typedef struct Fact {
    const char *field; /* HostConfig.Binds[0], Labels["a b"]; "": the body itself (arena) */
    BodyType type;
    bool withheld; /* only the type is told */
    bool flag;
    int64_t integer;
    Span text; /* arena */
} Fact;

typedef struct Facts {
    bool gathered;     /* false: nobody asked, or nobody read the body */
    const Fact *items; /* in the body's order; of an array or object only one that holds no fact below it */
    size_t n;
    size_t lost; /* past the limits (LIMIT_FACTS…) or memory: the rest can't be told */
} Facts;

/*
 * Of the body as the client sent it, so before policy_decide(), which may edit it. `body` is NULL where there
 * was none, or where it was not read: then nothing is gathered. What it hands out is in `arena`.
 */
void facts_gather(const Policy *policy, const Request *request, const Body *body, Arena *arena, Facts *ret);
