// SPDX-License-Identifier: Apache-2.0
/*
 * Holds a JSON body against the table of its operation's fields (fields_*.def) and a policy's rules.
 * A field without a row, or of another type than its row's, is a finding; so is each value that a rule
 * doesn't allow. No table for an operation is a finding too: its bodies can't be judged.
 */
#pragma once

#include "body.h"
#include "routes.h"
#include "rules.h"
#include "trace.h"
#include "verdict.h"

/* What a look can tell better (looks.h), and in decide.c is left to it. */
typedef enum Unseen {
    UNSEEN_NOTHING = 0,
    UNSEEN_IMAGE,  /* what the names are of an image that is given by its ID */
    UNSEEN_OBJECT, /* whether it is in the scope, where no list of the policy's speaks of it */
} Unseen;

typedef struct Finding {
    Reason reason;      /* REASON_FIELD_NOT_ALLOWED, _UNKNOWN, _TYPE, REASON_JSON_AMBIGUOUS, … */
    const char *rule;   /* "containers.bind_mounts" */
    const char *field;  /* "HostConfig.Binds[0]" (arena) */
    const char *detail; /* "HostConfig.Binds[0]=/:/host" (arena) */
    const char *hint;   /* or NULL */
    bool advise;        /* the hint is for the client too */
    Unseen unseen;      /* in a table's judge: by judgement_mark_unseen */
} Finding;

typedef struct Findings {
    Finding items[LIMIT_FINDINGS];    /* those before n */
    size_t n;                         /* may pass LIMIT_FINDINGS: then the rest was only counted */
    HostPath paths[LIMIT_HOST_PATHS]; /* those before n_paths: bind mounts that were allowed; more of them are
                                         a finding */
    size_t n_paths;
} Findings;

/*
 * Judges `body` (NULL: the request had none) of `operation` sent at API v1.`api_minor` (0: unversioned).
 * No finding means the body may be forwarded as it stands. Ambiguous keys come first in `ret`.
 */
void judge_body(Arena *arena, const Operation *operation, unsigned api_minor, const Body *body,
                const Rules *rules, Findings *ret);

/*
 * The same, telling `trace` (which may be NULL) of each field that is looked at, but not of what is in *ret.
 */
void judge_body_traced(Arena *arena, const Operation *operation, unsigned api_minor, const Body *body,
                       const Rules *rules, Trace *trace, Findings *ret);

/* Whether `path` (cleaned) may be mounted: what judge_body asks of each bind mount. */
bool judge_host_path(const Rules *rules, Span path, bool readonly);

/* The network that the path of NetworkConnect or NetworkDisconnect names, held against `networks` like one in
 * a body (T-091). */
void judge_connect(Arena *arena, const Rules *rules, Span network, Findings *ret);

/* Whether a container may be given the capability, however it comes by it. */
bool judge_allows_capability(const Rules *rules, Span name);

/*
 * T-078: whether a container may have the limit, an object with Name, Soft and Hard. RLIMIT_RTPRIO lets its
 * processes run before all of the host's that aren't real-time, as a CpuRealtimeRuntime or SYS_NICE would,
 * and RLIMIT_NICE raise themselves (setrlimit(2), sched(7)); dockerd takes names in any case
 * (daemon/oci_linux.go, WithRlimits).
 */
bool judge_allows_ulimit(const Rules *rules, const BodyNode *ulimit);
